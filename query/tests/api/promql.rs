//! The query API of Prometheus over a site's own minutes and hours, as Grafana asks it.

use super::support::{Answer, DAY_MS, HOUR_MS, Service, judged, send};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use felt_http::{Authorize, Scope};
use felt_query::QueryConfig;
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_schema::anchors::Level;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn ask(service: &Service, call: &str, parameters: &[(&str, &str)]) -> Answer {
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    service.ask(&format!("/prometheus/api/v1/{call}?{}", pairs.join("&")), &[]).await
}

async fn data(service: &Service, call: &str, parameters: &[(&str, &str)]) -> Value {
    let answer = ask(service, call, parameters).await;
    assert_eq!(answer.status, StatusCode::OK, "{parameters:?}: {}", answer.text());
    assert_eq!(answer.json()["status"], "success");
    answer.json()["data"].clone()
}

/// Values by labels, as `{a=b}value`, in order.
async fn worth(service: &Service, query: &str) -> Vec<String> {
    let data = data(service, "query", &[("query", query)]).await;
    assert_eq!(data["resultType"], "vector", "{query}");
    let one = |row: &Value| {
        let labels = row["metric"].as_object().unwrap().iter();
        let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        format!("{{{}}}{}", labels.join(","), row["value"][1].as_str().unwrap())
    };
    data["result"].as_array().unwrap().iter().map(one).collect()
}

fn view(service: &Service, ago_ms: i64, ms: u32, level: Level) -> PageViewRow {
    PageViewRow { sign: 1, lcp: ms * 1_000, ..judged(service.view(ago_ms), level, None) }
}

/// Ten views of `/` on phones and four of `/pay` on desktops, within the last half hour; a hundred long ago.
async fn shop() -> Service {
    let service = Service::start().await;
    let mut views: Vec<PageViewRow> =
        (0..10).map(|n| view(&service, 10 * MINUTE_MS, 500 + 250 * n, Level::Delighted)).collect();
    let pay = |n: u32| PageViewRow {
        page: "/pay".into(),
        device: "desktop".into(),
        ..view(&service, 20 * MINUTE_MS, 5_000 + n, Level::Painful)
    };
    views.extend((0..4).map(pay));
    views.extend((0..100).map(|_| view(&service, 15 * DAY_MS, 700, Level::Delighted)));
    views.extend(
        (0..3).map(|_| PageViewRow { site: "blog".into(), ..view(&service, 10 * MINUTE_MS, 900, Level::Brutal) }),
    );
    service.write(&views).await;
    service
}

#[tokio::test]
async fn grafana_finds_a_data_source_that_is_well() {
    let service = shop().await;
    let sum = data(&service, "query", &[("query", "1+1"), ("time", "1700000000")]).await;
    assert_eq!(sum, json!({"resultType": "scalar", "result": [1_700_000_000, "2"]}));
    assert!(data(&service, "status/buildinfo", &[]).await["version"].as_str().unwrap().starts_with("2."));
    assert_eq!(data(&service, "metadata", &[]).await["felt_views_total"][0]["type"], "counter");
    let names = data(&service, "label/__name__/values", &[]).await;
    assert!(names.as_array().unwrap().contains(&json!("felt_lcp_seconds_bucket")), "{names}");
    assert!(data(&service, "labels", &[]).await.as_array().unwrap().contains(&json!("page")));
    assert_eq!(data(&service, "label/site/values", &[]).await, json!(["blog", "shop"]));
    assert_eq!(
        data(&service, "label/page/values", &[("match[]", "felt_lcp_seconds_count{site=\"shop\"}")]).await,
        json!(["/", "/pay"])
    );
    assert_eq!(data(&service, "label/page/values", &[("match[]", "felt_views_total")]).await, json!([]));
    let series = data(
        &service,
        "series",
        &[("match[]", "felt_inp_seconds_bucket"), ("match[]", "felt_lcp_seconds_count{page=\"/pay\"}")],
    )
    .await;
    assert_eq!(
        series,
        json!([{"__name__": "felt_lcp_seconds_count", "device": "desktop", "page": "/pay", "site": "shop"}])
    );
    // A form that is posted says the same as an address.
    let form = Request::post("/prometheus/api/v1/query").header("content-type", "application/x-www-form-urlencoded");
    let posted = send(
        &service.router,
        form.body(Body::from(format!("query={}", encoded("sum(felt_views_total{site=\"blog\"})")))).unwrap(),
    )
    .await;
    assert_eq!(posted.json()["data"]["result"][0]["value"][1], "3", "{}", posted.text());
}

#[tokio::test]
async fn selectors_rates_and_sums_count_what_the_api_counts() {
    let service = shop().await;
    for (query, expected) in [
        ("sum(felt_views_total{site=\"shop\"})", &["{}114"][..]),
        ("sum by (site) (increase(felt_views_total[1h]))", &["{site=blog}3", "{site=shop}14"]),
        (
            "increase(felt_views_total{site=\"shop\",level=~\"delighted|painful\"}[1h])",
            &["{level=delighted,site=shop}10", "{level=painful,site=shop}4"],
        ),
        ("rate(felt_views_total{site=\"shop\",level=\"painful\"}[1h]) * 3600", &["{level=painful,site=shop}4"]),
        (
            "felt_lcp_seconds_bucket{site=\"shop\",page=\"/\",le=\"2.5\"} > 100",
            &["{__name__=felt_lcp_seconds_bucket,device=mobile,le=2.5,page=/,site=shop}109"],
        ),
        ("sum by (page) (increase(felt_lcp_seconds_count{site!=\"blog\"}[1h]))", &["{page=/}10", "{page=/pay}4"]),
        (
            "sum by (device) (increase(felt_lcp_seconds_count{site=\"shop\",page!~\"/p.*\"}[1h]))",
            &["{device=mobile}10"],
        ),
        (
            "sum(increase(felt_lcp_seconds_bucket{site=\"shop\",le=\"2.5\"}[1h])) / sum(increase(felt_lcp_seconds_count{site=\"shop\"}[1h])) * 14",
            &["{}9"],
        ),
        ("sum(increase(felt_views_total{site=\"shop\"}[1h] offset 1d))", &["{}0"]),
        ("sum(increase(felt_views_total{site=\"shop\"}[2d] offset 14d))", &["{}100"]),
        ("sum(increase(felt_lcp_seconds_sum{site=\"shop\",page=\"/pay\"}[1h]))", &["{}20.006"]),
        ("histogram_quantile(0.5, sum by (le) (increase(felt_lcp_seconds_bucket{site=\"blog\"}[1h])))", &["{}0.75"]),
        ("felt_views_total{site=\"nowhere\"}", &[]),
        ("nothing_of_ours", &[]),
        ("sum(felt_sli_valid_total) or vector(0)", &["{}0"]),
    ] {
        assert_eq!(worth(&service, query).await, expected, "{query}");
    }
    let all = service.get("/api/v1/sites/shop/summary?range=1h&metrics=lcp").await;
    assert_eq!(all["data"][0]["count"], 14);
}

#[tokio::test]
async fn a_range_has_a_value_at_each_step_and_its_whole_is_what_was_there() {
    let service = shop().await;
    let end_s = service.now_ms() / 1_000;
    let range = async |query: &str, start_s: i64, step_s: i64| {
        let (start, end, step) = (start_s.to_string(), end_s.to_string(), step_s.to_string());
        data(&service, "query_range", &[("query", query), ("start", &start), ("end", &end), ("step", &step)]).await
    };
    let values = |data: &Value| -> Vec<f64> {
        let points = data["result"][0]["values"].as_array().unwrap();
        points.iter().map(|point| point[1].as_str().unwrap().parse().unwrap()).collect()
    };
    let rates = range("sum(rate(felt_views_total{site=\"shop\"}[1m]))", end_s - 3_600, 60).await;
    assert_eq!(rates["resultType"], "matrix");
    let rates = values(&rates);
    assert_eq!(rates.len(), 61);
    let whole: f64 = rates.iter().sum::<f64>() * 60.0;
    assert!((whole - 14.0).abs() < 1e-9, "{whole}");
    // Over more points than one statement takes, and longer than minutes are kept.
    let totals = values(&range("sum(felt_views_total{site=\"shop\"})", end_s - 20 * 86_400, 600).await);
    assert_eq!((totals.len(), totals[0], totals[totals.len() - 1]), (2_881, 0.0, 114.0));
    assert!(totals.is_sorted());
    let fine = values(&range("sum(felt_views_total{site=\"shop\"})", end_s - 5 * 86_400, 60).await);
    assert_eq!((fine.len(), fine[0], fine[fine.len() - 1]), (7_201, 100.0, 114.0));
    assert!(fine.is_sorted());
    let quarter = range(
        "histogram_quantile(0.75, sum by (le) (rate(felt_lcp_seconds_bucket{site=\"shop\",page=\"/\"}[1h])))",
        end_s,
        60,
    )
    .await;
    assert!((2.0..=2.5).contains(&values(&quarter)[0]), "{quarter}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_in_prometheus_envelope() {
    let service = shop().await;
    for (call, parameters, status, kind, word) in [
        ("query", &[("query", "topk(3, felt_views_total)")][..], 422, "execution", "topk"),
        ("query", &[("query", "felt_views_total[5m]")], 422, "execution", "range"),
        ("query", &[("query", "sum(")], 400, "bad_data", "query"),
        ("query", &[], 400, "bad_data", "query"),
        ("query", &[("query", "1"), ("time", "soon")], 400, "bad_data", "time"),
        ("query", &[("query", "1"), ("site", "nowhere")], 404, "not_found", "site"),
        ("query_range", &[("query", "1"), ("start", "2"), ("end", "1"), ("step", "1")], 400, "bad_data", "end"),
        ("query_range", &[("query", "1"), ("start", "1"), ("end", "2"), ("step", "0")], 400, "bad_data", "step"),
        (
            "query_range",
            &[("query", "1"), ("start", "0"), ("end", "99999999"), ("step", "1")],
            400,
            "bad_data",
            "11,000",
        ),
        ("query_range", &[("query", "1"), ("start", "0")], 400, "bad_data", "end"),
        ("series", &[], 400, "bad_data", "match[]"),
        ("rules", &[], 404, "not_found", "rules"),
    ] {
        let answer = ask(&service, call, parameters).await;
        let json = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{call} {parameters:?}: {json}");
        assert_eq!((json["status"].as_str(), json["errorType"].as_str()), (Some("error"), Some(kind)), "{json}");
        assert!(json["error"].as_str().unwrap().contains(word), "{json}");
    }
}

#[tokio::test]
async fn a_token_sees_its_own_sites_only() {
    let stored = |store: &felt_store::Store| Arc::new(StoredTokens::new(store.clone())) as Arc<dyn Authorize>;
    let service = Service::with(stored, QueryConfig::default()).await;
    let blog =
        PageViewRow { site: "blog".into(), page: "/secret".into(), ..view(&service, HOUR_MS / 2, 900, Level::Brutal) };
    service.write(&[view(&service, HOUR_MS / 2, 900, Level::Delighted), blog]).await;
    let new = NewToken { name: "grafana".into(), sites: vec!["shop".into()], scopes: vec![Scope::ReadMetrics] };
    let token = format!("Bearer {}", tokens::create(&service.store, &*service.clock, new).await.unwrap().token);
    let ask = async |path: &str| service.ask(path, &[("authorization", &token)]).await;
    let sum = ask(&format!("/prometheus/api/v1/query?query={}", encoded("sum(felt_views_total)"))).await;
    assert_eq!(sum.json()["data"]["result"][0]["value"][1], "1", "{}", sum.text());
    for query in
        ["felt_lcp_seconds_count{site=~\".*\"}", "felt_lcp_seconds_count{page=\"/secret\"}", "{__name__=~\".+\"}"]
    {
        let answer = ask(&format!("/prometheus/api/v1/query?query={}", encoded(query))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert!(!answer.text().contains("blog") && !answer.text().contains("secret"), "{query}: {}", answer.text());
    }
    for path in [
        format!("/prometheus/api/v1/query?query={}", encoded("felt_views_total{site=\"blog\"}")),
        format!("/prometheus/api/v1/query?query={}&site=blog", encoded("felt_views_total")),
        format!("/prometheus/api/v1/series?match[]={}", encoded("felt_views_total{site=\"blog\"}")),
        "/metrics/sites/blog".to_owned(),
    ] {
        assert_eq!(ask(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(ask("/prometheus/api/v1/label/site/values").await.json()["data"], json!(["shop"]));
    assert!(!ask("/prometheus/api/v1/label/page/values").await.text().contains("secret"));
    assert_eq!(service.ask("/prometheus/api/v1/query?query=1", &[]).await.json()["errorType"], "unauthorized");
}
