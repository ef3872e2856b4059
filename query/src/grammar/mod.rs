//! The one grammar of questions: the REST query, the dashboard's address bar and the share link are this.
//!
//! [`Query::parse`] turns a query string into a typed, normalised [`Query`]; [`Query::print`] writes the shortest
//! string that parses to the same. All faults of a string are reported at once, each with the nearest thing that
//! would have worked. Pure: what "now" is, which sites exist and which tables can answer is decided elsewhere.

mod call;
pub(crate) mod codec;
mod dimension;
mod fault;
mod filter;
mod measure;
mod order;
mod parse;
mod print;
mod range;
mod step;
mod vs;

pub use call::{Call, Parameter};
pub use dimension::Dimension;
pub use fault::{Fault, Faults, nearest};
pub use filter::{Filter, Op};
pub use measure::{Measure, Stat};
pub use order::{Order, OrderKey};
pub use range::{DAY_MS, HOUR_MS, MINUTE_MS, RANGES, Range, Unit, Zone, rfc3339};
pub use step::{Step, Who};
pub use vs::Vs;

/// Most bytes of a query string; the HTTP stack's own limit on the head is of the same size.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Most metrics in one question: each is a set of columns.
pub const METRICS_MAX: usize = 32;
/// Most filters in one question.
pub const FILTERS_MAX: usize = 20;
/// Most values in one filter.
pub const FILTER_VALUES_MAX: usize = 100;
/// Most bytes of one filter value; stored values are not longer.
pub const VALUE_BYTES_MAX: usize = 2048;
/// Most dimensions to group by.
pub const BY_MAX: usize = 2;
/// Most rows of one page of an answer.
pub const LIMIT_MAX: u32 = 1000;
/// Rows of one page where nothing else is asked.
pub const LIMIT_DEFAULT: u32 = 50;
/// Values of one type-ahead answer where nothing else is asked.
pub const VALUES_LIMIT_DEFAULT: u32 = 20;
/// Longest range: what the hour rollup keeps.
pub const RANGE_DAYS_MAX: u32 = 400;
/// Most points of a series.
pub const POINTS_MAX: usize = 1000;

/// A question, normalised: defaults filled in, repetitions removed. What a call does not take has its neutral value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// Which call is asked.
    pub call: Call,
    /// The time asked about.
    pub range: Range,
    /// The time zone of day boundaries.
    pub zone: Zone,
    /// What is measured, in the order of the answer.
    pub metrics: Vec<Measure>,
    /// Which figures of each value metric.
    pub stats: Vec<Stat>,
    /// What the answer is broken down by.
    pub by: Vec<Dimension>,
    /// Which views count: all filters hold.
    pub filters: Vec<Filter>,
    /// The length of a point of a series.
    pub step: Step,
    /// Humans, bots, or both.
    pub who: Who,
    /// What it is compared with.
    pub vs: Vs,
    /// The order of groups.
    pub order: Order,
    /// Most rows of the answer.
    pub limit: u32,
    /// Where the previous page ended; opaque.
    pub cursor: Option<String>,
    /// Groups with fewer views are left out.
    pub min: u64,
    /// The text that type-ahead values contain.
    pub q: String,
    /// The journey whose losses are told; empty for the site's own choice.
    pub journey: String,
    /// The currency of its orders; empty for the most usual one.
    pub currency: String,
    /// Whether every page view is to be read, where a sample would do.
    pub exact: bool,
}
