//! Writing numbers short: most measured values are whole, and `8123` is two bytes less than `8123.0` and faster to read,
//! some thirty times a record.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// What a field of a snapshot is written as: as itself, unless it is a number.
pub(super) trait Compact: Serialize {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl Compact for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Below 2⁵³ every whole float is the integer of the same digits.
        if self.fract() == 0.0 && self.abs() < 9_007_199_254_740_992.0 {
            serializer.serialize_i64(*self as i64)
        } else {
            serializer.serialize_f64(*self)
        }
    }
}

impl Compact for Cow<'_, str> {}
impl<T: Serialize> Compact for Vec<T> {}
impl<K: Serialize, V: Serialize> Compact for std::collections::BTreeMap<K, V> {}

/// Writes a field that may be missing.
pub(super) fn option<T: Compact, S: Serializer>(field: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match field {
        Some(value) => Short(value).serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes a field that is always there.
pub(super) fn plain<T: Compact, S: Serializer>(field: &T, serializer: S) -> Result<S::Ok, S::Error> {
    field.write(serializer)
}

/// A value that is written short wherever serde asks for one that writes itself.
pub(super) struct Short<'a, T>(pub(super) &'a T);

impl<T: Compact> Serialize for Short<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}
