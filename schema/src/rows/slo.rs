//! The rows of promises: what was promised, and what was counted for it.

use serde::{Deserialize, Serialize};

/// A row of `slos`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct SloRow {
    /// The site's key.
    pub site: String,
    /// The SLO's id on that site.
    pub id: String,
    /// When this definition was made, in ms: another definition counts anew.
    pub version: i64,
    /// The definition as JSON.
    pub definition: String,
    /// Whether the past was counted by it.
    pub counted: u8,
    /// Whether it was taken back.
    pub deleted: u8,
    /// When this row was written, in ms.
    pub updated_at: i64,
}

/// A row of `slo_minutes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct SloMinuteRow {
    /// The site's key.
    pub site: String,
    /// The SLO's id.
    pub slo: String,
    /// The definition that counted.
    pub version: i64,
    /// The minute's start, in seconds.
    pub minute: u32,
    /// What was good of it.
    pub good: i64,
    /// What counted at all.
    pub valid: i64,
    /// Everything received before this was there to be counted, in ms.
    pub counted_to: i64,
    /// When it was counted, in ms.
    pub counted_at: i64,
}
