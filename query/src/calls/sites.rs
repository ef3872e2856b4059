//! `GET /api/v1/sites`: the sites that the caller may look at.

use crate::answer::{Answer, Data};
use crate::format::Format;
use crate::record::Record;
use crate::state::QueryState;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use felt_http::{Denied, Problem, Scope};
use serde_json::{Map, json};

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
            Ok(()) => list.push(Record::new().with("key", site.key.as_str()).with("name", site.display_name())),
            Err(Denied::NotGranted(_)) => {}
            Err(denied) => return Err(denied.into()),
        }
    }
    let format = Format::accepted(&headers);
    let body = match format {
        Format::Json => {
            // Who that is goes along, so that the dashboard need not ask twice.
            let caller = state.authorize.caller(bearer).await.ok();
            let who = caller.map(|caller| json!({"kind": caller.kind.name(), "name": caller.name}));
            json!({"data": list, "meta": {"who": who}}).to_string().into_bytes()
        }
        Format::Csv | Format::Ndjson => format.rows(&Answer::plain(Map::new(), 0, Data::Rows(list))),
    };
    let mut response = Response::new(Body::from(body));
    for (name, value) in [
        (header::CONTENT_TYPE, format.content_type()),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::VARY, "accept, accept-encoding, authorization"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
