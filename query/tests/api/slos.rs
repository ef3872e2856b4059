//! Promises: made, counted from raw page views, corrected when those are replaced, and told as they stand.

use super::support::{DAY_MS, HOUR_MS, Service, judged, send};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use felt_query::slos;
use felt_schema::anchors::Level;
use felt_schema::clock::day_of;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;

const MINUTE_MS: i64 = 60_000;
/// How long a count may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A service whose keeper runs.
pub struct Kept {
    pub service: Service,
    keeper: JoinHandle<()>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Kept {
    pub async fn start() -> Self {
        let service = Service::start().await;
        let keeper = tokio::spawn(slos::run(service.state.clone(), std::future::pending()));
        Self { service, keeper }
    }

    pub async fn send(&self, method: Method, path: &str, kind: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", kind);
        let answer = send(&self.service.router, request.body(body.into()).unwrap()).await;
        (answer.status, answer.json())
    }

    pub async fn put(&self, id: &str, definition: &Value) -> (StatusCode, Value) {
        let path = format!("/api/v1/sites/shop/slos/{id}");
        self.send(Method::PUT, &path, "application/json", definition.to_string()).await
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, &format!("/api/v1/sites/shop/slos{path}"), "", Body::empty()).await
    }

    /// The SLO once so much of it is counted.
    pub async fn counted(&self, id: &str, good: i64, valid: i64) -> Value {
        let begin = std::time::Instant::now();
        loop {
            let (status, slo) = self.get(&format!("/{id}")).await;
            assert_eq!(status, StatusCode::OK, "{slo}");
            if slo["good"] == good && slo["valid"] == valid && !slo["warnings"].to_string().contains("being counted") {
                return slo;
            }
            assert!(begin.elapsed() < PATIENCE, "{id} is not {good} of {valid}: {slo}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn fast(objective: f64) -> Value {
    json!({
        "promise": "Checkout feels fast", "objective": objective,
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views", "filters": ["page:glob:/checkout/*"]},
        "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"}
    })
}

fn checkout(service: &Service, ago_ms: i64, lcp_ms: u32) -> PageViewRow {
    PageViewRow {
        page: "/checkout/pay".into(),
        lcp: lcp_ms * 1_000,
        sign: 1,
        ..judged(service.view(ago_ms), Level::Delighted, None)
    }
}

#[tokio::test]
async fn a_promise_is_counted_from_the_past_on_and_corrected_when_a_view_is_replaced() {
    let kept = Kept::start().await;
    let service = &kept.service;
    let mut views: Vec<PageViewRow> = (0..200).map(|n| checkout(service, DAY_MS * 3 + n * MINUTE_MS, 2_500)).collect();
    views.extend((0..10).map(|n| checkout(service, 10 * MINUTE_MS + n * 1_000, 2_501)));
    // Neither of them counts: another page, and a bot.
    views.push(PageViewRow { page: "/".into(), ..checkout(service, HOUR_MS, 9_000) });
    views.push(PageViewRow { bot: "crawler".into(), ..checkout(service, HOUR_MS, 9_000) });
    service.write(&views).await;

    let (status, saved) = kept.put("checkout-fast", &fast(0.95)).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    let slo = kept.counted("checkout-fast", 200, 210).await;
    assert_eq!(slo["id"], "checkout-fast");
    assert_eq!(slo["budget"]["bad"], 10);
    assert_eq!(slo["budget"]["allowed_bad"], 10.5);
    let close = |value: &Value, wanted: f64| (value.as_f64().unwrap() - wanted).abs() < 1e-6;
    assert!(close(&slo["sli"], 200.0 / 210.0));
    assert!(close(&slo["budget"]["remaining"], 1.0 - 10.0 / 10.5), "{slo}");
    assert!(close(&slo["burn"]["1h"], 20.0), "all of the last hour's were bad: {slo}");
    assert_eq!(slo["status"], "at_risk");
    assert_eq!(slo["definition"]["sli"]["filters"], json!(["page:glob:/checkout/*"]));

    // A slow one turns out to have been fast, and one that comes late was slow.
    let first = views[200].clone();
    let replaced = PageViewRow { seq: 1, lcp: 2_000_000, ..first.clone() };
    service.write(&[PageViewRow { sign: -1, ..first }, replaced, checkout(service, 5 * HOUR_MS, 4_000)]).await;
    kept.counted("checkout-fast", 201, 211).await;

    // Saying it with another objective keeps the counts; counting something else counts anew.
    let (status, _) = kept.put("checkout-fast", &fast(0.9)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(kept.counted("checkout-fast", 201, 211).await["objective"], 0.9);
    let mut all_pages = fast(0.9);
    all_pages["sli"]["filters"] = json!([]);
    let (status, saved) = kept.put("checkout-fast", &all_pages).await;
    assert_eq!(status, StatusCode::OK, "{saved}");
    kept.counted("checkout-fast", 201, 212).await;

    let (_, down) = kept.get("/checkout-fast/budget").await;
    let points = down["data"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["valid"].as_i64().unwrap()).sum::<i64>(), 212);
    assert_eq!(points.last().unwrap()["remaining"], down["budget"]["remaining"]);
    let (_, spenders) = kept.get("/checkout-fast/spenders?by=page").await;
    assert_eq!(spenders["data"][0]["value"], "/checkout/pay");
    assert_eq!(spenders["data"][0]["bad"], 10);
    assert_eq!(spenders["data"][1]["value"], "/");

    let (status, _) = kept.send(Method::DELETE, "/api/v1/sites/shop/slos/checkout-fast", "", Body::empty()).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(kept.get("/checkout-fast").await.0, StatusCode::NOT_FOUND);
    assert_eq!(kept.get("").await.1["data"], json!([]));
}

#[tokio::test]
async fn what_arrived_by_a_clock_that_is_behind_or_that_stepped_is_counted_too() {
    let kept = Kept::start().await;
    let service = &kept.service;
    service.write(&[checkout(service, 10 * MINUTE_MS, 2_500)]).await;
    let (status, saved) = kept.put("checkout-fast", &fast(0.95)).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    kept.counted("checkout-fast", 1, 1).await;

    // An ingest whose clock is an hour behind: whatever it receives is dated long before the watermark.
    let behind = |n: i64| {
        let view = checkout(service, HOUR_MS + n * MINUTE_MS, 2_500);
        let received_at = view.received_at - HOUR_MS;
        PageViewRow { received_at, day: day_of(received_at), ..view }
    };
    service.write(&(1..=5).map(behind).collect::<Vec<_>>()).await;
    kept.counted("checkout-fast", 6, 6).await;

    // All clocks are a day ahead for a while, and with them the watermark, and right again.
    service.clock.advance(DAY_MS);
    service.write(&[checkout(service, 0, 2_500)]).await;
    kept.counted("checkout-fast", 7, 7).await;
    service.clock.advance(-DAY_MS);
    service.write(&[checkout(service, 20 * MINUTE_MS, 2_500), checkout(service, 30 * MINUTE_MS, 9_000)]).await;
    kept.counted("checkout-fast", 7, 8).await;
}

#[tokio::test]
async fn happiness_is_a_promise_in_quarter_points_and_failure_one_of_its_own() {
    let kept = Kept::start().await;
    let service = &kept.service;
    let levels = [Level::Delighted, Level::Annoying, Level::Painful, Level::Brutal];
    let mut views: Vec<PageViewRow> = (0..40)
        .map(|n| PageViewRow { sign: 1, ..judged(service.view(HOUR_MS + n * 1_000), levels[n as usize % 4], None) })
        .collect();
    views.push(PageViewRow { sign: 1, level: 255, ..service.view(HOUR_MS) });
    views[3].failed = 1;
    service.write(&views).await;
    let promise =
        |sli: Value| json!({"promise": "People are happy", "objective": 0.85, "sli": sli, "window": {"rolling": "7d"}});
    kept.put("score", &promise(json!({"kind": "happy", "score": true}))).await;
    kept.put("level", &promise(json!({"kind": "happy", "level_at_least": "annoying"}))).await;
    kept.put("works", &promise(json!({"kind": "works"}))).await;
    // 4 + 3 + 1 + 0 of four each.
    assert_eq!(kept.counted("score", 80, 160).await["status"], "breached");
    kept.counted("level", 20, 40).await;
    assert_eq!(kept.counted("works", 39, 40).await["status"], "ok");
    let (_, list) = kept.get("").await;
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|slo| slo["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["level", "score", "works"]);
}

#[tokio::test]
async fn a_promise_that_cannot_be_kept_or_understood_is_refused_with_its_fields() {
    let kept = Kept::start().await;
    let mut wrong = fast(0.95);
    wrong["sli"]["metric"] = "lpc".into();
    wrong["sli"]["filters"] = json!(["pag:is:/"]);
    let (status, problem) = kept.put("wrong", &wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert!(fields.contains(&"sli.metric") && fields.iter().any(|field| field.starts_with("sli.filters")), "{problem}");
    let pays =
        |sli: Value| json!({"promise": "Paying works", "objective": 0.99, "sli": sli, "window": {"rolling": "7d"}});
    for (sli, field) in [
        (json!({"kind": "available", "journey": "pay", "of": "views"}), "sli.of"),
        (json!({"kind": "works", "of": "journeys"}), "sli.of"),
        (json!({"kind": "available"}), "sli.journey"),
        (json!({"kind": "fresh", "within_s": 60, "filters": ["page:is:/"]}), "sli.filters"),
    ] {
        let (status, problem) = kept.put("pays", &pays(sli)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{problem}");
    }
    // A rule that could never fire is told when the promise is made.
    let (_, saved) = kept.put("three-quarters", &fast(0.75)).await;
    let warnings = saved["warnings"].to_string();
    assert!(warnings.contains("page_fast can never fire") && warnings.contains("page_slow"), "{saved}");
    let (status, _) = kept.get("/nothing").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, problem) = kept.get("/three-quarters/spenders?by=pge").await;
    assert_eq!((status, &problem["did_you_mean"]), (StatusCode::BAD_REQUEST, &json!("page")));
}

#[tokio::test]
async fn an_open_slo_document_says_the_same() {
    let kept = Kept::start().await;
    let yaml = r#"
apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-fast, displayName: Checkout feels fast}
spec:
  service: web-shop
  indicator:
    metadata: {name: checkout-lcp}
    spec:
      thresholdMetric:
        metricSource: {type: felt, spec: {metric: lcp, filters: ["page:glob:/checkout/*"]}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 2500, target: 0.95}]
"#;
    let path = "/api/v1/sites/shop/slos/checkout-fast";
    let (status, saved) = kept.send(Method::PUT, path, "application/yaml", yaml).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    assert_eq!(saved["data"]["sli"]["at_most"], 2500);
    assert_eq!(saved["data"]["promise"], "Checkout feels fast");
}

#[tokio::test]
async fn a_span_that_is_excluded_counts_neither_way_until_that_is_taken_back() {
    let kept = Kept::start().await;
    let service = &kept.service;
    let mut views: Vec<PageViewRow> = (0..50).map(|n| checkout(service, 3 * HOUR_MS + n * 1_000, 1_000)).collect();
    views.extend((0..50).map(|n| checkout(service, 10 * HOUR_MS + n * 1_000, 9_000)));
    service.write(&views).await;
    kept.put("checkout-fast", &fast(0.95)).await;
    assert_eq!(kept.counted("checkout-fast", 50, 100).await["status"], "breached");
    let time = |ago_ms: i64| super::support::time(service.now_ms() - ago_ms);
    let path = "/api/v1/sites/shop/slos/checkout-fast/corrections";
    let span = json!({"from": time(11 * HOUR_MS), "to": time(9 * HOUR_MS), "reason": "announced maintenance"});
    let (status, saved) = kept.send(Method::POST, path, "application/json", span.to_string()).await;
    assert_eq!(status, StatusCode::CREATED, "{saved}");
    let slo = kept.counted("checkout-fast", 50, 50).await;
    assert_eq!((&slo["status"], &slo["budget"]["remaining"]), (&json!("ok"), &json!(1)), "{slo}");
    let (_, list) = kept.get("/checkout-fast/corrections").await;
    assert_eq!(list["data"][0]["reason"], "announced maintenance");
    let wrong = json!({"from": time(HOUR_MS), "to": time(2 * HOUR_MS), "resaon": "x"});
    let (status, problem) = kept.send(Method::POST, path, "application/json", wrong.to_string()).await;
    assert_eq!((status, &problem["did_you_mean"]), (StatusCode::BAD_REQUEST, &json!("reason")), "{problem}");
    let gone = format!("{path}/{}", list["data"][0]["id"].as_str().unwrap());
    assert_eq!(kept.send(Method::DELETE, &gone, "", Body::empty()).await.0, StatusCode::NO_CONTENT);
    kept.counted("checkout-fast", 50, 100).await;
}

#[tokio::test]
async fn history_says_whether_an_objective_would_have_held_and_which_one_to_choose() {
    let kept = Kept::start().await;
    let service = &kept.service;
    // Ten days of 92 in 100, a hundred views at noon of each.
    let views: Vec<PageViewRow> = (1..11)
        .flat_map(|day| (0..100).map(move |n| (day, n)))
        .map(|(day, n)| checkout(service, day * DAY_MS + n * 1_000, if n < 8 { 9_000 } else { 1_000 }))
        .collect();
    service.write(&views).await;
    let mut week = fast(0.95);
    week["window"] = json!({"rolling": "7d"});
    kept.put("checkout-fast", &week).await;
    let begin = std::time::Instant::now();
    while kept.get("/checkout-fast").await.1["valid"] == 0 {
        assert!(begin.elapsed() < PATIENCE, "nothing is counted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let path = "/api/v1/sites/shop/slos/checkout-fast/backtest";
    let test = async |body: Value| kept.send(Method::POST, path, "application/json", body.to_string()).await;
    let (status, now) = test(json!({"days": 7})).await;
    assert_eq!(status, StatusCode::OK, "{now}");
    assert_eq!((&now["data"]["held"], &now["data"]["objective"]), (&json!(false), &json!(0.95)));
    assert_eq!(now["data"]["by_day"].as_array().unwrap().len(), 7);
    let (_, lower) = test(json!({"days": 7, "objective": 0.9})).await;
    assert_eq!(lower["data"]["held"], true, "{lower}");
    assert!(lower["data"]["words"].as_str().unwrap().starts_with("90 % would have held on every day"), "{lower}");
    let (status, problem) = test(json!({"days": 7, "objectiv": 0.9})).await;
    assert_eq!((status, &problem["did_you_mean"]), (StatusCode::BAD_REQUEST, &json!("objective")));
    let (_, suggestion) = kept.get("/checkout-fast/suggest").await;
    assert_eq!(suggestion["data"]["suggested"], 0.9, "{suggestion}");
}

#[tokio::test]
async fn a_pipeline_that_stands_still_spends_the_budget_of_freshness_without_any_traffic() {
    let kept = Kept::start().await;
    let service = &kept.service;
    // In the middle of a minute: one that begins this very second is not in the window yet, and this clock stands.
    service.clock.advance(MINUTE_MS * 3 / 2 - service.now_ms() % MINUTE_MS);
    slos::ship(&service.state).await;
    slos::ship(&service.state).await;
    service.progress().await;
    let looked = async |bad: bool| {
        let begin = std::time::Instant::now();
        loop {
            let (_, slo) = kept.get("/felt-figures-fresh").await;
            let (good, valid) = (slo["good"].as_i64().unwrap(), slo["valid"].as_i64().unwrap());
            if valid > 0 && (good < valid) == bad {
                return slo;
            }
            assert!(begin.elapsed() < PATIENCE, "{slo}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert_eq!(looked(false).await["status"], "ok");
    service.clock.advance(10 * MINUTE_MS);
    let slo = looked(true).await;
    assert_eq!(slo["status"], "breached", "{slo}");
    // Who does not want it deletes it, and it does not come back.
    let path = "/api/v1/sites/shop/slos/felt-figures-fresh";
    assert_eq!(kept.send(Method::DELETE, path, "", Body::empty()).await.0, StatusCode::NO_CONTENT);
    slos::ship(&service.state).await;
    assert_eq!(kept.get("/felt-figures-fresh").await.0, StatusCode::NOT_FOUND);
}
