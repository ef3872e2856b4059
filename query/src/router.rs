//! The routes of the query role, and what each of their answers passes on its way out.

use crate::calls::{self, Parts};
use crate::grammar::nearest;
use crate::state::QueryState;
use crate::{
    alerts, assets, attribution, audit, compare, crux, erase, events, feedback, headers, impact, incidents, journeys,
    links, marks, openapi, page_rules, people, prometheus, scales, sessions, slos, tokens,
};
use axum::extract::Path;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, delete, get, post, put};
use axum::{Extension, Router};
use felt_http::Problem;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// Every GET of the API below a site, with its handler. The paths are those of the OpenAPI document.
fn site_calls() -> [(&'static str, MethodRouter<QueryState>); 15] {
    [
        ("/api/v1/sites/{site}/schema", get(calls::schema)),
        ("/api/v1/sites/{site}/values/{dimension}", get(calls::values)),
        ("/api/v1/sites/{site}/summary", get(calls::summary)),
        ("/api/v1/sites/{site}/series", get(calls::series)),
        ("/api/v1/sites/{site}/breakdown", get(calls::breakdown)),
        ("/api/v1/sites/{site}/distribution", get(calls::distribution)),
        ("/api/v1/sites/{site}/health", get(calls::health)),
        ("/api/v1/sites/{site}/compare", get(compare::compare)),
        ("/api/v1/sites/{site}/changes", get(compare::changes)),
        ("/api/v1/sites/{site}/sessions", get(sessions::sessions)),
        ("/api/v1/sites/{site}/sessions/{id}", get(sessions::session)),
        ("/api/v1/sites/{site}/attribution", get(attribution::attribution)),
        ("/api/v1/sites/{site}/feedback", get(feedback::feedback)),
        ("/api/v1/sites/{site}/impact", get(impact::impact)),
        ("/api/v1/sites/{site}/incidents/{id}/impact", get(impact::incident_impact)),
    ]
}

/// Who may come in, and what they wrote, with the methods that there are.
fn access_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 12] {
    let session = get(people::session).post(people::sign_in).delete(people::sign_out);
    [
        ("/api/v1/session", session, "GET, HEAD, POST, DELETE"),
        ("/api/v1/session/password", put(people::change_own_password), "PUT"),
        ("/api/v1/session/oidc", get(people::oidc_start), "GET, HEAD"),
        ("/api/v1/session/oidc/callback", get(people::oidc_callback), "GET, HEAD"),
        ("/api/v1/tokens", get(tokens::tokens).post(tokens::create_token), "GET, HEAD, POST"),
        ("/api/v1/tokens/{id}", delete(tokens::revoke_token), "DELETE"),
        ("/api/v1/people", get(people::people).post(people::add_person), "GET, HEAD, POST"),
        ("/api/v1/people/{email}", delete(people::remove_person), "DELETE"),
        ("/api/v1/people/{email}/password", put(people::set_password), "PUT"),
        ("/api/v1/audit", get(audit::audit), "GET, HEAD"),
        ("/api/v1/sites/{site}/links", get(links::links).post(links::make_link), "GET, HEAD, POST"),
        ("/api/v1/sites/{site}/links/{id}", delete(links::revoke_link), "DELETE"),
    ]
}

/// Scales, with the methods that there are.
fn scale_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 3] {
    [
        ("/api/v1/sites/{site}/scales", get(scales::scales), "GET, HEAD"),
        ("/api/v1/sites/{site}/scales/preview", post(scales::preview_scales), "POST"),
        ("/api/v1/sites/{site}/scales/{id}", put(scales::put_scale).delete(scales::delete_scale), "PUT, DELETE"),
    ]
}

/// Page rules, with the methods that there are.
fn page_rule_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 2] {
    let rules = get(page_rules::page_rules).put(page_rules::put_page_rules).delete(page_rules::delete_page_rules);
    [
        ("/api/v1/sites/{site}/page-rules", rules, "GET, HEAD, PUT, DELETE"),
        ("/api/v1/sites/{site}/page-rules/preview", post(page_rules::preview_page_rules), "POST"),
    ]
}

/// Promises, with the methods that there are.
fn slo_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 14] {
    let route = get(alerts::alert_route).put(alerts::put_alert_route).delete(alerts::delete_alert_route);
    let slo = get(slos::slo).put(slos::put_slo).delete(slos::delete_slo);
    [
        ("/api/v1/sites/{site}/slos", get(slos::slos), "GET, HEAD"),
        ("/api/v1/sites/{site}/slos/{id}", slo, "GET, HEAD, PUT, DELETE"),
        ("/api/v1/sites/{site}/slos/{id}/budget", get(slos::slo_budget), "GET, HEAD"),
        ("/api/v1/sites/{site}/slos/{id}/spenders", get(slos::slo_spenders), "GET, HEAD"),
        (
            "/api/v1/sites/{site}/slos/{id}/corrections",
            get(slos::slo_corrections).post(slos::correct_slo),
            "GET, HEAD, POST",
        ),
        ("/api/v1/sites/{site}/slos/{id}/corrections/{correction}", delete(slos::uncorrect_slo), "DELETE"),
        ("/api/v1/sites/{site}/slos/{id}/backtest", post(slos::backtest_slo), "POST"),
        ("/api/v1/sites/{site}/slos/{id}/suggest", get(slos::suggest_slo), "GET, HEAD"),
        ("/api/v1/sites/{site}/alerts", get(alerts::alerts), "GET, HEAD"),
        ("/api/v1/sites/{site}/alerts/{id}/acknowledge", post(alerts::acknowledge_alert), "POST"),
        ("/api/v1/sites/{site}/silences", get(alerts::silences).post(alerts::silence), "GET, HEAD, POST"),
        ("/api/v1/sites/{site}/silences/{id}", delete(alerts::end_silence), "DELETE"),
        ("/api/v1/sites/{site}/alert-routes", get(alerts::alert_routes), "GET, HEAD"),
        ("/api/v1/sites/{site}/alert-routes/{id}", route, "GET, HEAD, PUT, DELETE"),
    ]
}

/// Incidents, with the methods that there are.
fn incident_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 2] {
    let incident = get(incidents::incident).put(incidents::put_incident).delete(incidents::delete_incident);
    let all = get(incidents::incidents).post(incidents::declare_incident);
    [
        ("/api/v1/sites/{site}/incidents", all, "GET, HEAD, POST"),
        ("/api/v1/sites/{site}/incidents/{id}", incident, "GET, HEAD, PUT, DELETE"),
    ]
}

/// What Prometheus and its friends ask.
fn prometheus_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 8] {
    let both = "GET, HEAD, POST";
    [
        ("/metrics/sites/{site}", get(prometheus::site_metrics), "GET, HEAD"),
        ("/prometheus/api/v1/query", get(prometheus::query).post(prometheus::query), both),
        ("/prometheus/api/v1/query_range", get(prometheus::query_range).post(prometheus::query_range), both),
        ("/prometheus/api/v1/series", get(prometheus::series).post(prometheus::series), both),
        ("/prometheus/api/v1/labels", get(prometheus::labels).post(prometheus::labels), both),
        ("/prometheus/api/v1/label/{name}/values", get(prometheus::label_values), "GET, HEAD"),
        ("/prometheus/api/v1/metadata", get(prometheus::metadata), "GET, HEAD"),
        ("/prometheus/api/v1/status/buildinfo", get(prometheus::buildinfo), "GET, HEAD"),
    ]
}

/// Marks on the line of time, with the methods that there are.
fn mark_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 4] {
    let annotation = put(marks::change_annotation).delete(marks::delete_annotation);
    [
        ("/api/v1/sites/{site}/releases", get(marks::releases).post(marks::mark_release), "GET, HEAD, POST"),
        ("/api/v1/sites/{site}/releases/{release}", delete(marks::delete_release), "DELETE"),
        ("/api/v1/sites/{site}/annotations", get(marks::annotations).post(marks::annotate), "GET, HEAD, POST"),
        ("/api/v1/sites/{site}/annotations/{id}", annotation, "PUT, DELETE"),
    ]
}

/// The CrUX API's calls, also under the paths that its clients ask.
fn crux_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 4] {
    [
        ("/api/v1/records:queryRecord", post(crux::query_record), "POST"),
        ("/api/v1/records:queryHistoryRecord", post(crux::query_history_record), "POST"),
        ("/v1/records:queryRecord", post(crux::query_record), "POST"),
        ("/v1/records:queryHistoryRecord", post(crux::query_history_record), "POST"),
    ]
}

/// Journeys and what argues about scales, with the methods that there are.
fn journey_calls() -> [(&'static str, MethodRouter<QueryState>, &'static str); 5] {
    let journey = get(journeys::journey).put(journeys::put_journey).delete(journeys::delete_journey);
    [
        ("/api/v1/sites/{site}/journeys", get(journeys::journeys), "GET, HEAD"),
        ("/api/v1/sites/{site}/journeys/{id}", journey, "GET, HEAD, PUT, DELETE"),
        ("/api/v1/sites/{site}/journeys/{id}/funnel", get(journeys::journey_funnel), "GET, HEAD"),
        ("/api/v1/sites/{site}/journeys/{id}/speed", get(journeys::journey_speed), "GET, HEAD"),
        ("/api/v1/sites/{site}/calibration", get(scales::calibration), "GET, HEAD"),
    ]
}

/// The paths of the API, for tests that hold the document against them.
pub fn paths() -> Vec<&'static str> {
    let others = [
        "/api/v1/sites",
        "/api/v1/batch",
        "/api/v1/openapi.json",
        "/api/v1/sites/{site}/erasures",
        "/api/v1/sites/{site}/erasures/{id}",
    ];
    let access = access_calls().map(|(path, ..)| path);
    let slos = slo_calls().map(|(path, ..)| path);
    let marks = mark_calls().map(|(path, ..)| path);
    let prometheus = prometheus_calls().map(|(path, ..)| path);
    // Under their other paths they are the same calls.
    let crux = crux_calls().map(|(path, ..)| path).into_iter().filter(|path| path.starts_with("/api/"));
    let journeys = journey_calls().map(|(path, ..)| path).into_iter().chain(scale_calls().map(|(path, ..)| path));
    let journeys = journeys.chain(page_rule_calls().map(|(path, ..)| path));
    let incidents = incident_calls().map(|(path, ..)| path);
    let sites = site_calls().map(|(path, _)| path).into_iter();
    let sites = sites.chain(access).chain(slos).chain(marks).chain(prometheus).chain(crux).chain(journeys);
    sites.chain(incidents).chain(others).collect()
}

/// The API and the dashboard. It brings the fallback of the whole server: whatever is nothing else is the dashboard.
pub fn router(state: QueryState) -> Router {
    // Here and not earlier: by now the process has installed its recorder.
    events::describe();
    let mut reads: Router<QueryState> = Router::new().route("/api/v1/sites", get(calls::sites).fallback(reads_only));
    for (path, handler) in site_calls() {
        reads = reads.route(path, handler.fallback(reads_only));
    }
    let erasures = Router::new()
        .route("/api/v1/sites/{site}/erasures", get(erase::erasures).post(erase::erase).fallback(gets_and_posts_only))
        .route("/api/v1/sites/{site}/erasures/{id}", get(erase::erasure).fallback(reads_only))
        .with_state(state.clone());
    let access = with_methods(&access_calls())
        .merge(with_methods(&prometheus_calls()))
        .merge(with_methods(&crux_calls()))
        .with_state(state.clone());
    let reads = reads.merge(with_methods(&slo_calls())).merge(with_methods(&mark_calls()));
    let reads = reads.merge(with_methods(&journey_calls())).merge(with_methods(&scale_calls()));
    let reads = reads.merge(with_methods(&page_rule_calls()));
    let reads = reads.merge(with_methods(&incident_calls())).with_state(state.clone());
    // Parts of a batch are answered as they are, and compressed with the whole. They are GETs, whatever else a path takes.
    let parts = reads.clone().route("/api/v1/sites/{site}/{call}", any(unknown_call)).fallback(no_such_path);
    let batch = post(calls::batch).fallback(posts_only).layer(Extension(Parts(parts)));
    let compress = CompressionLayer::new()
        .br(true)
        .gzip(true)
        .quality(CompressionLevel::Precise(4))
        .compress_when(SizeAbove::new(1024).and(NotForContentType::IMAGES));
    let api = reads
        .route("/api/v1/batch", batch)
        .merge(erasures)
        .merge(access)
        .route("/api/v1/openapi.json", get(openapi::document).fallback(reads_only))
        .route("/prometheus/{*call}", any(prometheus::unknown))
        .route("/api/v1/sites/{site}/{call}", any(unknown_call))
        .layer(compress)
        // What comes last here is passed first: who asks and from where, then the record of writes, then the call.
        .layer(from_fn_with_state(state.clone(), audit::record_writes))
        .layer(from_fn_with_state(state.clone(), people::guard));
    api.fallback(assets::serve).layer(from_fn_with_state(state, headers::add))
}

/// Routes with the methods that there are.
fn with_methods(calls: &[(&'static str, MethodRouter<QueryState>, &'static str)]) -> Router<QueryState> {
    let mut router = Router::new();
    for (path, handler, methods) in calls.iter().cloned() {
        router = router.route(path, handler.fallback(async move || Problem::method_not_allowed(methods)));
    }
    router
}

async fn reads_only(_: Method) -> Response {
    Problem::method_not_allowed("GET, HEAD").into_response()
}

async fn gets_and_posts_only(_: Method) -> Response {
    Problem::method_not_allowed("GET, HEAD, POST").into_response()
}

async fn posts_only(_: Method) -> Response {
    Problem::method_not_allowed("POST").into_response()
}

/// A part of a batch that no call of the API answers.
async fn no_such_path() -> Problem {
    Problem::not_found("there is no such path; /api/v1/openapi.json has all of them")
}

/// A call that is not there, or not there yet.
async fn unknown_call(Path((_, call)): Path<(String, String)>) -> Problem {
    let known = [
        "schema",
        "values",
        "summary",
        "series",
        "breakdown",
        "distribution",
        "health",
        "compare",
        "changes",
        "releases",
        "annotations",
        "journeys",
        "scales",
        "page-rules",
        "calibration",
        "slos",
        "alerts",
        "attribution",
        "sessions",
        "feedback",
        "incidents",
        "impact",
    ];
    let problem = Problem::not_found(format!("there is no such call; there are: {}", known.join(", ")));
    match nearest(&call, &known) {
        Some(near) => problem.field("did_you_mean", near),
        None => problem,
    }
}
