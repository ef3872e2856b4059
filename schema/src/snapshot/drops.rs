//! Counts of the fields that were dropped or cut on the way in, so that nothing vanishes in silence.

use serde::{Serialize, Serializer};

/// How often each field was dropped, by name: `metrics.lcp`, `events[].value`; `title:cut` was only shortened,
/// `events:over` are events beyond the limit, and `beacon:error` are errors that the beacon itself left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drops(Vec<(&'static str, u32)>);

impl Drops {
    /// Counts one.
    pub fn add(&mut self, field: &'static str) {
        self.add_many(field, 1);
    }

    /// Counts so many.
    pub fn add_many(&mut self, field: &'static str, many: u32) {
        // Names are few and mostly none, so a list is faster than any map.
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, count)) => *count = count.saturating_add(many),
            None => self.0.push((field, many)),
        }
    }

    /// Fields with their counts, in the order in which they were first met.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> + '_ {
        self.0.iter().copied()
    }

    /// How often a field was dropped.
    pub fn of(&self, field: &str) -> u32 {
        self.0.iter().find(|(name, _)| *name == field).map_or(0, |(_, count)| *count)
    }

    /// Whether nothing was dropped.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Drops {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
