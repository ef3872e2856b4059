//! Counts promises for as long as the process runs: the past of new ones, and every minute whose page views changed.
//!
//! How far it has come stands beside the counts, so another process, or this one after a restart, goes on from there. Minutes whose raw
//! page views are no longer kept are not counted again: what was counted while they were there stays.

use super::changes::Look;
use super::longer;
use super::looks;
use super::minutes::{self, Which};
use super::promise::Promise;
use crate::events;
use crate::state::QueryState;
use felt_store::StoreError;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Pause between two rounds, at least.
const PAUSE: Duration = Duration::from_secs(5);
/// Where a round takes long, the pause is so many times longer: counting thousands of promises must not take a whole core.
const PAUSE_TO_ROUND: u32 = 4;
/// … but never longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Raw page views are kept for 30 days; the last of them may be going just now.
const RAW_KEPT_S: i64 = 29 * 86_400;
/// Time that is counted by one statement when the past is.
const SPAN_S: i64 = 86_400;
/// Minutes that are counted by one statement.
const MINUTES_PER_STATEMENT: usize = 1_440;

/// Counts until `stop` resolves.
pub async fn run(state: QueryState, stop: impl Future<Output = ()>) {
    tokio::select! {
        () = stop => {}
        () = looks::looking(&state) => {}
        () = counting(&state) => {}
        // By itself: what takes long to count must not hold up what alerts are judged by.
        () = longer::counting(&state) => {}
    }
}

/// What this process counted.
#[derive(Default)]
struct Counted {
    sites: BTreeMap<String, Look>,
    /// Until when looks at our own pipeline are written, in ms.
    looks_ms: i64,
}

async fn counting(state: &QueryState) {
    let mut counted = Counted::default();
    loop {
        let begin = Instant::now();
        if let Err(error) = round(state, &mut counted).await {
            events::slo_count_failed(&error);
        }
        tokio::select! {
            () = state.promises.notified() => {}
            () = tokio::time::sleep(pause(begin.elapsed())) => {}
        }
    }
}

fn pause(round: Duration) -> Duration {
    (round * PAUSE_TO_ROUND).clamp(PAUSE, PAUSE_MAX)
}

/// Brings every promise up to what is visible now.
async fn round(state: &QueryState, counted: &mut Counted) -> Result<(), StoreError> {
    let mut by_site: BTreeMap<String, Vec<Promise>> = BTreeMap::new();
    let (fresh, others): (Vec<Promise>, Vec<Promise>) =
        Promise::all(state).await?.into_iter().partition(looks::is_fresh);
    for promise in others.into_iter().filter(|promise| !longer::is_longer(promise)) {
        by_site.entry(promise.site.clone()).or_default().push(promise);
    }
    counted.sites.retain(|site, _| by_site.contains_key(site));
    let all_to_ms = state.watermark.current(&state.store).await?.fresh_to_ms;
    for (site, mut promises) in by_site {
        let mark = state.watermark.current(&state.store).await?;
        // Before any processor has run there is nothing to count.
        let Some(fresh_to_ms) = mark.fresh_to_ms else { return Ok(()) };
        let oldest_s = oldest_s(state);
        let look = counted.sites.entry(site.clone()).or_default();
        count_changes(state, &site, &promises, look, fresh_to_ms, oldest_s).await?;
        for promise in promises.iter_mut().filter(|promise| !promise.counted) {
            count_past(state, promise, fresh_to_ms, oldest_s).await?;
        }
    }
    if let Some(all_to_ms) = all_to_ms {
        count_looks(state, fresh, &mut counted.looks_ms, all_to_ms).await?;
        *state.alerts.counted_to.lock() = Some((all_to_ms, Instant::now()));
        state.alerts.judge.notify_one();
    }
    Ok(())
}

/// The oldest second of which raw page views are there to be counted.
pub(super) fn oldest_s(state: &QueryState) -> i64 {
    state.clock.now_ms().div_euclid(1_000) - RAW_KEPT_S
}

/// Counts the minutes that changed since the last time.
async fn count_changes(
    state: &QueryState,
    site: &str,
    promises: &[Promise],
    look: &mut Look,
    fresh_to_ms: i64,
    oldest_s: i64,
) -> Result<(), StoreError> {
    let promises: Vec<&Promise> = promises.iter().filter(|promise| promise.counted).collect();
    if promises.is_empty() {
        return Ok(());
    }
    let reached_ms = look.reached_ms(state, site, &promises, fresh_to_ms).await?;
    let (changed, seen) = look.again(state, site, reached_ms, fresh_to_ms).await?;
    let changed = &changed[changed.partition_point(|minute| i64::from(*minute) < oldest_s)..];
    for minutes in changed.chunks(MINUTES_PER_STATEMENT) {
        minutes::count(state, site, &promises, Which::Minutes(minutes), fresh_to_ms).await?;
    }
    events::slo_minutes_counted(changed.len() * promises.len());
    *look = seen;
    Ok(())
}

/// Counts what was seen of our own pipeline since the last time.
async fn count_looks(
    state: &QueryState,
    mut fresh: Vec<Promise>,
    looks_ms: &mut i64,
    fresh_to_ms: i64,
) -> Result<(), StoreError> {
    let now_ms = state.clock.now_ms();
    looks::count(state, &fresh, *looks_ms, fresh_to_ms).await?;
    for promise in fresh.iter_mut().filter(|promise| !promise.counted) {
        // What nobody looked at is not known: there is no past to count.
        promise.counted = true;
        promise.save(state, false).await?;
    }
    *looks_ms = now_ms;
    Ok(())
}

/// Counts everything there is for a promise that is new or was changed.
async fn count_past(
    state: &QueryState,
    promise: &mut Promise,
    fresh_to_ms: i64,
    oldest_s: i64,
) -> Result<(), StoreError> {
    for span in past(state, oldest_s) {
        let which = Which::Span(span.start, span.end);
        minutes::count(state, &promise.site, &[promise], which, fresh_to_ms).await?;
    }
    past_is_counted(state, promise).await
}

/// The time in which there may be anything to count, in the pieces that one statement counts; Unix seconds.
pub(super) fn past(state: &QueryState, oldest_s: i64) -> impl Iterator<Item = Range<i64>> + Send + use<> {
    let end_s = state.clock.now_ms().div_euclid(1_000) + SPAN_S;
    let from_s = oldest_s.div_euclid(60) * 60;
    (from_s..end_s).step_by(SPAN_S as usize).map(move |from_s| from_s..(from_s + SPAN_S).min(end_s))
}

/// Keeps that all of it was counted.
pub(super) async fn past_is_counted(state: &QueryState, promise: &mut Promise) -> Result<(), StoreError> {
    // Somebody may have changed or deleted it meanwhile: theirs is the newer row, and this one is only told to those who still hold it.
    if Promise::find(state, &promise.site, &promise.slo.id).await?.is_some_and(|now| now.version == promise.version) {
        promise.counted = true;
        promise.save(state, false).await?;
    }
    Ok(())
}
