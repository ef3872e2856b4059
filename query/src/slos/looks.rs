//! The pipeline's own freshness: how old the figures are that this server sees when it looks, a look every few seconds.
//!
//! A promise of the kind `fresh` counts looks, good when they found figures no older than it says: so a pipeline that stands still spends
//! its budget at once, whatever the site's traffic. What was before the server ran nobody looked at; it is not known, and not counted.

use super::promise::Promise;
use crate::events;
use crate::state::QueryState;
use felt_schema::freshness;
use felt_schema::rows::SloMinuteRow;
use felt_schema::slo::Checks;
use felt_schema::slo::{SliKind, Slo, read_json};
use felt_store::StoreError;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::Duration;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);
/// Looks that are kept while they cannot be written: six hours.
const LOOKS_MAX: usize = 6 * 3_600 / 5;
/// The promise that ships: 99 of 100 looks find figures no older than a minute.
const SHIPPED: &str = r#"{"promise": "Our own figures are no older than a minute", "objective": 0.99,
    "sli": {"kind": "fresh", "within_s": 60}, "window": {"rolling": "28d"}}"#;
const SHIPPED_ID: &str = "felt-figures-fresh";

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<VecDeque<Look>>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    at_ms: i64,
    fresh_to_ms: i64,
}

impl Looks {
    fn add(&self, look: Look) {
        let mut looks = self.0.lock();
        if looks.len() >= LOOKS_MAX {
            looks.pop_front();
        }
        looks.push_back(look);
    }

    /// Minutes that were looked at since the one of `since_ms`, with the looks that found figures within `within_s`, and all.
    fn minutes(&self, since_ms: i64, within_s: f64) -> Vec<(u32, i64, i64)> {
        let mut minutes: Vec<(u32, i64, i64)> = Vec::new();
        for look in self.0.lock().iter().filter(|look| look.at_ms.div_euclid(60_000) >= since_ms.div_euclid(60_000)) {
            let Ok(minute) = u32::try_from(look.at_ms.div_euclid(60_000) * 60) else { continue };
            let (at_s, fresh_to_s) = (look.at_ms as f64 / 1e3, look.fresh_to_ms as f64 / 1e3);
            let good = i64::from(freshness::is_fresh_read(at_s, Some(fresh_to_s), within_s));
            match minutes.last_mut().filter(|(last, ..)| *last == minute) {
                Some((_, all_good, all)) => (*all_good, *all) = (*all_good + good, *all + 1),
                None => minutes.push((minute, good, 1)),
            }
        }
        minutes
    }
}

/// Looks for as long as it is polled.
pub(super) async fn looking(state: &QueryState) {
    loop {
        // Before any processor has run there are no figures whose age could be told.
        if let Ok(mark) = state.watermark.current(&state.store).await
            && let Some(fresh_to_ms) = mark.fresh_to_ms
        {
            state.looks.add(Look { at_ms: state.clock.now_ms(), fresh_to_ms });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a promise is about the pipeline itself.
pub(super) fn is_fresh(promise: &Promise) -> bool {
    matches!(promise.slo.sli.kind, SliKind::Fresh { .. })
}

/// Writes what was seen since `since_ms`, or since the server began to look.
pub(super) async fn count(
    state: &QueryState,
    promises: &[Promise],
    since_ms: i64,
    counted_to: i64,
) -> Result<(), StoreError> {
    let counted_at = super::minutes::later_than_before(state.clock.now_ms());
    let mut rows = Vec::new();
    for promise in promises {
        let SliKind::Fresh { within_s } = promise.slo.sli.kind else { continue };
        for (minute, good, valid) in state.looks.minutes(since_ms, within_s) {
            let (site, slo, version) = (promise.site.clone(), promise.slo.id.clone(), promise.version);
            rows.push(SloMinuteRow { site, slo, version, minute, good, valid, counted_to, counted_at });
        }
    }
    if rows.is_empty() { Ok(()) } else { state.store.insert_rows("slo_minutes", &rows, None).await }
}

/// Promises, for every site that was never promised it, that our own figures are fresh. Who does not want it deletes it.
pub async fn ship(state: &QueryState) {
    for site in state.sites.iter() {
        if let Err(error) = ship_to(state, &site.key).await {
            events::slo_count_failed(&error);
        }
    }
}

async fn ship_to(state: &QueryState, site: &str) -> Result<(), StoreError> {
    let Some(slo) = shipped() else { return Ok(()) };
    if Promise::was_ever(state, site, SHIPPED_ID).await? {
        return Ok(());
    }
    Promise::new(site, slo, state.clock.now_ms()).save(state, false).await
}

fn shipped() -> Option<Slo> {
    Some(read_json(SHIPPED_ID, SHIPPED.as_bytes(), Checks::NONE).ok()?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_counted_by_the_minute_and_what_ships_can_be_read() {
        let looks = Looks::default();
        for (at_s, age_s) in [(59, 1), (60, 1), (65, 60), (70, 61), (120, 1)] {
            looks.add(Look { at_ms: at_s * 1_000, fresh_to_ms: (at_s - age_s) * 1_000 });
        }
        assert_eq!(looks.minutes(0, 60.0), [(0, 1, 1), (60, 2, 3), (120, 1, 1)]);
        assert_eq!(looks.minutes(119_000, 10.0), [(60, 1, 3), (120, 1, 1)]);
        assert_eq!(shipped().map(|slo| slo.id).as_deref(), Some(SHIPPED_ID));
    }
}
