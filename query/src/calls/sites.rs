//! `GET /api/v1/sites`: the sites that the caller may look at.

use crate::state::QueryState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Denied, Problem, Scope};
use serde_json::json;

/// The sites that the token is good for.
#[utoipa::path(
    get, path = "/api/v1/sites", tag = "schema", operation_id = "sites",
    responses((status = 200, description = "The sites, by key", body = crate::openapi::SiteList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn sites(State(state): State<QueryState>, headers: HeaderMap) -> Result<Response, Problem> {
    let bearer = felt_http::bearer(&headers);
    let mut list = Vec::new();
    for site in state.sites.iter() {
        match state.authorize.authorize(bearer, &site.key, Scope::ReadMetrics).await {
            Ok(()) => list.push(json!({"key": site.key, "name": site.display_name()})),
            Err(Denied::NotGranted(_)) => {}
            Err(denied) => return Err(denied.into()),
        }
    }
    let mut response = Json(json!({"data": list})).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
