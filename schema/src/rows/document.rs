//! The rows of what people say about a site.

use serde::{Deserialize, Serialize};

/// A row of `documents`: one version of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct DocumentRow {
    /// The site's key.
    pub site: String,
    /// What it is about: `release`, `annotation`, `journey`, …
    pub kind: String,
    /// Its id among those of its kind on that site.
    pub id: String,
    /// When this version was written, in ms; later than the version before.
    pub version: i64,
    /// Whether it was taken back.
    pub deleted: u8,
    /// What it says, as JSON.
    pub body: String,
    /// Who wrote it: a person's address, a token's name, or `felt` itself.
    pub author: String,
}
