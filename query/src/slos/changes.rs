//! Which minutes of a site changed since the last look.
//!
//! Arrival times are not relied on to the minute: the clock of an ingest may be behind, and clocks step. So the last hours are looked at each
//! time, and what is another than before has changed ([`minutes::prints`]).

use super::minutes;
use super::promise::Promise;
use crate::state::QueryState;
use felt_store::StoreError;
use std::collections::BTreeMap;

const HOUR_MS: i64 = 3_600_000;
/// What was received that long before the watermark is looked at again: a clock that is further behind is an alarm long since.
const OVERLAP_MS: i64 = 2 * HOUR_MS;

/// What was seen of a site at the last look; nothing yet by default.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Everything received before was visible.
    fresh_to_ms: Option<i64>,
    prints: BTreeMap<u32, i64>,
}

impl Look {
    /// Until when the last look reached, in Unix ms; before the first of this process, until when any of the promises was counted.
    pub async fn reached_ms(
        &self,
        state: &QueryState,
        site: &str,
        promises: &[&Promise],
        fresh_to_ms: i64,
    ) -> Result<i64, StoreError> {
        match self.fresh_to_ms {
            Some(reached_ms) => Ok(reached_ms),
            None => Ok(minutes::counted_to(state, site, promises).await?.unwrap_or(fresh_to_ms)),
        }
    }

    /// Looks again: the minutes that changed, in their order, and what is to be remembered once they are counted.
    pub async fn again(
        &self,
        state: &QueryState,
        site: &str,
        reached_ms: i64,
        fresh_to_ms: i64,
    ) -> Result<(Vec<u32>, Self), StoreError> {
        let prints = minutes::prints(state, site, since_ms(reached_ms, state.clock.now_ms())).await?;
        let is_changed = |(minute, print): &(&u32, &i64)| self.prints.get(minute) != Some(print);
        let changed = prints.iter().filter(is_changed).map(|(minute, _)| *minute).collect();
        Ok((changed, Self { fresh_to_ms: Some(fresh_to_ms), prints }))
    }
}

/// From when on arrivals are looked at. A watermark that a clock ahead of its time has written must not hide what comes after; and
/// the hour is full, so that a minute looks changed for having left in part once an hour only.
fn since_ms(reached_ms: i64, now_ms: i64) -> i64 {
    (reached_ms.min(now_ms) - OVERLAP_MS).div_euclid(HOUR_MS) * HOUR_MS
}
