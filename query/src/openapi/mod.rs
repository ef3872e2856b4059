//! The OpenAPI 3.1 document, generated from the handlers. What the handlers answer is made of counts at run time; the
//! shapes here describe it, and a test holds the answers against them.

mod parameters;
mod problems;
mod shapes;
mod visits;

pub use parameters::*;
pub use problems::{ProblemBody, ProblemError, Problems};
pub use shapes::*;
pub use visits::*;

use crate::calls::{self, BatchAnswer, BatchPart, BatchQuestion};
use axum::http::header;
use axum::response::IntoResponse;
use std::sync::LazyLock;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Felt",
        description = "How happy the visitors of a site are, and why. Times are RFC 3339 in UTC, ratios 0 to 1, what was not \
                       measured is null. Every list is also CSV (`Accept: text/csv`) and NDJSON (`application/x-ndjson`).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        calls::sites,
        calls::schema,
        calls::values,
        calls::summary,
        calls::series,
        calls::breakdown,
        calls::distribution,
        calls::health,
        crate::sessions::sessions,
        crate::sessions::session,
        crate::attribution::attribution,
        crate::feedback::feedback,
        crate::crux::query_record,
        crate::crux::query_history_record,
        calls::batch,
        crate::compare::compare,
        crate::compare::changes,
        crate::marks::releases,
        crate::marks::mark_release,
        crate::marks::delete_release,
        crate::marks::annotations,
        crate::marks::annotate,
        crate::marks::change_annotation,
        crate::marks::delete_annotation,
        crate::people::session,
        crate::people::sign_in,
        crate::people::sign_out,
        crate::people::change_own_password,
        crate::people::oidc_start,
        crate::people::oidc_callback,
        crate::people::people,
        crate::people::add_person,
        crate::people::remove_person,
        crate::people::set_password,
        crate::tokens::tokens,
        crate::tokens::create_token,
        crate::tokens::revoke_token,
        crate::links::links,
        crate::links::make_link,
        crate::links::revoke_link,
        crate::audit::audit,
        crate::erase::erase,
        crate::erase::erasure,
        crate::erase::erasures,
        crate::journeys::journeys,
        crate::journeys::journey,
        crate::journeys::put_journey,
        crate::journeys::delete_journey,
        crate::journeys::journey_funnel,
        crate::journeys::journey_speed,
        crate::scales::scales,
        crate::scales::put_scale,
        crate::scales::delete_scale,
        crate::scales::preview_scales,
        crate::scales::calibration,
        crate::page_rules::page_rules,
        crate::page_rules::put_page_rules,
        crate::page_rules::delete_page_rules,
        crate::page_rules::preview_page_rules,
        crate::slos::slos,
        crate::slos::slo,
        crate::slos::put_slo,
        crate::slos::delete_slo,
        crate::slos::slo_budget,
        crate::slos::slo_spenders,
        crate::prometheus::site_metrics,
        crate::prometheus::query,
        crate::prometheus::query_range,
        crate::prometheus::series,
        crate::prometheus::labels,
        crate::prometheus::label_values,
        crate::prometheus::metadata,
        crate::prometheus::buildinfo,
        crate::slos::slo_corrections,
        crate::slos::correct_slo,
        crate::slos::uncorrect_slo,
        crate::slos::backtest_slo,
        crate::slos::suggest_slo,
        crate::alerts::alerts,
        crate::alerts::acknowledge_alert,
        crate::alerts::silences,
        crate::alerts::silence,
        crate::alerts::end_silence,
        crate::alerts::alert_routes,
        crate::alerts::alert_route,
        crate::alerts::put_alert_route,
        crate::alerts::delete_alert_route,
        crate::incidents::incidents,
        crate::incidents::declare_incident,
        crate::incidents::incident,
        crate::incidents::put_incident,
        crate::incidents::delete_incident,
        crate::impact::impact,
        crate::impact::incident_impact,
        document
    ),
    components(schemas(ProblemBody, ProblemError, BatchQuestion, BatchPart, BatchAnswer)),
    modifiers(&Bearer),
    tags(
        (name = "metrics", description = "What visitors felt and what was measured"),
        (name = "sessions", description = "Single visits, and the words of visitors"),
        (name = "schema", description = "What can be asked"),
        (name = "marks", description = "Releases and annotations on the line of time"),
        (name = "journeys", description = "Ways through the site: who finishes them, and where the others leave"),
        (name = "scales", description = "What views are judged by, and whether the data agree"),
        (name = "page-rules", description = "Which paths are one page"),
        (name = "slos", description = "Promises on what people felt, and how they stand"),
        (name = "prometheus", description = "For Prometheus and Grafana"),
        (name = "impact", description = "Incidents, and whom a time hurt"),
        (name = "privacy", description = "Erasing a person, with the proof of it"),
        (name = "access", description = "Who may come in: sessions, people, tokens, share links; and the record of writes"),
        (name = "health", description = "Whether the figures can be trusted")
    )
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
        let description = "What `POST /api/v1/session` sets; over plain http on this machine it is called \
                           `felt-session`. Whatever is no GET needs the header `X-Felt-CSRF` beside it.";
        let cookie = ApiKeyValue::with_description("__Host-felt-session", description);
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "schema", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], JSON.as_str())
}
