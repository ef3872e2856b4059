//! `incidents` and `incidents/{id}`: reading needs `read:metrics`, declaring `write:slos`.

use super::incident::{INCIDENTS_MAX, Incident};
use super::shapes::{IncidentAnswer, IncidentBody, IncidentList, IncidentRow};
use crate::documents::calls::{author, room, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{check_id, object};
use crate::grammar::{Call, Query};
use crate::people::reply;
use crate::state::{QueryState, fault_problem, store_problem};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};

const UNKNOWN: &str = "there is no such incident on this site";

/// The incidents that touch a time, or all of them where none is given; the newest first.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/incidents", tag = "impact", operation_id = "incidents",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::HealthParameters),
    responses((status = 200, description = "A row per incident; CSV and NDJSON too", body = IncidentList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn incidents(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let text = query.unwrap_or_default();
    let query = Query::parse(Call::Incidents, &text)?;
    let window = query.range.resolve(state.clock.now_ms()).map_err(fault_problem)?;
    let (from_ms, to_ms) = if text.is_empty() { (i64::MIN, i64::MAX) } else { window };
    let mut found = Incident::of_site(&state, &site).await?;
    found.retain(|(_, incident)| incident.from_ms < to_ms && incident.to_ms.is_none_or(|end_ms| end_ms > from_ms));
    found.sort_by(|one, other| other.1.from_ms.cmp(&one.1.from_ms).then_with(|| one.0.id.cmp(&other.0.id)));
    let rows = found.iter().map(|(document, incident)| IncidentRow::of(document, incident).record());
    Ok(reply::rows(&headers, rows.collect()))
}

/// Declares an incident; its id is made of its title and day.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/incidents", tag = "impact", operation_id = "declare_incident",
    params(("site" = String, Path, description = "The site's key")),
    request_body = IncidentBody,
    responses((status = 201, description = "It is declared", body = IncidentAnswer), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn declare_incident(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    let incident = Incident::read(object(&headers, body).await?, state.clock.now_ms())?;
    let known = Incident::of_site(&state, &site).await?;
    room(known.len(), INCIDENTS_MAX, "too-many-incidents")?;
    let taken: Vec<&str> = known.iter().map(|(document, _)| document.id.as_str()).collect();
    let document = incident.save(&state, &site, &incident.id_of(&taken), &author).await?;
    Ok(reply::one(StatusCode::CREATED, IncidentRow::of(&document, &incident)))
}

/// One incident.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/incidents/{id}", tag = "impact", operation_id = "incident",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The incident's id")),
    responses((status = 200, description = "The incident", body = IncidentAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn incident(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (document, incident) = find(&state, &site, &id, &headers).await?;
    Ok(reply::one(StatusCode::OK, IncidentRow::of(&document, &incident)))
}

/// Declares an incident of that id, or says anew what it was: when it is over, for one.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/incidents/{id}", tag = "impact", operation_id = "put_incident",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The incident's id")),
    request_body = IncidentBody,
    responses((status = 200, description = "It was there already", body = IncidentAnswer),
        (status = 201, description = "It is new", body = IncidentAnswer), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn put_incident(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    check_id(&id)?;
    let incident = Incident::read(object(&headers, body).await?, state.clock.now_ms())?;
    let known = Incident::of_site(&state, &site).await?;
    let there = known.iter().any(|(document, _)| document.id == id);
    if !there {
        room(known.len(), INCIDENTS_MAX, "too-many-incidents")?;
    }
    let document = incident.save(&state, &site, &id, &author).await?;
    let status = if there { StatusCode::OK } else { StatusCode::CREATED };
    Ok(reply::one(status, IncidentRow::of(&document, &incident)))
}

/// Takes an incident back.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/incidents/{id}", tag = "impact", operation_id = "delete_incident",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The incident's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn delete_incident(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    take_back(&state, Kind::Incident, (&site, &id), &author, UNKNOWN).await
}

/// The incident of that id, for whoever may read about the site.
pub(crate) async fn find(
    state: &QueryState,
    site: &str,
    id: &str,
    headers: &HeaderMap,
) -> Result<(Document, Incident), Problem> {
    state.site(site, felt_http::bearer(headers), Scope::ReadMetrics).await?;
    let document = Document::find(state, Kind::Incident, site, id).await.map_err(store_problem)?.ok_or_else(unknown)?;
    let incident = serde_json::from_str(&document.body).map_err(|_| unknown())?;
    Ok((document, incident))
}

fn unknown() -> Problem {
    Problem::not_found(UNKNOWN)
}
