//! The one who is never faulted: it knows every snapshot that was handed to the network and every answer that came back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::told::View;

/// What is known of one page view: bit `seq` of each mask stands for that snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Handed to the network at least once: it may be there.
    pub sent: u8,
    /// Answered with 204 at least once: it must count, or a later one.
    pub acked: u8,
}

impl Known {
    /// The lowest snapshot that may count in the end; `None` when nothing must be there.
    pub fn least(self) -> Option<u32> {
        self.acked.checked_ilog2()
    }

    /// Whether this snapshot may be the one that counts.
    pub fn may_end_as(self, seq: u32) -> bool {
        seq < 8 && self.sent >> seq & 1 == 1 && self.least().is_none_or(|least| seq >= least)
    }
}

/// Copies of snapshots by what became of them.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Copies answered with 204.
    pub acked: u64,
    /// Copies whose fate is not known: no answer, or one that promises nothing.
    pub unknown: u64,
    /// Requests by their answer: a status, or what went wrong.
    pub requests: BTreeMap<String, u64>,
}

/// What was put on the log directly, past ingest.
#[derive(Clone, Debug, Default)]
pub struct Planted {
    /// Values that are no records, and whether the log certainly has them.
    pub poison: BTreeMap<String, bool>,
    /// Page views of many days in one range; each is certainly on the log.
    pub bait: u64,
    /// The same, where the log did not say.
    pub bait_unknown: u64,
}

/// Shared by all producers.
pub struct Oracle {
    /// The run's seed.
    pub seed: u64,
    views: Mutex<Vec<Known>>,
    answers: Mutex<Answers>,
    planted: Mutex<Planted>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Oracle {
    /// Knows nothing yet.
    pub fn new(seed: u64) -> Self {
        Self { seed, views: Mutex::default(), answers: Mutex::default(), planted: Mutex::default() }
    }

    /// Numbers for so many new views.
    pub fn begin(&self, count: u32) -> Vec<View> {
        let mut views = lock(&self.views);
        let first = views.len() as u32;
        views.resize((first + count) as usize, Known::default());
        (first..first + count).map(|n| View { seed: self.seed, n }).collect()
    }

    /// To be said before the first byte goes out.
    pub fn sending(&self, copies: &[(View, u32)]) {
        let mut views = lock(&self.views);
        for (view, seq) in copies {
            views[view.n as usize].sent |= 1 << seq;
        }
    }

    /// An answer, or its absence.
    pub fn answered(&self, copies: &[(View, u32)], answer: &str) {
        let durable = answer == "204";
        if durable {
            let mut views = lock(&self.views);
            for (view, seq) in copies {
                views[view.n as usize].acked |= 1 << seq;
            }
        }
        let mut answers = lock(&self.answers);
        *answers.requests.entry(answer.to_owned()).or_default() += 1;
        let kind = if durable { &mut answers.acked } else { &mut answers.unknown };
        *kind += copies.len() as u64;
    }

    /// Poison that is about to be appended; `durable` once the log said so.
    pub fn poison(&self, value: &str, durable: bool) {
        *lock(&self.planted).poison.entry(value.to_owned()).or_default() |= durable;
    }

    /// Bait that was appended, or may have been.
    pub fn bait(&self, views: u64, durable: bool) {
        let mut planted = lock(&self.planted);
        let kind = if durable { &mut planted.bait } else { &mut planted.bait_unknown };
        *kind += views;
    }

    /// All views, by number.
    pub fn views(&self) -> Vec<Known> {
        lock(&self.views).clone()
    }

    /// What became of all copies.
    pub fn answers(&self) -> Answers {
        lock(&self.answers).clone()
    }

    /// What was planted.
    pub fn planted(&self) -> Planted {
        lock(&self.planted).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledged_snapshot_bounds_what_may_count_from_below() {
        let oracle = Oracle::new(1);
        let view = oracle.begin(1)[0];
        oracle.sending(&[(view, 0), (view, 1), (view, 2)]);
        assert_eq!(oracle.views()[0].least(), None);
        oracle.answered(&[(view, 1)], "204");
        oracle.answered(&[(view, 2)], "timed out");
        let known = oracle.views()[0];
        assert!(!known.may_end_as(0) && known.may_end_as(1) && known.may_end_as(2) && !known.may_end_as(3));
    }
}
