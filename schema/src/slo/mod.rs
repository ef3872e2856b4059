//! Promises: what an SLO says, and how it is read from JSON and from OpenSLO.
//!
//! [`Slo`] is a promise in plain words, an indicator of good and valid, an objective and a window. [`read_json`] reads the body
//! of a `PUT`, [`openslo::read`] reads OpenSLO files; both find every fault at once, with its field and line, and neither can be
//! made to panic, loop or eat memory by what it is given. [`standing`] judges whether the promise is kept, [`history`]
//! whether it would have been, [`export`] writes it for others.
//!
//! Filters are in the query grammar, which this crate does not know: whoever reads brings the check along ([`Checks`]).

mod duration;
pub mod export;
mod finding;
pub mod history;
mod json;
pub mod openslo;
mod promise;
mod sli;
pub mod standing;
mod tree;
mod types;
mod window;
mod yaml;

pub use duration::{Duration, DurationError, Unit};
pub use finding::{FINDINGS_MAX, Finding, Findings, Severity, nearest};
pub use promise::read_json;
pub use types::{Budgeting, Empty, Happy, Of, Share, Sli, SliKind, Slo, Window};
pub use yaml::{DEPTH_MAX, DOCUMENTS_MAX, FILE_BYTES_MAX, NODES_MAX};

/// Characters of a promise; as many as OpenSLO allows a description.
pub const PROMISE_CHARS_MAX: usize = 1050;
/// Characters of an SLO's id, which is a part of addresses and labels.
pub const ID_CHARS_MAX: usize = 63;
/// Filters of one indicator.
pub const FILTERS_MAX: usize = 20;
/// Bytes of one filter.
pub const FILTER_BYTES_MAX: usize = 2048;
/// Longest window in days: what is kept by the hour.
pub const WINDOW_DAYS_MAX: i64 = 400;
/// Longest wait of a journey or of freshness, in seconds: a day.
pub const WITHIN_S_MAX: f64 = 86_400.0;

/// Why a filter cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterFault {
    /// What is wrong, as a sentence without capital and full stop.
    pub detail: String,
    /// The nearest thing that would have been right.
    pub did_you_mean: Option<String>,
}

/// What the reader must be told about the world outside of this crate.
#[derive(Clone, Copy)]
pub struct Checks<'c> {
    /// Whether a filter is one of the query grammar.
    pub filter: &'c dyn Fn(&str) -> Result<(), FilterFault>,
}

impl Checks<'_> {
    /// Takes every filter: for who only looks at a document.
    pub const NONE: Checks<'static> = Checks { filter: &|_| Ok(()) };
}

impl std::fmt::Debug for Checks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checks")
    }
}
