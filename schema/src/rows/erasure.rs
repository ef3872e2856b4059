//! The rows that an erasure leaves behind: what was asked and what is proved, and, while it runs, what is looked for.

use serde::{Deserialize, Serialize};

/// A row of `erasures`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct ErasureRow {
    /// The site's key.
    pub site: String,
    /// The erasure's public id.
    pub id: String,
    /// What was named: `visitor` or `session`.
    pub kind: String,
    /// SHA-256 of the name, in hex: the name itself is not kept here.
    pub subject_hash: String,
    /// When it was asked for, in ms.
    pub requested_at: i64,
    /// How far it is.
    pub status: String,
    /// What was found, deleted and proved, as JSON.
    pub report: String,
    /// Which process works on it.
    pub owner: String,
    /// When this row was written, in ms.
    pub updated_at: i64,
}

/// A row of `erasure_targets`: an id that an erasure under way looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct ErasureTargetRow {
    /// The erasure's id.
    pub erasure: String,
    /// The site's key.
    pub site: String,
    /// `visitor`, `session` or `view`.
    pub kind: String,
    /// The id.
    pub id: String,
}
