//! Records that were given to Kafka, were late, and are in the spool as well. When Kafka acknowledges one after all, its copy in
//! the spool need not be sent. After a crash nobody remembers: then the copy is sent, and the processor sees a repeat.

use felt_eventlog::Entry;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_128;

/// Records remembered at once, about 3 MiB. What does not fit is sent again.
const RECORDS_MAX: usize = 65_536;

/// For all records of a batch together. Longer than Kafka's client takes to give a record up.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Doubts {
    held: Mutex<HashMap<u128, Doubt>>,
    settled: Notify,
    patience: Duration,
}

impl Default for Doubts {
    fn default() -> Self {
        Self { held: Mutex::default(), settled: Notify::new(), patience: PATIENCE }
    }
}

/// Equal records may be in doubt several times at once.
#[derive(Default)]
struct Doubt {
    pending: u32,
    delivered: u32,
}

/// Names the records of one append, without holding them.
pub(crate) struct InDoubt(Vec<u128>);

impl Doubts {
    /// These were not acknowledged in time and go to the spool.
    pub(crate) fn begin(&self, entries: &[Entry]) -> InDoubt {
        let mut held = self.held.lock();
        if held.len() + entries.len() > RECORDS_MAX {
            return InDoubt(Vec::new());
        }
        let names: Vec<u128> = entries.iter().map(|entry| xxh3_128(&entry.value)).collect();
        for name in &names {
            held.entry(*name).or_default().pending += 1;
        }
        InDoubt(names)
    }

    /// Kafka has said what became of them.
    pub(crate) fn settle(&self, doubt: InDoubt, delivered: bool) {
        let mut held = self.held.lock();
        for name in doubt.0 {
            // Forgotten when the drain lost its patience.
            let Some(known) = held.get_mut(&name) else { continue };
            known.pending = known.pending.saturating_sub(1);
            known.delivered += u32::from(delivered);
            if known.pending == 0 && known.delivered == 0 {
                held.remove(&name);
            }
        }
        drop(held);
        self.settled.notify_waiters();
    }

    /// Until when to wait for what is open now.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Whether this record of the spool is in Kafka already. Waits while that is open. Each `true` is given once for each copy.
    pub(crate) async fn was_delivered(&self, value: &[u8], deadline: Instant) -> bool {
        if self.is_empty() {
            return false;
        }
        let name = xxh3_128(value);
        loop {
            let settled = self.settled.notified();
            if let Some(known) = self.known(name) {
                return known;
            }
            if tokio::time::timeout_at(deadline, settled).await.is_err() {
                self.held.lock().remove(&name);
                return false;
            }
        }
    }

    /// Whether nothing is in doubt.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.lock().is_empty()
    }

    /// `None` while it is open.
    fn known(&self, name: u128) -> Option<bool> {
        let mut held = self.held.lock();
        let Some(known) = held.get_mut(&name) else { return Some(false) };
        if known.delivered == 0 {
            return None;
        }
        known.delivered -= 1;
        if known.delivered == 0 && known.pending == 0 {
            held.remove(&name);
        }
        Some(true)
    }

    /// The spool is empty: whatever is settled will not be asked for.
    pub(crate) fn forget_settled(&self) {
        let mut held = self.held.lock();
        if !held.is_empty() {
            held.retain(|_, doubt| doubt.pending > 0);
            held.shrink_to(1_024);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::Arc;

    fn entry(value: &'static str) -> Entry {
        Entry { key: Bytes::new(), value: Bytes::from(value) }
    }

    #[tokio::test]
    async fn a_record_acknowledged_late_is_known_once_for_each_copy() {
        let doubts = Doubts::default();
        let (twice, failed) = (entry("twice"), entry("failed"));
        let first = doubts.begin(&[twice.clone(), failed.clone()]);
        let second = doubts.begin(std::slice::from_ref(&twice));
        doubts.settle(first, false);
        doubts.settle(second, true);
        assert!(!doubts.was_delivered(b"failed", doubts.deadline()).await);
        assert!(!doubts.was_delivered(b"never in doubt", doubts.deadline()).await);
        assert!(doubts.was_delivered(b"twice", doubts.deadline()).await);
        assert!(!doubts.was_delivered(b"twice", doubts.deadline()).await);
        assert!(doubts.is_empty());
    }

    #[tokio::test]
    async fn the_drain_waits_until_it_is_known() {
        let doubts = Arc::new(Doubts::default());
        let open = doubts.begin(&[entry("open")]);
        let asking = tokio::spawn({
            let doubts = doubts.clone();
            async move { doubts.was_delivered(b"open", doubts.deadline()).await }
        });
        tokio::task::yield_now().await;
        doubts.settle(open, true);
        assert!(asking.await.unwrap());
    }

    #[tokio::test]
    async fn what_kafka_never_says_is_sent_again() {
        let doubts = Doubts { patience: Duration::from_millis(20), ..Doubts::default() };
        let open = doubts.begin(&[entry("open")]);
        assert!(!doubts.was_delivered(b"open", doubts.deadline()).await);
        doubts.settle(open, true);
        assert!(doubts.is_empty());
    }

    #[test]
    fn the_memory_for_them_is_bounded() {
        let doubts = Doubts::default();
        let mut open = Vec::new();
        for number in 0..2 * RECORDS_MAX {
            open.push(doubts.begin(&[Entry { key: Bytes::new(), value: Bytes::from(number.to_string()) }]));
        }
        assert_eq!(doubts.held.lock().len(), RECORDS_MAX);
        open.into_iter().for_each(|doubt| doubts.settle(doubt, true));
        doubts.forget_settled();
        assert!(doubts.is_empty());
    }
}
