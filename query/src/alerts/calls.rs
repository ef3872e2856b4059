//! `alerts`: what burns too fast, or did, and who takes care of it.

use super::deliver::link;
use super::evaluator::announce;
use super::record::{self, RESOLVED};
use super::silences::{self, Silence};
use crate::grammar::rfc3339;
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::rows::AlertRow;
use serde::Serialize;

/// An alert.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AlertRecord {
    /// Its id, which receivers know repetitions by.
    pub id: String,
    /// The SLO.
    pub slo: String,
    /// The promise in plain words.
    pub promise: String,
    /// The rule: `page_fast`, `page_slow`, `ticket_fast` or `ticket_slow`.
    pub rule: String,
    /// `page` or `ticket`.
    pub severity: String,
    /// `pending`, `firing` or `resolved`. A rule that is inactive has no alert.
    pub state: String,
    /// Since when the rule holds, or held.
    pub since: String,
    /// When it was over; null while it goes on.
    #[schema(required)]
    pub resolved_at: Option<String>,
    /// What people felt.
    pub words: String,
    /// The page that spends most; null where pages do not tell.
    #[schema(required)]
    pub page: Option<String>,
    /// The screen that shows it.
    pub url: String,
    /// Until when nobody is told; null when they are.
    #[schema(required)]
    pub silenced_until: Option<String>,
    /// Who takes care of it; null while nobody said so.
    #[schema(required)]
    pub acknowledged_by: Option<String>,
}

/// What `GET alerts` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AlertList {
    /// What goes on first, then the latest.
    pub data: Vec<AlertRecord>,
}

/// What `POST alerts/{id}/acknowledge` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AlertAnswer {
    /// The alert.
    pub data: AlertRecord,
}

impl AlertRecord {
    fn of(state: &QueryState, alert: AlertRow, silences: &[Silence]) -> Self {
        let minute = |minute: i64| rfc3339(minute * 60_000);
        let word = |text: String| (!text.is_empty()).then_some(text);
        let silenced = silences::until_ms(silences, &alert, state.clock.now_ms());
        let url = link(state.config.public_url.as_deref(), &alert.site, &alert.slo);
        Self {
            since: minute(alert.since),
            resolved_at: (alert.state == RESOLVED).then(|| minute(alert.resolved)),
            silenced_until: silenced.filter(|_| alert.state != RESOLVED).map(rfc3339),
            url,
            id: alert.id,
            slo: alert.slo,
            promise: alert.promise,
            rule: alert.rule,
            severity: alert.severity,
            state: alert.state,
            words: alert.words,
            page: word(alert.page),
            acknowledged_by: word(alert.acknowledged_by),
        }
    }
}

/// The alerts of a site: what goes on, and what did.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/alerts", tag = "slos", operation_id = "alerts",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "What goes on first, then the latest; CSV and NDJSON too", body = AlertList),
        crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn alerts(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let found = record::of_site(&state, &site).await.map_err(store_problem)?;
    let silences = Silence::of_site(&state, &site).await.map_err(store_problem)?;
    let rows = found.into_iter().map(|alert| AlertRecord::of(&state, alert, &silences));
    Ok(reply::rows(&headers, rows.filter_map(|row| Some(Record::of(serde_json::to_value(row).ok()?))).collect()))
}

/// Says that the caller takes care of it. PagerDuty is told; saying it again changes the name.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/alerts/{id}/acknowledge", tag = "slos", operation_id = "acknowledge_alert",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The alert's id")),
    responses((status = 200, description = "The alert", body = AlertAnswer), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn acknowledge_alert(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let bearer = felt_http::bearer(&headers);
    state.site(&site, bearer, Scope::WriteSlos).await?;
    let caller = state.authorize.caller(bearer).await?;
    let found = record::find(&state, &site, &id).await.map_err(store_problem)?;
    let mut alert = found.ok_or_else(|| Problem::not_found("there is no such alert on this site"))?;
    if alert.state == RESOLVED {
        return Err(Problem::bad_request("resolved", "this alert is over already"));
    }
    alert.acknowledged_by = if caller.name.is_empty() { caller.kind.name().to_owned() } else { caller.name };
    announce(&state, &alert, "acknowledged").await.map_err(store_problem)?;
    let alert = record::save(&state, alert).await.map_err(store_problem)?;
    state.alerts.tell.notify_one();
    let silences = Silence::of_site(&state, &site).await.map_err(store_problem)?;
    Ok(reply::one(StatusCode::OK, AlertRecord::of(&state, alert, &silences)))
}
