//! How old the data is that people decide by: the watermark, and what of reads, events and minutes was fresh.
//!
//! Times are in any one unit, here seconds. Where partitions and readers come from is the processor's and query's business.

/// How far one partition of the log has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partition {
    /// Newest event time that is processed.
    pub processed: f64,
    /// When its newest record came.
    pub last_record_at: f64,
}

/// Everything up to here is visible: the least of the live partitions. One that was silent for longer than `idle_after` does not hold
/// it back; None when none is live.
pub fn watermark(partitions: impl IntoIterator<Item = Partition>, now: f64, idle_after: f64) -> Option<f64> {
    partitions
        .into_iter()
        .filter(|partition| now - partition.last_record_at <= idle_after)
        .map(|partition| partition.processed)
        .min_by(f64::total_cmp)
}

/// Age of the watermark, never below 0.
pub fn age(watermark: f64, now: f64) -> f64 {
    (now - watermark).max(0.0)
}

/// Whether a read at `at` saw data no older than `limit`; one that found none did not.
pub fn is_fresh_read(at: f64, watermark: Option<f64>, limit: f64) -> bool {
    watermark.is_some_and(|watermark| at - watermark <= limit)
}

/// What became of an event that is to be visible within a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// It was, in time.
    InTime,
    /// It was late, or is overdue.
    Late,
    /// It may still make it.
    Pending,
}

/// Judges an event that came at `at` and was visible at `visible_at`, as seen at `now`.
pub fn visibility(at: f64, visible_at: Option<f64>, now: f64, limit: f64) -> Visibility {
    match visible_at.filter(|visible_at| *visible_at <= now) {
        Some(visible_at) if visible_at - at <= limit => Visibility::InTime,
        Some(_) => Visibility::Late,
        None if now - at <= limit => Visibility::Pending,
        None => Visibility::Late,
    }
}
