//! `annotations`: what people say happened at a moment or during a span, to stand on the charts.

use super::{MARKS_MAX, TEXT_BYTES_MAX, asked, time, too_many};
use crate::documents::calls::{author, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{self, Wrong, check_id};
use crate::grammar::{Call, rfc3339};
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MISSING: &str = "there is no such annotation on this site";

/// What is sent.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes; the fields are read one by one")]
pub struct AnnotationBody {
    /// When it happened or began; now where that is left out.
    at: Option<String>,
    /// When it was over, of a span.
    to: Option<String>,
    /// What happened.
    text: String,
}

/// An annotation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    at_ms: i64,
    to_ms: Option<i64>,
    text: String,
}

/// An annotation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Annotation {
    /// Its id.
    pub id: String,
    /// When it happened or began.
    pub at: String,
    /// When it was over, of a span.
    #[schema(required)]
    pub to: Option<String>,
    /// What happened.
    pub text: String,
    /// Who said so last.
    pub author: String,
}

/// Answer of `GET annotations`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AnnotationList {
    /// The newest first.
    pub data: Vec<Annotation>,
}

/// Answer of writes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AnnotationSaved {
    /// The annotation.
    pub data: Annotation,
}

impl Annotation {
    fn of(id: String, kept: Kept, author: String) -> Self {
        Self { id, at: rfc3339(kept.at_ms), to: kept.to_ms.map(rfc3339), text: kept.text, author }
    }

    fn record(self) -> Record {
        Record::new()
            .with("id", self.id)
            .with("at", self.at)
            .with("to", self.to)
            .with("text", self.text)
            .with("author", self.author)
    }
}

/// Annotations that touch the range, the newest first.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/annotations", tag = "marks", operation_id = "annotations",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::AnnotationsParameters),
    responses((status = 200, description = "A row per annotation; CSV and NDJSON too", body = AnnotationList),
        crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn annotations(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, window) = asked(&state, &site, &headers, Call::Annotations, query.as_deref()).await?;
    let documents = Document::of_site(&state, Kind::Annotation, &site).await.map_err(store_problem)?;
    let kept =
        |document: Document| Some((serde_json::from_str::<Kept>(&document.body).ok()?, document.id, document.author));
    let mut found: Vec<(Kept, String, String)> = documents.into_iter().filter_map(kept).collect();
    found.retain(|(kept, ..)| kept.at_ms < window.to_ms && kept.to_ms.unwrap_or(kept.at_ms) >= window.from_ms);
    found.sort_by(|one, other| other.0.at_ms.cmp(&one.0.at_ms).then_with(|| one.1.cmp(&other.1)));
    let row = |(kept, id, author)| Annotation::of(id, kept, author).record();
    Ok(reply::rows(&headers, found.into_iter().map(row).collect()))
}

/// Says that something happened. Repeating the same changes nothing.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/annotations", tag = "marks", operation_id = "annotate",
    params(("site" = String, Path, description = "The site's key")), request_body = AnnotationBody,
    responses((status = 201, description = "It is said", body = AnnotationSaved),
        (status = 200, description = "It was said already", body = AnnotationSaved), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn annotate(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    let kept = read(&state, &headers, body).await?;
    // The id comes of what is said, so that what is sent twice is there once.
    let digest = Sha256::digest(format!("{} {:?} {}", kept.at_ms, kept.to_ms, kept.text));
    let id: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let known = Document::of_site(&state, Kind::Annotation, &site).await.map_err(store_problem)?;
    if let Some(document) = known.iter().find(|document| document.id == id) {
        return Ok(reply::one(StatusCode::OK, Annotation::of(id, kept, document.author.clone())));
    }
    if known.len() >= MARKS_MAX {
        return Err(too_many("annotations"));
    }
    save(&state, &site, id, kept, author, StatusCode::CREATED).await
}

/// Says it differently.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/annotations/{id}", tag = "marks", operation_id = "change_annotation",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The annotation's id")),
    request_body = AnnotationBody,
    responses((status = 200, description = "It is changed", body = AnnotationSaved), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn change_annotation(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    check_id(&id)?;
    let kept = read(&state, &headers, body).await?;
    match Document::find(&state, Kind::Annotation, &site, &id).await.map_err(store_problem)? {
        Some(_) => save(&state, &site, id, kept, author, StatusCode::OK).await,
        None => Err(Problem::not_found(MISSING)),
    }
}

/// Takes an annotation back.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/annotations/{id}", tag = "marks", operation_id = "delete_annotation",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The annotation's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn delete_annotation(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    take_back(&state, Kind::Annotation, (&site, &id), &author, MISSING).await
}

async fn read(state: &QueryState, headers: &HeaderMap, body: Body) -> Result<Kept, Problem> {
    let mut fields = fields::object(headers, body).await?;
    let mut wrong = Wrong::default();
    let at_ms = time(&mut fields, "at", &mut wrong);
    let to_ms = time(&mut fields, "to", &mut wrong);
    let text = fields.required("text", TEXT_BYTES_MAX, &mut wrong);
    let at_ms = at_ms.unwrap_or_else(|| state.clock.now_ms());
    if to_ms.is_some_and(|to_ms| to_ms <= at_ms) {
        wrong.add("to", "must be later than `at`");
    }
    fields.end(&mut wrong);
    let text = wrong.check(text)?;
    Ok(Kept { at_ms, to_ms, text })
}

async fn save(
    state: &QueryState,
    site: &str,
    id: String,
    kept: Kept,
    author: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(&kept).map_err(|_| Problem::internal())?;
    Document::put(state, Kind::Annotation, site, &id, &body, &author).await.map_err(store_problem)?;
    Ok(reply::one(status, Annotation::of(id, kept, author)))
}
