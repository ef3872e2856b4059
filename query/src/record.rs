//! Rows of an answer: names and values in the order in which a reader should see them, in JSON as in CSV.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// One flat row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record(Vec<(String, Value)>);

impl Record {
    /// A row without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields of an object.
    pub fn of(object: Value) -> Self {
        match object {
            Value::Object(fields) => Self(fields.into_iter().collect()),
            _ => Self::default(),
        }
    }

    /// Adds a column.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// With another column.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds the columns of another row.
    pub fn extend(&mut self, other: Record) {
        self.0.extend(other.0);
    }

    /// The columns.
    pub fn columns(&self) -> &[(String, Value)] {
        &self.0
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A figure as a JSON number: without a fraction where it has none, and without the noise of binary fractions.
pub fn number(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let rounded = (value * 1e9).round() / 1e9;
    if rounded.fract() == 0.0 && rounded.abs() < 9e15 { Value::from(rounded as i64) } else { Value::from(rounded) }
}

/// A figure, or null.
pub fn number_or_null(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

/// A part of a whole from 0 to 1; null of nothing.
pub fn share(part: i64, whole: i64) -> Value {
    if whole > 0 { number(part as f64 / whole as f64) } else { Value::Null }
}
