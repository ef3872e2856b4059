//! The rows that the system keeps about its own work: states of views, outcomes, dead letters, progress, tokens.

use serde::{Deserialize, Serialize};

/// A row of `view_states`: what is needed to take the latest snapshot of a view back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct ViewStateRow {
    /// The site's key.
    pub site: String,
    /// Start of the hour in which the view began, in seconds.
    pub hour: u32,
    /// [`ViewStateRow::hash_of`] the view's id.
    pub view_hash: u64,
    /// The snapshot's `seq`.
    pub seq: u32,
    /// Day of arrival, UTC.
    pub day: u16,
    /// Day on which the row may go.
    pub keep_until: u16,
    /// The rows to cancel, serialised.
    pub state: String,
}

impl ViewStateRow {
    /// The hash under which a view's state is kept.
    pub fn hash_of(view: &str) -> u64 {
        xxhash_rust::xxh3::xxh3_64(view.as_bytes())
    }
}

/// A row of `outcomes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct OutcomeRow {
    /// The site's key.
    pub site: String,
    /// Day of arrival, UTC.
    pub day: u16,
    /// Start of the minute of arrival, in seconds.
    pub minute: u32,
    /// [`crate::outcome::Outcome::name`] or one of [`crate::outcome::side`].
    pub outcome: String,
    /// [`crate::outcome::Outcome::reason`], the field or the dimension.
    pub reason: String,
    /// How many.
    pub count: i64,
}

/// A row of `dead_letters`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct DeadLetterRow {
    /// Day of arrival, UTC.
    pub day: u16,
    /// When it arrived, in ms.
    pub received_at: i64,
    /// The topic it was read from.
    pub topic: String,
    /// The partition it was read from.
    pub partition: u32,
    /// Where in the partition.
    pub offset: u64,
    /// What was wrong with it.
    pub reason: String,
    /// The record itself.
    pub value: String,
}

/// A row of `progress`: how far a partition has been worked off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct ProgressRow {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Which processor says so.
    pub owner: String,
    /// Every record received before this instant is visible, in ms.
    pub caught_up_to: i64,
    /// The next offset to read.
    pub next_offset: u64,
    /// When this was written, in ms.
    pub updated_at: i64,
}

/// A row of `tokens`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct TokenRow {
    /// The token's public id.
    pub id: String,
    /// SHA-256 of the token, in hex: the token itself is never kept.
    pub hash: String,
    /// What the person who made it called it.
    pub name: String,
    /// Sites that it is good for; `*` is all.
    pub sites: Vec<String>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made, in ms.
    pub created_at: i64,
    /// 1 when it is no longer good.
    pub revoked: u8,
    /// When this row was written, in ms.
    pub updated_at: i64,
}
