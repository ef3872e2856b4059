//! The rows of what Prometheus was told.

use serde::{Deserialize, Serialize};

/// A row of `exported_totals`: of several for the same key, the largest of each total holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct ExportedTotalRow {
    /// The site's key.
    pub site: String,
    /// Day of arrival, UTC.
    pub day: u16,
    /// Which family of series.
    pub name: String,
    /// The page, or the SLO's id; empty where the family has neither.
    pub subject: String,
    /// The device, or the version of the SLO.
    pub part: String,
    /// Totals of that day by their number in the family.
    pub totals: Vec<(u16, i64)>,
    /// What the store's own counters of the day were when this was written.
    pub mark: u64,
}
