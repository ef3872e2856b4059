//! What the beacon says about itself: what it left out of a snapshot that was too large, and what the browser did not show it. It is
//! counted beside the fields that are dropped here, as `beacon:KIND`, and is no part of the view.

use serde::de::MapAccess;

use super::Drops;
use super::lenient::{KeySeed, Read, Rule, Skip, Slot};
use super::rules::count;

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

/// The rule for an object of kinds and counts: known kinds are counted, nothing is kept.
pub(super) struct LeftOut {
    /// Only this kind, where the object says other things as well.
    pub(super) only: Option<&'static str>,
}

impl<'de> Rule<'de> for LeftOut {
    type Value = bool;

    fn object<A: MapAccess<'de>>(self, mut object: A, drops: &mut Drops) -> Result<Read<bool>, A::Error> {
        let wanted = |key: &str| {
            let of = |(kind, _): &&(&str, &str)| *kind == key && self.only.is_none_or(|only| only == key);
            KINDS.iter().find(of).map(|(_, name)| *name)
        };
        while let Some(name) = object.next_key_seed(KeySeed::new(wanted))? {
            let Some(name) = name else {
                object.next_value::<Skip>()?;
                continue;
            };
            let mut unread = Drops::default();
            let slot = Slot { rule: count(u32::MAX), name, cut: name, drops: &mut unread };
            if let Some(left_out) = object.next_value_seed(slot)?.filter(|left_out| *left_out > 0) {
                drops.add_many(name, left_out.min(LEFT_OUT_MAX));
            }
        }
        Ok(Read::Empty)
    }
}
