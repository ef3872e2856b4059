//! Promises as files for other tools: asked of the API, taken by Debian's promtool, which also says that the alerts fire.

use super::support::Service;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

async fn put(service: &Service, id: &str, definition: Value) {
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("/api/v1/sites/shop/slos/{id}"))
        .header("content-type", "application/json");
    let answer = super::support::send(&service.router, request.body(Body::from(definition.to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

async fn promises(service: &Service) {
    put(
        service,
        "checkout-fast",
        json!({
            "promise": "Checkout \"feels\" fast {{ .Odd }}", "objective": 0.95, "window": {"rolling": "28d"},
            "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "filters": ["page:glob:/checkout/*"]}
        }),
    )
    .await;
    put(
        service,
        "Happy_score",
        json!({
            "promise": "People are happy", "objective": 0.85, "sli": {"kind": "happy", "score": true},
            "window": {"calendar": "1M", "start": "2026-01-01T00:00:00", "tz": "Europe/Berlin"}
        }),
    )
    .await;
}

/// Runs promtool; what it says when it refuses.
fn promtool(args: &[&str], folder: &Path) {
    let output = Command::new("promtool").args(args).current_dir(folder).output().unwrap_or_else(|error| {
        panic!("promtool cannot be run ({error}): run scripts/ensure-prometheus.sh first (make test does)")
    });
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{text}");
}

#[tokio::test]
async fn prometheus_takes_the_rules_and_fires_where_felt_would() {
    let service = Service::start().await;
    promises(&service).await;
    let answer = service.ask("/api/v1/sites/shop/slos?format=prometheus-rules", &[]).await;
    assert_eq!((answer.status, answer.header(axum::http::header::CONTENT_TYPE)), (StatusCode::OK, "application/yaml"));
    let folder = std::env::temp_dir().join(format!("felt-rules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("rules.yml"), answer.text()).unwrap();
    promtool(&["check", "rules", "rules.yml"], &folder);

    // 100 views a minute, all of them good for an hour, then nine of ten bad: 18 times too fast.
    let test = r#"
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'felt_sli_valid_total{slo="checkout-fast"}'
        values: '0+100x180'
      - series: 'felt_sli_good_total{slo="checkout-fast"}'
        values: '0+100x60 6010+10x119'
    alert_rule_test:
      - eval_time: 59m
        alertname: FeltBudgetBurns
      - eval_time: 2h
        alertname: FeltBudgetBurns
        exp_alerts:
          - exp_labels: {slo: checkout-fast, severity: page, rule: page_fast, site: shop}
            exp_annotations:
              summary: 'The promise is being broken: Checkout "feels" fast { { .Odd }}'
              description: '90% of the last 1h were bad: the budget burns more than 13.44 times too fast.'
          - exp_labels: {slo: checkout-fast, severity: page, rule: page_slow, site: shop}
            exp_annotations:
              summary: 'The promise is being broken: Checkout "feels" fast { { .Odd }}'
              description: '45% of the last 6h were bad: the budget burns more than 5.6 times too fast.'
          - exp_labels: {slo: checkout-fast, severity: ticket, rule: ticket_fast, site: shop}
            exp_annotations:
              summary: 'The promise is being broken: Checkout "feels" fast { { .Odd }}'
              description: '45% of the last 1d were bad: the budget burns more than 2.8 times too fast.'
          - exp_labels: {slo: checkout-fast, severity: ticket, rule: ticket_slow, site: shop}
            exp_annotations:
              summary: 'The promise is being broken: Checkout "feels" fast { { .Odd }}'
              description: '45% of the last 3d were bad: the budget burns more than 0.93 times too fast.'
"#;
    std::fs::write(folder.join("test.yml"), test).unwrap();
    promtool(&["test", "rules", "test.yml"], &folder);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn each_format_is_a_file_and_an_unknown_one_is_named() {
    let service = Service::start().await;
    promises(&service).await;
    for (format, beginning) in [
        ("openslo", "---\napiVersion: openslo/v1\n"),
        ("sloth", "version: prometheus/v1\n"),
        ("pyrra", "---\napiVersion: pyrra.dev/v1alpha1\n"),
    ] {
        let text = service.ask(&format!("/api/v1/sites/shop/slos?format={format}"), &[]).await.text();
        assert!(text.starts_with(beginning) && text.contains("Happy"), "{format}: {text}");
    }
    let problem = service.ask("/api/v1/sites/shop/slos?format=slot", &[]).await;
    assert_eq!((problem.status, &problem.json()["did_you_mean"]), (StatusCode::BAD_REQUEST, &json!("sloth")));
    // What was exported can be promised again.
    let openslo = service.ask("/api/v1/sites/shop/slos?format=openslo", &[]).await.text();
    let one = openslo.split("---\n").find(|document| document.contains("name: checkout-fast")).unwrap().to_owned();
    let request = Request::builder().method(Method::PUT).uri("/api/v1/sites/shop/slos/copy");
    let request = request.header("content-type", "application/yaml").body(Body::from(one)).unwrap();
    let copy = super::support::send(&service.router, request).await;
    assert_eq!(copy.status, StatusCode::CREATED, "{}", copy.text());
    assert_eq!(copy.json()["data"]["sli"]["at_most"], 2500);
}
