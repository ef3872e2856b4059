//! Alerts over the real engine and a real Alertmanager: fired once, told in words, held back when asked to, not repeated or forgotten by a
//! restart, and over when it is over.

use super::receiver::{Alertmanager, Sink};
use super::support::{Answer, Service, judged, send};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use felt_http::OpenAccess;
use felt_query::{QueryConfig, alerts, slos};
use felt_schema::anchors::Level;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const MINUTE_MS: i64 = 60_000;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A service whose keeper runs, and whose evaluator can be stopped and started.
pub struct Watched {
    pub service: Service,
    keeper: JoinHandle<()>,
    pub evaluator: JoinHandle<()>,
}

/// Settings of a service that may tell these addresses.
pub fn config(allowed: &[&str]) -> QueryConfig {
    QueryConfig {
        alert_targets_allowed: allowed.iter().map(|&target| target.to_owned()).collect(),
        public_url: Some("https://felt.example".into()),
        ..QueryConfig::default()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.keeper.abort();
        self.evaluator.abort();
    }
}

impl Watched {
    pub async fn start(allowed: &[&str]) -> Self {
        Self::over(Service::with(|_| Arc::new(OpenAccess), config(allowed)).await)
    }

    /// The same over a service that there is.
    pub fn over(service: Service) -> Self {
        let keeper = tokio::spawn(slos::run(service.state.clone(), std::future::pending()));
        let evaluator = tokio::spawn(alerts::run(service.state.clone(), std::future::pending()));
        Self { service, keeper, evaluator }
    }

    /// As if the process had been killed and started again once its lease has run out.
    async fn restart_evaluator(&mut self) {
        self.evaluator.abort();
        let _ = (&mut self.evaluator).await;
        self.pass(2).await;
        self.evaluator = tokio::spawn(alerts::run(self.service.state.clone(), std::future::pending()));
    }

    /// Minutes pass, without anything in them.
    async fn pass(&self, minutes: i64) {
        self.service.clock.set(self.service.now_ms() + minutes * MINUTE_MS);
        self.service.progress().await;
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1/sites/shop/{path}"));
        let request = request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap();
        send(&self.service.router, request).await
    }

    pub async fn route(&self, id: &str, route: &Value) {
        let answer = self.send(Method::PUT, &format!("alert-routes/{id}"), route).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }

    /// A promise that opening pages is fast.
    pub async fn promise(&self) {
        let promise = json!({"promise": "Checkout feels fast", "objective": 0.95, "window": {"rolling": "28d"},
            "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500}});
        let answer = self.send(Method::PUT, "slos/checkout-fast", &promise).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }

    /// Twenty views in each of so many minutes that are just over; `slow` of them slow, on the page where one pays.
    pub async fn minutes(&self, minutes: i64, slow: usize) {
        pass_with_views(&self.service, minutes, slow).await;
    }

    /// The alerts once this holds.
    async fn alerts_until(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let found = self.service.get("/api/v1/sites/shop/alerts").await["data"].as_array().unwrap().clone();
            if holds(&found) {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "not {what}: {found:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn firing(&self) -> Vec<Value> {
        self.alerts_until("firing", |alerts| alerts.iter().any(|alert| alert["state"] == "firing")).await
    }

    pub async fn all_over(&self) -> Vec<Value> {
        let over = |alerts: &[Value]| !alerts.is_empty() && alerts.iter().all(|alert| alert["state"] == "resolved");
        self.alerts_until("over", over).await
    }
}

/// Minutes pass with twenty views in each, `slow` of them slow, on the page where one pays.
pub async fn pass_with_views(service: &Service, minutes: i64, slow: usize) {
    let begin_ms = service.now_ms().div_euclid(MINUTE_MS) * MINUTE_MS;
    service.clock.set(begin_ms + minutes * MINUTE_MS + 30_000);
    let now_ms = service.now_ms();
    let views: Vec<PageViewRow> = (0..minutes)
        .flat_map(|minute| (0..20).map(move |view| (minute, view)))
        .map(|(minute, view)| {
            let ago_ms = now_ms - (begin_ms + minute * MINUTE_MS + view as i64 * 2_500);
            let (page, lcp) = if view < slow { ("/pay", 9_000_000) } else { ("/", 1_000_000) };
            let view = PageViewRow { page: page.into(), lcp, sign: 1, ..service.view(ago_ms) };
            judged(view, Level::Delighted, None)
        })
        .collect();
    service.write(&views).await;
}

/// Minutes pass with ten visits in each, of a look around and a page where one pays, which is slow for `slow` of them.
async fn pass_with_visits(service: &Service, minutes: i64, slow: usize) {
    let begin_ms = service.now_ms().div_euclid(MINUTE_MS) * MINUTE_MS;
    service.clock.set(begin_ms + minutes * MINUTE_MS + 30_000);
    let now_ms = service.now_ms();
    let mut views = Vec::new();
    for (minute, visit) in (0..minutes).flat_map(|minute| (0..10).map(move |visit| (minute, visit))) {
        let ago_ms = now_ms - (begin_ms + minute * MINUTE_MS + visit as i64 * 4_000);
        let session = format!("{begin_ms}-{minute}-{visit}");
        let pay = if visit < slow { 9_000_000 } else { 1_000_000 };
        for (page, lcp, after_ms) in [("/", 1_000_000, 0), ("/pay", pay, 2_000)] {
            let view = service.view(ago_ms - after_ms);
            views.push(PageViewRow { page: page.into(), session: session.clone(), lcp, sign: 1, ..view });
        }
    }
    service.write(&views).await;
}

#[tokio::test]
async fn visits_that_go_wrong_are_told_with_the_page_where_they_did() {
    let watched = Watched::start(&[]).await;
    let promise = json!({"promise": "Visits are smooth", "objective": 0.95, "window": {"rolling": "28d"},
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "sessions"}});
    let answer = watched.send(Method::PUT, "slos/smooth", &promise).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    pass_with_visits(&watched.service, 10, 0).await;
    pass_with_visits(&watched.service, 30, 8).await;
    // They are counted at their own pace, so this clock may not go on before.
    let begin = Instant::now();
    while watched.service.get("/api/v1/sites/shop/slos/smooth").await["valid"] != 400 {
        assert!(begin.elapsed() < PATIENCE, "visits are not counted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    watched.pass(1).await;
    let alerts = watched.firing().await;
    let words = alerts[0]["words"].as_str().unwrap();
    assert!(words.contains(" visits (") && words.contains("worst on /pay, with 100 % of it"), "{words}");
    assert_eq!(alerts[0]["page"], "/pay");
}

#[tokio::test]
async fn a_promise_that_burns_is_told_once_in_words_whatever_restarts_and_again_when_it_is_over() {
    let sink = Sink::start().await;
    let mut watched = Watched::start(&[&sink.address]).await;
    watched.route("hook", &json!({"kind": "webhook", "url": sink.url("/hook"), "secret": "much secret"})).await;
    watched.route("chat", &json!({"kind": "slack", "url": sink.url("/chat")})).await;
    watched.route("duty", &json!({"kind": "pagerduty", "url": sink.url("/duty"), "secret": "routing-key"})).await;
    watched.promise().await;
    watched.minutes(10, 0).await;
    watched.minutes(30, 16).await;

    let alerts = watched.firing().await;
    let page =
        alerts.iter().find(|alert| alert["rule"] == "page_slow").expect("it burns fast enough for a page").clone();
    let words = page["words"].as_str().unwrap();
    assert!(
        words.starts_with("Checkout feels fast: ") && words.contains(" had LCP above 2.5 s in the last 6 hours"),
        "{words}"
    );
    assert!(words.contains("worst on /pay, with 100 % of it"), "{words}");
    assert_eq!((&page["page"], &page["severity"]), (&json!("/pay"), &json!("page")));
    assert_eq!(page["url"], "https://felt.example/sites/shop/promises?slo=checkout-fast");
    let told = sink.until("/hook", |told| told.iter().any(|told| told.body["rule"] == "page_slow")).await;
    let hook = told.iter().find(|told| told.body["rule"] == "page_slow").unwrap();
    assert_eq!(
        (&hook.body["id"], &hook.body["change"], &hook.body["words"]),
        (&page["id"], &json!("fired"), &page["words"])
    );
    hook.signed_by("much secret");
    let chat = sink.until("/chat", |told| !told.is_empty()).await;
    assert!(chat[0].body["text"].as_str().unwrap().contains("Checkout feels fast"), "{:?}", chat[0].body);
    let duty = sink.until("/duty", |told| !told.is_empty()).await;
    assert_eq!(
        (&duty[0].body["event_action"], &duty[0].body["routing_key"]),
        (&json!("trigger"), &json!("routing-key"))
    );

    // The promise's own answer says the same as the alert.
    let slo = watched.service.get("/api/v1/sites/shop/slos/checkout-fast").await;
    let rule = slo["alerts"].as_array().unwrap().iter().find(|alert| alert["rule"] == "page_slow").unwrap().clone();
    assert_eq!((&rule["state"], &rule["since"]), (&json!("firing"), &page["since"]), "{slo}");

    // Somebody takes care of it: PagerDuty hears of it, and so does whoever looks.
    let path = format!("alerts/{}/acknowledge", page["id"].as_str().unwrap());
    let answer = watched.send(Method::POST, &path, &json!({})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.json()["data"]["acknowledged_by"].is_string());
    sink.until("/duty", |told| told.iter().any(|told| told.body["event_action"] == "acknowledge")).await;

    // Killed in the middle and started again, over more bad minutes: nobody is told a second time.
    let before = watched.firing().await.len();
    watched.restart_evaluator().await;
    watched.minutes(2, 16).await;
    watched.minutes(370, 0).await;
    let alerts = watched.all_over().await;
    assert!(alerts.len() >= before, "{alerts:#?}");
    let resolved = |alerts: &[Value]| alerts.iter().filter(|alert| alert["state"] == "resolved").count();
    let told = sink
        .until("/hook", |told| {
            told.iter().filter(|told| told.body["change"] == "resolved").count() == resolved(&alerts)
        })
        .await;
    let mut keys: Vec<&str> = told.iter().map(|told| told.delivery.as_str()).collect();
    keys.sort_unstable();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "each is told once: {keys:?}");
    let again = alerts.iter().find(|alert| alert["id"] == page["id"]).unwrap();
    assert!(again["acknowledged_by"].is_string(), "what people said of it stays: {again}");
    assert!(again["words"].as_str().unwrap().contains("it is over since"), "{again}");
}

#[tokio::test]
async fn an_alertmanager_of_debian_takes_it_and_routes_it() {
    let sink = Sink::start().await;
    let manager = Alertmanager::start(&sink.url("/from-alertmanager")).await;
    let watched = Watched::start(&[&manager.address]).await;
    watched.route("manager", &json!({"kind": "alertmanager", "url": manager.url(), "severities": ["page"]})).await;
    watched.promise().await;
    watched.minutes(10, 0).await;
    watched.minutes(30, 16).await;
    let alerts = watched.firing().await;
    let known = manager.alerts_until(|alerts| !alerts.is_empty()).await;
    let labels = &known[0]["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["site"], &labels["slo"]),
        (&json!("FeltBudgetBurns"), &json!("shop"), &json!("checkout-fast"))
    );
    assert!(known.iter().all(|alert| alert["labels"]["severity"] == "page"), "{known:#?}");
    let description = known[0]["annotations"]["description"].as_str().unwrap();
    assert!(alerts.iter().any(|alert| alert["words"] == description), "{description}");
    assert_eq!(known[0]["generatorURL"], "https://felt.example/sites/shop/promises?slo=checkout-fast");
    let told = sink.until("/from-alertmanager", |told| told.iter().any(|told| told.body["status"] == "firing")).await;
    assert_eq!(told[0].body["commonLabels"]["site"], "shop");
}

#[tokio::test]
async fn what_is_silenced_waits_and_is_told_only_if_it_still_goes_on() {
    let sink = Sink::start().await;
    let watched = Watched::start(&[&sink.address]).await;
    watched.route("hook", &json!({"kind": "webhook", "url": sink.url("/hook"), "secret": "s"})).await;
    watched.promise().await;
    let until = jiff::Timestamp::from_millisecond(watched.service.now_ms() + 90 * MINUTE_MS).unwrap().to_string();
    let silence = json!({"slo": "checkout-fast", "to": until, "reason": "we know"});
    let answer = watched.send(Method::POST, "silences", &silence).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let id = answer.json()["data"]["id"].as_str().unwrap().to_owned();
    watched.minutes(10, 0).await;
    watched.minutes(30, 16).await;
    let alerts = watched.firing().await;
    assert!(alerts.iter().all(|alert| alert["silenced_until"].is_string()), "{alerts:#?}");
    assert_eq!(watched.service.get("/api/v1/sites/shop/silences").await["data"][0]["reason"], "we know");
    assert!(sink.told("/hook").is_empty());
    // It is ended before its time, and the alert goes on.
    let answer = watched.send(Method::DELETE, &format!("silences/{id}"), &json!({})).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    sink.until("/hook", |told| told.iter().any(|told| told.body["change"] == "fired")).await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_and_told_the_same_thing() {
    let sink = Sink::start().await;
    sink.fail_first("/hook", 1);
    let watched = Watched::start(&[&sink.address]).await;
    watched
        .route("hook", &json!({"kind": "webhook", "url": sink.url("/hook"), "secret": "s", "severities": ["page"]}))
        .await;
    watched.promise().await;
    watched.minutes(10, 0).await;
    watched.minutes(30, 16).await;
    let told = sink.until("/hook", |told| told.len() >= 2).await;
    assert_eq!(told[0].delivery, told[1].delivery, "the same key again");
    assert_eq!(told[0].body, told[1].body);
}

#[tokio::test]
async fn a_route_that_leads_inside_or_cannot_be_understood_is_refused() {
    let watched = Watched::start(&[]).await;
    for (url, words) in [
        ("http://hooks.example/x", "only https"),
        ("https://169.254.169.254/latest", "not an address of the public internet"),
        ("https://0x7f.1/", "not an address of the public internet"),
        ("https://[::ffff:127.0.0.1]/", "not an address of the public internet"),
        ("https://hooks.example:22/", "only the ports"),
    ] {
        let answer = watched.send(Method::PUT, "alert-routes/x", &json!({"kind": "slack", "url": url})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}");
        assert!(answer.text().contains(words), "{url}: {}", answer.text());
    }
    let wrong = json!({"kind": "slak", "url": "https://hooks.example/", "urll": 1, "quiet_hours": {"from": "25:00", "to": "07:00"}});
    let problem = watched.send(Method::PUT, "alert-routes/x", &wrong).await.json();
    let fields: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    for field in ["kind", "urll", "quiet_hours.from"] {
        assert!(fields.contains(&field), "{field} is not in {problem}");
    }
    // A secret is never shown again.
    let route = json!({"kind": "webhook", "url": "https://hooks.example/", "secret": "much secret",
        "quiet_hours": {"from": "22:00", "to": "07:00", "tz": "Europe/Berlin"}});
    watched.route("ok", &route).await;
    let shown = watched.service.ask("/api/v1/sites/shop/alert-routes/ok", &[]).await;
    assert!(!shown.text().contains("much secret"), "{}", shown.text());
    assert_eq!(
        (&shown.json()["data"]["has_secret"], &shown.json()["data"]["quiet_hours"]["from"]),
        (&json!(true), &json!("22:00"))
    );
}
