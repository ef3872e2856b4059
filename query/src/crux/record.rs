//! One record: the last 28 days.

use super::fault::CruxFault;
use super::metrics::{FORM_FACTORS, bin, bins, fraction, p75};
use super::request::Asked;
use super::whose::Whose;
use crate::grammar::{DAY_MS, Dimension, MINUTE_MS, Measure, Who};
use crate::planner::{Ask, Cell, Group, Window};
use crate::state::QueryState;
use serde_json::{Map, Value, json};

/// Days of one record.
pub(super) const DAYS: i64 = 28;
/// Form factors, as CrUX and as page views name them.
pub(super) const FORMS: [(&str, &str); 3] = [("desktop", "desktop"), ("phone", "mobile"), ("tablet", "tablet")];

/// The last 28 days, today among them.
pub(super) fn window(now_ms: i64) -> Window {
    let today_ms = now_ms.div_euclid(DAY_MS) * DAY_MS;
    let to_ms = (now_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
    Window { from_ms: today_ms - (DAYS - 1) * DAY_MS, to_ms }
}

/// A day as CrUX writes it.
pub(super) fn date(ms: i64) -> Value {
    let date = jiff::Timestamp::from_millisecond(ms).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
    date.map_or(Value::Null, |date| json!({"year": date.year(), "month": date.month(), "day": date.day()}))
}

/// What identifies the record, as it was asked for.
pub(super) fn key(asked: &Asked) -> Value {
    let mut key = Map::new();
    if let Some(form) = asked.form_factor {
        key.insert("formFactor".into(), form.into());
    }
    let name = if asked.place.path.is_some() { "url" } else { "origin" };
    key.insert(name.into(), asked.place.normalized().into());
    key.into()
}

/// The answer around a record.
pub(super) fn answer(asked: &Asked, record: Value) -> Value {
    let mut answer = json!({ "record": record });
    let normalized = asked.place.normalized();
    if let Some(url) = asked.url.as_ref().filter(|url| **url != normalized) {
        answer["urlNormalizationDetails"] = json!({"originalUrl": url, "normalizedUrl": normalized});
    }
    answer
}

/// What is to be counted.
pub(super) fn ask(asked: &Asked, whose: &Whose) -> Ask {
    let filters: Vec<_> = asked.filters.iter().chain(&whose.filters).cloned().collect();
    Ask {
        measures: asked.metrics.iter().map(|(_, metric)| Measure::Value(*metric)).collect(),
        histograms: true,
        host: whose.host.clone(),
        ..Ask::counts(&filters, Who::Humans)
    }
}

/// The same page views by device, without any measure.
pub(super) fn by_device(ask: &Ask) -> Ask {
    Ask { measures: Vec::new(), histograms: false, by: vec![Dimension::Device], ..ask.clone() }
}

/// Page views of each form factor, in the order of [`FORMS`].
pub(super) fn forms<'a>(groups: impl Iterator<Item = &'a Group>) -> [i64; 3] {
    let mut views = [0; 3];
    for group in groups {
        let device = group.names.first().map_or("", String::as_str);
        if let Some(index) = FORMS.iter().position(|(_, known)| *known == device) {
            views[index] += group.views;
        }
    }
    views
}

/// The record.
pub(super) async fn record(state: &QueryState, asked: &Asked, whose: &Whose, now_ms: i64) -> Result<Value, CruxFault> {
    let window = window(now_ms);
    let ask = ask(asked, whose);
    let mut metrics = Map::new();
    if asked.form_factors {
        let ask = by_device(&ask);
        let plan = state.plan(&ask, window)?;
        let views = forms(state.cells("crux", &whose.site, &ask, &plan).await?.groups.iter());
        let whole: i64 = views.iter().sum();
        let fractions: Map<String, Value> = FORMS
            .iter()
            .zip(views)
            .filter_map(|((name, _), views)| Some(((*name).to_owned(), fraction(views, whole)?)))
            .collect();
        if !fractions.is_empty() {
            metrics.insert(FORM_FACTORS.into(), json!({ "fractions": fractions }));
        }
    }
    let plan = state.plan(&ask, window)?;
    let cells = state.cells("crux", &whose.site, &ask, &plan).await?;
    let none = Cell::default();
    for (index, (name, metric)) in asked.metrics.iter().enumerate() {
        let cell = cells.groups.first().and_then(|group| group.cells.get(index)).unwrap_or(&none);
        let Some(p75) = p75(*metric, cell) else { continue };
        let bins = bins(*metric, cell).map(|(start, end, count)| {
            let mut bin = bin(start, end);
            bin["density"] = fraction(count, cell.valid).unwrap_or(Value::Null);
            bin
        });
        metrics.insert((*name).into(), json!({"histogram": bins, "percentiles": {"p75": p75}}));
    }
    if metrics.is_empty() {
        return Err(CruxFault::NoData);
    }
    let period = json!({"firstDate": date(window.from_ms), "lastDate": date(now_ms)});
    Ok(answer(asked, json!({"key": key(asked), "metrics": metrics, "collectionPeriod": period})))
}
