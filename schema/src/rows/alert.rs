//! The rows of alerts: what burns, who is told, and who judges.

use serde::{Deserialize, Serialize};

/// A row of `alerts`: one alert as it stood when the row was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct AlertRow {
    /// The site's key.
    pub site: String,
    /// Its id, the same for whoever works it out: the key by which receivers know a repetition.
    pub id: String,
    /// The SLO that burns.
    pub slo: String,
    /// The rule that says so.
    pub rule: String,
    /// `page` or `ticket`.
    pub severity: String,
    /// The SLO's definition that was judged.
    pub version: i64,
    /// `pending`, `firing` or `resolved`.
    pub state: String,
    /// The first minute in which the rule held, in Unix minutes.
    pub since: i64,
    /// The minute in which it fired; 0 before.
    pub fired: i64,
    /// The minute in which it was over; 0 before.
    pub resolved: i64,
    /// The promise in plain words.
    pub promise: String,
    /// What people felt.
    pub words: String,
    /// The page that spends most.
    pub page: String,
    /// Who takes care of it; empty while nobody said so.
    pub acknowledged_by: String,
    /// When this row was written, in ms.
    pub updated_at: i64,
}

/// A row of `alert_deliveries`: what is to be told of an alert to one route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct AlertDeliveryRow {
    /// The site's key.
    pub site: String,
    /// The alert's id.
    pub alert: String,
    /// The route's id.
    pub route: String,
    /// `fired`, `resolved` or `acknowledged`.
    pub change: String,
    /// `waiting`, `sent` or `dropped`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What came of the last try, or why it was dropped.
    pub detail: String,
    /// Since when it waits, in ms.
    pub made_at: i64,
    /// When this row was written, in ms.
    pub updated_at: i64,
}

/// A row of `leases`: who does a work that only one process does at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct LeaseRow {
    /// The work.
    pub name: String,
    /// Counts the holders.
    pub epoch: u64,
    /// The process.
    pub holder: String,
    /// Until when it is its, in ms.
    pub until: i64,
    /// How far the work has come.
    pub reached: i64,
    /// When this row was written, in ms.
    pub updated_at: i64,
}
