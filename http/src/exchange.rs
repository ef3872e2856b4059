//! The way of one request through the server, outermost step first. It is one function and not a tower of layers: the order can be
//! read from top to bottom, and nothing is boxed on the way.

use crate::deadline::{DeadlineBody, Patience};
use crate::events::{self, ServerMetrics};
use crate::inflight::{Draining, InFlight};
use crate::memory::Memory;
use crate::request_id::{self, RequestId};
use crate::wire::Seen;
use crate::{Problem, ServerLimits};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::Request};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::any::Any;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::Service;

/// What a handler may want to know of its request beyond the request itself; in the request's extensions. One value, because
/// each further extension costs every request an allocation.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The connection's other end. Behind a proxy that is the proxy.
    pub peer: SocketAddr,
    /// The request's name in answers and logs.
    pub id: RequestId,
    /// Lifts the deadlines of a request that streams.
    pub patience: Patience,
    /// Whether the server is shutting down.
    pub draining: Draining,
}

/// How much of a refused request is taken in, and how long: it holds buffers meanwhile.
const PASS_OVER_BYTES_MAX: usize = 1 << 20;
const PASS_OVER_TIME_MAX: Duration = Duration::from_millis(100);

/// What every request of one listener shares.
pub(crate) struct Exchange {
    pub(crate) router: Router,
    pub(crate) limits: ServerLimits,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) metrics: ServerMetrics,
    pub(crate) memory: Option<Arc<Memory>>,
}

impl Exchange {
    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        peer: SocketAddr,
        seen: &Seen,
        request: http::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let in_flight = self.in_flight.enter();
        // 1. Request id: before anything that could fail, so that every answer and every log line carries it.
        let request_id = RequestId::of(request.headers());
        // 2. Trace and metrics: see refusals, panics and timeouts as well.
        let begin = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        // 3. Draining: what was accepted is answered, what comes now is refused. Probes go on.
        //    Short of memory, the same. A request of two lengths is nobody's to guess.
        let refusal = if is_probe(uri.path()) { None } else { self.refusal(&request, seen, &request_id) };
        let mut response = match refusal {
            Some(problem) => {
                let response = problem.into_response();
                pass_over(request).await;
                response
            }
            None => self.bounded(peer, request, &request_id, uri.path()).await,
        };
        if self.in_flight.closes_connections() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        // 7. Security headers, unless the handler set its own.
        add_security_headers(response.headers_mut());
        self.metrics.answered(&method, uri.path(), response.status(), begin.elapsed(), request_id.as_str());
        response.headers_mut().insert(request_id::HEADER, request_id.0);
        drop(in_flight);
        Ok(response)
    }

    /// Why this request is not looked at.
    fn refusal(&self, request: &http::Request<Incoming>, seen: &Seen, id: &RequestId) -> Option<Problem> {
        let wait = Duration::from_secs(1);
        if self.in_flight.is_draining() {
            events::refused_draining();
            return Some(Problem::unavailable("shutting-down", "this process is shutting down, send it again", wait));
        }
        if self.memory.as_ref().is_some_and(|memory| memory.is_short()) {
            events::refused_memory();
            let problem = Problem::unavailable("no-memory", "memory is short, send it again later", wait);
            return Some(problem.header(header::CONNECTION, HeaderValue::from_static("close")));
        }
        if seen.is_ambiguous() && request.headers().contains_key(header::TRANSFER_ENCODING) {
            events::refused_ambiguous(id.as_str());
            let problem =
                Problem::bad_request("two-lengths", "state `Content-Length` or `Transfer-Encoding`, not both");
            return Some(problem.header(header::CONNECTION, HeaderValue::from_static("close")));
        }
        None
    }

    async fn bounded(
        &self,
        peer: SocketAddr,
        request: http::Request<Incoming>,
        id: &RequestId,
        path: &str,
    ) -> Response {
        let patience = Patience::default();
        // 6. Body deadline: a body that trickles ends in an error, whoever reads it.
        let mut request: Request = request.map(|body| {
            let (limit, memory) = (self.limits.body_timeout(), self.memory.clone());
            Body::new(DeadlineBody::new(body, limit, patience.clone(), memory))
        });
        let draining = Draining(self.in_flight.clone());
        request.extensions_mut().insert(RequestContext { peer, id: id.clone(), patience: patience.clone(), draining });

        let mut router = self.router.clone();
        // 4. Panic: costs this request, not the process.
        let handled = AssertUnwindSafe(async move { router.call(request).await }).catch_unwind();
        tokio::pin!(handled);
        // 5. Answer timeout, unless the handler asked for patience.
        let outcome = match tokio::time::timeout(self.limits.answer_timeout(), &mut handled).await {
            Ok(outcome) => outcome,
            Err(_) if patience.is_lifted() => handled.await,
            Err(_) => {
                events::timed_out(id.as_str(), path);
                let detail = "the service had no answer in time, send it again";
                return Problem::unavailable("timeout", detail, Duration::from_secs(1)).into_response();
            }
        };
        match outcome {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(panic) => {
                events::panicked(id.as_str(), path, panic_message(&*panic));
                Problem::internal().field("request_id", id.as_str()).into_response()
            }
        }
    }
}

/// Takes what a refused client has sent already, so that it can read its answer instead of finding the connection reset. One that waits
/// to be asked for its body is not asked.
async fn pass_over(request: http::Request<Incoming>) {
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    let mut body = request.into_body();
    let mut passed = 0;
    let end = async {
        while let Some(Ok(frame)) = body.frame().await {
            passed += frame.data_ref().map_or(0, |data| data.len());
            if passed > PASS_OVER_BYTES_MAX {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PASS_OVER_TIME_MAX, end).await;
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}

/// What protects a browser that is led to show our answers. A handler that needs other values sets its own.
fn add_security_headers(headers: &mut HeaderMap) {
    const POLICY: &str =
        "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
    const ALWAYS: [(HeaderName, &str); 2] =
        [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::REFERRER_POLICY, "no-referrer")];
    if headers.contains_key(header::CONTENT_TYPE) {
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    }
}
