//! What sites set for themselves, as people wrote it: the scales that they judge by and the rules that name their pages. Read from the
//! store at the start and every few seconds, never asked while rows are made.
//!
//! Transform stays pure, because which version holds depends on a record's arrival alone, and whoever makes rows has read all versions
//! that can hold for it: one takes effect a minute after it was written at the earliest, and what is known must be newer than half
//! a minute before the latest arrival of a range ([`KNOWN_WITHIN_MS`](felt_schema::scale::KNOWN_WITHIN_MS)), or it is read again
//! first. So a range that is tried twice, with a version written in between, gets the same rows both times.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use clickhouse::Row;
use felt_schema::page::{RulesEra, RulesVersion, SiteRules};
use felt_schema::scale::{Effective, SiteScales, Version};
use felt_store::StoreError;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::events::SettingsNotRefreshed;
use crate::pipeline::Shared;

/// Most versions that are read; a site keeps a hundred scales.
const VERSIONS_MAX: u64 = 1_000_000;

/// What all sites set that set anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    scales: HashMap<String, SiteScales>,
    page_rules: HashMap<String, SiteRules>,
}

impl Settings {
    /// From all versions, each with its site.
    pub fn of(
        scales: impl IntoIterator<Item = (String, Version)>,
        page_rules: impl IntoIterator<Item = (String, RulesVersion)>,
    ) -> Self {
        let of_site = |(site, versions)| (site, SiteScales::of(versions));
        let scales = by_site(scales).into_iter().map(of_site).collect();
        let of_site = |(site, versions)| (site, SiteRules::of(versions));
        Self { scales, page_rules: by_site(page_rules).into_iter().map(of_site).collect() }
    }

    /// The scales that hold on a site for what arrives at that time; `None` where those are the built-in ones alone.
    pub fn scales_at(&self, site: &str, arrival_ms: i64) -> Option<&Effective> {
        if self.scales.is_empty() { None } else { self.scales.get(site)?.at(arrival_ms) }
    }

    /// The rules that name pages on a site for what arrives at that time; `None` where the site never had its own.
    pub fn page_rules_at(&self, site: &str, arrival_ms: i64) -> Option<&RulesEra> {
        if self.page_rules.is_empty() { None } else { self.page_rules.get(site)?.at(arrival_ms) }
    }
}

fn by_site<T>(versions: impl IntoIterator<Item = (String, T)>) -> HashMap<String, Vec<T>> {
    let mut sites: HashMap<String, Vec<T>> = HashMap::new();
    for (site, version) in versions {
        sites.entry(site).or_default().push(version);
    }
    sites
}

/// What was read last, and when.
#[derive(Debug, Default)]
pub(crate) struct KnownSettings(RwLock<Option<(i64, Arc<Settings>)>>);

impl KnownSettings {
    /// What is known, if it was read after that moment.
    pub fn read_after(&self, needed_ms: i64) -> Option<Arc<Settings>> {
        self.0.read().as_ref().filter(|(read_ms, _)| *read_ms >= needed_ms).map(|(_, settings)| settings.clone())
    }
}

#[derive(Row, Deserialize)]
struct VersionRow {
    site: String,
    kind: String,
    id: String,
    written_ms: i64,
    deleted: u8,
    body: String,
}

impl VersionRow {
    /// What it says, `None` in it when it was taken back. What a newer version of us wrote and this one cannot read is as if it was
    /// not there.
    fn said<T: serde::de::DeserializeOwned>(&self) -> Option<Option<T>> {
        if self.deleted != 0 { Some(None) } else { serde_json::from_str(&self.body).ok().map(Some) }
    }
}

/// Reads all versions.
///
/// # Errors
/// What the store says.
pub(crate) async fn load(shared: &Shared) -> Result<Arc<Settings>, StoreError> {
    // Before the question: what is written meanwhile may not be in the answer.
    let read_ms = shared.clock.now_ms();
    let query = shared
        .store
        .client()
        .query(
            "SELECT toString(site) AS site, toString(kind) AS kind, id, toUnixTimestamp64Milli(version) AS written_ms, deleted, body \
             FROM documents WHERE kind IN ('scale', 'page_rules') ORDER BY site, kind, id, version LIMIT {most:UInt64}",
        )
        .param("most", VERSIONS_MAX);
    let rows: Vec<VersionRow> = query.fetch_all().await.map_err(StoreError::from)?;
    let (page_rules, scales): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.kind == "page_rules");
    let scales = scales.into_iter().filter_map(|row| {
        let scale = row.said()?;
        Some((row.site, Version { id: row.id, written_ms: row.written_ms, scale }))
    });
    let page_rules = page_rules.into_iter().filter_map(|row| {
        let rules = row.said()?;
        Some((row.site, RulesVersion { written_ms: row.written_ms, rules }))
    });
    let settings = Arc::new(Settings::of(scales, page_rules));
    let mut known = shared.settings.0.write();
    if known.as_ref().is_none_or(|(held_ms, _)| *held_ms <= read_ms) {
        *known = Some((read_ms, settings.clone()));
    }
    Ok(settings)
}

/// Reads them again and again, until told to stop, so that no range has to wait for it.
pub(crate) async fn refresh(shared: &Shared, stop: &CancellationToken) {
    let every = Duration::from_millis(shared.config.scales_refresh_ms.max(1));
    loop {
        if let Err(error) = load(shared).await {
            SettingsNotRefreshed { error: error.message() }.emit();
        }
        if shared.until_stopped(stop, tokio::time::sleep(every)).await.is_err() {
            return;
        }
    }
}
