//! What is kept of a page view so that a later snapshot can take it back: its rows exactly as they were written.
//!
//! A state is a version byte, then postcard (decision 0031). A state that cannot be read is an error, never "no state": a
//! view of which we forget the first half would count twice.

use felt_schema::rows::{EventRow, PageViewRow};
use serde::{Deserialize, Serialize};

/// The rows of one page view, all with `sign` 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ViewRows {
    /// The row of `page_views`.
    pub view: PageViewRow,
    /// The rows of `events`.
    pub events: Vec<EventRow>,
}

/// A row of `view_states` as it goes over the wire: schema's row with a state of bytes, which is what the column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, clickhouse::Row, Serialize, Deserialize)]
pub struct StateRow {
    /// The site's key.
    pub site: String,
    /// Start of the hour in which the view began, in seconds.
    pub hour: u32,
    /// Hash of the view's id.
    pub view_hash: u64,
    /// The snapshot's `seq`.
    pub seq: u32,
    /// Day of arrival, UTC.
    pub day: u16,
    /// Day on which the row may go.
    pub keep_until: u16,
    /// [`ViewRows::encode`].
    #[serde(with = "serde_bytes")]
    pub state: Vec<u8>,
}

/// Why a state cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another version of this program wrote it.
    #[error("a view's state has version {0}, which this version cannot read: run the version that wrote it")]
    Version(u8),
    /// It is damaged.
    #[error("a view's state cannot be read, check the disk of the store: {0}")]
    Malformed(postcard::Error),
}

const VERSION: u8 = 1;

impl ViewRows {
    /// The rows as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1_024);
        bytes.push(VERSION);
        // Numbers, strings and lists into memory: none of them can fail.
        postcard::to_extend(self, bytes).unwrap_or_else(|error| unreachable!("rows can always be written: {error}"))
    }

    /// The rows of [`ViewRows::encode`].
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(StateError::Malformed),
            Some((&version, _)) => Err(StateError::Version(version)),
            None => Err(StateError::Malformed(postcard::Error::DeserializeUnexpectedEnd)),
        }
    }

    /// The same rows with the sign turned: written, they take these back.
    pub fn cancelled(mut self) -> Self {
        self.view.sign = -self.view.sign;
        for event in &mut self.events {
            event.sign = -event.sign;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_as_they_were_written() {
        let mut rows = ViewRows::default();
        rows.view.tags = vec![("plan".into(), "pro".into())];
        rows.view.timing_names = vec!["boot".into()];
        rows.view.timing_values = vec![17];
        rows.events =
            vec![EventRow { value: 1.5, duration: 2.0, blocking: 0.0, score: 4.0, of: 5.0, ..EventRow::default() }];
        assert_eq!(ViewRows::decode(&rows.encode()), Ok(rows));
    }

    #[test]
    fn a_state_that_cannot_be_read_says_why() {
        assert_eq!(ViewRows::decode(&[9, 0]), Err(StateError::Version(9)));
        assert!(matches!(ViewRows::decode(&[1, 0xff]), Err(StateError::Malformed(_))));
        assert!(matches!(ViewRows::decode(&[]), Err(StateError::Malformed(_))));
    }
}
