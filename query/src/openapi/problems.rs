//! How calls fail, as the document tells it.

// The fields only describe.
#![allow(dead_code)]

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// One of several faults.
#[derive(Serialize, ToSchema)]
pub struct ProblemError {
    /// The parameter.
    parameter: String,
    /// What is wrong.
    detail: String,
    /// The nearest thing that would be right.
    did_you_mean: Option<String>,
}

/// A problem, RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// Kind of the problem.
    r#type: String,
    /// The kind, for people.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong this time and what to do.
    detail: Option<String>,
    /// For an unknown word: the nearest that is known.
    did_you_mean: Option<String>,
    /// Every fault of the question.
    errors: Option<Vec<ProblemError>>,
}

/// How a call can fail.
#[derive(IntoResponses)]
pub enum Problems {
    /// The question cannot be understood; `errors` tells every fault.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(#[to_schema] ProblemBody),
    /// No token, or one that is not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemBody),
    /// The token is not for this site or scope.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemBody),
    /// There is no such site or call.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemBody),
    /// The question costs too much.
    #[response(status = 422, content_type = "application/problem+json")]
    TooExpensive(#[to_schema] ProblemBody),
    /// Too many questions about the site at once; `Retry-After` says when to come back.
    #[response(status = 429, content_type = "application/problem+json")]
    Busy(#[to_schema] ProblemBody),
    /// The store does not answer; `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemBody),
}
