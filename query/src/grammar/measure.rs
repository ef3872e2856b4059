//! What is measured: happiness, the metrics of the schema's table, and an app's own timings; and the figures of each.

use super::{Fault, fault::cut};
use felt_schema::metric::Metric;
use std::borrow::Cow;

/// Something that a question measures.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The score of views' levels.
    Happiness,
    /// Apdex of how long views took to open.
    Apdex,
    /// A metric of the schema's table.
    Value(Metric),
    /// An app's own timing, by its name.
    Timing(String),
}

/// Most bytes of a timing's name; ingest does not keep longer ones.
const TIMING_BYTES_MAX: usize = 128;

impl Measure {
    /// Its name in questions, answers and rollups.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Measure::Happiness => Cow::Borrowed("happiness"),
            Measure::Apdex => Cow::Borrowed("apdex"),
            Measure::Value(metric) => Cow::Borrowed(metric.name()),
            Measure::Timing(name) => Cow::Owned(format!("timing:{name}")),
        }
    }

    /// The unit of its figures.
    pub fn unit(&self) -> &'static str {
        match self {
            Measure::Happiness => "score",
            Measure::Apdex => "ratio",
            Measure::Value(metric) => metric.unit(),
            Measure::Timing(_) => "ms",
        }
    }

    /// Whether it is measured value by value, so that it has percentiles.
    pub fn has_values(&self) -> bool {
        matches!(self, Measure::Value(_) | Measure::Timing(_))
    }

    /// Its good and poor limits in micro units, inclusive, where it has any.
    pub fn limits_micro(&self) -> Option<(u32, u32)> {
        match self {
            Measure::Value(metric) => metric.limits(),
            Measure::Happiness | Measure::Apdex | Measure::Timing(_) => None,
        }
    }

    /// Micro units in one unit of its figures: stored integers are microseconds, or millionths of a score.
    pub fn micro_per_unit(&self) -> f64 {
        if self.unit() == "ms" { 1e3 } else { 1e6 }
    }

    /// Reads a metric's name for `parameter`.
    ///
    /// # Errors
    /// When there is no such metric.
    pub fn parse(parameter: &str, name: &str) -> Result<Self, Fault> {
        if name == "happiness" {
            return Ok(Measure::Happiness);
        }
        if name == "apdex" {
            return Ok(Measure::Apdex);
        }
        if let Some(timing) = name.strip_prefix("timing:") {
            return if timing.is_empty() || timing.len() > TIMING_BYTES_MAX || timing.chars().any(char::is_control) {
                Err(Fault::new(parameter, format!("`timing:NAME` needs a name of 1 to {TIMING_BYTES_MAX} bytes")))
            } else {
                Ok(Measure::Timing(timing.to_owned()))
            };
        }
        Metric::from_name(name).map(Measure::Value).ok_or_else(|| {
            let known = ["happiness", "apdex"].into_iter().chain(Metric::ALL.iter().map(|metric| metric.name()));
            Fault::unknown(parameter, "metric", cut(name), known.chain(["timing:NAME"]))
        })
    }
}

/// A figure of a value metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is what its name says.
pub enum Stat {
    P50,
    P75,
    P90,
    P95,
    P99,
    Good,
    Fair,
    Poor,
    Count,
    Mean,
}

impl Stat {
    /// Every figure.
    pub const ALL: [Stat; 10] = [
        Stat::P50,
        Stat::P75,
        Stat::P90,
        Stat::P95,
        Stat::P99,
        Stat::Good,
        Stat::Fair,
        Stat::Poor,
        Stat::Count,
        Stat::Mean,
    ];

    /// Its name in questions and answers.
    pub fn name(self) -> &'static str {
        match self {
            Stat::P50 => "p50",
            Stat::P75 => "p75",
            Stat::P90 => "p90",
            Stat::P95 => "p95",
            Stat::P99 => "p99",
            Stat::Good => "good",
            Stat::Fair => "fair",
            Stat::Poor => "poor",
            Stat::Count => "count",
            Stat::Mean => "mean",
        }
    }

    /// The percentile it is, if it is one.
    pub fn percentile(self) -> Option<u8> {
        match self {
            Stat::P50 => Some(50),
            Stat::P75 => Some(75),
            Stat::P90 => Some(90),
            Stat::P95 => Some(95),
            Stat::P99 => Some(99),
            Stat::Good | Stat::Fair | Stat::Poor | Stat::Count | Stat::Mean => None,
        }
    }

    /// Reads a figure's name for `parameter`.
    ///
    /// # Errors
    /// When there is no such figure.
    pub fn parse(parameter: &str, name: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|stat| stat.name() == name)
            .ok_or_else(|| Fault::unknown(parameter, "figure", cut(name), Self::ALL.iter().map(|stat| stat.name())))
    }
}
