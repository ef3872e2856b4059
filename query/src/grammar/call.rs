//! The calls and which parameters each of them takes. What is not listed here is refused.

use super::{BY_MAX, LIMIT_DEFAULT, Measure, Order, OrderKey, Stat, VALUES_LIMIT_DEFAULT};
use felt_schema::metric::Metric;

/// A call of a site that takes the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Metrics, dimensions, limits.
    Schema,
    /// Values of a dimension, with counts.
    Values,
    /// A record per metric.
    Summary,
    /// Points over time.
    Series,
    /// Rows by one or two dimensions.
    Breakdown,
    /// Histogram bins.
    Distribution,
    /// Freshness, outcomes.
    Health,
    /// Two times or two releases, like with like.
    Compare,
    /// What changed, and when.
    Changes,
    /// Releases, marked and seen.
    Releases,
    /// Remarks at moments.
    Annotations,
    /// Visits.
    Sessions,
    /// One visit's timeline.
    Session,
    /// What is to blame for a metric.
    Attribution,
    /// What visitors said.
    Feedback,
    /// Journeys, one of them, its funnel, its completion by speed.
    Journeys,
    /// Whether people leave where views felt worse.
    Calibration,
    /// Declared spans in which something was wrong.
    Incidents,
    /// Whom a window hurt.
    Impact,
}

/// A parameter of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is what its name in the grammar says.
pub enum Parameter {
    Range,
    From,
    To,
    Tz,
    Metrics,
    Metric,
    Stats,
    By,
    F,
    Step,
    Who,
    Vs,
    Order,
    Limit,
    Cursor,
    Min,
    Q,
    Journey,
    Currency,
    Exact,
}

impl Parameter {
    /// Every parameter of the grammar.
    pub const ALL: [Parameter; 20] = [
        Parameter::Range,
        Parameter::From,
        Parameter::To,
        Parameter::Tz,
        Parameter::Metrics,
        Parameter::Metric,
        Parameter::Stats,
        Parameter::By,
        Parameter::F,
        Parameter::Step,
        Parameter::Who,
        Parameter::Vs,
        Parameter::Order,
        Parameter::Limit,
        Parameter::Cursor,
        Parameter::Min,
        Parameter::Q,
        Parameter::Journey,
        Parameter::Currency,
        Parameter::Exact,
    ];

    /// Its name in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Range => "range",
            Parameter::From => "from",
            Parameter::To => "to",
            Parameter::Tz => "tz",
            Parameter::Metrics => "metrics",
            Parameter::Metric => "metric",
            Parameter::Stats => "stats",
            Parameter::By => "by",
            Parameter::F => "f",
            Parameter::Step => "step",
            Parameter::Who => "who",
            Parameter::Vs => "vs",
            Parameter::Order => "order",
            Parameter::Limit => "limit",
            Parameter::Cursor => "cursor",
            Parameter::Min => "min",
            Parameter::Q => "q",
            Parameter::Journey => "journey",
            Parameter::Currency => "currency",
            Parameter::Exact => "exact",
        }
    }

    /// The parameter of that name.
    pub fn from_name(name: &str) -> Option<Parameter> {
        Self::ALL.into_iter().find(|parameter| parameter.name() == name)
    }
}

impl Call {
    /// Every call.
    pub const ALL: [Call; 19] = [
        Call::Schema,
        Call::Values,
        Call::Summary,
        Call::Series,
        Call::Breakdown,
        Call::Distribution,
        Call::Health,
        Call::Compare,
        Call::Changes,
        Call::Releases,
        Call::Annotations,
        Call::Sessions,
        Call::Session,
        Call::Attribution,
        Call::Feedback,
        Call::Journeys,
        Call::Calibration,
        Call::Incidents,
        Call::Impact,
    ];

    /// Its name in a path.
    pub fn name(self) -> &'static str {
        match self {
            Call::Schema => "schema",
            Call::Values => "values",
            Call::Summary => "summary",
            Call::Series => "series",
            Call::Breakdown => "breakdown",
            Call::Distribution => "distribution",
            Call::Health => "health",
            Call::Compare => "compare",
            Call::Changes => "changes",
            Call::Releases => "releases",
            Call::Annotations => "annotations",
            Call::Sessions | Call::Session => "sessions",
            Call::Attribution => "attribution",
            Call::Feedback => "feedback",
            Call::Journeys => "journeys",
            Call::Calibration => "calibration",
            Call::Incidents => "incidents",
            Call::Impact => "impact",
        }
    }

    /// The parameters it takes.
    pub fn parameters(self) -> &'static [Parameter] {
        use Parameter::*;
        match self {
            Call::Schema => &[],
            Call::Values => &[Range, From, To, Tz, F, Who, Q, Limit, Exact],
            Call::Summary => &[Range, From, To, Tz, Metrics, Stats, F, Who, Exact],
            Call::Series => &[Range, From, To, Tz, Metrics, Stats, F, Who, Step, Exact],
            Call::Breakdown => &[Range, From, To, Tz, Metrics, Stats, By, F, Who, Order, Limit, Cursor, Min, Exact],
            Call::Distribution => &[Range, From, To, Tz, Metric, F, Who, Exact],
            Call::Health | Call::Annotations | Call::Incidents => &[Range, From, To, Tz],
            Call::Compare => &[Range, From, To, Tz, Metrics, By, F, Who, Vs, Limit, Exact],
            Call::Changes => &[Range, From, To, Tz, Metrics, By, F, Who, Limit],
            Call::Releases => &[Range, From, To, Tz, Limit],
            Call::Sessions => &[Range, From, To, Tz, F, Who, Order, Limit, Cursor, Min, Exact],
            Call::Session => &[],
            Call::Attribution => &[Range, From, To, Tz, Metric, By, F, Who, Limit, Min, Exact],
            Call::Feedback => &[Range, From, To, Tz, F, Who, Limit, Cursor],
            Call::Journeys | Call::Calibration => &[Range, From, To, Tz, F, Who],
            Call::Impact => &[Range, From, To, Tz, F, Journey, Currency],
        }
    }

    /// Whether it takes `parameter`.
    pub fn takes(self, parameter: Parameter) -> bool {
        self.parameters().contains(&parameter)
    }

    /// The metrics when none are named.
    pub fn default_metrics(self) -> Vec<Measure> {
        let values: &[Metric] = match self {
            Call::Summary => &[Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Fcp, Metric::Ttfb],
            Call::Series => &[Metric::Lcp],
            Call::Breakdown | Call::Compare | Call::Changes => &[Metric::Lcp, Metric::Inp, Metric::Cls],
            Call::Schema
            | Call::Values
            | Call::Distribution
            | Call::Health
            | Call::Releases
            | Call::Annotations
            | Call::Sessions
            | Call::Session
            | Call::Attribution
            | Call::Feedback
            | Call::Journeys
            | Call::Calibration
            | Call::Incidents
            | Call::Impact => return Vec::new(),
        };
        std::iter::once(Measure::Happiness).chain(values.iter().copied().map(Measure::Value)).collect()
    }

    /// Whether it tells that of a metric: Apdex has no bins, no percentiles and no rollups.
    pub fn tells(self, measure: &Measure) -> bool {
        *measure != Measure::Apdex || matches!(self, Call::Summary | Call::Series | Call::Breakdown)
    }

    /// Fewest and most dimensions that it groups by, where it groups at all.
    pub fn dimensions(self) -> (usize, usize) {
        match self {
            Call::Breakdown => (1, BY_MAX),
            Call::Attribution => (0, BY_MAX),
            _ => (0, 1),
        }
    }

    /// The figures when none are named.
    pub fn default_stats(self) -> Vec<Stat> {
        if self.takes(Parameter::Stats) { vec![Stat::P75, Stat::Good, Stat::Fair, Stat::Poor] } else { Vec::new() }
    }

    /// The order when none is named.
    pub fn default_order(self) -> Order {
        if self == Call::Sessions { Order { descending: true, key: OrderKey::Started } } else { Order::default() }
    }

    /// The rows when no limit is named.
    pub fn default_limit(self) -> u32 {
        if self == Call::Values { VALUES_LIMIT_DEFAULT } else { LIMIT_DEFAULT }
    }
}
