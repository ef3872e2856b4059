//! What the calls about tokens, people, sessions and the record have in common: who may ask, how a body is read, how
//! an answer that is nobody else's is written.

use crate::answer::{Answer, Data};
use crate::format::Format;
use crate::record::Record;
use crate::state::QueryState;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use felt_http::{Caller, Denied, Grant, Problem, Scope};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, json};

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Who asks, if that is an admin of at least one site.
pub(crate) async fn admin(state: &QueryState, bearer: Option<&str>) -> Result<Caller, Problem> {
    let caller = state.authorize.caller(bearer).await?;
    if caller.grant.has(Scope::Admin) { Ok(caller) } else { Err(Denied::NotGranted(Scope::Admin).into()) }
}

/// Whether an admin may make or end something that is good for `sites`: nobody gives what they do not have.
pub(crate) fn may_manage(caller: &Caller, sites: &[String]) -> Result<(), Problem> {
    if caller.grant.allows_all(sites, Scope::Admin) { Ok(()) } else { Err(Denied::NotGranted(Scope::Admin).into()) }
}

/// A grant as it is sent.
pub(crate) fn grant(state: &QueryState, sites: Vec<String>, scopes: &[String]) -> Result<Grant, Problem> {
    if sites.is_empty() || scopes.is_empty() {
        return Err(Problem::bad_request("invalid-grant", "name at least one site (`*` for all) and one scope"));
    }
    for site in &sites {
        if site != felt_http::ALL_SITES && state.sites.get(site).is_none() {
            let detail = format!("there is no site `{}`; `*` stands for all", short(site));
            return Err(Problem::bad_request("unknown-site", detail));
        }
    }
    let scope = |name: &String| {
        Scope::from_name(name).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::name);
            let detail = format!("there is no scope `{}`; there are {}", short(name), known.join(", "));
            let problem = Problem::bad_request("unknown-scope", detail);
            match crate::grammar::nearest(name, &known) {
                Some(near) => problem.field("did_you_mean", near),
                None => problem,
            }
        })
    };
    let scopes = scopes.iter().map(scope).collect::<Result<_, _>>()?;
    Ok(Grant { sites, scopes })
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// A body as JSON. It has to say that it is: a page of another site cannot send that without asking first.
pub(crate) async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "The body must be JSON")
            .detail("send `Content-Type: application/json`"));
    }
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large")
            .detail(format!("at most {BODY_BYTES_MAX} bytes are taken here"))
    })?;
    // The parser's own words would repeat what was sent, and that may be a password.
    serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let detail = format!("the body is not what this call takes ({place}); /api/v1/openapi.json has its shape");
        Problem::bad_request("invalid-body", detail)
    })
}

/// An answer that nobody keeps.
pub(crate) fn body(content_type: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One thing as `{"data": …}`.
pub(crate) fn one(status: StatusCode, data: impl Serialize) -> Response {
    let mut response = body("application/json", json!({ "data": data }).to_string().into_bytes());
    *response.status_mut() = status;
    response
}

/// Nothing, successfully.
pub(crate) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Rows as JSON, CSV or NDJSON.
pub(crate) fn rows(headers: &HeaderMap, rows: Vec<Record>) -> Response {
    match Format::accepted(headers) {
        Format::Json => one(StatusCode::OK, rows),
        format @ (Format::Csv | Format::Ndjson) => {
            body(format.content_type(), format.rows(&Answer::plain(Map::new(), 0, Data::Rows(rows))))
        }
    }
}
