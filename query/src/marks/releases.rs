//! `releases`: marked by CI, or seen in page views before anybody marked them; with how happy each was.

use super::{MARKS_MAX, TEXT_BYTES_MAX, asked, time, too_many};
use crate::documents::calls::{author, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{self, Wrong};
use crate::grammar::{Call, rfc3339};
use crate::people::reply;
use crate::planner::scope::{Scope as SiteScope, SiteTable, Statement};
use crate::planner::{Row, Window};
use crate::record::{Record, number_or_null};
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::happiness::LevelCounts;
use felt_schema::limits::NAME_BYTES_MAX;
use felt_schema::limits::OTHER;
use felt_store::Param;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most releases that are told of the data, those seen last.
const SEEN_MAX: usize = 1_000;

/// A mark as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Mark {
    /// When it was put live.
    pub at: String,
    /// What is to be said about it.
    pub note: Option<String>,
    /// Where more is to be read.
    pub url: Option<String>,
}

/// What CI sends.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes; the fields are read one by one")]
pub struct ReleaseBody {
    /// The release, as the beacon tells it.
    release: String,
    /// When it was put live; now where that is left out.
    at: Option<String>,
    /// What is to be said about it.
    note: Option<String>,
    /// Where more is to be read: http or https.
    url: Option<String>,
}

/// A release.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReleaseRow {
    /// Its name.
    pub release: String,
    /// When it was put live: as marked, else when it was first seen.
    pub at: String,
    /// `marked` or `seen`.
    pub source: &'static str,
    /// The hour in which its first page view began; null where there was none yet.
    #[schema(required)]
    pub first_seen: Option<String>,
    /// The hour in which its last page view began.
    #[schema(required)]
    pub last_seen: Option<String>,
    /// Its page views in the range.
    pub views: i64,
    /// Their happiness.
    #[schema(required)]
    pub happiness: Option<f64>,
    /// 100 less that.
    #[schema(required)]
    pub unhappiness: Option<f64>,
    /// Lower end of its 95 % interval.
    #[schema(required)]
    pub low: Option<f64>,
    /// Upper end of its 95 % interval.
    #[schema(required)]
    pub high: Option<f64>,
    /// What was said about it.
    #[schema(required)]
    pub note: Option<String>,
    /// Where more is to be read.
    #[schema(required)]
    pub url: Option<String>,
}

impl ReleaseRow {
    fn record(&self) -> Record {
        Record::new()
            .with("release", self.release.as_str())
            .with("at", self.at.as_str())
            .with("source", self.source)
            .with("first_seen", self.first_seen.clone())
            .with("last_seen", self.last_seen.clone())
            .with("views", self.views)
            .with("happiness", number_or_null(self.happiness))
            .with("unhappiness", number_or_null(self.unhappiness))
            .with("low", number_or_null(self.low))
            .with("high", number_or_null(self.high))
            .with("note", self.note.clone())
            .with("url", self.url.clone())
    }
}

/// Answer of `GET releases`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReleaseList {
    /// The newest first.
    pub data: Vec<ReleaseRow>,
}

/// A mark with its release.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MarkedRelease {
    /// The release.
    pub release: String,
    /// What was said.
    #[serde(flatten)]
    pub mark: Mark,
}

/// Answer of `POST releases`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ReleaseSaved {
    /// The mark.
    pub data: MarkedRelease,
}

/// Releases with page views in the range or put live in it, the newest first: marked or not.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/releases", tag = "marks", operation_id = "releases",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::ReleasesParameters),
    responses((status = 200, description = "A row per release; CSV and NDJSON too", body = ReleaseList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn releases(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (query, window) = asked(&state, &site, &headers, Call::Releases, query.as_deref()).await?;
    let rows = released(&state, &site, window).await?;
    Ok(reply::rows(&headers, rows.iter().take(query.limit as usize).map(ReleaseRow::record).collect()))
}

/// Releases with page views in `window` or put live in it, the newest first.
pub(crate) async fn released(state: &QueryState, site: &str, window: Window) -> Result<Vec<ReleaseRow>, Problem> {
    let mut marks: BTreeMap<String, Mark> = marks(state, site).await?;
    let rows = state.rows("releases", site, &statement(site, window)).await?;
    let mut found: Vec<(i64, ReleaseRow)> = Vec::new();
    for row in rows {
        let seen = Seen::read(Row::new(row));
        let mark = marks.remove(&seen.release);
        found.extend(told(seen, mark, window));
    }
    for (release, mark) in marks {
        found.extend(told(Seen { release, ..Seen::default() }, Some(mark), window));
    }
    found.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.release.cmp(&b.release)));
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// What page views tell of a release.
#[derive(Debug, Default)]
struct Seen {
    release: String,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
    views: i64,
    levels: [i64; 4],
}

impl Seen {
    fn read(mut row: Row) -> Self {
        let release = row.text();
        let (first_ms, last_ms) = (Some(row.int() * 1_000), Some(row.int() * 1_000));
        let views = row.int();
        let mut levels = [0; 4];
        levels.iter_mut().for_each(|level| *level = row.int());
        Self { release, first_ms, last_ms, views, levels }
    }
}

fn told(seen: Seen, mark: Option<Mark>, window: Window) -> Option<(i64, ReleaseRow)> {
    let marked_ms =
        mark.as_ref().and_then(|mark| mark.at.parse::<jiff::Timestamp>().ok()).map(|at| at.as_millisecond());
    let at_ms = marked_ms.or(seen.first_ms)?;
    let within = (window.from_ms..window.to_ms).contains(&at_ms);
    if seen.views <= 0 && !within {
        return None;
    }
    let score = LevelCounts(seen.levels).score();
    let source = if mark.is_some() { "marked" } else { "seen" };
    let (note, url) = mark.map_or((None, None), |mark| (mark.note, mark.url));
    let row = ReleaseRow {
        release: seen.release,
        at: rfc3339(at_ms),
        source,
        first_seen: seen.first_ms.map(rfc3339),
        last_seen: seen.last_ms.map(rfc3339),
        views: seen.views,
        happiness: score.value,
        unhappiness: score.unhappiness,
        low: score.low,
        high: score.high,
        note,
        url,
    };
    Some((at_ms, row))
}

/// First and last hour of each release in all that is kept, and its counts in `window`: humans only.
fn statement(site: &str, window: Window) -> Statement {
    let mut scope = SiteScope::of(site);
    let mut second = |ms: i64| scope.bind("UInt32", Param::UInt(u64::try_from(ms.div_euclid(1_000)).unwrap_or(0)));
    // The hour rollup knows no minutes: an hour that the window touches is of it.
    let (from, to) = (second(window.from_ms.div_euclid(3_600_000) * 3_600_000), second(window.to_ms));
    let within = format!("(time >= toDateTime({from}, 'UTC') AND time < toDateTime({to}, 'UTC'))");
    let conditions = ["grouping = 'release'", "metric = 'happiness'", "bot = 0", "value != ''"].map(str::to_owned);
    let other = scope.text(OTHER);
    let conditions: Vec<String> = conditions.into_iter().chain([format!("value != {other}")]).collect();
    let columns = "time, value, views, delighted, annoying, painful, brutal";
    let rows = scope.rows(SiteTable::RollupHour, columns, &conditions);
    let sums =
        ["views", "delighted", "annoying", "painful", "brutal"].map(|column| format!("sumIf({column}, {within})"));
    let select = format!(
        "toString(value) AS release, toUInt32(min(toUnixTimestamp(time))), toUInt32(max(toUnixTimestamp(time))) AS last, {}",
        sums.join(", ")
    );
    scope.statement(
        &select,
        rows,
        &format!("GROUP BY release HAVING sum(views) > 0 ORDER BY last DESC, release LIMIT {SEEN_MAX}"),
    )
}

async fn marks(state: &QueryState, site: &str) -> Result<BTreeMap<String, Mark>, Problem> {
    let documents = Document::of_site(state, Kind::Release, site).await.map_err(store_problem)?;
    let mark = |document: Document| Some((document.id, serde_json::from_str(&document.body).ok()?));
    Ok(documents.into_iter().filter_map(mark).collect())
}

/// Marks a release, usually from CI. Repeating it changes nothing; what is left out stays as it was marked before.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/releases", tag = "marks", operation_id = "mark_release",
    params(("site" = String, Path, description = "The site's key")), request_body = ReleaseBody,
    responses((status = 201, description = "It is marked", body = ReleaseSaved),
        (status = 200, description = "It was marked already", body = ReleaseSaved), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn mark_release(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    let mut fields = fields::object(&headers, body).await?;
    let mut wrong = Wrong::default();
    let release = fields.required("release", NAME_BYTES_MAX, &mut wrong);
    let at_ms = time(&mut fields, "at", &mut wrong);
    let note = fields.text("note", TEXT_BYTES_MAX, &mut wrong);
    let url = fields.text("url", felt_schema::limits::URL_BYTES_MAX, &mut wrong);
    if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        wrong.add("url", "must begin with https:// or http://");
    }
    fields.end(&mut wrong);
    let release = wrong.check(release)?;
    let before = Document::find(&state, Kind::Release, &site, &release).await.map_err(store_problem)?;
    let known: Option<Mark> = before.and_then(|document| serde_json::from_str(&document.body).ok());
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    if known.is_none() && marks(&state, &site).await?.len() >= MARKS_MAX {
        return Err(too_many("releases"));
    }
    let kept = known.clone();
    let (kept_at, kept_note, kept_url) = kept.map_or((None, None, None), |mark| (Some(mark.at), mark.note, mark.url));
    let at = at_ms.map(rfc3339).or(kept_at).unwrap_or_else(|| rfc3339(state.clock.now_ms()));
    let mark = Mark { at, note: note.or(kept_note), url: url.or(kept_url) };
    // CI runs more than once: the same again writes nothing.
    if known.as_ref() != Some(&mark) {
        let body = serde_json::to_string(&mark).map_err(|_| Problem::internal())?;
        Document::put(&state, Kind::Release, &site, &release, &body, &author).await.map_err(store_problem)?;
    }
    Ok(reply::one(status, MarkedRelease { release, mark }))
}

/// Takes a mark back. The release stays in the list as long as page views tell of it.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/releases/{release}", tag = "marks", operation_id = "delete_release",
    params(("site" = String, Path, description = "The site's key"), ("release" = String, Path, description = "The release")),
    responses((status = 204, description = "The mark is gone"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn delete_release(
    State(state): State<QueryState>,
    Path((site, release)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    take_back(&state, Kind::Release, (&site, &release), &author, "nobody has marked this release").await
}
