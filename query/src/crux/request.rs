//! The body of a question, read with all of its faults told.

use super::fault::CruxFault;
use super::metrics::{FORM_FACTORS, MEASURED};
use super::place::Place;
use crate::grammar::{Dimension, Filter, Op, nearest};
use felt_schema::metric::Metric;
use serde_json::Value;

/// Weekly periods of a history where nobody says how many, and at most, as in CrUX.
pub(super) const PERIODS: u32 = 25;
const PERIODS_MAX: u32 = 40;

/// The fields of a question.
const FIELDS: [&str; 6] =
    ["origin", "url", "formFactor", "effectiveConnectionType", "metrics", "collectionPeriodCount"];
/// Devices, as CrUX and as page views name them.
const FORMS: [(&str, &str); 3] = [("PHONE", "mobile"), ("TABLET", "tablet"), ("DESKTOP", "desktop")];
/// What stands for all of them.
const ALL_FORMS: [&str; 2] = ["ALL_FORM_FACTORS", "FORM_FACTOR_UNSPECIFIED"];
/// Connections; page views name them in small letters.
const CONNECTIONS: [&str; 5] = ["offline", "slow-2G", "2G", "3G", "4G"];

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub place: Place,
    /// `url` as it was sent.
    pub url: Option<String>,
    pub form_factor: Option<&'static str>,
    pub filters: Vec<Filter>,
    pub metrics: Vec<(&'static str, Metric)>,
    /// Whether page views by device are wanted.
    pub form_factors: bool,
    pub periods: u32,
}

impl Asked {
    /// Reads a body. Only a history has periods.
    pub fn parse(body: &[u8], history: bool) -> Result<Self, CruxFault> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| CruxFault::Invalid("send JSON, such as {\"origin\": \"https://shop.example\"}".into()))?;
        let fields = body.as_object().ok_or_else(|| CruxFault::Invalid("send a JSON object".into()))?;
        let mut faults = Vec::new();
        let known = &FIELDS[..if history { 6 } else { 5 }];
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            faults.push(unknown("field", name, known));
        }
        let mut text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                faults.push(format!("`{name}` is a text"));
                None
            }
        };
        let [origin, url, form, connection] = ["origin", "url", "formFactor", "effectiveConnectionType"].map(&mut text);
        let mut asked = (Vec::new(), None);
        let mut filter = |dimension, value: &str| {
            asked.0.push(Filter { dimension, op: Op::Is, values: vec![value.to_owned()] });
        };
        if let Some(form) = form.filter(|form| !ALL_FORMS.contains(&form.as_str())) {
            match FORMS.iter().find(|(name, _)| *name == form) {
                Some((name, device)) => {
                    filter(Dimension::Device, device);
                    asked.1 = Some(*name);
                }
                None => faults.push(unknown("formFactor", &form, &FORMS.map(|(name, _)| name))),
            }
        }
        if let Some(connection) = connection {
            match CONNECTIONS.iter().find(|known| **known == connection) {
                Some(known) => asked.0.push(Filter {
                    dimension: Dimension::Connection,
                    op: Op::Is,
                    values: vec![known.to_ascii_lowercase()],
                }),
                None => faults.push(unknown("effectiveConnectionType", &connection, &CONNECTIONS)),
            }
        }
        let (metrics, form_factors) = metrics(fields.get("metrics"), &mut faults);
        let periods = match fields.get("collectionPeriodCount").filter(|_| history) {
            None | Some(Value::Null) => PERIODS,
            Some(count) => match count.as_u64().and_then(|count| u32::try_from(count).ok()) {
                Some(count) if (1..=PERIODS_MAX).contains(&count) => count,
                _ => {
                    faults.push(format!("`collectionPeriodCount` is a number from 1 to {PERIODS_MAX}"));
                    PERIODS
                }
            },
        };
        let place = match (&origin, &url) {
            (Some(origin), None) => Place::of_origin(origin),
            (None, Some(url)) => Place::of_url(url),
            _ => Err(CruxFault::Invalid("give either `origin` or `url`".into())),
        };
        match (place, faults.is_empty()) {
            (Ok(place), true) => {
                let (filters, form_factor) = asked;
                // Of one device there is nothing to divide.
                let form_factors = form_factors && form_factor.is_none();
                Ok(Self { place, url, form_factor, filters, metrics, form_factors, periods })
            }
            (Err(CruxFault::Invalid(fault)), _) => {
                faults.push(fault);
                Err(CruxFault::Invalid(faults.join("; ")))
            }
            (Err(fault), _) => Err(fault),
            (Ok(_), false) => Err(CruxFault::Invalid(faults.join("; "))),
        }
    }
}

fn metrics(asked: Option<&Value>, faults: &mut Vec<String>) -> (Vec<(&'static str, Metric)>, bool) {
    let names: Vec<&str> = match asked {
        None | Some(Value::Null) => return (MEASURED.to_vec(), true),
        Some(Value::Array(names)) if names.is_empty() => return (MEASURED.to_vec(), true),
        Some(Value::Array(names)) if names.iter().all(Value::is_string) && names.len() <= 64 => {
            names.iter().filter_map(Value::as_str).collect()
        }
        Some(_) => {
            faults.push("`metrics` is a list of names".to_owned());
            return (Vec::new(), false);
        }
    };
    let known: Vec<&str> = MEASURED.iter().map(|(name, _)| *name).chain([FORM_FACTORS]).collect();
    faults.extend(names.iter().filter(|name| !known.contains(name)).map(|name| unknown("metric", name, &known)));
    (MEASURED.into_iter().filter(|(name, _)| names.contains(name)).collect(), names.contains(&FORM_FACTORS))
}

fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let word: String = word.chars().take(64).collect();
    let near = nearest(&word, known).map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
    format!("there is no {what} `{word}`{near}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> String {
        match Asked::parse(body.as_bytes(), false) {
            Err(CruxFault::Invalid(message)) => message,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn every_fault_is_told_with_what_was_meant() {
        let told =
            fault(r#"{"orgin": "https://a.example", "formFactor": "PHNE", "metrics": ["largest_contentfull_paint"]}"#);
        for part in ["`origin`?", "`PHONE`?", "`largest_contentful_paint`?", "give either"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        for wrong in
            ["", "[]", "null", "{}", r#"{"origin": 5}"#, r#"{"origin":"https://a.example","url":"https://a.example/"}"#]
        {
            assert!(!fault(wrong).is_empty());
        }
        assert!(fault(r#"{"origin":"https://a.example","collectionPeriodCount":3}"#).contains("collectionPeriodCount"));
    }

    #[test]
    fn what_is_left_out_is_everything() {
        let asked = Asked::parse(br#"{"url":"https://a.example/x?y","formFactor":"DESKTOP"}"#, true).unwrap();
        assert_eq!((asked.metrics.len(), asked.periods, asked.form_factor), (5, 25, Some("DESKTOP")));
        assert!(!asked.form_factors, "one device is not divided by devices");
    }
}
