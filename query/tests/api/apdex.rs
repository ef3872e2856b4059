//! Apdex: the specification's worked cases through the API, and what of a page view is held against which target.

use super::support::Service;
use axum::http::StatusCode;
use felt_schema::anchors::LEVEL_NOT_JUDGED;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

/// Sets a scale, and waits until it holds.
async fn set(service: &Service, id: &str, scale: &Value) {
    let answer = service.json("PUT", &format!("/api/v1/sites/shop/scales/{id}"), scale).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    service.clock.advance(2 * MINUTE_MS);
}

fn wait(service: &Service, page: &str, ms: i64) -> PageViewRow {
    PageViewRow { page: page.into(), lcp: u32::try_from(ms * 1_000).unwrap(), ..service.view(10 * MINUTE_MS) }
}

async fn breakdown(service: &Service, query: &str) -> Vec<Value> {
    let answer = service.get(&format!("/api/v1/sites/shop/breakdown?range=1h&by=page&{query}")).await;
    assert_eq!(answer["meta"]["source"], "raw");
    answer["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_worked_cases_of_the_specification_come_out_of_the_api() {
    let service = Service::start().await;
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/apdex.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(vectors).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    for (n, case) in cases.iter().enumerate() {
        // T is where annoying begins; where the other two begin changes nothing.
        let target = case["T_ms"].as_i64().unwrap();
        let scale = json!({"page": format!("/{n}"), "metric": "lcp", "thresholds": [target, target + 1, target + 2]});
        set(&service, &format!("case-{n}"), &scale).await;
    }
    let mut views = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let page = format!("/{n}");
        let values = case["values"].as_array().unwrap().iter();
        views.extend(values.map(|value| wait(&service, &page, value.as_i64().unwrap())));
        // However fast they came.
        let failed = |_| PageViewRow { failed: 1, ..wait(&service, &page, 1) };
        views.extend((0..case["errors"].as_i64().unwrap()).map(failed));
    }
    service.write(&views).await;
    let rows = breakdown(&service, "metrics=apdex&limit=100").await;
    assert_eq!(rows.len(), cases.len() - 1, "of nothing there is no group");
    for (n, case) in cases.iter().enumerate() {
        let expected = &case["expected"];
        let Some(row) = rows.iter().find(|row| row["page"] == format!("/{n}")) else {
            assert_eq!(expected["n"], 0, "{case}");
            continue;
        };
        for name in ["satisfied", "tolerating", "frustrated", "display", "rating"] {
            assert_eq!(row[name], expected[name], "{name} of {}: {row}", case["id"]);
        }
        assert_eq!((&row["count"], &row["targets_ms"]), (&expected["n"], &json!([case["T_ms"]])), "{row}");
        let score: f64 = expected["score"].as_str().unwrap().parse().unwrap();
        assert!((row["value"].as_f64().unwrap() - score).abs() < 1e-9, "{row}");
    }
    let nothing = service.get("/api/v1/sites/blog/summary?metrics=apdex").await["data"][0].clone();
    assert_eq!((&nothing["count"], &nothing["value"], &nothing["display"]), (&json!(0), &Value::Null, &json!("NS")));
}

#[tokio::test]
async fn a_view_is_held_against_the_scale_that_its_loading_was_judged_by() {
    let service = Service::start().await;
    let gave_up = |page: &str, waited_ms: u32| PageViewRow {
        lcp: felt_schema::metric::MISSING,
        left_ms: waited_ms,
        level: if waited_ms > 8_000 { 3 } else { 2 },
        cause: "gave_up".into(),
        ..wait(&service, page, 0)
    };
    let unmeasured = PageViewRow { left_ms: felt_schema::metric::MISSING, ..gave_up("/nothing", 0) };
    let usable = |ms: u32| PageViewRow { usable: ms * 1_000, ..wait(&service, "/usable", 20_000) };
    let replaced = wait(&service, "/lcp", 90_000);
    service
        .write(&[
            // T is 2.5 s for LCP, and 1 s where the app says when it is usable.
            wait(&service, "/lcp", 2_500),
            wait(&service, "/lcp", 10_000),
            wait(&service, "/lcp", 10_001),
            usable(1_000),
            usable(4_000),
            usable(4_001),
            // Who left waited so long at least; before T that says nothing.
            PageViewRow { level: 0, cause: "".into(), ..gave_up("/left", 2_400) },
            gave_up("/left", 5_000),
            gave_up("/left", 10_001),
            // Nothing was waited for, and nothing failed.
            PageViewRow { level: LEVEL_NOT_JUDGED, cause: "".into(), ..unmeasured.clone() },
            PageViewRow { page: "/failed".into(), failed: 1, level: 3, cause: "broke".into(), ..unmeasured },
            PageViewRow { bot: "crawler".into(), ..wait(&service, "/lcp", 90_000) },
            replaced.clone(),
            PageViewRow { sign: -1, ..replaced.clone() },
            PageViewRow { seq: 1, lcp: 1_000_000, ..replaced },
        ])
        .await;
    let rows = breakdown(&service, "metrics=apdex,happiness,lcp&order=apdex").await;
    let told = |page: &str| {
        let row = rows.iter().find(|row| row["page"] == page && row["metric"] == "apdex").unwrap();
        (["satisfied", "tolerating", "frustrated"].map(|name| row[name].as_i64().unwrap()), row["targets_ms"].clone())
    };
    assert_eq!(told("/lcp"), ([2, 1, 1], json!([2_500])));
    assert_eq!(told("/usable"), ([1, 1, 1], json!([1_000])));
    assert_eq!(told("/left"), ([0, 1, 1], json!([2_500])));
    assert_eq!(told("/nothing"), ([0, 0, 0], json!([])));
    assert_eq!(told("/failed"), ([0, 0, 1], json!([])));
    let order: Vec<&Value> = rows.iter().step_by(3).map(|row| &row["page"]).collect();
    assert_eq!(order, ["/failed", "/left", "/usable", "/lcp", "/nothing"], "the worst first, what has none last");
    let summary = service.get("/api/v1/sites/shop/summary?range=1h&metrics=apdex").await;
    assert_eq!(summary["data"][0]["targets_ms"], json!([1_000, 2_500]));
    assert!(summary["meta"]["warnings"].to_string().contains("apdex: 10 of at least 30"), "{summary}");
    let series = service.get("/api/v1/sites/shop/series?range=1h&step=5m&metrics=apdex").await;
    let points = series["data"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["count"].as_i64().unwrap()).sum::<i64>(), 10);
    assert!(points.iter().any(|point| point["value"].is_null()), "a gap is null");
}

#[tokio::test]
async fn another_target_changes_nothing_of_what_was_received_before_it() {
    let service = Service::start().await;
    service.write(&[wait(&service, "/", 2_000)]).await;
    set(&service, "quick", &json!({"metric": "lcp", "thresholds": [1_000, 2_000, 3_000]})).await;
    service.write(&[wait(&service, "/", 2_000)]).await;
    set(&service, "quick", &json!({"metric": "lcp", "thresholds": [400, 800, 1_200]})).await;
    service.write(&[wait(&service, "/", 2_000)]).await;
    let row = service.get("/api/v1/sites/shop/summary?range=1h&metrics=apdex").await["data"][0].clone();
    let zones = ["satisfied", "tolerating", "frustrated"].map(|name| row[name].as_i64().unwrap());
    assert_eq!((zones, &row["targets_ms"]), ([1, 1, 1], &json!([400, 1_000, 2_500])), "{row}");
}

#[tokio::test]
async fn apdex_is_listed_and_refused_where_it_cannot_be_told() {
    let service = Service::start().await;
    let schema = service.get("/api/v1/sites/shop/schema").await;
    let listed = schema["data"]["metrics"].as_array().unwrap().iter().find(|metric| metric["name"] == "apdex").unwrap();
    assert_eq!((&listed["kind"], &listed["unit"]), (&json!("apdex"), &json!("ratio")));
    for query in
        ["compare?metrics=apdex", "changes?metrics=apdex", "distribution?metric=apdex", "attribution?metric=apdex"]
    {
        let answer = service.ask(&format!("/api/v1/sites/shop/{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text().contains("is told by `summary`"), "{query}: {}", answer.text());
    }
    let answer = service.ask("/api/v1/sites/shop/breakdown?by=page&metrics=apdex&order=apdex.p75", &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "it has no percentiles");
    let csv = service.ask("/api/v1/sites/shop/summary?metrics=apdex", &[("accept", "text/csv")]).await;
    assert!(csv.text().contains("apdex,ratio,0"), "{}", csv.text());
}
