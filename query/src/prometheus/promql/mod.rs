//! A part of PromQL over the store's own minutes and hours.
//!
//! [`plan`] reads a question and finds what has to be read for it, refusing whatever is not of this part; [`read`] reads it; [`eval`] works
//! the answer out, purely. Series have the same names as those that are scraped, but count page views where they *began*, not where they
//! arrived, and `rate` and `increase` count what is really in their range: nothing is extrapolated.

mod binary;
mod eval;
mod plan;
mod quantile;
mod read;
mod value;

pub use eval::evaluate;
pub use plan::{Plan, Selector, Window, selectors_of};
pub use read::{ReadError, Reader, minute_floor, names};
pub use value::{Labels, Series, Value};

/// Most bytes of an expression.
pub const QUERY_BYTES_MAX: usize = 8 * 1024;
/// How deep an expression may be nested.
pub const DEPTH_MAX: usize = 64;
/// Most selectors of an expression: each is a question to the store for each site.
pub const SELECTORS_MAX: usize = 20;
/// Most points of a series; Prometheus' own limit.
pub const POINTS_MAX: usize = 11_000;
/// Most series that a selector may give.
pub const SERIES_MAX: usize = 10_000;
/// Most values, series times points, that a selector may give.
pub const SAMPLES_MAX: usize = 2_000_000;

/// Why an expression has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromqlError {
    /// It is no PromQL.
    #[error("{0}")]
    Syntax(String),
    /// It is, but not of the part that is answered here.
    #[error("{0}")]
    Unsupported(String),
    /// It cannot be worked out with these values.
    #[error("{0}")]
    Execution(String),
}

impl PromqlError {
    /// For what is not answered here.
    pub fn unsupported(what: &str) -> Self {
        Self::Unsupported(format!(
            "{what} is not supported here; there are: selectors, rate, increase, sum, avg, min, max, count, arithmetic, comparisons, \
             and, or, unless, histogram_quantile, vector, scalar and time"
        ))
    }
}
