//! Visitors of the demo's shop who agreed to be recognised, and who come back: who each of them is, and who stays away after the
//! afternoon on which payment failed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::crowd::{self, Person};
use super::story::Story;

/// Share of sessions whose visitor agreed to be recognised.
const CONSENT_SHARE: f64 = 0.6;
/// Regular visitors for each session of a busy day: of these, about half come back within a week.
const REGULARS_PER_SESSION: u32 = 5;
/// Share of those whose payment failed that would have come back and do not.
const STAY_AWAY_SHARE: f64 = 0.6;

/// The regular visitor of a session that begins at `at_ms`, if it is one's.
pub fn draw(story: &Story, at_ms: i64, sessions_per_day: u32, rng: &mut StdRng) -> Option<u32> {
    let regulars = sessions_per_day.saturating_mul(REGULARS_PER_SESSION).max(1);
    if !rng.random_bool(CONSENT_SHARE) {
        return None;
    }
    let (first, other) = (rng.random_range(0..regulars), rng.random_range(0..regulars));
    let away = rng.random_bool(STAY_AWAY_SHARE) && story.disappointed(first, at_ms);
    Some(if away { other } else { first })
}

/// Who a regular visitor is, the same each time: country, device and browser do not change from one visit to the next.
pub fn person(regular: u32) -> Person {
    crowd::person(&mut StdRng::seed_from_u64(0x11_5a_00_00_00_00 | u64::from(regular)))
}
