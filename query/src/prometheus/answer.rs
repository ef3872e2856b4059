//! Prometheus' envelope: `{"status":"success","data":…}`, or what went wrong.
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview>

use super::promql::{Labels, PromqlError, ReadError, Series, Value};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Denied, Problem};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// What goes wrong, as the document tells it.
#[derive(Serialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it only describes")]
pub struct FailureBody {
    /// Always `error`.
    status: String,
    /// The kind, as Prometheus names it: `bad_data`, `execution`, `unauthorized`, …
    #[serde(rename = "errorType")]
    error_type: String,
    /// What is wrong.
    error: String,
}

/// How a call of Prometheus' API can fail.
#[derive(utoipa::IntoResponses)]
#[allow(dead_code, reason = "it only describes")]
pub enum Failures {
    /// A parameter is missing or cannot be read, or the expression is no PromQL.
    #[response(status = 400)]
    Bad(#[to_schema] FailureBody),
    /// No token, or one that is not known.
    #[response(status = 401)]
    Unauthorized(#[to_schema] FailureBody),
    /// The token is not for this site or scope.
    #[response(status = 403)]
    Forbidden(#[to_schema] FailureBody),
    /// There is no such site or call.
    #[response(status = 404)]
    NotFound(#[to_schema] FailureBody),
    /// The expression is not of the part that is answered, or costs too much.
    #[response(status = 422)]
    Execution(#[to_schema] FailureBody),
    /// Too many questions at once; `Retry-After` says when to come back.
    #[response(status = 429)]
    Busy(#[to_schema] FailureBody),
    /// The store does not answer; `Retry-After` says when to come back.
    #[response(status = 503)]
    Unavailable(#[to_schema] FailureBody),
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    kind: &'static str,
    message: String,
    problem: Option<Problem>,
}

impl Failure {
    /// The question itself is wrong.
    pub fn bad(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "bad_data", message: message.into(), problem: None }
    }

    /// There is no such call.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, kind: "not_found", message: message.into(), problem: None }
    }
}

impl From<PromqlError> for Failure {
    fn from(error: PromqlError) -> Self {
        let message = error.to_string();
        match error {
            PromqlError::Syntax(_) => Self::bad(format!("invalid parameter \"query\": {message}")),
            PromqlError::Unsupported(_) | PromqlError::Execution(_) => {
                Self { status: StatusCode::UNPROCESSABLE_ENTITY, kind: "execution", message, problem: None }
            }
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        let kind = match status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::UNPROCESSABLE_ENTITY => "execution",
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            status if status.is_client_error() => "bad_data",
            _ => "internal",
        };
        let json = problem.to_json();
        let message = json["detail"].as_str().or_else(|| json["title"].as_str()).unwrap_or_default().to_owned();
        Self { status, kind, message, problem: Some(problem) }
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Problem::from(denied).into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Problem(problem) => problem.into(),
            ReadError::Promql(error) => error.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"status": "error", "errorType": self.kind, "error": self.message});
        // The problem's own headers say when to come back, and how to sign in.
        let mut response = self.problem.map_or_else(|| Response::new(Body::empty()), Problem::into_response);
        *response.status_mut() = self.status;
        let body = body.to_string();
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from(body);
        head(&mut response);
        response
    }
}

fn head(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// A successful answer.
pub fn success(data: Json) -> Response {
    let mut response = Response::new(Body::from(json!({"status": "success", "data": data}).to_string()));
    head(&mut response);
    response
}

/// What an expression is worth at one moment.
pub fn instant(value: Value, time_ms: i64) -> Json {
    let at = |number: f64| json!([seconds(time_ms), text(number)]);
    match value {
        Value::Text(text) => json!({"resultType": "string", "result": [seconds(time_ms), text]}),
        Value::Scalar(numbers) => {
            json!({"resultType": "scalar", "result": at(numbers.first().copied().unwrap_or(f64::NAN))})
        }
        Value::Vector(mut series) => {
            series.sort_by(|one, other| one.labels.cmp(&other.labels));
            let one = |series: &Series| {
                let value = series.values.first().copied().flatten()?;
                Some(json!({"metric": metric(&series.labels), "value": at(value)}))
            };
            json!({"resultType": "vector", "result": series.iter().filter_map(one).collect::<Vec<_>>()})
        }
    }
}

/// What an expression is worth over time. A text has no such answer.
pub fn matrix(value: Value, times_ms: &[i64]) -> Result<Json, PromqlError> {
    let mut series = match value {
        Value::Text(_) => return Err(PromqlError::Execution("a text cannot be drawn over time".into())),
        Value::Scalar(numbers) => {
            vec![Series { labels: Labels::new(), values: numbers.into_iter().map(Some).collect() }]
        }
        Value::Vector(series) => series,
    };
    series.sort_by(|one, other| one.labels.cmp(&other.labels));
    let one = |series: &Series| {
        let points = times_ms.iter().zip(&series.values);
        let values: Vec<Json> = points.filter_map(|(ms, value)| Some(json!([seconds(*ms), text((*value)?)]))).collect();
        (!values.is_empty()).then(|| json!({"metric": metric(&series.labels), "values": values}))
    };
    Ok(json!({"resultType": "matrix", "result": series.iter().filter_map(one).collect::<Vec<_>>()}))
}

/// Labels as an object.
pub fn metric(labels: &Labels) -> Json {
    labels
        .iter()
        .map(|(name, value)| (name.clone(), Json::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn seconds(ms: i64) -> Json {
    if ms % 1_000 == 0 { Json::from(ms / 1_000) } else { Json::from(ms as f64 / 1e3) }
}

/// A value as Prometheus writes it.
fn text(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".into()
    } else if value == f64::NEG_INFINITY {
        "-Inf".into()
    } else {
        value.to_string()
    }
}
