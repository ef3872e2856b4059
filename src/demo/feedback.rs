//! What the demo's visitors say when they are asked: mostly what they felt, now and then something else.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::story::Page;

/// Share of page views that are answered with a word, after an order and elsewhere.
const AFTER_ORDER_SHARE: f64 = 0.10;
const ELSEWHERE_SHARE: f64 = 0.008;

const FAILED: [&str; 3] = ["I could not pay, twice.", "Error 502 at payment. Was I charged?", "Payment does not work!"];
const SLOW: [&str; 4] = ["So slow.", "The pictures take forever on my phone.", "I nearly left.", "Waiting, waiting …"];
const FINE: [&str; 4] = ["Quick and easy.", "Found my lamp at once.", "Nice shop.", "All good, thanks."];

/// The feedback event of a page view at `at_ms` into it, if the visitor leaves one; `unhappy` from 0 to 1.
pub fn said(page: Page, at_ms: f64, unhappy: f64, failed: bool, rng: &mut StdRng) -> Option<Value> {
    let share = if page == Page::Done { AFTER_ORDER_SHARE } else { ELSEWHERE_SHARE };
    // Who is angry says so more often.
    if !rng.random_bool((share * (1.0 + 4.0 * unhappy)).min(1.0)) {
        return None;
    }
    let score = (5.0 - 4.0 * unhappy + rng.random_range(-0.9..0.6)).round().clamp(1.0, 5.0);
    let words: &[&str] = if failed {
        &FAILED
    } else if score <= 2.0 {
        &SLOW
    } else {
        &FINE
    };
    let mut event = json!({"type": "feedback", "at": at_ms.round(), "score": score, "of": 5});
    if rng.random_bool(0.4) {
        event["text"] = words.choose(rng).copied().unwrap_or_default().into();
    }
    Some(event)
}
