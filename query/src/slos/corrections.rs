//! Spans that a promise does not count, with the reason why: a maintenance that was announced, a fault of the measuring.

use super::calls::known;
use crate::alerts::{instant, new_id};
use crate::documents::{Document, Kind};
use crate::fields::{self, Fields, Wrong};
use crate::grammar::rfc3339;
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_store::StoreError;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// Most corrections of one SLO.
const CORRECTIONS_MAX: usize = 500;
/// Longest one: a year.
const CORRECTION_MS_MAX: i64 = 366 * 86_400_000;
/// Bytes of a reason.
const REASON_BYTES_MAX: usize = 1_024;

/// A span that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Correction {
    id: String,
    slo: String,
    from_ms: i64,
    to_ms: i64,
    reason: String,
    author: String,
}

impl Correction {
    fn of(document: &Document) -> Option<Self> {
        let Ok(Value::Object(mut object)) = serde_json::from_str(&document.body) else { return None };
        let slo = object.remove("slo")?.as_str()?.to_owned();
        let mut wrong = Wrong::default();
        let read = Self::read(&document.id, &slo, &document.author, Fields::of(object, ""), &mut wrong);
        wrong.check(read).ok()
    }

    fn read(id: &str, slo: &str, author: &str, mut fields: Fields, wrong: &mut Wrong) -> Option<Self> {
        let from_ms = instant(&mut fields, "from", wrong);
        let to_ms = instant(&mut fields, "to", wrong);
        let reason = fields.required("reason", REASON_BYTES_MAX, wrong);
        fields.end(wrong);
        match (from_ms, to_ms) {
            (Some(from_ms), Some(to_ms)) if to_ms <= from_ms => wrong.add("to", "must be after `from`"),
            (Some(from_ms), Some(to_ms)) if to_ms - from_ms > CORRECTION_MS_MAX => {
                wrong.add("to", "is more than a year after `from`");
            }
            (Some(_), Some(_)) => {}
            (from_ms, _) => {
                let missing = if from_ms.is_none() { "from" } else { "to" };
                wrong.add(missing, "is missing: an instant such as 2026-11-01T10:00:00Z");
            }
        }
        let (id, slo, author) = (id.to_owned(), slo.to_owned(), author.to_owned());
        Some(Self { id, slo, from_ms: from_ms?, to_ms: to_ms?, reason: reason?, author })
    }

    fn to_json(&self) -> Value {
        json!({"id": self.id, "from": rfc3339(self.from_ms), "to": rfc3339(self.to_ms), "reason": self.reason, "author": self.author})
    }

    /// In Unix seconds: every minute that it touches.
    fn span(&self) -> Range<i64> {
        self.from_ms.div_euclid(60_000) * 60..(self.to_ms + 59_999).div_euclid(60_000) * 60
    }
}

async fn of_slo(state: &QueryState, site: &str, slo: &str) -> Result<Vec<Correction>, StoreError> {
    let documents = Document::of_site(state, Kind::Correction, site).await?;
    let mut found: Vec<Correction> = documents.iter().filter_map(Correction::of).collect();
    found.retain(|correction| correction.slo == slo);
    found.sort_by_key(|correction| correction.from_ms);
    Ok(found)
}

/// The spans that a promise does not count, in Unix seconds.
pub(crate) async fn spans(state: &QueryState, site: &str, slo: &str) -> Result<Vec<Range<i64>>, StoreError> {
    Ok(of_slo(state, site, slo).await?.iter().map(Correction::span).collect())
}

/// The same of every promise, by site and id.
pub(crate) async fn everywhere(state: &QueryState) -> Result<BTreeMap<(String, String), Vec<Range<i64>>>, StoreError> {
    let mut spans: BTreeMap<_, Vec<Range<i64>>> = BTreeMap::new();
    for document in Document::everywhere(state, Kind::Correction).await? {
        if let Some(correction) = Correction::of(&document) {
            spans.entry((document.site, correction.slo.clone())).or_default().push(correction.span());
        }
    }
    Ok(spans)
}

/// A span that a promise does not count.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(dead_code, reason = "it describes what is written as JSON")]
pub struct CorrectionRecord {
    /// Its id.
    id: String,
    /// Inclusive; whole minutes.
    from: String,
    /// Exclusive.
    to: String,
    /// Why.
    reason: String,
    /// Who said so.
    author: String,
}

/// What `GET slos/{id}/corrections` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CorrectionList {
    /// In their order.
    pub data: Vec<CorrectionRecord>,
}

/// What `POST slos/{id}/corrections` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CorrectionAnswer {
    /// The correction.
    pub data: CorrectionRecord,
}

/// The spans that a promise does not count.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos/{id}/corrections", tag = "slos", operation_id = "slo_corrections",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    responses((status = 200, description = "In their order; CSV and NDJSON too", body = CorrectionList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slo_corrections(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let found = of_slo(&state, &site, &id).await.map_err(store_problem)?;
    Ok(reply::rows(&headers, found.iter().map(|correction| Record::of(correction.to_json())).collect()))
}

/// Says that a span does not count: `{"from", "to", "reason"}`. Budget, burn, alerts and coverage pass over it.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/slos/{id}/corrections", tag = "slos", operation_id = "correct_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    request_body(content((Object = "application/json"))),
    responses((status = 201, description = "The correction", body = CorrectionAnswer), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn correct_slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    known(&state, &site, &id, &headers, Scope::WriteSlos).await?;
    let caller = state.authorize.caller(felt_http::bearer(&headers)).await?;
    let mut wrong = Wrong::default();
    let read = Correction::read(&new_id(), &id, &caller.name, fields::object(&headers, body).await?, &mut wrong);
    let correction = wrong.check(read)?;
    if of_slo(&state, &site, &id).await.map_err(store_problem)?.len() >= CORRECTIONS_MAX {
        let detail = format!("an SLO has at most {CORRECTIONS_MAX} corrections: take one back first");
        return Err(Problem::bad_request("too-many-corrections", detail));
    }
    let mut kept = correction.to_json();
    if let Some(fields) = kept.as_object_mut() {
        fields.remove("id");
        fields.remove("author");
        fields.insert("slo".into(), id.clone().into());
    }
    let kept = kept.to_string();
    let put = Document::put(&state, Kind::Correction, &site, &correction.id, &kept, &caller.name).await;
    put.map_err(store_problem)?;
    Ok(reply::one(StatusCode::CREATED, correction.to_json()))
}

/// Takes a correction back: the span counts again.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/slos/{id}/corrections/{correction}", tag = "slos", operation_id = "uncorrect_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id"),
        ("correction" = String, Path, description = "The correction's id")),
    responses((status = 204, description = "It counts again"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn uncorrect_slo(
    State(state): State<QueryState>,
    Path((site, id, correction)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    known(&state, &site, &id, &headers, Scope::WriteSlos).await?;
    let caller = state.authorize.caller(felt_http::bearer(&headers)).await?;
    let found = of_slo(&state, &site, &id).await.map_err(store_problem)?;
    if !found.iter().any(|known| known.id == correction) {
        return Err(Problem::not_found("there is no such correction of this SLO"));
    }
    Document::delete(&state, Kind::Correction, &site, &correction, &caller.name).await.map_err(store_problem)?;
    Ok(reply::nothing())
}
