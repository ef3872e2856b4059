//! `GET /api/v1/audit`: the record, newest first, for admins; each sees what is about sites of theirs.

use super::Outcome;
use crate::format::Format;
use crate::grammar::{Fault, codec, rfc3339};
use crate::people::reply;
use crate::planner::scope::{Service, ServiceTable, Statement};
use crate::record::Record;
use crate::state::{QueryState, fault_problem, store_problem};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use felt_http::{ALL_SITES, Problem, Scope, bearer};
use felt_store::Param;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// Rows of a page where nobody says how many.
const LIMIT: u32 = 100;
/// Most rows of a page.
const LIMIT_MAX: u32 = 1_000;
/// The columns, in the order of the answer.
const COLUMNS: [&str; 11] =
    ["at", "actor_kind", "actor", "action", "site", "subject", "outcome", "client", "request", "detail", "id"];

/// Which rows.
#[derive(Debug, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParameters {
    /// RFC 3339, inclusive.
    pub from: Option<String>,
    /// RFC 3339, exclusive.
    pub to: Option<String>,
    /// A person's address or a token's id.
    pub actor: Option<String>,
    /// What was done, such as `token.create`; what ends in `*` is a beginning.
    pub action: Option<String>,
    /// A site's key.
    pub site: Option<String>,
    /// `accepted`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// Rows of a page, at most 1,000.
    pub limit: Option<u32>,
    /// Where the next page begins, as `meta.next` and `Link` tell it.
    pub cursor: Option<String>,
}

impl AuditParameters {
    /// Reads a query string; its words come back too, for the address of the next page.
    fn parse(query: &str) -> Result<(Self, Vec<(String, String)>), Fault> {
        let (mut ask, mut words) = (Self::default(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = codec::decode_form(value).ok_or_else(|| Fault::new(name, "this is not UTF-8"))?;
            let place = match name {
                "from" => &mut ask.from,
                "to" => &mut ask.to,
                "actor" => &mut ask.actor,
                "action" => &mut ask.action,
                "site" => &mut ask.site,
                "outcome" => &mut ask.outcome,
                "cursor" => &mut ask.cursor,
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    let fault = || Fault::new("limit", format!("this must be a whole number from 1 to {LIMIT_MAX}"));
                    ask.limit = Some(limit.ok_or_else(fault)?);
                    words.push((name.to_owned(), value));
                    continue;
                }
                _ => return Err(Fault::unknown(name, "parameter", name, PARAMETERS)),
            };
            *place = Some(value.clone());
            words.push((name.to_owned(), value));
        }
        Ok((ask, words))
    }
}

/// The parameters' names.
const PARAMETERS: [&str; 8] = ["from", "to", "actor", "action", "site", "outcome", "limit", "cursor"];

/// A row of the record.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// When.
    at: String,
    /// `person`, `token`, `link`, `command_line` or `anyone`.
    actor_kind: String,
    /// The person's address, or the token's id.
    actor: String,
    /// What was done.
    action: String,
    /// The site that it is about.
    site: String,
    /// What it was done to.
    subject: String,
    /// `accepted`, `refused` or `failed`.
    outcome: String,
    /// The network that it came from.
    client: String,
    /// The request's id.
    request: String,
    /// More, in words.
    detail: String,
    /// The row's own id.
    id: String,
}

/// The record, or a page of it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditList {
    /// Newest first.
    data: Vec<AuditEntry>,
    /// What follows.
    meta: AuditMeta,
}

/// Where the record goes on.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AuditMeta {
    /// Query string of the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
}

/// The record of writes, newest first. An admin of all sites sees all of it, an admin of some what is about them.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "access", operation_id = "audit", params(AuditParameters),
    responses((status = 200, description = "Rows, newest first", body = AuditList,
        headers(("Link" = String, description = "The next page, where there is one: rel=next"))), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn audit(
    State(state): State<QueryState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let (ask, words) = AuditParameters::parse(query.as_deref().unwrap_or_default()).map_err(fault_problem)?;
    let sites = (!caller.grant.allows(ALL_SITES, Scope::Admin)).then_some(caller.grant.sites);
    let limit = ask.limit.unwrap_or(LIMIT);
    let statement = statement(&ask, sites, limit)?;
    let rows = state
        .store
        .query_json(statement.sql(), &statement.params(), state.config.limits())
        .await
        .map_err(store_problem)?;
    let more = rows.len() > limit as usize;
    let rows: Vec<Vec<Value>> = rows.into_iter().take(limit as usize).collect();
    let next = more.then(|| rows.last().map(|row| next(&words, row))).flatten();
    let records: Vec<Record> = rows.into_iter().map(record).collect();

    let mut response = match Format::accepted(&headers) {
        Format::Json => {
            let body = serde_json::json!({"data": records, "meta": {"next": next}});
            reply::body("application/json", body.to_string().into_bytes())
        }
        Format::Csv | Format::Ndjson => reply::rows(&headers, records),
    };
    if let Some(next) = &next
        && let Ok(link) = format!("</api/v1/audit?{next}>; rel=\"next\"").parse()
    {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn statement(ask: &AuditParameters, sites: Option<Vec<String>>, limit: u32) -> Result<Statement, Problem> {
    let mut service = Service::of(ServiceTable::Audit);
    let mut conditions = Vec::new();
    for (parameter, text, comparison) in [("from", &ask.from, ">="), ("to", &ask.to, "<")] {
        if let Some(text) = text {
            let at = service.bind("Int64", Param::Int(instant(parameter, text)?));
            conditions.push(format!("at {comparison} fromUnixTimestamp64Milli({at}, 'UTC')"));
        }
    }
    if let Some(outcome) = &ask.outcome {
        let known = Outcome::ALL.map(Outcome::name);
        if !known.contains(&outcome.as_str()) {
            return Err(fault_problem(Fault::unknown("outcome", "outcome", outcome, known)));
        }
    }
    for (column, value) in [("actor", &ask.actor), ("site", &ask.site), ("outcome", &ask.outcome)] {
        if let Some(value) = value {
            let value = service.bind("String", Param::Text(value.clone()));
            conditions.push(format!("{column} = {value}"));
        }
    }
    if let Some(action) = &ask.action {
        let (text, comparison) = match action.strip_suffix('*') {
            Some(beginning) => (beginning, "startsWith(action, "),
            None => (action.as_str(), "equals(action, "),
        };
        let text = service.bind("String", Param::Text(text.to_owned()));
        conditions.push(format!("{comparison}{text})"));
    }
    if let Some(sites) = sites {
        let sites = service.bind("Array(String)", Param::Texts(sites));
        conditions.push(format!("has({sites}, site)"));
    }
    if let Some(cursor) = &ask.cursor {
        let (at, id) =
            cursor.split_once('.').and_then(|(at, id)| Some((at.parse::<i64>().ok()?, id))).ok_or_else(|| {
                Problem::bad_request("invalid-cursor", "the cursor is not one of ours: take it from `meta.next`")
            })?;
        let at = service.bind("Int64", Param::Int(at));
        let id = service.bind("String", Param::Text(id.to_owned()));
        conditions.push(format!("(toUnixTimestamp64Milli(at), id) < ({at}, {id})"));
    }
    let mut rest = String::new();
    if !conditions.is_empty() {
        let _ = write!(rest, "WHERE {} ", conditions.join(" AND "));
    }
    let _ = write!(rest, "ORDER BY at DESC, id DESC LIMIT {}", limit + 1);
    let columns = COLUMNS.map(|column| match column {
        "at" => "toUnixTimestamp64Milli(at)",
        other => other,
    });
    Ok(service.statement(&columns.join(", "), &rest))
}

fn instant(parameter: &'static str, text: &str) -> Result<i64, Problem> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    at.map(|at| at.as_millisecond())
        .map_err(|_| fault_problem(Fault::new(parameter, "this must be an instant such as 2026-11-22T10:00:00Z")))
}

fn record(row: Vec<Value>) -> Record {
    let mut record = Record::new();
    for (name, value) in COLUMNS.iter().zip(row) {
        let value = if *name == "at" { value.as_i64().map(rfc3339).into() } else { value };
        record.push(*name, value);
    }
    record
}

/// The query string of the page after `row`.
fn next(words: &[(String, String)], row: &[Value]) -> String {
    let at = row.first().and_then(Value::as_i64).unwrap_or_default();
    let id = row.last().and_then(Value::as_str).unwrap_or_default();
    let cursor = ("cursor".to_owned(), format!("{at}.{id}"));
    let kept = words.iter().filter(|(name, _)| name != "cursor").chain([&cursor]);
    kept.map(|(name, value)| format!("{name}={}", codec::encode(value))).collect::<Vec<_>>().join("&")
}
