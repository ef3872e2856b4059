//! What became of a load: accepted and refused by reason, and how long answers took from when their beacons were due.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use felt_schema::histogram::{Histogram, nearest_rank_of, representative};
use serde_json::{Value, json};

/// Percentiles that are told.
const PERCENTILES: [u32; 5] = [50, 75, 90, 95, 99];

/// What became of one beacon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken: 204, which says that it is durable.
    Accepted,
    /// It was answered otherwise.
    Refused(u16),
    /// It was not answered.
    Unanswered(&'static str),
}

impl Outcome {
    /// Of a request.
    pub fn of(answer: Result<reqwest::Response, reqwest::Error>) -> Self {
        match answer {
            Ok(answer) if answer.status().as_u16() == 204 => Self::Accepted,
            Ok(answer) => Self::Refused(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Self::Unanswered("no answer in time"),
            Err(error) if error.is_connect() => Self::Unanswered("no connection"),
            Err(_) => Self::Unanswered("the connection broke"),
        }
    }
}

/// The sums.
#[derive(Debug, Default)]
pub struct Report {
    /// Beacons that are durable.
    pub accepted: u64,
    /// Answers of another kind, by what they were.
    refused: BTreeMap<u16, u64>,
    /// Beacons without an answer, by why.
    unanswered: BTreeMap<&'static str, u64>,
    /// Beacons that were due while too many waited already.
    not_sent: u64,
    answers: Histogram,
    max: Duration,
    late_max: Duration,
    rate: f64,
    elapsed: Duration,
}

impl Report {
    /// Counts a beacon that took so long from when it was due.
    pub fn add(&mut self, outcome: Outcome, took: Duration) {
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Refused(status) => *self.refused.entry(status).or_default() += 1,
            Outcome::Unanswered(why) => *self.unanswered.entry(why).or_default() += 1,
        }
        // What got no answer took as long as was waited: leaving it out would make a stall look fast.
        self.answers.add(u32::try_from(took.as_micros()).unwrap_or(u32::MAX), 1);
        self.max = self.max.max(took);
    }

    /// Says what the load as a whole was.
    pub fn finish(&mut self, rate: f64, not_sent: u64, late_max: Duration, elapsed: Duration) {
        (self.rate, self.not_sent, self.late_max, self.elapsed) = (rate, not_sent, late_max, elapsed);
    }

    fn sent(&self) -> u64 {
        self.accepted + self.refused.values().sum::<u64>() + self.unanswered.values().sum::<u64>()
    }

    fn percentile_ms(&self, percent: u32) -> Option<f64> {
        let rank = nearest_rank_of(percent, self.answers.count())?;
        self.answers.bucket_at_rank(rank).map(|(bucket, _)| representative(bucket) / 1e3)
    }

    /// As one object.
    pub fn to_json(&self) -> Value {
        let refused: BTreeMap<String, u64> =
            self.refused.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        let mut latency: BTreeMap<String, Value> =
            PERCENTILES.iter().map(|percent| (format!("p{percent}"), json!(self.percentile_ms(*percent)))).collect();
        latency.insert("max".into(), json!(self.max.as_secs_f64() * 1e3));
        json!({
            "rate": self.rate, "seconds": self.elapsed.as_secs_f64(), "sent": self.sent(), "accepted": self.accepted, "refused": refused,
            "unanswered": self.unanswered, "not_sent": self.not_sent, "latency_ms": latency,
            "sent_late_ms_max": self.late_max.as_secs_f64() * 1e3,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sent      {} in {:.1} s", self.sent(), self.elapsed.as_secs_f64())?;
        writeln!(f, "accepted  {}", self.accepted)?;
        writeln!(f, "refused   {}", self.refused.values().sum::<u64>())?;
        for (status, count) in &self.refused {
            writeln!(f, "  {status}  {count}")?;
        }
        for (why, count) in &self.unanswered {
            writeln!(f, "  {why}  {count}")?;
        }
        if self.not_sent > 0 {
            writeln!(f, "not sent  {}: too many were waiting for their answers", self.not_sent)?;
        }
        write!(f, "answered after, from when each was due:")?;
        for percent in PERCENTILES {
            write!(f, "  p{percent} {:.1} ms", self.percentile_ms(percent).unwrap_or(f64::NAN))?;
        }
        write!(f, "  max {:.1} ms", self.max.as_secs_f64() * 1e3)?;
        if self.late_max > Duration::from_millis(100) {
            write!(
                f,
                "\nthis machine was up to {:.0} ms late in sending: the figures are its own as well",
                self.late_max.as_secs_f64() * 1e3
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_in_the_percentiles_of_all_who_waited_for_it() {
        let mut report = Report::default();
        for n in 0..100 {
            // One second of 100 beacons of which the last half had to wait for the same answer.
            let took = if n < 50 { 2 } else { 1_000 - (n - 50) * 10 };
            report.add(Outcome::Accepted, Duration::from_millis(took));
        }
        report.add(Outcome::Refused(429), Duration::from_millis(1));
        report.finish(100.0, 3, Duration::ZERO, Duration::from_secs(1));
        let json = report.to_json();
        assert_eq!(
            (json["sent"].as_u64(), json["accepted"].as_u64(), json["refused"]["429"].as_u64()),
            (Some(101), Some(100), Some(1))
        );
        assert!(json["latency_ms"]["p75"].as_f64().unwrap() > 700.0, "{json}");
        assert!(json["latency_ms"]["p50"].as_f64().unwrap() < 3.0, "{json}");
        assert!(report.to_string().contains("not sent  3"), "{report}");
    }
}
