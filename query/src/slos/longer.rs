//! Promises about what takes longer than a page view, sessions and journeys: counted over and over, and written where a count differs.
//!
//! A page view that comes, or changes, may decide about minutes long before and after it, and an attempt that nobody completes changes its
//! minute by nothing but time. So in every round all minutes that may have changed are counted anew, and those are written whose counts are not
//! what was written before. Rounds are as rare as they are dear.

use super::changes::Look;
use super::keeper::{oldest_s, past, past_is_counted};
use super::minutes;
use super::promise::Promise;
use super::{of_journeys, of_sessions};
use crate::events;
use crate::journeys::definition::Known;
use crate::state::QueryState;
use felt_schema::journey::Reach;
use felt_schema::rows::SloMinuteRow;
use felt_schema::slo::Of;
use felt_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Pause between two looks at whether there is anything to count.
const LOOK: Duration = Duration::from_secs(5);
/// Pause between two rounds of a site, at least …
const PAUSE: Duration = Duration::from_secs(15);
/// … as many times as long as a round takes …
const PAUSE_TO_ROUND: u32 = 4;
/// … and at most.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// Time that is counted by one statement.
const SPAN_S: i64 = 86_400;
/// Attempts of this long before the last round are looked at again: a process that ended may have been so far behind.
const OVERLAP_MS: i64 = 900_000;
/// How long the steps are believed that events tell of a journey which nobody defined.
const TOLD_FOR: Duration = Duration::from_secs(300);

/// What is remembered between rounds.
#[derive(Debug, Default)]
struct Memory {
    sites: BTreeMap<String, Mark>,
    journeys: BTreeMap<(String, String), Remembered>,
}

#[derive(Debug)]
struct Mark {
    look: Look,
    not_before: Instant,
}

/// By what a version of a promise was counted.
#[derive(Debug, Clone)]
struct Remembered {
    version: i64,
    known: Option<Known>,
    since: Instant,
}

/// One of what a promise counts.
enum Subject {
    Sessions,
    Journey(Known),
}

/// Whether a promise is about what takes longer than a page view.
pub(super) fn is_longer(promise: &Promise) -> bool {
    promise.slo.sli.of != Of::Views
}

/// Counts such promises for as long as it is polled.
pub(super) async fn counting(state: &QueryState) {
    let mut memory = Memory::default();
    loop {
        if let Err(error) = round(state, &mut memory).await {
            events::slo_count_failed(&error);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Brings every such promise up to what is visible now, unless that was done just before.
async fn round(state: &QueryState, memory: &mut Memory) -> Result<(), StoreError> {
    let mut by_site: BTreeMap<String, Vec<Promise>> = BTreeMap::new();
    for promise in Promise::all(state).await?.into_iter().filter(is_longer) {
        by_site.entry(promise.site.clone()).or_default().push(promise);
    }
    memory.sites.retain(|site, _| by_site.contains_key(site));
    // Before any processor has run there is nothing to count.
    let Some(fresh_to_ms) = state.watermark.current(&state.store).await?.fresh_to_ms else { return Ok(()) };
    for (site, promises) in by_site {
        // What one site's promises cost, or fail by, does not keep the others waiting for ever.
        if let Err(error) = count_site(state, memory, &site, promises, fresh_to_ms).await {
            events::slo_count_failed(&error);
        }
    }
    Ok(())
}

async fn count_site(
    state: &QueryState,
    memory: &mut Memory,
    site: &str,
    promises: Vec<Promise>,
    fresh_to_ms: i64,
) -> Result<(), StoreError> {
    let ids: BTreeSet<&str> = promises.iter().map(|promise| promise.slo.id.as_str()).collect();
    memory.journeys.retain(|(of, id), _| *of != site || ids.contains(id.as_str()));
    let due = memory.sites.get(site).is_none_or(|mark| Instant::now() >= mark.not_before);
    let mut counted = Vec::new();
    for promise in promises {
        if !promise.counted || due {
            counted.extend(prepare(state, memory, promise, fresh_to_ms).await?);
        }
    }
    if due {
        let look = memory.sites.remove(site).map(|mark| mark.look).unwrap_or_default();
        // The past of a new promise is counted once, so what that took says nothing about rounds to come.
        let begin = Instant::now();
        let look = count_changes(state, site, &counted, look, fresh_to_ms).await?;
        let pause = (begin.elapsed() * PAUSE_TO_ROUND).clamp(PAUSE, PAUSE_MAX);
        memory.sites.insert(site.to_owned(), Mark { look, not_before: Instant::now() + pause });
    }
    Ok(())
}

/// Finds what a promise counts, and counts the past where that was not done, or was by another definition of the journey.
async fn prepare(
    state: &QueryState,
    memory: &mut Memory,
    mut promise: Promise,
    fresh_to_ms: i64,
) -> Result<Option<(Promise, Subject)>, StoreError> {
    let mut subject = Some(Subject::Sessions);
    if promise.slo.sli.of == Of::Journeys {
        let (known, anew) = journey(state, memory, &promise).await?;
        if anew && promise.counted {
            let now = Promise::find(state, &promise.site, &promise.slo.id).await?;
            if now.is_none_or(|now| now.version != promise.version || now.slo != promise.slo) {
                // Somebody says it anew just now: theirs is counted the next time.
                return Ok(None);
            }
            let slo = promise.slo.clone();
            promise = promise.counting(slo, state.clock.now_ms());
            promise.save(state, false).await?;
        }
        let key = (promise.site.clone(), promise.slo.id.clone());
        if let Some(remembered) = memory.journeys.get_mut(&key) {
            remembered.version = promise.version;
        }
        subject = known.map(Subject::Journey);
    }
    let Some(subject) = subject else { return Ok(None) };
    if !promise.counted {
        for span in past(state, oldest_s(state)) {
            recount(state, &promise, &subject, span, fresh_to_ms).await?;
        }
        past_is_counted(state, &mut promise).await?;
    }
    Ok(promise.counted.then_some((promise, subject)))
}

/// The journey of a promise as it is now, and whether what was counted was counted by another.
async fn journey(
    state: &QueryState,
    memory: &mut Memory,
    promise: &Promise,
) -> Result<(Option<Known>, bool), StoreError> {
    let key = (promise.site.clone(), promise.slo.id.clone());
    let before = memory.journeys.get(&key).filter(|before| before.version == promise.version).cloned();
    let (mut since, mut defined_later) = (Instant::now(), false);
    let known = match (of_journeys::defined(state, promise).await?, &before) {
        (Some((known, defined_ms)), _) => {
            defined_later = defined_ms > promise.version;
            Some(known)
        }
        (None, Some(Remembered { known: Some(told), since: told_since, .. }))
            if !told.defined && told_since.elapsed() < TOLD_FOR =>
        {
            since = *told_since;
            Some(told.clone())
        }
        (None, _) => of_journeys::told(state, promise).await?,
    };
    let changed = before.is_some_and(|before| before.known.as_ref().map(reaches) != known.as_ref().map(reaches));
    memory.journeys.insert(key, Remembered { version: promise.version, known: known.clone(), since });
    Ok((known, changed || defined_later))
}

/// What counts of a journey's definition.
fn reaches(known: &Known) -> Vec<Reach> {
    known.journey.steps.iter().map(|step| step.reach.clone()).collect()
}

/// Counts what may have changed since the last look. Gives what this one saw.
async fn count_changes(
    state: &QueryState,
    site: &str,
    promises: &[(Promise, Subject)],
    look: Look,
    fresh_to_ms: i64,
) -> Result<Look, StoreError> {
    if promises.is_empty() {
        return Ok(look);
    }
    let counted: Vec<&Promise> = promises.iter().map(|(promise, _)| promise).collect();
    let reached_ms = look.reached_ms(state, site, &counted, fresh_to_ms).await?;
    let (changed, seen) = look.again(state, site, reached_ms, fresh_to_ms).await?;
    let since_ms = reached_ms - OVERLAP_MS;
    let until_s = fresh_to_ms.div_euclid(60_000) * 60 + 60;
    for (promise, subject) in promises {
        let reach = changed.iter().map(|minute| subject.reach(promise, i64::from(*minute)));
        let mut written = 0;
        for span in spans(reach.chain(subject.passed(since_ms, until_s)), oldest_s(state)..until_s) {
            written += recount(state, promise, subject, span, fresh_to_ms).await?;
        }
        events::slo_minutes_counted(written);
    }
    Ok(seen)
}

impl Subject {
    fn reach(&self, promise: &Promise, minute_s: i64) -> Range<i64> {
        match self {
            Self::Sessions => of_sessions::reach(minute_s),
            Self::Journey(known) => of_journeys::reach(promise, known, minute_s),
        }
    }

    /// Minutes whose counts change because time passes.
    fn passed(&self, since_ms: i64, until_s: i64) -> Option<Range<i64>> {
        match self {
            Self::Sessions => None,
            Self::Journey(_) => Some(since_ms.div_euclid(60_000) * 60 - of_journeys::ON_ITS_WAY_S - 60..until_s),
        }
    }
}

/// Spans put together where they meet, within `bounds`, none longer than what one statement counts.
fn spans(reach: impl Iterator<Item = Range<i64>>, bounds: Range<i64>) -> Vec<Range<i64>> {
    let minute = |second: i64| second.div_euclid(60) * 60;
    let mut sorted: Vec<Range<i64>> =
        reach.map(|span| minute(span.start.max(bounds.start))..minute(span.end.min(bounds.end) + 59)).collect();
    sorted.retain(|span| span.start < span.end);
    sorted.sort_by_key(|span| span.start);
    let mut merged: Vec<Range<i64>> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    let pieces = |span: Range<i64>| {
        let end = span.end;
        (span.start..end).step_by(SPAN_S as usize).map(move |start| start..(start + SPAN_S).min(end))
    };
    merged.into_iter().flat_map(pieces).collect()
}

/// Counts the minutes of `span`, and writes those that were counted otherwise before. Gives how many.
async fn recount(
    state: &QueryState,
    promise: &Promise,
    subject: &Subject,
    span: Range<i64>,
    fresh_to_ms: i64,
) -> Result<usize, StoreError> {
    let statement = match subject {
        Subject::Sessions => of_sessions::statement(promise, &span),
        Subject::Journey(known) => {
            let decided_ms = fresh_to_ms - of_journeys::ON_ITS_WAY_S * 1_000;
            let Some(statement) = of_journeys::statement(promise, known, &span, decided_ms) else { return Ok(0) };
            statement
        }
    };
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    let counted: BTreeMap<u32, (i64, i64)> = rows.iter().filter_map(minutes::of_row).collect();
    let before = minutes::written(state, promise, &span).await?;
    let counted_at = minutes::later_than_before(state.clock.now_ms());
    let differs = differing(&before, &counted);
    let rows: Vec<SloMinuteRow> = differs
        .into_iter()
        .map(|(minute, (good, valid))| SloMinuteRow {
            site: promise.site.clone(),
            slo: promise.slo.id.clone(),
            version: promise.version,
            minute,
            good,
            valid,
            counted_to: fresh_to_ms,
            counted_at,
        })
        .collect();
    if !rows.is_empty() {
        state.store.insert_rows("slo_minutes", &rows, None).await?;
    }
    Ok(rows.len())
}

/// Minutes whose counts are not what was written; those in which nothing counts any more with zeros.
fn differing(before: &BTreeMap<u32, (i64, i64)>, counted: &BTreeMap<u32, (i64, i64)>) -> BTreeMap<u32, (i64, i64)> {
    let emptied = before.iter().filter(|(minute, counts)| !counted.contains_key(minute) && **counts != (0, 0));
    let emptied = emptied.map(|(minute, _)| (*minute, (0, 0)));
    let changed = counted.iter().filter(|(minute, counts)| before.get(minute) != Some(counts));
    changed.map(|(minute, counts)| (*minute, *counts)).chain(emptied).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_written_where_they_changed_and_emptied_ones_with_zeros() {
        let before = BTreeMap::from([(60, (1, 1)), (120, (2, 3)), (180, (1, 1)), (240, (0, 0))]);
        let counted = BTreeMap::from([(60, (1, 1)), (120, (2, 2)), (300, (4, 4))]);
        let wanted = BTreeMap::from([(120, (2, 2)), (180, (0, 0)), (300, (4, 4))]);
        assert_eq!(differing(&before, &counted), wanted);
    }

    #[test]
    fn spans_that_meet_are_one_and_long_ones_are_counted_in_pieces() {
        let found = spans([90..150, 600..700, 130..200, -500..30].into_iter(), 0..660);
        assert_eq!(found, [0..240, 600..660]);
        assert_eq!(spans(std::iter::once(0..200_000), 0..180_000), [0..86_400, 86_400..172_800, 172_800..180_000]);
        assert_eq!(spans(std::iter::once(900..1_000), 0..660), []);
    }
}
