//! `page-rules`: reading and trying out need `read:metrics`, writing `admin`.

use super::preview::{self, PATHS_MAX, Preview};
use super::shapes::{PageRuleList, PageRulesDefinition, PageRulesPreview, PageRulesQuestion};
use crate::documents::calls::{author, looked_at, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong, object};
use crate::grammar::rfc3339;
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use crate::words::{grouped, last};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::limits::PAGE_BYTES_MAX;
use felt_schema::page::{PageRule, RULES_MAX, RulesVersion, SiteRules};
use felt_schema::scale::takes_effect_ms;
use serde_json::{Value, json};

/// The id of a site's one list.
const ID: &str = "page-rules";
/// The time that a preview looks at where nobody says.
const PREVIEW_RANGE: &str = "7d";
/// Most of a site's former lists, the newest first, that a view's page is looked for in.
const LISTS_MAX: usize = 10;
/// Most bytes of a range.
const RANGE_BYTES_MAX: usize = 64;

/// The rules that name pages, in the order in which they are tried: the site's own list as it was written last, else the
/// configuration's.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/page-rules", tag = "page-rules", operation_id = "page_rules",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "In their order; CSV and NDJSON too", body = PageRuleList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn page_rules(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let versions = Document::versions(&state, Kind::PageRules, &site).await.map_err(store_problem)?;
    Ok(reply::rows(&headers, rows(&state, &site, &versions)))
}

/// Sets the site's own list, which stands in place of the configuration's. It holds for what arrives from the next full minute on
/// that is at least a minute away, and changes nothing before.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/page-rules", tag = "page-rules", operation_id = "put_page_rules",
    params(("site" = String, Path, description = "The site's key")),
    request_body = PageRulesDefinition,
    responses((status = 200, description = "It is a new version", body = PageRuleList),
        (status = 201, description = "It is the site's first", body = PageRuleList), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn put_page_rules(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    let (mut fields, mut wrong) = (object(&headers, body).await?, Wrong::default());
    let rules = read(&mut fields, &mut wrong);
    fields.end(&mut wrong);
    let rules = wrong.check(rules)?;
    let mut versions = Document::versions(&state, Kind::PageRules, &site).await.map_err(store_problem)?;
    let new = versions.last().is_none_or(|version| version.deleted);
    let text = serde_json::to_string(&rules).map_err(|_| Problem::internal())?;
    versions.push(Document::put(&state, Kind::PageRules, &site, ID, &text, &author).await.map_err(store_problem)?);
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::one(status, rows(&state, &site, &versions)))
}

/// Takes the site's own list back: the configuration's rules hold again, from the next full minute on that is at least a minute away.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/page-rules", tag = "page-rules", operation_id = "delete_page_rules",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn delete_page_rules(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    take_back(&state, Kind::PageRules, (&site, ID), &author, "this site has no page rules of its own").await
}

/// Under which pages the page views of a time would have been counted by other rules. Nothing is changed.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/page-rules/preview", tag = "page-rules", operation_id = "preview_page_rules",
    params(("site" = String, Path, description = "The site's key")),
    request_body = PageRulesQuestion,
    responses((status = 200, description = "The pages as they would be", body = PageRulesPreview), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn preview_page_rules(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let (mut fields, mut wrong) = (object(&headers, body).await?, Wrong::default());
    let range = fields.text("range", RANGE_BYTES_MAX, &mut wrong).unwrap_or_else(|| PREVIEW_RANGE.into());
    let rules = read(&mut fields, &mut wrong);
    fields.end(&mut wrong);
    let rules = wrong.check(rules)?;
    let window = looked_at(&range, state.clock.now_ms())?;
    let versions = Document::versions(&state, Kind::PageRules, &site).await.map_err(store_problem)?;
    let own = SiteRules::of(versions.iter().filter_map(version).collect());
    let lists = own.eras().iter().rev().filter_map(|era| era.rules.as_deref());
    let mut held: Vec<&[PageRule]> = lists.take(LISTS_MAX).collect();
    held.extend(state.sites.get(&site).map(|site| site.page_rules.as_slice()));
    let statement = preview::statement(&site, window);
    let mut found: Vec<(String, String, i64)> =
        state.rows("page-rules", &site, &statement).await?.into_iter().filter_map(path_of).collect();
    let mut warnings = Vec::new();
    if found.len() > PATHS_MAX {
        found.truncate(PATHS_MAX);
        warnings.push(format!("only the {PATHS_MAX} paths with the most views were looked at"));
    }
    // Off the threads that answer: two hundred patterns for each of many paths.
    let told = tokio::task::spawn_blocking({
        let held: Vec<Vec<PageRule>> = held.into_iter().map(<[PageRule]>::to_vec).collect();
        move || preview::preview(&found, &rules, &held.iter().map(Vec::as_slice).collect::<Vec<_>>())
    });
    let told = told.await.map_err(|_| Problem::internal())?;
    let pages: Vec<Value> = told.pages.iter().map(page).collect();
    Ok(reply::one(
        StatusCode::OK,
        json!({
            "from": rfc3339(window.from_ms), "to": rfc3339(window.to_ms), "views": told.views, "changed": told.changed, "by_site": told.by_site,
            "words": words(&range, &told), "pages": pages, "warnings": warnings,
        }),
    ))
}

fn page(page: &preview::Page) -> Value {
    json!({"page": page.page, "views": page.views, "paths": page.paths, "example": page.example, "was": page.was})
}

fn words(range: &str, told: &Preview) -> String {
    let last = last(range);
    let moved = match (told.views, told.changed) {
        (0, _) => format!("There were no page views in {last}."),
        (_, 0) => format!("With these rules every page view of {last} would be under the page where it is."),
        (views, changed) => {
            let (changed, views) = (grouped(changed), grouped(views));
            format!("With these rules {changed} of {views} page views of {last} would be under another page.")
        }
    };
    match told.by_site {
        0 => moved,
        by_site => {
            format!("{moved} At least {} of them are named by the site itself (route): those stay.", grouped(by_site))
        }
    }
}

fn path_of(row: Vec<Value>) -> Option<(String, String, i64)> {
    Some((row.first()?.as_str()?.to_owned(), row.get(1)?.as_str()?.to_owned(), row.get(2)?.as_i64()?))
}

/// Reads the list; `None` when something is wrong with it, which is then told.
fn read(fields: &mut Fields, wrong: &mut Wrong) -> Option<Vec<PageRule>> {
    let items = fields.list("rules", 1, RULES_MAX, wrong)?;
    let mut rules = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let Some(mut item) = fields.item("rules", index, item, wrong) else { continue };
        let mut text = |field| item.required(field, PAGE_BYTES_MAX, wrong);
        let (pattern, page) = (text("pattern"), text("page"));
        let missing = [("pattern", pattern.is_none()), ("page", page.is_none())];
        let rule = PageRule { pattern: pattern.unwrap_or_default(), page: page.unwrap_or_default() };
        // What is not there was told already.
        let faults = rule.faults().filter(|(field, _)| !missing.contains(&(*field, true)));
        faults.for_each(|(field, message)| wrong.add(item.name(field), message));
        rules.push(rule);
        item.end(wrong);
    }
    Some(rules)
}

/// What a version says; `None` of one that cannot be read.
fn version(document: &Document) -> Option<RulesVersion> {
    let rules = if document.deleted { None } else { Some(serde_json::from_str(&document.body).ok()?) };
    Some(RulesVersion { written_ms: document.version_ms, rules })
}

/// The newest list, with whose it is. One that was taken back still holds for a moment; then the configuration's says from when on.
fn rows(state: &QueryState, site: &str, versions: &[Document]) -> Vec<Record> {
    let now_ms = state.clock.now_ms();
    let since_ms = versions.last().map(|newest| takes_effect_ms(newest.version_ms));
    let row = |rule: &PageRule, source: &str, since_ms: Option<i64>| {
        Record::new()
            .with("pattern", rule.pattern.as_str())
            .with("page", rule.page.as_str())
            .with("source", source)
            .with("since", since_ms.map(rfc3339))
            .with("in_effect", since_ms.is_none_or(|since_ms| since_ms <= now_ms))
    };
    let newest = versions.last().and_then(|newest| Some((newest, version(newest)?.rules?)));
    match newest {
        Some((newest, rules)) => {
            let own = rules.iter().map(|rule| row(rule, "own", since_ms));
            own.map(|row| row.with("version", versions.len()).with("author", newest.author.as_str())).collect()
        }
        None => {
            let configured = state.sites.get(site).map(|site| site.page_rules.as_slice()).unwrap_or_default();
            let since_ms = since_ms.filter(|since_ms| *since_ms > now_ms);
            let configured = configured.iter().map(|rule| row(rule, "configuration", since_ms));
            configured.map(|row| row.with("version", 0).with("author", Value::Null)).collect()
        }
    }
}
