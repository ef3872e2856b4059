//! `alert-routes`: where a site's alerts are sent. Only its admins see and write them.

use super::deliver;
use super::limits::ROUTES_MAX;
use super::routes::Route;
use crate::documents::calls::{author, room, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{self, Wrong};
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use serde::Serialize;

const UNKNOWN: &str = "there is no such route on this site";

/// Hours in which tickets wait; pages do not.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes what is written as JSON")]
pub struct QuietHours {
    /// Local time, as `22:00`.
    from: String,
    /// Local time.
    to: String,
    /// A time zone of the IANA database.
    tz: String,
}

/// A route.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes what is written as JSON")]
pub struct RouteRecord {
    /// Its id.
    id: String,
    /// `alertmanager`, `webhook`, `slack` or `pagerduty`.
    kind: String,
    /// Where.
    url: String,
    /// Whether it has one. It is never shown.
    has_secret: bool,
    /// When tickets wait.
    #[schema(required)]
    quiet_hours: Option<QuietHours>,
    /// Which alerts; all where the list is empty.
    severities: Vec<String>,
}

/// What `GET alert-routes` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RouteList {
    /// By their ids.
    pub data: Vec<RouteRecord>,
}

/// What `GET` and `PUT alert-routes/{id}` answer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RouteAnswer {
    /// The route.
    pub data: RouteRecord,
}

/// Where a site's alerts are sent.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/alert-routes", tag = "slos", operation_id = "alert_routes",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "By their ids; CSV and NDJSON too", body = RouteList), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn alert_routes(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::Admin).await?;
    let routes = Route::of_site(&state, &site).await.map_err(store_problem)?;
    Ok(reply::rows(&headers, routes.iter().map(|route| Record::of(route.shown())).collect()))
}

/// One route.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/alert-routes/{id}", tag = "slos", operation_id = "alert_route",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The route's id")),
    responses((status = 200, description = "The route", body = RouteAnswer), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn alert_route(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::Admin).await?;
    let found = Document::find(&state, Kind::AlertRoute, &site, &id).await.map_err(store_problem)?;
    let route = found.as_ref().and_then(Route::of);
    let route = route.ok_or_else(|| Problem::not_found(UNKNOWN))?;
    Ok(reply::one(StatusCode::OK, route.shown()))
}

/// Makes a route, or writes one anew: `{"kind", "url", "secret"?, "quiet_hours"?, "severities"?}`.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/alert-routes/{id}", tag = "slos", operation_id = "put_alert_route",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The route's id")),
    request_body(content((Object = "application/json"))),
    responses((status = 200, description = "It was there already", body = RouteAnswer),
        (status = 201, description = "It is new", body = RouteAnswer), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn put_alert_route(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    fields::check_id(&id)?;
    let mut wrong = Wrong::default();
    let route = Route::read(&id, fields::object(&headers, body).await?, &mut wrong);
    if let Some(route) = &route
        && let Err(refused) = deliver::check(&route.url, &state.config.alert_targets_allowed)
    {
        wrong.add("url", refused.to_string());
    }
    let route = wrong.check(route)?;
    let before = Document::of_site(&state, Kind::AlertRoute, &site).await.map_err(store_problem)?;
    let is_new = !before.iter().any(|document| document.id == id);
    if is_new {
        room(before.len(), ROUTES_MAX, "too-many-routes")?;
    }
    let body = route.to_json().to_string();
    Document::put(&state, Kind::AlertRoute, &site, &id, &body, &author).await.map_err(store_problem)?;
    state.alerts.tell.notify_one();
    Ok(reply::one(if is_new { StatusCode::CREATED } else { StatusCode::OK }, route.shown()))
}

/// Takes a route away. What waits for it is dropped.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/alert-routes/{id}", tag = "slos", operation_id = "delete_alert_route",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The route's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn delete_alert_route(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    take_back(&state, Kind::AlertRoute, (&site, &id), &author, UNKNOWN).await
}
