//! `POST erasures` and what became of it.

use super::record::{Counts, Erasure, Searched, Status};
use super::subject::Subject;
use crate::answer::{Answer, Data};
use crate::events;
use crate::format::Format;
use crate::grammar::rfc3339;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Problem, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// Most bytes of a request: it names one id.
const BODY_BYTES_MAX: usize = 4 * 1024;
/// Most erasures of one site that are not over: each is looked at again and again.
const OPEN_MAX: usize = 500;

/// Whom to erase: one of both.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureBody {
    /// A visitor's id; all sessions that carried it go too.
    visitor: Option<String>,
    /// A session's id.
    session: Option<String>,
}

/// An erasure, and the proof of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureAnswer {
    /// The erasure.
    data: ErasureData,
}

/// The erasures of a site.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureList {
    /// The newest first, without their proofs.
    data: Vec<ErasureData>,
}

/// How far an erasure is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureData {
    /// Its id.
    id: String,
    /// The site's key.
    site: String,
    /// What was named: `visitor` or `session`.
    kind: &'static str,
    /// SHA-256 of `SITE/KIND/ID`: by it the request can be recognised, the id itself is not kept.
    subject_sha256: String,
    /// `waiting`, `erasing`, `erased`, `closing`, `complete` or `failed`.
    status: &'static str,
    /// The same in words.
    words: String,
    /// When it was asked for. Everything received before is erased.
    requested_at: String,
    /// When a search first found nothing.
    #[schema(required)]
    erased_at: Option<String>,
    /// Until then, what still comes of the person is erased as well.
    watched_until: String,
    /// Rows deleted so far.
    erased: Counts,
    /// The last search; null before there was one.
    #[schema(required)]
    proof: Option<ErasureProof>,
    /// Copies outside of ClickHouse's tables.
    copies: ErasureCopies,
    /// What went wrong last; it is tried again.
    #[schema(required)]
    problem: Option<String>,
}

/// A search of every table.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureProof {
    /// When it was.
    checked_at: String,
    /// Rows found in all tables: 0.
    rows: u64,
    /// What each table held.
    tables: Vec<Searched>,
}

/// Where a copy may still be, and until when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErasureCopies {
    /// The event log forgets what was received before the request by then.
    log_until: String,
    /// The same in words.
    words: &'static str,
}

const COPIES: &str = "the event log between ingest and ClickHouse keeps what it received for its own time and then forgets it; \
                      nothing reads it into ClickHouse again; backups are yours to look after; rollups hold counts and no ids, \
                      and keep what they counted";

impl ErasureData {
    fn of(erasure: &Erasure, state: &QueryState) -> Self {
        let report = &erasure.report;
        let (watched, kept_ms) = (erasure.watched_until_ms(state), state.config.log_kept_ms);
        let log_until = erasure.requested_at_ms.saturating_add(i64::try_from(kept_ms).unwrap_or(i64::MAX));
        let words = match erasure.status {
            Status::Waiting => {
                "waiting until everything that was received before the request is in ClickHouse".to_owned()
            }
            Status::Erasing => "deleting".to_owned(),
            Status::Erased | Status::Closing => format!(
                "nothing of it is in ClickHouse; what still comes before {} is erased as well",
                rfc3339(watched)
            ),
            Status::Complete => "nothing of it is in ClickHouse, and the ids are forgotten here too".to_owned(),
            Status::Failed => "not done: ask for it again".to_owned(),
        };
        let proof = report.checked_at_ms.map(|checked_at_ms| ErasureProof {
            checked_at: rfc3339(checked_at_ms),
            rows: report.found(),
            tables: report.proof.clone(),
        });
        Self {
            id: erasure.id.clone(),
            site: erasure.site.clone(),
            kind: erasure.kind.name(),
            subject_sha256: erasure.subject_hash.clone(),
            status: erasure.status.name(),
            words,
            requested_at: rfc3339(erasure.requested_at_ms),
            erased_at: report.erased_at_ms.map(rfc3339),
            watched_until: rfc3339(watched),
            erased: report.erased,
            proof,
            copies: ErasureCopies { log_until: rfc3339(log_until), words: COPIES },
            problem: report.problem.clone(),
        }
    }
}

/// Erases a visitor, or one session, with everything that was received of them. Asking again for the same is safe.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/erasures", tag = "privacy", operation_id = "erase", request_body = ErasureBody,
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 202, description = "It is being done; `Location` tells how far it is", body = ErasureAnswer,
        headers(("Location" = String, description = "Where to look"))), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn erase(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::Admin).await?;
    let subject = read(&headers, body).await?;
    let (hash, now_ms) = (subject.hash(&site), state.clock.now_ms());
    let mut open = Erasure::of_site(&state, &site).await.map_err(store_problem)?;
    open.retain(|erasure| erasure.status.is_open());
    // One that has begun may have passed over what came since; one that waits has not, so that a repeat joins it.
    let known = open.iter().position(|erasure| erasure.subject_hash == hash && erasure.status == Status::Waiting);
    let erasure = match known {
        Some(index) => open.swap_remove(index),
        None if open.len() >= OPEN_MAX => {
            events::refused("erasures");
            let detail = format!("{OPEN_MAX} erasures of this site are under way: ask again when some are complete");
            return Err(Problem::too_many_requests("erasures", detail, std::time::Duration::from_secs(600)));
        }
        None => {
            let mut erasure = Erasure::new(&site, &subject, now_ms);
            // The row first: ids without one would stay for ever, a row without ids fails and says so.
            erasure.save(&state, "").await.map_err(store_problem)?;
            erasure
        }
    };
    erasure.aim(&state, subject.kind.name(), vec![subject.id]).await.map_err(store_problem)?;
    events::erasure("requested");
    state.erasures.notify_one();
    let location = format!("/api/v1/sites/{site}/erasures/{}", erasure.id);
    let answer = Json(ErasureAnswer { data: ErasureData::of(&erasure, &state) });
    let mut response = (StatusCode::ACCEPTED, answer).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(unkept(response))
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Subject, Problem> {
    // A page elsewhere can make a browser post text or a form to an address of its machine, but not JSON.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "Send JSON")
            .detail("send Content-Type: application/json"));
    }
    let wrong = |detail: String| Problem::bad_request("invalid-erasure", detail);
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| wrong(format!("an erasure's request has at most {BODY_BYTES_MAX} bytes")))?;
    let body: ErasureBody = serde_json::from_slice(&bytes)
        .map_err(|_| wrong("send {\"visitor\": \"…\"} or {\"session\": \"…\"}, and nothing else".into()))?;
    Subject::of(body.visitor, body.session).map_err(|detail| wrong(detail.into()))
}

/// How far an erasure is, what it deleted, and what the last search of every table found.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/erasures/{id}", tag = "privacy", operation_id = "erasure",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The erasure's id")),
    responses((status = 200, description = "How far it is, with the proof", body = ErasureAnswer), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn erasure(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::Admin).await?;
    let found = Erasure::find(&state, &site, &id).await.map_err(store_problem)?;
    let erasure = found.ok_or_else(|| Problem::not_found("there is no such erasure of this site"))?;
    Ok(unkept(Json(ErasureAnswer { data: ErasureData::of(&erasure, &state) }).into_response()))
}

/// The erasures of a site, the newest first.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/erasures", tag = "privacy", operation_id = "erasures",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "The newest first", body = ErasureList), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn erasures(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::Admin).await?;
    let list = Erasure::of_site(&state, &site).await.map_err(store_problem)?;
    let list: Vec<ErasureData> =
        list.iter().map(|erasure| ErasureData { proof: None, ..ErasureData::of(erasure, &state) }).collect();
    let format = Format::accepted(&headers);
    if format == Format::Json {
        return Ok(unkept(Json(ErasureList { data: list }).into_response()));
    }
    let rows = list.iter().filter_map(|data| Some(Record::of(serde_json::to_value(data).ok()?))).collect();
    let answer = Answer::plain(Map::new(), 0, Data::Rows(rows));
    let mut response = Response::new(Body::from(format.rows(&answer)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    Ok(unkept(response))
}

/// An answer that changes by itself and is about somebody.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
