//! The scales that sites judge by, as people wrote them: read from the store at the start and every few seconds, never asked while
//! rows are made.
//!
//! Transform stays pure, because which version holds depends on a record's arrival alone, and whoever judges has read all versions
//! that can hold for it: one takes effect a minute after it was written at the earliest, and what is known must be newer than half
//! a minute before the latest arrival of a range ([`KNOWN_WITHIN_MS`](felt_schema::scale::KNOWN_WITHIN_MS)), or it is read again
//! first. So a range that is tried twice, with a version written in between, gets the same levels both times.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clickhouse::Row;
use felt_schema::scale::{Effective, Scale, SiteScales, Version};
use felt_store::StoreError;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::events::ScalesNotRefreshed;
use crate::pipeline::Shared;

/// Most versions that are read; a site keeps a hundred scales.
const VERSIONS_MAX: u64 = 1_000_000;

/// The scales of all sites that have any of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scales(HashMap<String, SiteScales>);

impl Scales {
    /// From all versions of all sites' scales, each with its site.
    pub fn of(versions: impl IntoIterator<Item = (String, Version)>) -> Self {
        let mut sites: HashMap<String, Vec<Version>> = HashMap::new();
        for (site, version) in versions {
            sites.entry(site).or_default().push(version);
        }
        Self(sites.into_iter().map(|(site, versions)| (site, SiteScales::of(versions))).collect())
    }

    /// What holds on a site for what arrives at that time; `None` where that is the built-in scales alone.
    pub fn at(&self, site: &str, arrival_ms: i64) -> Option<&Effective> {
        if self.0.is_empty() { None } else { self.0.get(site)?.at(arrival_ms) }
    }
}

/// What was read last, and when.
#[derive(Debug, Default)]
pub(crate) struct KnownScales(RwLock<Option<(i64, Arc<Scales>)>>);

impl KnownScales {
    /// What is known, if it was read after that moment.
    pub fn read_after(&self, needed_ms: i64) -> Option<Arc<Scales>> {
        self.0.read().as_ref().filter(|(read_ms, _)| *read_ms >= needed_ms).map(|(_, scales)| scales.clone())
    }
}

#[derive(Row, Deserialize)]
struct VersionRow {
    site: String,
    id: String,
    written_ms: i64,
    deleted: u8,
    body: String,
}

/// Reads all versions.
///
/// # Errors
/// What the store says.
pub(crate) async fn load(shared: &Shared) -> Result<Arc<Scales>, StoreError> {
    // Before the question: what is written meanwhile may not be in the answer.
    let read_ms = shared.clock.now_ms();
    let query = shared
        .store
        .client()
        .query(
            "SELECT toString(site) AS site, id, toUnixTimestamp64Milli(version) AS written_ms, deleted, body FROM documents \
             WHERE kind = 'scale' ORDER BY site, id, version LIMIT {most:UInt64}",
        )
        .param("most", VERSIONS_MAX);
    let rows: Vec<VersionRow> = query.fetch_all().await.map_err(StoreError::from)?;
    let version = |row: VersionRow| {
        // What a newer version of us wrote and this one cannot read is as if it was not there.
        let scale = if row.deleted == 0 { Some(serde_json::from_str::<Scale>(&row.body).ok()?) } else { None };
        Some((row.site, Version { id: row.id, written_ms: row.written_ms, scale }))
    };
    let scales = Arc::new(Scales::of(rows.into_iter().filter_map(version)));
    let mut known = shared.scales.0.write();
    if known.as_ref().is_none_or(|(held_ms, _)| *held_ms <= read_ms) {
        *known = Some((read_ms, scales.clone()));
    }
    Ok(scales)
}

/// Reads them again and again, until told to stop, so that no range has to wait for it.
pub(crate) async fn refresh(shared: &Shared, stop: &CancellationToken) {
    let every = Duration::from_millis(shared.config.scales_refresh_ms.max(1));
    loop {
        if let Err(error) = load(shared).await {
            ScalesNotRefreshed { error: error.message() }.emit();
        }
        if shared.until_stopped(stop, tokio::time::sleep(every)).await.is_err() {
            return;
        }
    }
}
