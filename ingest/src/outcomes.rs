//! What becomes of each snapshot that arrives: exactly one of durable, refused (with the reason) or abandoned by its sender.
//!
//! Refusals are counted per site and minute and written to the log as records of their own, so that a site's health can show
//! them; the durable ones get their outcome from the processor. Both together are what was received.

use crate::durable::Durable;
use crate::events::{self, IngestMetrics};
use bytes::Bytes;
use felt_eventlog::{AppendError, Entry};
use felt_schema::outcome::{Outcome, RefuseReason};
use felt_schema::record::{self, OutcomesRecord, Record};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts held while the log takes none. Beyond, a new minute's count goes to the latest minute that is held, and none is lost.
const CELLS_MAX: usize = 16_384;
const MINUTE_MS: i64 = 60_000;

/// Site, reason, minute: in this order, so that one site's minutes of one reason lie together.
type Cell = (String, RefuseReason, i64);

/// Counts of refusals that are not in the log yet.
pub(crate) struct Ledger {
    cells: Mutex<BTreeMap<Cell, u64>>,
    under_way: tokio::sync::Mutex<Option<UnderWay>>,
    pub(crate) metrics: IngestMetrics,
}

/// Counts that were given to the log, which has not said yet what became of them. Counts add up, so they must not be given twice:
/// nothing else is written until it is known.
struct UnderWay {
    append: BoxFuture<'static, Result<(), AppendError>>,
    cells: BTreeMap<Cell, u64>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { cells: Mutex::default(), under_way: tokio::sync::Mutex::default(), metrics: IngestMetrics::new() }
    }

    /// A beacon has arrived. It counts as one snapshot until it is known to hold more.
    pub(crate) fn receive(&self, now_ms: i64) -> Received<'_> {
        self.metrics.received.increment(1);
        Received { ledger: self, site: None, now_ms, pending: 1 }
    }

    /// Counts refused snapshots of a known site.
    pub(crate) fn refuse(&self, site: &str, now_ms: i64, reason: RefuseReason, count: u64) {
        if count > 0 {
            add(&mut self.cells.lock(), (site.to_owned(), reason, now_ms.div_euclid(MINUTE_MS) * MINUTE_MS), count);
        }
    }

    /// Writes what was counted to the log, waiting at most `wait` for it to say so. What cannot be written is kept for the next
    /// time; what the log may or may not have is not written again, since a count that is missing is better than one that is twice.
    pub(crate) async fn flush(&self, durable: &Durable, wait: Duration) {
        let mut under_way = self.under_way.lock().await;
        if under_way.is_none() {
            // A log that is known not to answer could leave only doubts.
            let cells =
                if durable.circuit.is_open() { BTreeMap::new() } else { std::mem::take(&mut *self.cells.lock()) };
            if cells.is_empty() {
                return;
            }
            *under_way = Some(UnderWay { append: durable.begin(entries(&cells)), cells });
        }
        let Some(flight) = under_way.as_mut() else { return };
        let Ok(result) = tokio::time::timeout(wait, &mut flight.append).await else { return };
        let Some(flight) = under_way.take() else { return };
        match result {
            Ok(()) => {}
            Err(error @ AppendError::InDoubt(_)) => events::outcomes_in_doubt(&error, flight.cells.values().sum()),
            Err(error) => {
                events::outcomes_not_flushed(&error);
                let mut cells = self.cells.lock();
                for (cell, count) in flight.cells {
                    add(&mut cells, cell, count);
                }
            }
        }
    }

    /// The last time: what the log does not take goes to the spool, which gives it back to the next process ([`Self::take_back`]).
    pub(crate) async fn flush_last(&self, durable: &Durable, wait: Duration) {
        self.flush(durable, wait).await;
        let Some(spool) = &durable.spool else { return };
        let cells = std::mem::take(&mut *self.cells.lock());
        if !cells.is_empty()
            && let Err(error) = spool.append(entries(&cells)).await
        {
            events::outcomes_lost(&error, cells.values().sum());
        }
    }

    /// Counts that an earlier process could not write.
    pub(crate) fn take_back(&self, record: &OutcomesRecord<'_>) {
        for (outcome, reason, count) in &record.counts {
            if let Some(Outcome::Refused(reason)) = Outcome::from_names(outcome, reason) {
                self.refuse(&record.site, record.minute_ms, reason, *count);
            }
        }
    }
}

fn add(cells: &mut BTreeMap<Cell, u64>, cell: Cell, count: u64) {
    let is_full = cells.len() >= CELLS_MAX && !cells.contains_key(&cell);
    if is_full {
        let (first, last) = ((cell.0.clone(), cell.1, i64::MIN), (cell.0.clone(), cell.1, i64::MAX));
        if let Some((_, held)) = cells.range_mut(first..=last).next_back() {
            *held += count;
            return;
        }
    }
    // Sites are configured and reasons are few, so what is added beyond the limit is bounded too.
    *cells.entry(cell).or_default() += count;
}

/// One record for each site and minute.
fn entries(cells: &BTreeMap<Cell, u64>) -> Vec<Entry> {
    let mut records: BTreeMap<(&str, i64), OutcomesRecord<'_>> = BTreeMap::new();
    for ((site, reason, minute_ms), count) in cells {
        let outcome = Outcome::Refused(*reason);
        let record = records.entry((site, *minute_ms)).or_insert_with(|| OutcomesRecord {
            site: Cow::Borrowed(site),
            minute_ms: *minute_ms,
            counts: Vec::new(),
        });
        record.counts.push((outcome.name().into(), outcome.reason().into(), *count));
    }
    let encode = |record: OutcomesRecord<'_>| Entry {
        key: Bytes::from(record::key(&record.site, "")),
        value: Bytes::from(Record::Outcomes(record).encode()),
    };
    records.into_values().map(encode).collect()
}

/// Snapshots of one beacon whose outcome is open. Whatever is still open when it is dropped was abandoned: the sender went away,
/// and whether the log has them is not known here.
#[must_use]
pub(crate) struct Received<'a> {
    ledger: &'a Ledger,
    site: Option<&'a str>,
    now_ms: i64,
    pending: u64,
}

impl<'a> Received<'a> {
    /// Its site is known; from here on refusals show in the site's health.
    pub(crate) fn for_site(&mut self, site: &'a str) {
        self.site = Some(site);
    }

    /// When it arrived.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// It holds this many snapshots, not one.
    pub(crate) fn holds(&mut self, snapshots: u64) {
        self.ledger.metrics.received.increment(snapshots.saturating_sub(1));
        self.pending = snapshots.max(1);
    }

    /// One of them is refused.
    pub(crate) fn refuse_one(&mut self, reason: RefuseReason) {
        self.settle_refused(reason, self.pending.min(1));
    }

    /// All that are open are refused.
    pub(crate) fn refuse(mut self, reason: RefuseReason) {
        self.settle_refused(reason, self.pending);
    }

    /// All that are open are durable.
    pub(crate) fn durable(mut self) {
        self.ledger.metrics.durable.increment(self.pending);
        self.pending = 0;
    }

    fn settle_refused(&mut self, reason: RefuseReason, count: u64) {
        self.ledger.metrics.refused(reason, count);
        if let Some(site) = self.site {
            self.ledger.refuse(site, self.now_ms, reason, count);
        }
        self.pending -= count;
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        if self.pending > 0 {
            self.ledger.metrics.abandoned.increment(self.pending);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(ledger: &Ledger) -> Vec<(i64, Vec<(String, u64)>)> {
        let records = entries(&ledger.cells.lock());
        let record = |entry: &Entry| match Record::decode(&entry.value).unwrap() {
            Record::Outcomes(record) => {
                let count = |(_, reason, count): &(_, Cow<'_, str>, u64)| (reason.to_string(), *count);
                (record.minute_ms, record.counts.iter().map(count).collect())
            }
            Record::View(_) => panic!("counts only"),
        };
        records.iter().map(record).collect()
    }

    #[test]
    fn refusals_are_counted_by_site_minute_and_reason() {
        let ledger = Ledger::new();
        let mut received = ledger.receive(61_000);
        received.for_site("shop");
        received.holds(5);
        received.refuse_one(RefuseReason::InvalidView);
        received.refuse_one(RefuseReason::InvalidView);
        received.refuse(RefuseReason::Unavailable);
        ledger.receive(61_500).refuse(RefuseReason::UnknownSite);
        ledger.refuse("shop", 125_000, RefuseReason::InvalidTime, 4);
        assert_eq!(
            decoded(&ledger),
            [
                (60_000, vec![("invalid_view".to_owned(), 2), ("unavailable".to_owned(), 3)]),
                (120_000, vec![("invalid_time".to_owned(), 4)]),
            ]
        );
    }

    #[test]
    fn a_long_outage_of_the_log_keeps_every_count_in_bounded_memory() {
        let ledger = Ledger::new();
        let minutes = CELLS_MAX as i64 * 3;
        for minute in 0..minutes {
            ledger.refuse("shop", minute * MINUTE_MS, RefuseReason::Unavailable, 2);
        }
        let cells = ledger.cells.lock();
        assert_eq!(cells.len(), CELLS_MAX);
        assert_eq!(cells.values().sum::<u64>(), minutes as u64 * 2);
    }
}
