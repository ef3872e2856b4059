//! `GET /livez`, `/readyz` and `/metrics`: what orchestrators and Prometheus ask of every role.
//!
//! Alive means that the process answers. Ready means that it can do its job: every [`Check`] says so. A check may also say
//! `degraded`: the job is done, but somebody should look; that is a 200, because taking the process away would make it worse.

use crate::RequestContext;
use crate::telemetry::PrometheusHandle;
use async_trait::async_trait;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::{StatusCode, header};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// A check that takes longer than this counts as not ready.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// What a check found. The order is from good to bad: the worst of all checks is the role's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Does its job.
    Ready,
    /// Does its job, with the reason why somebody should look.
    Degraded(String),
    /// Cannot do its job, with the reason and what would mend it.
    NotReady(String),
}

impl Readiness {
    fn name(&self) -> &'static str {
        match self {
            Readiness::Ready => "ready",
            Readiness::Degraded(_) => "degraded",
            Readiness::NotReady(_) => "not_ready",
        }
    }

    fn reason(self) -> Option<String> {
        match self {
            Readiness::Ready => None,
            Readiness::Degraded(reason) | Readiness::NotReady(reason) => Some(reason),
        }
    }
}

/// One thing that a role needs for its job.
#[async_trait]
pub trait Check: Send + Sync {
    /// What is checked, in a word: `log`, `store`.
    fn name(&self) -> &'static str;
    /// How it is now. Cheap: probes come every second, from several sides.
    async fn check(&self) -> Readiness;
}

/// All checks of a process.
#[derive(Clone, Default)]
pub struct Checks(Vec<Arc<dyn Check>>);

impl Checks {
    /// No checks: ready as soon as it answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, check: Arc<dyn Check>) -> Self {
        self.0.push(check);
        self
    }
}

/// `/livez`, `/readyz`, `/metrics`.
pub fn router(checks: Checks, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz).with_state(checks))
        .route("/metrics", get(render_metrics).with_state(metrics))
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    checks: Vec<CheckAnswer>,
}

#[derive(Serialize)]
struct CheckAnswer {
    name: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

async fn readyz(State(checks): State<Checks>, context: Option<Extension<RequestContext>>) -> Response {
    let found = futures::future::join_all(checks.0.iter().map(|check| async {
        let readiness = tokio::time::timeout(CHECK_TIMEOUT, check.check()).await;
        (check.name(), readiness.unwrap_or_else(|_| Readiness::NotReady("the check had no answer within 2 s".into())))
    }));
    let mut found = found.await;
    if context.is_some_and(|context| context.draining.has_begun()) {
        found.push(("process", Readiness::NotReady("shutting down".into())));
    }
    let worst = found.iter().map(|(_, readiness)| readiness).max();
    let code = match worst {
        Some(Readiness::NotReady(_)) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let status = worst.map_or("ready", Readiness::name);
    let checks = found
        .into_iter()
        .map(|(name, readiness)| CheckAnswer { name, status: readiness.name(), reason: readiness.reason() })
        .collect();
    (code, [(header::CACHE_CONTROL, "no-store")], Json(Answer { status, checks })).into_response()
}

async fn render_metrics(State(metrics): State<PrometheusHandle>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}
