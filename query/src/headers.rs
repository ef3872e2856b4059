//! The headers that every answer of the query role carries, whoever made it: what a browser may do with it, who may
//! frame or embed it, and that nobody keeps what is somebody's own.

use crate::state::QueryState;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Of the dashboard's files and of everything that a browser may be led to show: nothing from elsewhere, nothing
/// inline, no frames. `unsafe-inline` is not needed: figures are drawn with attributes and classes.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'self'";
/// What a page of ours has no use for.
const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), \
                           microphone=(), payment=(), usb=()";
/// Two years, as browsers' preload lists want it; without `includeSubDomains`, which is not ours to decide.
const TRANSPORT: &str = "max-age=63072000";

/// Unless the handler set its own.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds them.
pub(crate) async fn add(State(state): State<QueryState>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let secure = state.config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
        || crate::people::Whence::of(&request, &state.config).secure;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT));
    }
    if is_api {
        // What nobody said may be kept is not kept.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("cookie"));
    }
    response
}
