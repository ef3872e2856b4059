//! What expressions are worth: numbers, or series with a value at each point of time where there is one.

use std::collections::BTreeMap;

/// The label that holds a series' name.
pub const NAME: &str = "__name__";

/// Labels by name; none is empty.
pub type Labels = BTreeMap<String, String>;

/// A series over all points of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What tells it from others.
    pub labels: Labels,
    /// Its value at each point.
    pub values: Vec<Option<f64>>,
}

/// What an expression is worth over all points.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number at each point.
    Scalar(Vec<f64>),
    /// Series.
    Vector(Vec<Series>),
    /// A text.
    Text(String),
}

/// The labels without the name: whatever is worked out of a series is something else.
pub fn nameless(labels: &Labels) -> Labels {
    labels.iter().filter(|(name, _)| *name != NAME).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Labels of names and values, without the empty ones, which are none.
pub fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.into())).collect()
}
