//! Errors as RFC 9457 problems: `application/problem+json` with a text that says what the caller should do.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use std::time::Duration;

/// What a fallible handler returns.
pub type ProblemResult<T> = Result<T, Problem>;

/// The shortest span over which refused callers are spread.
const RETRY_SPREAD_MIN: Duration = Duration::from_secs(3);

/// One problem, <https://www.rfc-editor.org/rfc/rfc9457>. Boxed, because it travels in the error side of every `Result`.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    fields: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of its own kind. `slug` names the kind for programs (`urn:felt:problem:SLUG`), `title` for people; both are the
    /// same whenever this kind occurs.
    pub fn new(status: StatusCode, slug: &'static str, title: &'static str) -> Self {
        let (detail, fields, headers) = (String::new(), Map::new(), Vec::new());
        Self(Box::new(Parts { status, slug, title, detail, fields, headers }))
    }

    /// 400: the request must be mended before it is sent again.
    pub fn bad_request(slug: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, "The request is not valid").detail(detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found").detail(detail)
    }

    /// 405, with the methods that do work here (`"GET, POST"`).
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed")
            .detail(format!("use one of: {allow}"))
            .header(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// 500: our fault. The text stays in the log, the caller learns the request's id only.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error")
            .detail("this is a fault of the service; its log has more under this request's id")
    }

    /// 503: not now; try again after about `wait`. The header carries a jittered time, so that refused callers do not return at once.
    pub fn unavailable(slug: &'static str, detail: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, slug, "Not available at the moment")
            .detail(detail)
            .retry_jittered(wait)
    }

    /// 429: less often. The caller may try again after `wait`; the header carries a jittered time, never less than that.
    pub fn too_many_requests(slug: &'static str, detail: impl Into<String>, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, slug, "Too many requests").detail(detail).retry_jittered(wait)
    }

    /// The sentence about this one occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// An additional member, such as `did_you_mean` or `errors`.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The path, or another address, of what this is about.
    #[must_use]
    pub fn instance(self, instance: &str) -> Self {
        self.field("instance", instance)
    }

    /// An additional header of the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// `Retry-After`, in whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = (wait.as_secs_f64().ceil() as u64).max(1);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// `Retry-After` somewhere from `wait` to three times `wait`, and to 3 s later at least: whoever was refused together does not return
    /// together.
    #[must_use]
    pub fn retry_jittered(self, wait: Duration) -> Self {
        let spread = (wait * 2).max(RETRY_SPREAD_MIN);
        self.retry_after(wait + spread.mul_f64(rand::random()))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The kind, as programs know it.
    pub fn slug(&self) -> &'static str {
        self.0.slug
    }

    /// The problem as the JSON object that a caller sees; for answers that carry problems inside, such as a batch.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), format!("urn:felt:problem:{}", self.0.slug).into());
        object.insert("title".into(), self.0.title.into());
        object.insert("status".into(), self.0.status.as_u16().into());
        if !self.0.detail.is_empty() {
            object.insert("detail".into(), self.0.detail.as_str().into());
        }
        for (name, value) in &self.0.fields {
            object.insert(name.clone(), value.clone());
        }
        Value::Object(object)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.title, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json().to_string()));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.0.headers {
            headers.append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_carries_its_kind_its_text_and_what_was_added() {
        let problem = Problem::bad_request("unknown-metric", "there is no metric `lpc`").field("did_you_mean", "lcp");
        let json = problem.to_json();
        assert_eq!(json["type"], "urn:felt:problem:unknown-metric");
        assert_eq!(json["status"], 400);
        assert_eq!(json["did_you_mean"], "lcp");
        let response = problem.into_response();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }

    #[test]
    fn retry_after_is_whole_seconds_and_jitter_stays_in_its_bounds() {
        for _ in 0..200 {
            let response = Problem::unavailable("log-down", "", Duration::from_secs(2)).into_response();
            let seconds: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((2..=6).contains(&seconds), "{seconds}");
        }
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let response = Problem::too_many_requests("rate", "", Duration::from_millis(3)).into_response();
            seen.insert(response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap());
        }
        assert!(seen.iter().all(|seconds| (1..=4).contains(seconds)) && seen.len() >= 3, "not all at once: {seen:?}");
    }
}
