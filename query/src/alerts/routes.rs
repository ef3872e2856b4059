//! Where a site's alerts are sent, and when not: a document each, which its admins write.

use super::limits::TEXT_BYTES_MAX;
use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong};
use crate::grammar::Fault;
use crate::secrets::Secret;
use crate::state::QueryState;
use felt_store::StoreError;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// What understands an alert at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// Prometheus' Alertmanager: told every minute what goes on.
    Alertmanager,
    /// Anything that takes our JSON, signed.
    Webhook,
    /// Slack's incoming webhook, and what looks like one.
    Slack,
    /// PagerDuty's events, version 2, and what looks like them.
    PagerDuty,
}

impl Receiver {
    const NAMES: [(&'static str, Self); 4] = [
        ("alertmanager", Self::Alertmanager),
        ("webhook", Self::Webhook),
        ("slack", Self::Slack),
        ("pagerduty", Self::PagerDuty),
    ];

    /// Its name in bodies and answers.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }
}

/// Local time in which only pages are sent; tickets wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Quiet {
    from: Time,
    to: Time,
    tz: String,
}

impl Quiet {
    /// Until when it is quiet at this moment, in Unix ms; `None` when it is not.
    pub fn until_ms(&self, now_ms: i64) -> Option<i64> {
        let zone = TimeZone::get(&self.tz).ok()?;
        let now = jiff::Timestamp::from_millisecond(now_ms).ok()?.to_zoned(zone);
        let time = now.time();
        let quiet = if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        };
        if !quiet {
            return None;
        }
        let day = if time < self.to { now.date() } else { now.date().tomorrow().ok()? };
        Some(day.to_datetime(self.to).to_zoned(now.time_zone().clone()).ok()?.timestamp().as_millisecond())
    }
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its id on the site.
    pub id: String,
    /// Who understands it there.
    pub receiver: Receiver,
    /// Where.
    pub url: String,
    /// What signs, or the key that PagerDuty asks for.
    pub secret: Secret,
    /// When tickets wait.
    pub quiet: Option<Quiet>,
    /// `page`, `ticket`, or both where nothing is said.
    pub severities: Vec<String>,
}

impl Route {
    /// The routes of a site.
    pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<Self>, StoreError> {
        let documents = Document::of_site(state, Kind::AlertRoute, site).await?;
        Ok(documents.iter().filter_map(Self::of).collect())
    }

    /// The routes of all sites, with the site of each.
    pub async fn everywhere(state: &QueryState) -> Result<Vec<(String, Self)>, StoreError> {
        let documents = Document::everywhere(state, Kind::AlertRoute).await?;
        Ok(documents.iter().filter_map(|document| Some((document.site.clone(), Self::of(document)?))).collect())
    }

    /// What a document says; `None` for what a newer server wrote and this one cannot read.
    pub fn of(document: &Document) -> Option<Self> {
        let Ok(Value::Object(object)) = serde_json::from_str(&document.body) else { return None };
        let mut wrong = Wrong::default();
        let route = Self::read(&document.id, Fields::of(object, ""), &mut wrong);
        wrong.check(route).ok()
    }

    /// Reads a body, and finds every fault.
    pub fn read(id: &str, mut fields: Fields, wrong: &mut Wrong) -> Option<Self> {
        let kind = fields.required("kind", TEXT_BYTES_MAX, wrong);
        let url = fields.required("url", TEXT_BYTES_MAX, wrong);
        let secret = fields.text("secret", TEXT_BYTES_MAX, wrong).unwrap_or_default();
        let quiet = fields.take("quiet_hours").and_then(|value| quiet(value, wrong));
        let severities = match fields.take("severities") {
            Some(value) => severities(&value, wrong),
            None => Vec::new(),
        };
        fields.end(wrong);
        let kind = kind?;
        let receiver = Receiver::NAMES.iter().find(|(name, _)| *name == kind).map(|(_, receiver)| *receiver);
        if receiver.is_none() {
            wrong.push(Fault::unknown("kind", "kind of route", &kind, Receiver::NAMES.map(|(name, _)| name)));
        }
        if secret.is_empty() && matches!(receiver, Some(Receiver::Webhook | Receiver::PagerDuty)) {
            let what =
                if receiver == Some(Receiver::Webhook) { "what signs it" } else { "the integration's routing key" };
            wrong.add("secret", format!("is missing: {what}"));
        }
        Some(Self { id: id.to_owned(), receiver: receiver?, url: url?, secret: secret.into(), quiet, severities })
    }

    /// As it is kept, the secret too.
    pub fn to_json(&self) -> Value {
        let mut json = self.shown();
        if let Some(fields) = json.as_object_mut() {
            fields.remove("id");
            fields.remove("has_secret");
            if !self.secret.is_empty() {
                fields.insert("secret".into(), self.secret.reveal().into());
            }
        }
        json
    }

    /// As it is told to people: whether there is a secret, never which.
    pub fn shown(&self) -> Value {
        let quiet = self.quiet.as_ref().map(|quiet| {
            json!({"from": quiet.from.strftime("%H:%M").to_string(), "to": quiet.to.strftime("%H:%M").to_string(), "tz": quiet.tz})
        });
        json!({"id": self.id, "kind": self.receiver.name(), "url": self.url, "has_secret": !self.secret.is_empty(),
               "quiet_hours": quiet, "severities": self.severities})
    }

    /// Whether it is told of this severity.
    pub fn wants(&self, severity: &str) -> bool {
        self.severities.is_empty() || self.severities.iter().any(|wanted| wanted == severity)
    }

    /// Whether such a change is told to it one by one. An Alertmanager is told everything that goes on each minute instead, and only
    /// PagerDuty has a use for who takes care.
    pub fn hears(&self, change: &str) -> bool {
        match self.receiver {
            Receiver::Alertmanager => false,
            Receiver::PagerDuty => true,
            Receiver::Webhook | Receiver::Slack => change != "acknowledged",
        }
    }

    /// Until when this must wait, in Unix ms.
    pub fn quiet_until_ms(&self, severity: &str, now_ms: i64) -> Option<i64> {
        if severity == "page" { None } else { self.quiet.as_ref()?.until_ms(now_ms) }
    }
}

fn quiet(value: Value, wrong: &mut Wrong) -> Option<Quiet> {
    let Value::Object(object) = value else {
        wrong.add("quiet_hours", "must be an object with `from`, `to` and `tz`");
        return None;
    };
    let mut fields = Fields::of(object, "quiet_hours");
    let mut time = |field: &'static str| {
        let text = fields.required(field, 8, wrong)?;
        let time = Time::strptime("%H:%M", &text).ok();
        if time.is_none() {
            wrong.add(fields.name(field), "must be a time of day such as 22:00");
        }
        time
    };
    let (from, to) = (time("from"), time("to"));
    let tz = fields.text("tz", TEXT_BYTES_MAX, wrong).unwrap_or_else(|| "UTC".into());
    if TimeZone::get(&tz).is_err() {
        wrong.add("quiet_hours.tz", "is no time zone of the IANA database, as Europe/Berlin is");
    }
    fields.end(wrong);
    Some(Quiet { from: from?, to: to?, tz })
}

fn severities(value: &Value, wrong: &mut Wrong) -> Vec<String> {
    let known = ["page", "ticket"];
    let items = value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    match items {
        Some(items) if items.iter().all(|item| known.contains(item)) => items.into_iter().map(str::to_owned).collect(),
        _ => {
            wrong.add("severities", "must be a list of `page` and `ticket`; empty for both");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_reach_over_midnight_and_follow_the_clocks() {
        let quiet =
            Quiet { from: Time::constant(22, 0, 0, 0), to: Time::constant(7, 0, 0, 0), tz: "Europe/Berlin".into() };
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        // Winter is an hour ahead of UTC, summer two.
        assert_eq!(quiet.until_ms(at("2026-01-10T21:30:00Z")), Some(at("2026-01-11T06:00:00Z")));
        assert_eq!(quiet.until_ms(at("2026-07-10T02:00:00Z")), Some(at("2026-07-10T05:00:00Z")));
        assert_eq!(quiet.until_ms(at("2026-07-10T05:00:00Z")), None);
        assert_eq!(quiet.until_ms(at("2026-07-10T19:59:59Z")), None);
    }
}
