//! What the beacon says about itself: what it left out of a snapshot that was too large, what the browser did not show it, and what it
//! cost. What is missing is counted beside the fields that are dropped here, as `beacon:KIND`. Nothing of it is part of the view.

use serde::Serialize;
use serde::de::MapAccess;

use super::Drops;
use super::lenient::{FromObject, KeySeed, Read, Rule, Skip, Slot, owned_already};
use super::rules::{count, millis};
use crate::limits::METRIC_MS_MAX;

/// Most that one snapshot can say it left out of a kind; a page that throws errors for ever reaches more, and says nothing more by it.
const LEFT_OUT_MAX: u32 = 1_000_000;

/// Kinds that the beacon leaves out, with the names under which they are counted.
const KINDS: [(&str, &str); 12] = [
    ("attribution", "beacon:attribution"),
    ("dead_click", "beacon:dead_click"),
    ("error", "beacon:error"),
    ("feedback", "beacon:feedback"),
    ("long_frame", "beacon:long_frame"),
    ("missed", "beacon:missed"),
    ("rage_click", "beacon:rage_click"),
    ("request", "beacon:request"),
    ("step", "beacon:step"),
    ("tags", "beacon:tags"),
    ("text", "beacon:text"),
    ("timing", "beacon:timing"),
];

/// Reads how much of a kind was left out, and counts it under its name.
fn count_left_out<'de, A: MapAccess<'de>>(
    object: &mut A,
    name: &'static str,
    drops: &mut Drops,
) -> Result<(), A::Error> {
    let mut unread = Drops::default();
    let slot = Slot { rule: count(u32::MAX), name, cut: name, drops: &mut unread };
    if let Some(left_out) = object.next_value_seed(slot)?.filter(|left_out| *left_out > 0) {
        drops.add_many(name, left_out.min(LEFT_OUT_MAX));
    }
    Ok(())
}

/// The rule for an object of kinds and counts: known kinds are counted, nothing is kept.
pub(super) struct LeftOut;

impl<'de> Rule<'de> for LeftOut {
    type Value = bool;

    fn object<A: MapAccess<'de>>(self, mut object: A, drops: &mut Drops) -> Result<Read<bool>, A::Error> {
        let find = |key: &str| KINDS.iter().find(|(kind, _)| *kind == key).map(|(_, name)| *name);
        while let Some(name) = object.next_key_seed(KeySeed::new(find))? {
            match name {
                Some(name) => count_left_out(&mut object, name, drops)?,
                None => {
                    object.next_value::<Skip>()?;
                }
            }
        }
        Ok(Read::Empty)
    }
}

/// What a beacon took of its page's main thread until it sent a snapshot, in ms; missing where it did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct OwnCost {
    /// All of it, since the document began.
    pub total: Option<f64>,
    /// The longest piece without a break.
    pub longest: Option<f64>,
}

owned_already!(OwnCost);

impl<'de> FromObject<'de> for OwnCost {
    fn from_object<A: MapAccess<'de>>(mut object: A, drops: &mut Drops) -> Result<Self, A::Error> {
        enum Key {
            Total,
            Longest,
            Missed,
            Unknown,
        }
        let find = |key: &str| match key {
            "cost" => Key::Total,
            "longest" => Key::Longest,
            "missed" => Key::Missed,
            _ => Key::Unknown,
        };
        let mut cost = Self::default();
        while let Some(key) = object.next_key_seed(KeySeed::new(find))? {
            let place = match key {
                Key::Total => &mut cost.total,
                Key::Longest => &mut cost.longest,
                Key::Missed => {
                    count_left_out(&mut object, "beacon:missed", drops)?;
                    continue;
                }
                Key::Unknown => {
                    object.next_value::<Skip>()?;
                    continue;
                }
            };
            // A beacon's word about itself is nothing that a view can lack.
            let mut unread = Drops::default();
            let slot = Slot { rule: millis(METRIC_MS_MAX), name: "beacon", cut: "beacon", drops: &mut unread };
            if let Some(ms) = object.next_value_seed(slot)? {
                *place = Some(ms);
            }
        }
        Ok(cost)
    }
}
