//! The table of metrics: name, unit, limits, anchors, and where each limit was published.
//!
//! Every stored value is an integer in micro units: microseconds for times, millionths for CLS. Custom timings are not
//! in the table: they are named `timing:NAME`, and are waits in milliseconds ([`Anchors::WAIT`]).

use crate::anchors::Anchors;
use crate::limits::{CLS_MAX, METRIC_MS_MAX};

/// What a micro column holds for "not measured", which is never 0.
pub const MISSING: u32 = u32::MAX;

/// Before the name of a custom timing, where metrics are named.
pub const TIMING_PREFIX: &str = "timing:";

/// The name of the metric that is made of all of them.
pub const HAPPINESS: &str = "happiness";

/// A metric of a page view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is described by its row of the table")]
pub enum Metric {
    Lcp,
    Inp,
    Cls,
    Fcp,
    Ttfb,
    Usable,
    Redirect,
    Dns,
    Connect,
    Tls,
    Request,
    Response,
    DomInteractive,
    DomContentLoaded,
    Load,
}

/// What a metric is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// No unit: CLS.
    Score,
}

struct Row {
    metric: Metric,
    name: &'static str,
    field: &'static str,
    label: &'static str,
    description: &'static str,
    unit: Unit,
    limits: Option<(u32, u32)>,
    anchors: Anchors,
    headline: bool,
    source: &'static str,
}

const fn ms(good: u32, poor: u32) -> Option<(u32, u32)> {
    Some((good * 1_000, poor * 1_000))
}

macro_rules! row {
    ($metric:ident $name:literal $label:literal $unit:ident, $limits:expr, $anchors:ident, $headline:expr, $source:literal, $description:literal) => {
        Row {
            metric: Metric::$metric,
            name: $name,
            field: concat!("metrics.", $name),
            label: $label,
            description: $description,
            unit: Unit::$unit,
            limits: $limits,
            anchors: Anchors::$anchors,
            headline: $headline,
            source: $source,
        }
    };
}

/// In the order of [`Metric`], which is the order of the columns of `page_views`.
#[rustfmt::skip]
static TABLE: [Row; Metric::COUNT] = [
    row!(Lcp "lcp" "Largest Contentful Paint" Milliseconds, ms(2_500, 4_000), LCP, true, "https://web.dev/articles/lcp",
         "When the largest text or picture was there"),
    row!(Inp "inp" "Interaction to Next Paint" Milliseconds, ms(200, 500), INP, true, "https://web.dev/articles/inp",
         "How long the page took to answer the slowest click, tap or key"),
    row!(Cls "cls" "Cumulative Layout Shift" Score, Some((100_000, 250_000)), CLS, true, "https://web.dev/articles/cls",
         "How much the page jumped by itself"),
    row!(Fcp "fcp" "First Contentful Paint" Milliseconds, ms(1_800, 3_000), FCP, true, "https://web.dev/articles/fcp",
         "When anything at all was there"),
    row!(Ttfb "ttfb" "Time to First Byte" Milliseconds, ms(800, 1_800), TTFB, true, "https://web.dev/articles/ttfb",
         "When the server's answer began to arrive"),
    row!(Usable "usable" "Usable" Milliseconds, ms(1_000, 3_000), WAIT, true, "https://www.nngroup.com/articles/response-times-3-important-limits/",
         "When the app said that it was ready; judged instead of LCP where it is sent"),
    row!(Redirect "redirect" "Redirects" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time spent in redirects before this page"),
    row!(Dns "dns" "DNS" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time to look the host's address up"),
    row!(Connect "connect" "Connect" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time to connect, TLS included"),
    row!(Tls "tls" "TLS" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time to agree on encryption"),
    row!(Request "request" "Request" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time from asking to the first byte of the answer"),
    row!(Response "response" "Response" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "Time from the first to the last byte of the answer"),
    row!(DomInteractive "dom_interactive" "DOM interactive" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "When the document had been read"),
    row!(DomContentLoaded "dom_content_loaded" "DOM content loaded" Milliseconds, None, WAIT, false, "https://www.w3.org/TR/navigation-timing-2/",
         "When the document's own scripts had run"),
    row!(Load "load" "Load" Milliseconds, None, WAIT, true, "https://www.w3.org/TR/navigation-timing-2/",
         "When everything the page asked for at first was there"),
];

impl Metric {
    /// How many metrics there are.
    pub const COUNT: usize = 15;

    /// All metrics, in the order of the columns of `page_views`.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Lcp,
        Self::Inp,
        Self::Cls,
        Self::Fcp,
        Self::Ttfb,
        Self::Usable,
        Self::Redirect,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Request,
        Self::Response,
        Self::DomInteractive,
        Self::DomContentLoaded,
        Self::Load,
    ];

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name in beacons, columns and queries.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The field in a snapshot, as drops are counted: `metrics.lcp`.
    pub fn field(self) -> &'static str {
        self.row().field
    }

    /// The name that a person reads.
    pub fn label(self) -> &'static str {
        self.row().label
    }

    /// One sentence that says what is measured.
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// `ms`, or `score` for CLS.
    pub fn unit(self) -> &'static str {
        match self.row().unit {
            Unit::Milliseconds => "ms",
            Unit::Score => "score",
        }
    }

    /// Up to the first is good, up to the second fair, above it poor; in micro units. `None` where nobody has
    /// published limits.
    pub fn limits(self) -> Option<(u32, u32)> {
        self.row().limits
    }

    /// The scale that makes a level of a value.
    pub fn anchors(self) -> Anchors {
        self.row().anchors
    }

    /// Where the limits or the metric are defined.
    pub fn source(self) -> &'static str {
        self.row().source
    }

    /// Whether the metric is kept in every grouping of the rollups.
    pub fn headline(self) -> bool {
        self.row().headline
    }

    /// The metric of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.metric)
    }

    /// How many micro units make one of the beacon's units: 1,000 for ms, 1,000,000 for CLS.
    pub fn micro_per_unit(self) -> f64 {
        match self.row().unit {
            Unit::Milliseconds => 1e3,
            Unit::Score => 1e6,
        }
    }

    /// The largest value that is believed, in the beacon's unit.
    pub fn value_max(self) -> f64 {
        match self.row().unit {
            Unit::Milliseconds => METRIC_MS_MAX,
            Unit::Score => CLS_MAX,
        }
    }

    /// A value in the beacon's unit as micro units; `None` when it is negative, not finite or above
    /// [`Metric::value_max`].
    pub fn to_micro(self, value: f64) -> Option<u32> {
        if value.is_finite() && (0.0..=self.value_max()).contains(&value) {
            scale(value, self.micro_per_unit())
        } else {
            None
        }
    }

    /// Micro units in the beacon's unit.
    pub fn from_micro(self, micro: u32) -> f64 {
        f64::from(micro) / self.micro_per_unit()
    }

    /// The rating of a value by the metric's limits.
    pub fn rate(self, micro: u32) -> Option<Rating> {
        self.limits().map(|(good, fair)| Rating::of(micro, good, fair))
    }
}

/// Milliseconds as microseconds, rounded; `None` when negative, not finite or not below [`MISSING`].
pub fn to_micro(value_ms: f64) -> Option<u32> {
    scale(value_ms, 1e3)
}

/// Milliseconds as microseconds, [`MISSING`] when there are none.
pub fn to_micro_or_missing(value_ms: Option<f64>) -> u32 {
    value_ms.and_then(to_micro).unwrap_or(MISSING)
}

fn scale(value: f64, factor: f64) -> Option<u32> {
    let micro = (value * factor).round();
    (value >= 0.0 && micro < f64::from(MISSING)).then_some(micro as u32)
}

/// Good, fair or poor: a value against a metric's published limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// At or under the first limit.
    Good,
    /// At or under the second limit.
    Fair,
    /// Above both.
    Poor,
}

impl Rating {
    /// The rating of a value against two limits, both inclusive.
    pub fn of(micro: u32, good: u32, fair: u32) -> Self {
        if micro <= good {
            Self::Good
        } else if micro <= fair {
            Self::Fair
        } else {
            Self::Poor
        }
    }

    /// The rating of a percentile from exact counts: p75 is good when at least 75 % were good. No histogram is asked,
    /// so the rating is exact.
    pub fn of_percentile(percent: u32, good: i64, fair: i64, poor: i64) -> Option<Self> {
        let total = good + fair + poor;
        let rank = crate::histogram::nearest_rank_of(percent, total)?;
        Some(if rank <= good {
            Self::Good
        } else if rank <= good + fair {
            Self::Fair
        } else {
            Self::Poor
        })
    }

    /// The name that the interface uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, metric) in Metric::ALL.into_iter().enumerate() {
            assert_eq!(metric as usize, index);
            assert_eq!(TABLE[index].metric, metric);
            assert_eq!(Metric::from_name(metric.name()), Some(metric));
        }
    }

    #[test]
    fn published_limits_are_the_first_two_anchors() {
        for metric in Metric::ALL {
            if let Some((good, fair)) = metric.limits() {
                assert_eq!([good, fair], metric.anchors().thresholds[..2], "{}", metric.name());
            }
        }
    }

    #[test]
    fn what_cannot_be_a_value_has_no_micro_units() {
        assert_eq!(Metric::Lcp.to_micro(1834.2), Some(1_834_200));
        assert_eq!(Metric::Cls.to_micro(0.1), Some(100_000));
        for bad in [-1.0, -0.000_1, f64::NAN, f64::INFINITY, 600_000.1] {
            assert_eq!(Metric::Lcp.to_micro(bad), None, "{bad}");
        }
        assert_eq!(to_micro(4_294_967.295), None);
        assert_eq!(to_micro(4_294_967.294), Some(MISSING - 1));
    }

    #[test]
    fn a_percentile_is_rated_by_counts() {
        assert_eq!(Rating::of_percentile(75, 75, 0, 25), Some(Rating::Good));
        assert_eq!(Rating::of_percentile(75, 74, 1, 25), Some(Rating::Fair));
        assert_eq!(Rating::of_percentile(75, 74, 0, 26), Some(Rating::Poor));
        assert_eq!(Rating::of_percentile(75, 0, 0, 0), None);
    }
}
