//! A declared range of the log as rows: decoded, told apart from what came before, summed. Pure, given what was known before
//! the range: the same records and priors give the same rows, byte for byte, on every replay.
//!
//! Of several snapshots of one view in a range only the one with the highest `seq` is written. Each received snapshot has
//! one outcome: the first of its view is `accepted`, every other one `replaced`, whichever of them counts in the end.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use felt_eventlog::LogRecord;
use felt_schema::clock::{day_of, hour_of, minute_of};
use felt_schema::outcome::{FilterReason, Outcome, RefuseReason, ReplaceReason, side};
use felt_schema::record::{OutcomesRecord, Record, ViewRecord};
use felt_schema::rows::{DeadLetterRow, EventRow, OutcomeRow, PageViewRow, RollupRow, ViewStateRow};

use crate::prior::Priors;
use crate::rollup::Rollup;
use crate::state::{StateRow, ViewRows};
use crate::view::{self, Place, Rules};

/// Days for which a live view's state is kept: snapshots come at most a day late.
const LIVE_STATE_DAYS: u16 = 2;

/// Days for which an imported view's state is kept: so long may the same history be brought in again.
const IMPORTED_STATE_DAYS: u16 = 30;

/// Rows of one insert: it must stay one block, or its token would not cover all of it.
pub const BLOCK_ROWS_MAX: usize = 200_000;

/// Bytes of a dead letter that are kept.
const DEAD_LETTER_BYTES_MAX: usize = 64 * 1024;

/// Where a range comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Stands for the time of arrival where a record is too broken to tell it, in ms.
    pub arrival_ms: i64,
}

/// A snapshot out of the log.
#[derive(Debug)]
pub struct DraftView<'a> {
    /// Its offset.
    pub offset: u64,
    /// When its view began, by its own word, within reason.
    pub started_at: i64,
    /// The record.
    pub record: ViewRecord<'a>,
}

/// A record that is not to be counted, and why.
#[derive(Debug)]
pub struct Condemned<'a> {
    offset: u64,
    value: &'a [u8],
    reason: String,
}

/// The records of a range, decoded.
#[derive(Debug, Default)]
pub struct Draft<'a> {
    /// Snapshots, in the order of the log.
    pub views: Vec<DraftView<'a>>,
    outcomes: Vec<OutcomesRecord<'a>>,
    condemned: Vec<Condemned<'a>>,
}

impl<'a> Draft<'a> {
    /// Decodes records. What cannot be read is condemned, not dropped.
    pub fn decode(records: &'a [LogRecord]) -> Self {
        let mut draft = Self { views: Vec::with_capacity(records.len()), ..Self::default() };
        for record in records {
            match Record::decode(&record.value) {
                Ok(Record::View(view)) => {
                    let started_at = view.started_at().clamp(0, view.received_at_ms.max(0));
                    draft.views.push(DraftView { offset: record.offset, started_at, record: view });
                }
                Ok(Record::Outcomes(outcomes)) => draft.outcomes.push(outcomes),
                Err(error) => draft.condemned.push(Condemned {
                    offset: record.offset,
                    value: &record.value,
                    reason: error.to_string(),
                }),
            }
        }
        draft
    }

    /// Records that the store refused for good: nothing is counted, all of them become dead letters.
    pub fn condemn(records: &'a [LogRecord], reason: &str) -> Self {
        let condemned = records.iter().map(|record| Condemned {
            offset: record.offset,
            value: &record.value,
            reason: reason.to_owned(),
        });
        Self { condemned: condemned.collect(), ..Self::default() }
    }

    /// Offsets of the records that could not be read, in order.
    pub fn invalid(&self) -> Vec<u64> {
        self.condemned.iter().map(|condemned| condemned.offset).collect()
    }

    /// The days on which the snapshots arrived: in these partitions of the store their rows are.
    pub fn days(&self) -> RangeInclusive<u16> {
        let days = || self.views.iter().map(|view| day_of(view.record.received_at_ms));
        days().min().unwrap_or_default()..=days().max().unwrap_or_default()
    }

    /// The latest arrival.
    pub fn latest_ms(&self) -> Option<i64> {
        self.views.iter().map(|view| view.record.received_at_ms).max()
    }
}

/// The rows of a range, table by table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchRows {
    /// For `page_views`.
    pub page_views: Vec<PageViewRow>,
    /// For `events`.
    pub events: Vec<EventRow>,
    /// For `rollup_minute`.
    pub rollup_minute: Vec<RollupRow>,
    /// For `rollup_hour`.
    pub rollup_hour: Vec<RollupRow>,
    /// For `rollup_day`.
    pub rollup_day: Vec<RollupRow>,
    /// For `outcomes`.
    pub outcomes: Vec<OutcomeRow>,
    /// For `dead_letters`.
    pub dead_letters: Vec<DeadLetterRow>,
    /// For `view_states`.
    pub view_states: Vec<StateRow>,
}

/// The range would make more rows than one block may have: declare half of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the range makes more than {BLOCK_ROWS_MAX} rows of one table: declare half of it")]
pub struct TooWide;

/// What is known of a view while a range is worked off.
struct Slot<'d> {
    site: &'d str,
    view: &'d str,
    /// By the first snapshot that arrived.
    started_at: i64,
    /// Highest so far; `None` before the first.
    seq: Option<u32>,
    /// The snapshot of this range that counts, if any does.
    latest: Option<usize>,
}

/// Makes the rows of a range.
///
/// # Errors
/// [`TooWide`] when a table would get more rows than one block may have. A range of one record never does.
pub fn transform(
    draft: &Draft<'_>,
    priors: &Priors,
    source: &Source,
    rules: &mut Rules<'_>,
) -> Result<BatchRows, TooWide> {
    let mut outcomes = Outcomes::default();
    for record in &draft.outcomes {
        outcomes.add_record(record);
    }
    let slots = sort_out(draft, priors, &mut outcomes);

    let mut rows = BatchRows {
        page_views: Vec::with_capacity(slots.len() + priors.len()),
        view_states: Vec::with_capacity(slots.len()),
        ..BatchRows::default()
    };
    let mut rollup = Rollup::default();
    for slot in slots {
        let Slot { site, view, started_at, latest: Some(index), .. } = slot else { continue };
        let snapshot = &draft.views[index];
        let place = Place { partition: source.partition, offset: snapshot.offset };
        let written = view_rows(snapshot, place, started_at, priors, rules);
        outcomes.add_folded(&snapshot.record, rules);
        rows.view_states.push(state_of(&written, snapshot.record.started_at_ms.is_some()));
        if let Some(prior) = priors.of(site, view) {
            rollup.add(&prior.view, -1);
            rows.push(prior.clone().cancelled());
        }
        rollup.add(&written.view, 1);
        rows.push(written);
        if rollup.rows_max() > BLOCK_ROWS_MAX || rows.events.len() > BLOCK_ROWS_MAX {
            return Err(TooWide);
        }
    }
    let rollup = rollup.finish();
    rows.rollup_minute = rollup.minute;
    rows.rollup_hour = rollup.hour;
    rows.rollup_day = rollup.day;
    rows.dead_letters = draft.condemned.iter().map(|letter| dead_letter(letter, source)).collect();
    outcomes.add("", source.arrival_ms, Outcome::Refused(RefuseReason::DeadLetter), draft.condemned.len());
    rows.outcomes = outcomes.into_rows();
    Ok(rows)
}

/// Gives each snapshot its outcome and finds the one that counts. Views come in the order of their first snapshot.
fn sort_out<'d>(draft: &'d Draft<'_>, priors: &Priors, outcomes: &mut Outcomes<'d>) -> Vec<Slot<'d>> {
    let mut slots: Vec<Slot<'d>> = Vec::with_capacity(draft.views.len());
    let mut slot_of: HashMap<(&str, &str), usize> = HashMap::with_capacity(draft.views.len());
    for (index, DraftView { record, started_at, .. }) in draft.views.iter().enumerate() {
        outcomes.add_drops(record);
        let snapshot = &record.snapshot;
        let (site, view, seq) = (&*record.site, &*snapshot.view, snapshot.seq);
        let outcome = if !snapshot.activated {
            Outcome::Filtered(FilterReason::NeverActivated)
        } else {
            let slot = *slot_of.entry((site, view)).or_insert_with(|| {
                let prior = priors.of(site, view).map(|prior| (prior.view.started_at, prior.view.seq));
                let (started_at, seq) = prior.map_or((*started_at, None), |(started_at, seq)| (started_at, Some(seq)));
                slots.push(Slot { site, view, started_at, seq, latest: None });
                slots.len() - 1
            });
            slots[slot].take(index, seq)
        };
        outcomes.add(site, record.received_at_ms, outcome, 1);
    }
    slots
}

impl Slot<'_> {
    /// Takes in the next snapshot of the view.
    fn take(&mut self, index: usize, seq: u32) -> Outcome {
        let outcome = match self.seq {
            None => Outcome::Accepted,
            Some(held) if seq > held => Outcome::Replaced(ReplaceReason::Newer),
            Some(held) if seq < held => return Outcome::Replaced(ReplaceReason::Older),
            Some(_) => return Outcome::Replaced(ReplaceReason::Repeated),
        };
        (self.seq, self.latest) = (Some(seq), Some(index));
        outcome
    }
}

fn view_rows(
    snapshot: &DraftView<'_>,
    place: Place,
    started_at: i64,
    priors: &Priors,
    rules: &mut Rules<'_>,
) -> ViewRows {
    let mut rows = view::rows(&snapshot.record, place, started_at, rules);
    let written = priors.written(snapshot.offset, &rows.view.view, rows.view.seq);
    if let Some(written) = written {
        for event in &mut rows.events {
            event.page.clone_from(&written.page);
            event.release.clone_from(&written.release);
            event.bot.clone_from(&written.bot);
            event.device.clone_from(&written.device);
        }
        rows.view = written.clone();
    }
    rows
}

fn state_of(rows: &ViewRows, imported: bool) -> StateRow {
    let days = if imported { IMPORTED_STATE_DAYS } else { LIVE_STATE_DAYS };
    StateRow {
        site: rows.view.site.clone(),
        hour: hour_of(rows.view.started_at),
        view_hash: ViewStateRow::hash_of(&rows.view.view),
        seq: rows.view.seq,
        day: rows.view.day,
        keep_until: rows.view.day.saturating_add(days),
        state: rows.encode(),
    }
}

fn dead_letter(letter: &Condemned<'_>, source: &Source) -> DeadLetterRow {
    let value = &letter.value[..letter.value.len().min(DEAD_LETTER_BYTES_MAX)];
    DeadLetterRow {
        day: day_of(source.arrival_ms),
        received_at: source.arrival_ms,
        topic: source.topic.clone(),
        partition: source.partition,
        offset: letter.offset,
        reason: letter.reason.clone(),
        value: String::from_utf8_lossy(value).into_owned(),
    }
}

impl BatchRows {
    fn push(&mut self, rows: ViewRows) {
        self.page_views.push(rows.view);
        self.events.extend(rows.events);
    }

    /// Rows of all tables.
    pub fn len(&self) -> usize {
        self.page_views.len()
            + self.events.len()
            + self.rollup_minute.len()
            + self.rollup_hour.len()
            + self.rollup_day.len()
            + self.outcomes.len()
            + self.dead_letters.len()
            + self.view_states.len()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Counts by site, minute, outcome and reason, in order.
#[derive(Default)]
struct Outcomes<'d>(BTreeMap<(&'d str, u32, &'d str, &'d str), i64>);

impl<'d> Outcomes<'d> {
    fn add(&mut self, site: &'d str, at_ms: i64, outcome: Outcome, count: usize) {
        self.add_named(site, at_ms, outcome.name(), outcome.reason(), count as i64);
    }

    fn add_named(&mut self, site: &'d str, at_ms: i64, outcome: &'d str, reason: &'d str, count: i64) {
        if count > 0 {
            *self.0.entry((site, minute_of(at_ms), outcome, reason)).or_default() += count;
        }
    }

    fn add_record(&mut self, record: &'d OutcomesRecord<'_>) {
        for (outcome, reason, count) in &record.counts {
            let is_side_count = [side::FIELD_DROP, side::FOLDED].contains(&&**outcome);
            if is_side_count || Outcome::from_names(outcome, reason).is_some() {
                let count = i64::try_from(*count).unwrap_or(i64::MAX);
                self.add_named(&record.site, record.minute_ms, outcome, reason, count);
            }
        }
    }

    fn add_drops(&mut self, record: &'d ViewRecord<'_>) {
        for (field, count) in &record.drops {
            self.add_named(&record.site, record.received_at_ms, side::FIELD_DROP, field, i64::from(*count));
        }
    }

    fn add_folded(&mut self, record: &'d ViewRecord<'_>, rules: &mut Rules<'_>) {
        for (dimension, count) in rules.folder.take_folded() {
            self.add_named(&record.site, record.received_at_ms, side::FOLDED, dimension.name(), i64::from(count));
        }
    }

    fn into_rows(self) -> Vec<OutcomeRow> {
        let rows = self.0.into_iter().map(|((site, minute, outcome, reason), count)| OutcomeRow {
            site: site.to_owned(),
            day: day_of(i64::from(minute) * 1_000),
            minute,
            outcome: outcome.to_owned(),
            reason: reason.to_owned(),
            count,
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests;
