//! The way of one request through the server, outermost step first. It is one function and not a tower of layers: the order can be
//! read from top to bottom, and nothing is boxed on the way.

use crate::deadline::{DeadlineBody, Patience};
use crate::events::{self, ServerMetrics};
use crate::inflight::{Draining, InFlight};
use crate::request_id::{self, RequestId};
use crate::{Problem, ServerLimits};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::Request};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
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

/// What every request of one listener shares.
pub(crate) struct Exchange {
    pub(crate) router: Router,
    pub(crate) limits: ServerLimits,
    pub(crate) in_flight: Arc<InFlight>,
    pub(crate) metrics: ServerMetrics,
}

impl Exchange {
    /// Answers one request.
    pub(crate) async fn answer(
        self: Arc<Self>,
        peer: SocketAddr,
        request: http::Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let in_flight = self.in_flight.enter();
        // 1. Request id: before anything that could fail, so that every answer and every log line carries it.
        let request_id = RequestId::of(request.headers());
        // 2. Trace and metrics: see refusals, panics and timeouts as well.
        let begin = Instant::now();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        // 3. Draining: what was accepted is answered, what comes now is refused. Probes go on.
        let mut response = if self.in_flight.is_draining() && !is_probe(uri.path()) {
            events::refused_draining();
            Problem::unavailable(
                "shutting-down",
                "this process is shutting down, send it again",
                Duration::from_secs(1),
            )
            .into_response()
        } else {
            self.bounded(peer, request, &request_id, uri.path()).await
        };
        if self.in_flight.is_draining() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        // 7. Security headers, unless the handler set its own.
        add_security_headers(response.headers_mut());
        self.metrics.answered(&method, uri.path(), response.status(), begin.elapsed(), request_id.as_str());
        response.headers_mut().insert(request_id::HEADER, request_id.0);
        drop(in_flight);
        Ok(response)
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
        let mut request: Request =
            request.map(|body| Body::new(DeadlineBody::new(body, self.limits.body_timeout(), patience.clone())));
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
