//! From a question to SQL and back to counts: which table answers, one statement for it, and the cells that come of it.
//!
//! Both sources give the same [`Cell`]s, signed counters and one histogram in the schema's buckets, so that they agree
//! exactly; everything shown is made of cells by [`crate::figures`]. Pure: nothing here talks to a store. That no
//! statement can read another site's rows is held by [`scope`].

mod apdex;
mod cells;
pub(crate) mod conditions;
mod days;
mod raw;
mod rollup;
pub mod sample;
pub mod scope;
mod source;
mod steps;
pub mod strata;

pub use apdex::Eras;
pub use cells::{Cell, Cells, Group, Row};
pub use conditions::{conditions, dimension_sql, raw_column};
pub use days::{SettledDays, settled_statement};
pub use raw::{sampled_of, views as raw_views, window_conditions};
pub use rollup::cells as rollup_cells;
pub use sample::{OneIn, Sample, view_rows};
pub use source::{Plan, Source, SourceKind, Window, plan};
pub use steps::edges;

use crate::grammar::{Dimension, Filter, Measure, Who};
use scope::Statement;

/// Days back from now that minutes can answer for: views that arrive later than this are kept by the hour only.
pub const MINUTES_KEPT_DAYS: i64 = 7;
/// Days back from today that single page views are complete for; their tables keep a day more than this.
pub const VIEWS_KEPT_DAYS: i64 = 29;

/// What cells are wanted.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which views count.
    pub filters: Vec<Filter>,
    /// Whose views count.
    pub who: Who,
    /// What is measured. Page views are always counted.
    pub measures: Vec<Measure>,
    /// One cell for each combination of these.
    pub by: Vec<Dimension>,
    /// One cell for each of these spans: their starts, ascending, in Unix seconds.
    pub edges: Option<Vec<u32>>,
    /// Whether percentiles are wanted.
    pub histograms: bool,
    /// Only these groups, each as the values of `by`.
    pub groups: Option<Vec<Vec<String>>>,
    /// Only page views of this host.
    pub host: Option<String>,
    /// What page views were judged by, for Apdex.
    pub eras: Eras,
    /// Only the groups with the most views. For questions by one dimension that measure nothing but views.
    pub top: Option<Top>,
}

/// The largest groups, as type-ahead wants them.
#[derive(Debug, Clone)]
pub struct Top {
    /// Text that a value contains, in any case; empty for all.
    pub contains: String,
    /// How many.
    pub limit: u32,
}

impl Ask {
    /// Cells of the whole, without percentiles.
    pub fn counts(filters: &[Filter], who: Who) -> Self {
        Ask {
            filters: filters.to_vec(),
            who,
            measures: Vec::new(),
            by: Vec::new(),
            edges: None,
            histograms: false,
            groups: None,
            host: None,
            eras: Eras::new(),
            top: None,
        }
    }

    /// Every dimension that the answer depends on.
    fn dimensions(&self) -> impl Iterator<Item = &Dimension> {
        self.by.iter().chain(self.filters.iter().map(|filter| &filter.dimension))
    }
}

/// The statement that gives the cells of `ask` by `plan`.
pub fn statement(site: &str, ask: &Ask, plan: &Plan) -> Statement {
    match plan.source {
        Source::Rollup { grouping, ref spans, ref settled } => rollup::statement(site, ask, grouping, (spans, settled)),
        Source::Raw(ref sample) => raw::statement(site, ask, plan.window, sample.as_ref()),
    }
}

/// The cells in the rows that [`statement`] gave.
pub fn read(ask: &Ask, plan: &Plan, rows: Vec<Vec<serde_json::Value>>) -> Cells {
    match plan.source {
        Source::Rollup { .. } => rollup::read(ask, rows),
        Source::Raw(_) => raw::read(ask, plan.one_in(), rows),
    }
}
