//! `POST /api/v1/batch`: several questions in one round trip. Each part goes the whole way that it would go alone,
//! permission included.

use crate::events;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use felt_http::Problem;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower::ServiceExt;

/// Most questions in one round trip.
pub const PARTS_MAX: usize = 20;
/// Parts that are answered at the same time.
const PARTS_AT_ONCE: usize = 4;
/// Most bytes of the body: twenty long addresses.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of one answer in it.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A question of a batch.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum BatchPart {
    /// With room for more than the path.
    Full {
        /// Path and query of a GET, such as `/api/v1/sites/shop/summary?range=7d`.
        path: String,
    },
    /// The path alone.
    Path(String),
}

/// The questions of a batch.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum BatchQuestion {
    /// Named.
    Named {
        /// The questions.
        requests: Vec<BatchPart>,
    },
    /// As a bare list.
    List(Vec<BatchPart>),
}

/// The answers, in the order of the questions.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BatchAnswer {
    /// One for each question.
    pub responses: Vec<PartAnswer>,
}

/// One answer of a batch.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PartAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its JSON body: an answer or a problem.
    pub body: Value,
}

/// The router that answers parts.
#[derive(Clone)]
pub struct Parts(pub Router);

/// Up to 20 GETs of this API in one round trip. Each part is authorised on its own.
#[utoipa::path(
    post, path = "/api/v1/batch", tag = "metrics", operation_id = "batch", request_body = BatchQuestion,
    responses((status = 200, description = "The answers, in order", body = BatchAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn batch(
    Extension(Parts(router)): Extension<Parts>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .detail(format!("a batch takes at most {BODY_BYTES_MAX} bytes"))
    })?;
    let question: BatchQuestion = serde_json::from_slice(&bytes).map_err(|_| {
        Problem::bad_request(
            "invalid-batch",
            "send {\"requests\": [{\"path\": \"/api/v1/sites/KEY/summary?range=7d\"}]}",
        )
    })?;
    let (BatchQuestion::Named { requests: parts } | BatchQuestion::List(parts)) = question;
    if parts.len() > PARTS_MAX {
        events::refused("batch_too_large");
        let detail = format!("a batch takes at most {PARTS_MAX} questions, this has {}", parts.len());
        return Err(Problem::bad_request("batch-too-large", detail));
    }
    let answers = stream::iter(parts).map(|part| one(router.clone(), &headers, part)).buffered(PARTS_AT_ONCE);
    Ok(Json(BatchAnswer { responses: answers.collect().await }).into_response())
}

async fn one(router: Router, headers: &HeaderMap, part: BatchPart) -> PartAnswer {
    let (BatchPart::Full { path } | BatchPart::Path(path)) = part;
    match request(&path, headers) {
        Ok(request) => match router.oneshot(request).await {
            Ok(response) => read(response).await,
            Err(never) => match never {},
        },
        Err(problem) => of_problem(&problem),
    }
}

fn request(path: &str, headers: &HeaderMap) -> Result<Request, Problem> {
    if !path.starts_with("/api/v1/sites") {
        return Err(Problem::bad_request("invalid-batch", "a part is the path of a GET under /api/v1/sites"));
    }
    let mut request = Request::builder().uri(path).body(Body::empty()).map_err(|_| {
        Problem::bad_request(
            "invalid-batch",
            "a part's path is not a valid address: percent-encode what is special in it",
        )
    })?;
    if let Some(token) = headers.get(header::AUTHORIZATION) {
        request.headers_mut().insert(header::AUTHORIZATION, token.clone());
    }
    Ok(request)
}

async fn read(response: Response) -> PartAnswer {
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
    match body.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(body) => PartAnswer { status, body },
        None => of_problem(&Problem::internal()),
    }
}

fn of_problem(problem: &Problem) -> PartAnswer {
    PartAnswer { status: problem.status().as_u16(), body: problem.to_json() }
}
