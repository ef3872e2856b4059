//! Errors as Google's APIs write them: `{"error": {"code", "message", "status"}}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use felt_http::Problem;
use http::StatusCode;
use serde_json::json;

/// Why there is no record.
#[derive(Debug)]
pub(super) enum CruxFault {
    /// The question has to be mended.
    Invalid(String),
    /// There are no page views of that.
    NoData,
    /// Anything that every call may meet.
    Other(Problem),
}

impl From<Problem> for CruxFault {
    fn from(problem: Problem) -> Self {
        CruxFault::Other(problem)
    }
}

impl IntoResponse for CruxFault {
    fn into_response(self) -> Response {
        let (code, message) = match self {
            CruxFault::Invalid(message) => (StatusCode::BAD_REQUEST, message),
            CruxFault::NoData => (StatusCode::NOT_FOUND, "chrome ux report data not found".to_owned()),
            CruxFault::Other(problem) => return google(problem),
        };
        (code, Json(body(code, &message))).into_response()
    }
}

fn body(code: StatusCode, message: &str) -> serde_json::Value {
    // The names of <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>.
    let status = match code.as_u16() {
        400 | 413 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        422 => "OUT_OF_RANGE",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    json!({"error": {"code": code.as_u16(), "message": message, "status": status}})
}

/// A problem in their envelope, with the headers that it carries.
fn google(problem: Problem) -> Response {
    let (code, told) = (problem.status(), problem.to_json());
    let message = told["detail"].as_str().or(told["title"].as_str()).unwrap_or_default();
    let (mut parts, _) = problem.into_response().into_parts();
    for name in [http::header::CONTENT_TYPE, http::header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    (parts.headers, (code, Json(body(code, message)))).into_response()
}
