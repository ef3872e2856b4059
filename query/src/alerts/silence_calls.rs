//! `silences`: asked for, said, taken back.

use super::limits::SILENCES_MAX;
use super::silences::Silence;
use crate::documents::calls::{author, room, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{self, Wrong};
use crate::people::reply;
use crate::record::Record;
use crate::secrets::hash_hex;
use crate::secrets::random_text;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use serde::Serialize;

/// A silence.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes what is written as JSON")]
pub struct SilenceRecord {
    /// Its id.
    id: String,
    /// The SLO that nobody is told of; null for all.
    #[schema(required)]
    slo: Option<String>,
    /// The rule; null for all.
    #[schema(required)]
    rule: Option<String>,
    /// Inclusive.
    from: String,
    /// Exclusive.
    to: String,
    /// Why.
    reason: String,
    /// Who said so.
    author: String,
}

/// What `GET silences` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SilenceList {
    /// By when they end.
    pub data: Vec<SilenceRecord>,
}

/// What `POST silences` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SilenceAnswer {
    /// The silence.
    pub data: SilenceRecord,
}

/// The silences of a site that are not over.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/silences", tag = "slos", operation_id = "silences",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "By when they end; CSV and NDJSON too", body = SilenceList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn silences(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let found = of_now(&state, &site).await?;
    Ok(reply::rows(&headers, found.iter().map(|silence| Record::of(silence.to_json())).collect()))
}

async fn of_now(state: &QueryState, site: &str) -> Result<Vec<Silence>, Problem> {
    let mut found = Silence::of_site(state, site).await.map_err(store_problem)?;
    found.retain(|silence| silence.to_ms > state.clock.now_ms());
    found.sort_by_key(|silence| silence.to_ms);
    Ok(found)
}

/// Says that nobody is to be told for a while: `{"slo"?, "rule"?, "from"?, "to", "reason"}`. What still burns when it is over is told then.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/silences", tag = "slos", operation_id = "silence",
    params(("site" = String, Path, description = "The site's key")),
    request_body(content((Object = "application/json"))),
    responses((status = 201, description = "The silence", body = SilenceAnswer), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn silence(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    let (mut wrong, id) = (Wrong::default(), new_id());
    let silence = Silence::read(&id, &author, fields::object(&headers, body).await?, state.clock.now_ms(), &mut wrong);
    let silence = wrong.check(silence)?;
    room(of_now(&state, &site).await?.len(), SILENCES_MAX, "too-many-silences")?;
    let kept = Document::put(&state, Kind::Silence, &site, &id, &silence.body(), &author).await;
    kept.map_err(store_problem)?;
    Ok(reply::one(StatusCode::CREATED, silence.to_json()))
}

/// Ends a silence.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/silences/{id}", tag = "slos", operation_id = "end_silence",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The silence's id")),
    responses((status = 204, description = "It is over"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn end_silence(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    let ended =
        take_back(&state, Kind::Silence, (&site, &id), &author, "there is no such silence on this site").await?;
    state.alerts.tell.notify_one();
    Ok(ended)
}

/// An id of small letters and digits.
pub(crate) fn new_id() -> String {
    hash_hex(&random_text::<16>()).chars().take(16).collect()
}
