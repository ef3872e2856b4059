//! Reads what people send as a JSON object, field by field: what is unknown is refused with the nearest known word, and all
//! faults are told at once.

use crate::grammar::Fault;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use felt_http::Problem;
use serde_json::{Map, Value, json};

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Most faults that one answer tells.
const TOLD_MAX: usize = 20;

/// An object that is being read.
#[derive(Debug)]
pub(crate) struct Fields {
    object: Map<String, Value>,
    place: String,
    known: Vec<&'static str>,
}

/// What was found wrong.
#[derive(Debug, Default)]
pub(crate) struct Wrong(Vec<Fault>);

impl Wrong {
    /// Adds a fault about a field.
    pub fn add(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Fault::new(field, detail));
    }

    /// Adds a fault that is about an unknown word.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// The value, if nothing was wrong.
    pub fn check<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(problem(self.0)),
        }
    }
}

fn problem(faults: Vec<Fault>) -> Problem {
    let told: Vec<&Fault> = faults.iter().take(TOLD_MAX).collect();
    let words: Vec<String> = told.iter().map(|fault| format!("{}: {}", fault.parameter, fault.detail)).collect();
    let errors: Vec<Value> = told
        .iter()
        .map(|fault| json!({"field": fault.parameter, "detail": fault.detail, "did_you_mean": fault.did_you_mean}))
        .collect();
    let problem = Problem::bad_request("invalid-body", words.join("; ")).field("errors", errors);
    match told.iter().find_map(|fault| fault.did_you_mean.clone()) {
        Some(near) => problem.field("did_you_mean", near),
        None => problem,
    }
}

/// A body as a JSON object. It has to say that it is JSON: a page of another site cannot send that without asking first.
pub(crate) async fn object(headers: &HeaderMap, body: Body) -> Result<Fields, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "The body must be JSON")
            .detail("send `Content-Type: application/json`"));
    }
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .detail(format!("at most {BODY_BYTES_MAX} bytes are taken here"))
    })?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(Fields::of(object, "")),
        Ok(_) => Err(Problem::bad_request("invalid-body", "send a JSON object")),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Err(Problem::bad_request("invalid-body", format!("this is not JSON ({place})")))
        }
    }
}

impl Fields {
    /// The fields of an object that is found at `place`; empty for the body itself.
    pub fn of(object: Map<String, Value>, place: &str) -> Self {
        Self { object, place: place.to_owned(), known: Vec::new() }
    }

    /// The full name of a field.
    pub fn name(&self, field: &str) -> String {
        if self.place.is_empty() { field.to_owned() } else { format!("{}.{field}", self.place) }
    }

    /// A field's value; `None` where it is missing or null.
    pub fn take(&mut self, field: &'static str) -> Option<Value> {
        self.known.push(field);
        self.object.remove(field).filter(|value| !value.is_null())
    }

    /// A text of 1 to `bytes_max` bytes without control characters.
    pub fn text(&mut self, field: &'static str, bytes_max: usize, wrong: &mut Wrong) -> Option<String> {
        let value = self.take(field)?;
        let fits =
            |text: &&str| !text.trim().is_empty() && text.len() <= bytes_max && !text.chars().any(char::is_control);
        let text = value.as_str().filter(fits).map(str::to_owned);
        if text.is_none() {
            wrong.add(self.name(field), format!("must be a text of 1 to {bytes_max} bytes"));
        }
        text
    }

    /// A text that must be there.
    pub fn required(&mut self, field: &'static str, bytes_max: usize, wrong: &mut Wrong) -> Option<String> {
        if self.object.get(field).is_none_or(Value::is_null) {
            self.known.push(field);
            wrong.add(self.name(field), "is missing");
            return None;
        }
        self.text(field, bytes_max, wrong)
    }

    /// A whole number from `min` to `max`.
    pub fn whole(&mut self, field: &'static str, min: u32, max: u32, wrong: &mut Wrong) -> Option<u32> {
        let value = self.take(field)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            wrong.add(self.name(field), format!("must be a whole number from {min} to {max}"));
        }
        number
    }

    /// A list of `min` to `max` items that must be there.
    pub fn list(&mut self, field: &'static str, min: usize, max: usize, wrong: &mut Wrong) -> Option<Vec<Value>> {
        match self.take(field) {
            Some(Value::Array(items)) if (min..=max).contains(&items.len()) => Some(items),
            _ => {
                wrong.add(self.name(field), format!("must be a list of {min} to {max}"));
                None
            }
        }
    }

    /// An item of a list as an object.
    pub fn item(&self, field: &str, index: usize, value: Value, wrong: &mut Wrong) -> Option<Fields> {
        let place = format!("{}[{index}]", self.name(field));
        match value {
            Value::Object(object) => Some(Fields::of(object, &place)),
            _ => {
                wrong.add(place, "must be an object");
                None
            }
        }
    }

    /// Ends the reading: whatever was not asked for is unknown.
    pub fn end(self, wrong: &mut Wrong) {
        for field in self.object.keys() {
            wrong.push(Fault::unknown(self.name(field), "field", field, self.known.iter()));
        }
    }
}

/// An id in a path: 1 to 64 of `a-z0-9._-`.
pub(crate) fn check_id(id: &str) -> Result<(), Problem> {
    let valid = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
    if valid {
        Ok(())
    } else {
        Err(Problem::bad_request("invalid-id", "an id is 1 to 64 of a-z, 0-9, `.`, `_` and `-`"))
    }
}
