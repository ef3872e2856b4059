//! What the processes say about themselves while they live: counters read off `/metrics` now and then and summed over all lives,
//! so that a run can prove that it has met what it came for.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;

use super::role::Role;

/// Counters that are kept.
const COUNTERS: [&str; 17] = [
    "felt_processor_replays_total",
    "felt_processor_fenced_total",
    "felt_processor_bisected_total",
    "felt_processor_dead_letters_total",
    "felt_processor_batches_total",
    "felt_processor_records_total",
    "felt_processor_insert_retries_total",
    "felt_processor_log_retries_total",
    "felt_processor_ranges_lost_total",
    "felt_eventlog_fenced_total",
    "felt_eventlog_rebalances_total",
    "felt_eventlog_log_lost_total",
    "felt_eventlog_damaged_rows_total",
    "felt_ingest_spool_spilled_total",
    "felt_ingest_spool_drained_total",
    "felt_ingest_spool_known_total",
    "felt_ingest_spool_dropped_total",
];

/// Waiting records, by partition.
const LAG: &str = "felt_processor_lag_records";

/// Counters of each life of each role, by name.
type Lives = BTreeMap<(&'static str, usize), BTreeMap<String, f64>>;

/// Counters by role, life and name.
#[derive(Default)]
pub struct Seen {
    lives: Mutex<Lives>,
    http: reqwest::Client,
}

impl Seen {
    /// Reads every role that answers at once.
    pub async fn look(&self, roles: impl IntoIterator<Item = &Role>) {
        let looks = roles.into_iter().filter_map(|role| {
            let (life, url) = role.at();
            let url = url?;
            Some(async move {
                let get = self.http.get(format!("{url}/metrics")).timeout(Duration::from_secs(1)).send();
                let text = get.await.ok()?.text().await.ok()?;
                Some(((role.name, life), read(&text)))
            })
        });
        for (life, counters) in join_all(looks).await.into_iter().flatten() {
            self.lock().insert(life, counters);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lives> {
        self.lives.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A counter over all lives of all roles.
    pub fn total(&self, name: &str) -> u64 {
        self.lock().values().filter_map(|counters| counters.get(name)).sum::<f64>() as u64
    }

    /// A counter over all lives of one role.
    pub fn total_of(&self, role: &str, name: &str) -> u64 {
        let lives = self.lock();
        let counters = lives.iter().filter(|((of, _), _)| *of == role).filter_map(|(_, counters)| counters.get(name));
        counters.sum::<f64>() as u64
    }

    /// Records that wait, by the word of the processors that live now.
    pub fn lag(&self) -> u64 {
        let lives = self.lock();
        let mut latest: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for ((role, life), counters) in lives.iter() {
            let lag = counters.get(LAG).copied().unwrap_or(0.0);
            let held = latest.entry(role).or_insert((*life, lag));
            if *life >= held.0 {
                *held = (*life, lag);
            }
        }
        latest.values().map(|(_, lag)| lag).sum::<f64>() as u64
    }

    /// All counters that are not zero.
    pub fn totals(&self) -> BTreeMap<&'static str, u64> {
        COUNTERS.into_iter().map(|name| (name, self.total(name))).filter(|(_, total)| *total > 0).collect()
    }
}

/// Sums over labels.
fn read(text: &str) -> BTreeMap<String, f64> {
    let mut counters: BTreeMap<String, f64> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((head, value)) = line.rsplit_once(' ') else { continue };
        let name = head.split('{').next().unwrap_or(head);
        if COUNTERS.contains(&name) || name == LAG {
            *counters.entry(name.to_owned()).or_default() += value.parse::<f64>().unwrap_or(0.0);
        }
    }
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_labels() {
        let text = "# TYPE x counter\nfelt_processor_replays_total 2\n\
                    felt_processor_lag_records{partition=\"0\"} 5\nfelt_processor_lag_records{partition=\"1\"} 7\nother 9\n";
        let read = read(text);
        assert_eq!(read["felt_processor_replays_total"], 2.0);
        assert_eq!(read[LAG], 12.0);
        assert_eq!(read.len(), 2);
    }
}
