//! What is in the log between ingest and the processor: versioned JSON, one record a snapshot, or a minute's counts of
//! what was refused.
//!
//! A record carries all that the processor may know: it asks no clock and no address book, so that replaying the same
//! record gives the same rows.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::snapshot::Snapshot;

/// The version of the format that [`Record::encode`] writes.
pub const RECORD_VERSION: u32 = 1;

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly every record is a view")]
pub enum Record<'a> {
    /// A snapshot of a page view.
    #[serde(borrow)]
    View(ViewRecord<'a>),
    /// What ingest refused in a minute, so that the sums agree without a record each.
    #[serde(borrow)]
    Outcomes(OutcomesRecord<'a>),
}

/// A snapshot of a page view, with what only ingest can know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewRecord<'a> {
    /// When it arrived, in ms since 1970, by ingest's clock.
    pub received_at_ms: i64,
    /// When the view began, in ms since 1970, where an import says so; else it is arrival − `age`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at_ms: Option<i64>,
    /// The site's key.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// ISO 3166 alpha-2, or empty.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub country: Cow<'a, str>,
    /// Region within the country, or empty.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub region: Cow<'a, str>,
    /// The `User-Agent` header, cut.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub ua: Cow<'a, str>,
    /// Fields that were dropped or cut on the way in, with counts.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub drops: Vec<(Cow<'a, str>, u32)>,
    /// The snapshot, cleaned and scrubbed.
    #[serde(borrow)]
    pub snapshot: Snapshot<'a>,
}

impl ViewRecord<'_> {
    /// When the view began, in ms since 1970.
    pub fn started_at(&self) -> i64 {
        self.started_at_ms.unwrap_or_else(|| self.received_at_ms.saturating_sub(self.snapshot.age.round() as i64))
    }

    /// The same with nothing borrowed.
    pub fn into_owned(self) -> ViewRecord<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        ViewRecord {
            received_at_ms: self.received_at_ms,
            started_at_ms: self.started_at_ms,
            site: owned(self.site),
            country: owned(self.country),
            region: owned(self.region),
            ua: owned(self.ua),
            drops: self.drops.into_iter().map(|(field, count)| (owned(field), count)).collect(),
            snapshot: self.snapshot.into_owned(),
        }
    }
}

/// Counts of outcomes of one site in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomesRecord<'a> {
    /// The site's key.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// Start of the minute of arrival, in ms since 1970.
    pub minute_ms: i64,
    /// Outcome, reason and how many.
    #[serde(borrow)]
    pub counts: Vec<(Cow<'a, str>, Cow<'a, str>, u64)>,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A later version of this program wrote it.
    #[error("record version {0} is not known: update the processor before ingest")]
    Version(u32),
    /// It is not a record at all.
    #[error("not a record: {0}")]
    Malformed(#[from] serde_json::Error),
}

#[derive(Serialize)]
struct Versioned<'r, 'a> {
    v: u32,
    record: &'r Record<'a>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    v: u32,
    #[serde(borrow)]
    record: Record<'a>,
}

#[derive(Deserialize)]
struct Envelope {
    v: u32,
}

impl<'a> Record<'a> {
    /// The record as bytes for the log.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2_048);
        // Strings, finite numbers and maps with text keys into memory: none of them can fail.
        serde_json::to_writer(&mut bytes, &Versioned { v: RECORD_VERSION, record: self })
            .unwrap_or_else(|error| unreachable!("a record can always be written: {error}"));
        bytes
    }

    /// Reads a record, borrowed from the bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let whole: Result<Whole<'a>, _> = serde_json::from_slice(bytes);
        match whole {
            Ok(Whole { v: RECORD_VERSION, record }) => Ok(record),
            Ok(Whole { v, .. }) => Err(RecordError::Version(v)),
            // A later version may hold what this one cannot read: then the version is the news.
            Err(error) => match serde_json::from_slice(bytes) {
                Ok(Envelope { v }) if v != RECORD_VERSION => Err(RecordError::Version(v)),
                _ => Err(RecordError::Malformed(error)),
            },
        }
    }

    /// When it arrived, in ms since 1970.
    pub fn received_at_ms(&self) -> i64 {
        match self {
            Self::View(view) => view.received_at_ms,
            Self::Outcomes(outcomes) => outcomes.minute_ms,
        }
    }

    /// The site's key.
    pub fn site(&self) -> &str {
        match self {
            Self::View(view) => &view.site,
            Self::Outcomes(outcomes) => &outcomes.site,
        }
    }
}

/// The log's key of a view: all views of a session, and all snapshots of a view, meet in one partition.
pub fn key(site: &str, session: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(site.len() + 1 + session.len());
    key.extend_from_slice(site.as_bytes());
    key.push(0x1f);
    key.extend_from_slice(session.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let mut snapshot = Snapshot::new("0f6c0f6c");
        snapshot.title = Some("a \"quoted\" title".into());
        snapshot.age = 1_500.0;
        let record = Record::View(ViewRecord {
            received_at_ms: 1_700_000_000_000,
            started_at_ms: None,
            site: "shop".into(),
            country: "DE".into(),
            region: "".into(),
            ua: "Mozilla/5.0".into(),
            drops: vec![("metrics.lcp".into(), 2)],
            snapshot,
        });
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes).ok(), Some(record.clone()));
        let Record::View(view) = record else { unreachable!() };
        assert_eq!(view.started_at(), 1_699_999_998_500);
    }

    #[test]
    fn counts_read_back_too() {
        let record = Record::Outcomes(OutcomesRecord {
            site: "shop".into(),
            minute_ms: 60_000,
            counts: vec![("refused".into(), "rate_limited".into(), 7)],
        });
        assert_eq!(Record::decode(&record.encode()).ok(), Some(record));
    }

    #[test]
    fn what_is_no_record_is_an_error_that_says_so() {
        for bytes in [&b""[..], b"null", b"{}", b"\xff\x00", br#"{"v":1,"record":{"view":{"site":"x"}}}"#] {
            assert!(matches!(Record::decode(bytes), Err(RecordError::Malformed(_))));
        }
        assert!(matches!(Record::decode(br#"{"v":9,"record":{}}"#), Err(RecordError::Version(9))));
    }
}
