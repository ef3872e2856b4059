//! Spans in which somebody does not want to be told: of one promise, one rule, or all of a site.

use super::limits::{SILENCE_MS_MAX, TEXT_BYTES_MAX};
use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong};
use crate::grammar::rfc3339;
use crate::state::QueryState;
use felt_schema::rows::AlertRow;
use felt_store::StoreError;
use serde_json::{Value, json};

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id on the site.
    pub id: String,
    /// Of this promise; of all where none is named.
    pub slo: Option<String>,
    /// Of this rule; of all where none is named.
    pub rule: Option<String>,
    /// From then on, in Unix ms.
    pub from_ms: i64,
    /// Until then.
    pub to_ms: i64,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub author: String,
}

impl Silence {
    /// The silences of a site.
    pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<Self>, StoreError> {
        let documents = Document::of_site(state, Kind::Silence, site).await?;
        Ok(documents.iter().filter_map(Self::of).collect())
    }

    /// The silences of all sites, with the site of each.
    pub async fn everywhere(state: &QueryState) -> Result<Vec<(String, Self)>, StoreError> {
        let documents = Document::everywhere(state, Kind::Silence).await?;
        Ok(documents.iter().filter_map(|document| Some((document.site.clone(), Self::of(document)?))).collect())
    }

    fn of(document: &Document) -> Option<Self> {
        let Ok(Value::Object(object)) = serde_json::from_str(&document.body) else { return None };
        let mut wrong = Wrong::default();
        let silence =
            Self::read(&document.id, &document.author, Fields::of(object, ""), document.version_ms, &mut wrong);
        wrong.check(silence).ok()
    }

    /// Reads a body, and finds every fault.
    pub fn read(id: &str, author: &str, mut fields: Fields, now_ms: i64, wrong: &mut Wrong) -> Option<Self> {
        let slo = fields.text("slo", TEXT_BYTES_MAX, wrong);
        let rule = fields.text("rule", TEXT_BYTES_MAX, wrong);
        let from_ms = instant(&mut fields, "from", wrong);
        let to_ms = instant(&mut fields, "to", wrong);
        let reason = fields.required("reason", TEXT_BYTES_MAX, wrong);
        fields.end(wrong);
        let from_ms = from_ms.unwrap_or(now_ms);
        match to_ms {
            None => wrong.add("to", "is missing: say until when, as 2026-11-01T10:00:00Z"),
            Some(to_ms) if to_ms <= from_ms => wrong.add("to", "must be after `from`"),
            Some(to_ms) if to_ms - from_ms > SILENCE_MS_MAX => wrong.add("to", "is more than 30 days after `from`"),
            Some(_) => {}
        }
        let (id, author) = (id.to_owned(), author.to_owned());
        Some(Self { id, slo, rule, from_ms, to_ms: to_ms?, reason: reason?, author })
    }

    /// As it is kept and told.
    pub fn to_json(&self) -> Value {
        json!({"id": self.id, "slo": self.slo, "rule": self.rule, "from": rfc3339(self.from_ms), "to": rfc3339(self.to_ms),
               "reason": self.reason, "author": self.author})
    }

    /// As it is kept.
    pub fn body(&self) -> String {
        let mut json = self.to_json();
        if let Some(fields) = json.as_object_mut() {
            fields.remove("id");
            fields.remove("author");
        }
        json.to_string()
    }

    fn covers(&self, alert: &AlertRow, now_ms: i64) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        is(&self.slo, &alert.slo) && is(&self.rule, &alert.rule) && (self.from_ms..self.to_ms).contains(&now_ms)
    }
}

/// Until when an alert is silenced at this moment, in Unix ms.
pub fn until_ms<'s>(silences: impl IntoIterator<Item = &'s Silence>, alert: &AlertRow, now_ms: i64) -> Option<i64> {
    silences.into_iter().filter(|silence| silence.covers(alert, now_ms)).map(|silence| silence.to_ms).max()
}

/// An instant of a body, in Unix ms.
pub(crate) fn instant(fields: &mut Fields, field: &'static str, wrong: &mut Wrong) -> Option<i64> {
    let text = fields.text(field, 64, wrong)?;
    let instant = text.parse::<jiff::Timestamp>().ok();
    if instant.is_none() {
        wrong.add(fields.name(field), "must be an instant such as 2026-11-01T10:00:00Z");
    }
    instant.map(jiff::Timestamp::as_millisecond)
}
