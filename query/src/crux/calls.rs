//! The two calls, as POSTs with a JSON body. They only read.

use super::fault::CruxFault;
use super::history::history;
use super::record::{record, window};
use super::request::Asked;
use super::whose::{Whose, readable};
use crate::state::QueryState;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use felt_http::Problem;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Most bytes of a body: one address and a few names.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// A question, as the CrUX API takes it: either `origin` or `url`.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "it only describes: bodies are read so that all faults are told at once")]
pub struct CruxQuestion {
    /// Such as `https://shop.example`.
    origin: Option<String>,
    /// Such as `https://shop.example/p/123`.
    url: Option<String>,
    /// `PHONE`, `TABLET` or `DESKTOP`; all of them where it is left out.
    #[serde(rename = "formFactor")]
    form_factor: Option<String>,
    /// `4G`, `3G`, `2G`, `slow-2G` or `offline`.
    #[serde(rename = "effectiveConnectionType")]
    effective_connection_type: Option<String>,
    /// Names such as `largest_contentful_paint`; all of them where it is left out.
    metrics: Option<Vec<String>>,
    /// Of a history: weekly periods, 1 to 40; 25 where it is left out.
    #[serde(rename = "collectionPeriodCount")]
    collection_period_count: Option<u32>,
}

/// A record of the CrUX API.
#[derive(Serialize, ToSchema)]
pub struct CruxRecordAnswer {
    /// `key`, `metrics` and `collectionPeriod`, <https://developer.chrome.com/docs/crux/api>.
    record: Value,
    /// How `url` was understood, where it was not taken as it was.
    #[serde(rename = "urlNormalizationDetails")]
    url_normalization_details: Option<Value>,
}

/// A history of the CrUX API.
#[derive(Serialize, ToSchema)]
pub struct CruxHistoryAnswer {
    /// `key`, `metrics` and `collectionPeriods`, <https://developer.chrome.com/docs/crux/history-api>.
    record: Value,
    /// How `url` was understood, where it was not taken as it was.
    #[serde(rename = "urlNormalizationDetails")]
    url_normalization_details: Option<Value>,
}

/// The CrUX API's record over one's own data: the last 28 days of an origin or URL. Errors have Google's envelope.
#[utoipa::path(
    post, path = "/api/v1/records:queryRecord", tag = "metrics", operation_id = "crux_record", request_body = CruxQuestion,
    responses((status = 200, description = "The record", body = CruxRecordAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn query_record(State(state): State<QueryState>, headers: HeaderMap, body: Body) -> Response {
    match asked(&state, &headers, body, false).await {
        Ok((asked, whose, now_ms)) => reply(record(&state, &asked, &whose, now_ms).await),
        Err(fault) => fault.into_response(),
    }
}

/// The CrUX API's history over one's own data: records of 28 days, a week apart. Errors have Google's envelope.
#[utoipa::path(
    post, path = "/api/v1/records:queryHistoryRecord", tag = "metrics", operation_id = "crux_history",
    request_body = CruxQuestion,
    responses((status = 200, description = "The history", body = CruxHistoryAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn query_history_record(State(state): State<QueryState>, headers: HeaderMap, body: Body) -> Response {
    match asked(&state, &headers, body, true).await {
        Ok((asked, whose, now_ms)) => reply(history(&state, &asked, &whose, now_ms).await),
        Err(fault) => fault.into_response(),
    }
}

async fn asked(
    state: &QueryState,
    headers: &HeaderMap,
    body: Body,
    history: bool,
) -> Result<(Asked, Whose, i64), CruxFault> {
    let bearer = felt_http::bearer(headers);
    // Who may not ask learns nothing about how to.
    readable(state, bearer).await?;
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .detail(format!("at most {BODY_BYTES_MAX} bytes are taken here"))
    })?;
    let asked = Asked::parse(&bytes, history)?;
    let now_ms = state.clock.now_ms();
    let whose = Whose::find(state, bearer, &asked.place, window(now_ms)).await?;
    Ok((asked, whose, now_ms))
}

fn reply(answer: Result<Value, CruxFault>) -> Response {
    match answer {
        Ok(answer) => {
            let mut response = Json(answer).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(fault) => fault.into_response(),
    }
}
