//! Scales as people write them, and as they are kept.

use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong};
use crate::grammar::Fault;
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::metric::TIMING_PREFIX;
use felt_schema::scale::{METRICS, Measured, Scale, SiteScales, TEXT_BYTES_MAX, Version, takes_effect_ms};

/// Most scales of a site.
pub const SCALES_MAX: usize = 100;

/// A version of a scale, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id on the site.
    pub id: String,
    /// How many versions there were with it.
    pub version: usize,
    /// From when on it holds, in Unix ms.
    pub since_ms: i64,
    /// Who wrote it.
    pub author: String,
    /// What it says; `None` when it was taken back.
    pub scale: Option<Scale>,
}

/// Reads a scale; `None` when something is wrong with it, which is then told.
pub fn read(fields: &mut Fields, wrong: &mut Wrong) -> Option<Scale> {
    let page = fields.text("page", TEXT_BYTES_MAX, wrong);
    let journey = fields.text("journey", TEXT_BYTES_MAX, wrong);
    let name = fields.required("metric", TEXT_BYTES_MAX, wrong);
    let metric = name.as_deref().and_then(Measured::from_name);
    if let (Some(name), None) = (&name, &metric) {
        let timing = format!("{TIMING_PREFIX}NAME");
        let known = METRICS.iter().map(|metric| metric.name()).chain([timing.as_str()]);
        wrong.push(Fault::unknown(fields.name("metric"), "metric that judges called", name, known));
    }
    let list = fields.list("thresholds", 3, 3, wrong)?;
    let numbers: Vec<f64> = list.iter().filter_map(serde_json::Value::as_f64).collect();
    let Ok(thresholds) = <[f64; 3]>::try_from(numbers) else {
        wrong.add(fields.name("thresholds"), "must be three numbers");
        return None;
    };
    let scale = Scale { page, journey, metric: metric?, thresholds };
    match scale.fault() {
        Some(fault) => {
            wrong.add(fields.name("thresholds"), fault);
            None
        }
        None => Some(scale),
    }
}

/// Whether two scales are for the same views and measure the same.
pub fn same_target(one: &Scale, other: &Scale) -> bool {
    (&one.page, &one.journey, &one.metric) == (&other.page, &other.journey, &other.metric)
}

/// Every version of a site's scales, in the order in which they were written, by their ids.
pub async fn versions(state: &QueryState, site: &str) -> Result<Vec<Kept>, Problem> {
    let documents = Document::versions(state, Kind::Scale, site).await.map_err(store_problem)?;
    let mut kept: Vec<Kept> = Vec::new();
    for document in documents {
        let version = kept.iter().filter(|known| known.id == document.id).count() + 1;
        let scale = if document.deleted { None } else { serde_json::from_str(&document.body).ok() };
        let since_ms = takes_effect_ms(document.version_ms);
        kept.push(Kept { id: document.id, version, since_ms, author: document.author, scale });
    }
    Ok(kept)
}

/// What held of a site's scales when, as the processor sees it.
pub async fn history(state: &QueryState, site: &str) -> Result<SiteScales, Problem> {
    let documents = Document::versions(state, Kind::Scale, site).await.map_err(store_problem)?;
    let version = |document: Document| {
        let scale = if document.deleted { None } else { serde_json::from_str(&document.body).ok() };
        Version { id: document.id, written_ms: document.version_ms, scale }
    };
    Ok(SiteScales::of(documents.into_iter().map(version).collect()))
}

/// The newest version of each scale that was not taken back, whether it holds already or not.
pub fn newest(versions: &[Kept]) -> Vec<(&Kept, &Scale)> {
    let last = |kept: &&Kept| !versions.iter().any(|other| other.id == kept.id && other.version > kept.version);
    versions.iter().filter(last).filter_map(|kept| Some((kept, kept.scale.as_ref()?))).collect()
}

/// What is worth listing at that time: of each scale the version that holds, and those that will.
pub fn current(versions: &[Kept], now_ms: i64) -> Vec<(&Kept, &Scale)> {
    let replaced = |kept: &Kept| {
        versions.iter().any(|other| other.id == kept.id && other.version > kept.version && other.since_ms <= now_ms)
    };
    versions.iter().filter(|kept| !replaced(kept)).filter_map(|kept| Some((kept, kept.scale.as_ref()?))).collect()
}
