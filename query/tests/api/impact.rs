//! Whom a window hurt, where not everything is known: no week to compare with, nobody who agreed to be recognised, days that are not
//! over, snapshots that were taken back. That the figures are right is held by the vectors, from end to end.

use super::support::{DAY_MS, HOUR_MS, Service, time};
use axum::http::StatusCode;
use felt_schema::rows::{EventRow, PageViewRow};
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;
const WEEK_MS: i64 = 7 * DAY_MS;

/// A view of a person on a page.
fn view(service: &Service, ago_ms: i64, who: &str, page: &str, failed: bool) -> PageViewRow {
    PageViewRow {
        session: format!("visit-{who}"),
        page: page.into(),
        path: page.into(),
        failed: failed.into(),
        level: if failed { 3 } else { 0 },
        ..service.view(ago_ms)
    }
}

/// The step that a view took.
fn step(view: &PageViewRow, step: &str, amount: f64) -> EventRow {
    EventRow {
        site: view.site.clone(),
        day: view.day,
        received_at: view.received_at,
        at: view.started_at,
        view: view.view.clone(),
        session: view.session.clone(),
        page: view.page.clone(),
        kind: "step".into(),
        name: "checkout".into(),
        step: step.into(),
        value: amount,
        currency: if amount.is_nan() { String::new() } else { "EUR".into() },
        ..EventRow::default()
    }
}

fn window(service: &Service, from_ago_ms: i64, to_ago_ms: i64) -> String {
    let now_ms = service.now_ms() / MINUTE_MS * MINUTE_MS;
    format!("from={}&to={}", time(now_ms - from_ago_ms), time(now_ms - to_ago_ms))
}

async fn impact(service: &Service, query: &str) -> Value {
    service.get(&format!("/api/v1/sites/shop/impact?{query}")).await
}

fn words(answer: &Value) -> String {
    let paragraphs = answer["data"]["paragraphs"].as_array().unwrap().iter();
    paragraphs.map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn without_a_week_before_nothing_is_told_of_what_would_have_been_and_the_words_say_why() {
    let service = Service::start().await;
    let (mut views, mut steps) = (Vec::new(), Vec::new());
    for n in 0..12 {
        let who = format!("one-{n}");
        let cart = view(&service, HOUR_MS, &who, "/cart", false);
        let pay = view(&service, HOUR_MS - MINUTE_MS, &who, "/pay", n < 6);
        steps.push(step(&cart, "cart", f64::NAN));
        if n >= 6 {
            steps.push(step(&pay, "pay", 20.0));
        }
        views.extend([cart, pay]);
    }
    views.push(PageViewRow { bot: "crawler".into(), ..view(&service, HOUR_MS, "bot", "/pay", true) });
    service.write(&views).await;
    service.events(&steps).await;
    let answer = impact(&service, &window(&service, 2 * HOUR_MS, 30 * MINUTE_MS)).await;
    let told = &answer["data"];
    assert_eq!(told["exposed"], json!({"views": 24, "sessions": 12, "visitors": 12, "recognised": 0}));
    assert_eq!(told["hurt"]["hard"]["visitors"], 6);
    assert_eq!(told["hurt"]["hard"]["share"], 0.5);
    assert_eq!((&told["retries"]["views"], &told["retries"]["herd"]), (&json!(0), &Value::Null));
    assert_eq!(told["gave_up"], json!({"sessions": 6, "median_s": 0}));
    let journey = &told["journeys"][0];
    assert_eq!((&journey["started"], &journey["completed"], &journey["abandoned"]), (&json!(12), &json!(6), &json!(6)));
    assert_eq!(
        (&journey["control_rate"], &journey["excess"], &journey["low"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!((&told["lost"]["visitors"], &told["lost"]["affected"]), (&Value::Null, &Value::Null));
    assert_eq!(told["money"]["total"], Value::Null);
    assert_eq!(told["control"]["views"], 0);
    assert_eq!(told["settled"]["now"], false);
    let words = words(&answer);
    for part in [
        "12 people saw 24 page views in 12 visits. A page failed 6 of them (50 %",
        "0 of them agreed to be recognised",
        "nobody took a step of it a week earlier",
        "How many customers were lost cannot be told: the six days in which people may come back are not over",
        "no last step of a journey told an amount in the week before",
    ] {
        assert!(words.contains(part), "{part:?} is missing in\n{words}");
    }
    assert!(answer["meta"]["warnings"].to_string().contains("not all there"), "{}", answer["meta"]);
}

#[tokio::test]
async fn filters_choose_the_views_that_count_and_later_snapshots_take_earlier_ones_back() {
    let service = Service::start().await;
    let failed = view(&service, HOUR_MS, "mended", "/pay", true);
    let taken_back = PageViewRow { sign: -1, ..failed.clone() };
    let mended = PageViewRow { seq: 1, failed: 0, level: 0, ..failed.clone() };
    let french = PageViewRow { country: "FR".into(), ..view(&service, HOUR_MS, "french", "/pay", true) };
    let again = PageViewRow { country: "FR".into(), ..view(&service, HOUR_MS - 20_000, "french", "/pay", false) };
    let home = view(&service, HOUR_MS, "german", "/", true);
    service.write(&[failed, taken_back, mended, french, again, home]).await;
    let span = window(&service, 2 * HOUR_MS, 30 * MINUTE_MS);
    let all = impact(&service, &span).await;
    assert_eq!((&all["data"]["exposed"]["views"], &all["data"]["hurt"]["hard"]["visitors"]), (&json!(4), &json!(2)));
    let pay = impact(&service, &format!("{span}&f=page:is:/pay")).await;
    assert_eq!((&pay["data"]["exposed"]["visitors"], &pay["data"]["hurt"]["hard"]["visitors"]), (&json!(2), &json!(1)));
    assert_eq!((&pay["data"]["retries"]["views"], &pay["data"]["retries"]["succeeded"]), (&json!(1), &json!(1)));
    assert_eq!(pay["data"]["retries"]["amplification"], 1.5);
    assert_eq!(pay["data"]["by"]["country"][0]["value"], "FR");
    let none = impact(&service, &format!("{span}&f=page:is:/nowhere")).await;
    assert_eq!(none["data"]["exposed"]["views"], 0);
    assert_eq!(none["data"]["hurt"]["hard"]["share"], Value::Null);
    assert_eq!(none["data"]["paragraphs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_journey_told_by_pages_is_compared_with_the_week_before() {
    let service = Service::start().await;
    let definition =
        json!({"name": "Buy", "steps": [{"name": "Cart", "page": "/cart"}, {"name": "Done", "page": "/done/*"}]});
    let path = "/api/v1/sites/shop/journeys/buy";
    assert_eq!(service.json("PUT", path, &definition).await.status, StatusCode::CREATED);
    let mut views = Vec::new();
    for (week, done) in [(0, 2), (WEEK_MS, 8)] {
        for n in 0..10 {
            let who = format!("{week}-{n}");
            views.push(view(&service, week + HOUR_MS, &who, "/cart", false));
            if n < done {
                views.push(view(&service, week + HOUR_MS - MINUTE_MS, &who, "/done/1", false));
            }
        }
    }
    service.write(&views).await;
    let answer = impact(&service, &format!("{}&journey=buy", window(&service, 2 * HOUR_MS, 30 * MINUTE_MS))).await;
    let journey = &answer["data"]["journeys"][0];
    assert_eq!((&journey["name"], &journey["started"], &journey["completed"]), (&json!("Buy"), &json!(10), &json!(2)));
    assert_eq!(
        (&journey["control_abandoned"], &journey["control_rate"], &journey["excess"]),
        (&json!(2), &json!(0.2), &json!(6))
    );
    assert!(words(&answer).contains("that makes 6 abandoned beyond the usual (95 % interval"), "{}", words(&answer));
}

#[tokio::test]
async fn those_who_came_back_are_told_apart_from_those_who_did_not() {
    let service = Service::start().await;
    let mut views = Vec::new();
    // A week and a half ago pages failed ten people, of whom two came back; of ten people the week before eight did.
    let hit_ms = 8 * DAY_MS;
    for (week, back, failed) in [(0, 2, true), (WEEK_MS, 8, false)] {
        for n in 0..10 {
            let visitor = format!("visitor-{week}-{n}");
            let of = |ago_ms, who: String, failed| PageViewRow {
                visitor: visitor.clone(),
                ..view(&service, ago_ms, &who, "/", failed)
            };
            views.push(of(week + hit_ms, format!("a-{week}-{n}"), failed));
            if n < back {
                views.push(of(week + hit_ms - 2 * DAY_MS, format!("b-{week}-{n}"), false));
            }
        }
    }
    service.write(&views).await;
    let answer = impact(&service, &window(&service, hit_ms + HOUR_MS, hit_ms - HOUR_MS)).await;
    let lost = &answer["data"]["lost"];
    assert_eq!((&lost["affected"], &lost["returned"]), (&json!(10), &json!(2)), "{answer}");
    assert_eq!((&lost["controls"], &lost["controls_returned"]), (&json!(10), &json!(8)));
    assert_eq!(lost["visitors"], 6);
    assert_eq!(answer["data"]["settled"]["now"], true);
    let words = words(&answer);
    assert!(words.contains("that is 6 who did not come back though they otherwise would have (95 % interval 2 to 10; so few people are no more than a hint)"), "{words}");
}

#[tokio::test]
async fn a_window_that_cannot_be_compared_is_refused() {
    let service = Service::start().await;
    for query in ["range=8d", "from=2026-01-01&to=2026-01-09", "currency=EURO", "jorney=buy", "who=bots"] {
        let answer = service.ask(&format!("/api/v1/sites/shop/impact?{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.text());
    }
    let answer = service.ask("/api/v1/sites/shop/impact?jorney=buy", &[]).await.json();
    assert_eq!(answer["did_you_mean"], "journey");
}

#[tokio::test]
async fn incidents_are_declared_ended_listed_and_taken_back() {
    let service = Service::start().await;
    let path = "/api/v1/sites/shop/incidents";
    let from = time(service.now_ms() - 2 * HOUR_MS);
    let body = json!({"title": "Payment failed", "from": from, "filters": ["page:is:/pay"], "journey": "checkout", "note": "Two\nlines"});
    let declared = service.json("POST", path, &body).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{}", declared.text());
    let row = declared.json()["data"].clone();
    let id = row["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("payment-failed-20"), "{id}");
    assert_eq!((&row["open"], &row["to"], &row["source"]), (&json!(true), &Value::Null, &json!("api")));
    assert_eq!(service.json("POST", path, &body).await.json()["data"]["id"], format!("{id}-2"));

    let one = format!("{path}/{id}");
    let mut ended = body.clone();
    ended["to"] = time(service.now_ms() - HOUR_MS).into();
    ended["source"] = "chart".into();
    assert_eq!(service.json("PUT", &one, &ended).await.status, StatusCode::OK);
    let row = service.get(&one).await["data"].clone();
    assert_eq!(
        (&row["open"], &row["source"], &row["filters"]),
        (&json!(false), &json!("chart"), &json!(["page:is:/pay"]))
    );
    assert_eq!(service.json("PUT", &format!("{path}/by-alert"), &body).await.status, StatusCode::CREATED);

    service
        .write(&[view(&service, 90 * MINUTE_MS, "one", "/pay", true), view(&service, HOUR_MS, "late", "/pay", true)])
        .await;
    let answer = service.get(&format!("{one}/impact")).await;
    assert_eq!(answer["data"]["hurt"]["hard"]["visitors"], 1, "the second was after its end");
    assert_eq!(
        service.get(&format!("{path}/by-alert/impact")).await["data"]["hurt"]["hard"]["visitors"],
        2,
        "this one goes on"
    );

    let ids = |list: &Value| list["data"].as_array().unwrap().len();
    assert_eq!(ids(&service.get(path).await), 3);
    assert_eq!(ids(&service.get(&format!("{path}?range=30m")).await), 2, "the one that ended is not among them");
    let lines = service.ask(path, &[("accept", "text/csv")]).await.text();
    assert!(lines.starts_with("id,title,from,to,open"), "{lines}");
    let gone = axum::http::Request::delete(one.as_str()).body(axum::body::Body::empty()).unwrap();
    assert_eq!(super::support::send(&service.router, gone).await.status, StatusCode::NO_CONTENT);
    assert_eq!(service.ask(&one, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.ask(&format!("{one}/impact"), &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_fault_of_an_incident_is_told_at_once() {
    let service = Service::start().await;
    let path = "/api/v1/sites/shop/incidents";
    let body = json!({"titel": "x", "from": "yesterday", "to": "2026-01-01T00:00:00Z", "filters": ["pge:is:/"], "source": "alarm"});
    let answer = service.json("POST", path, &body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let errors = answer.json()["errors"].to_string();
    for part in ["\"title\"", "\"from\"", "filters[0]", "\"page\"", "\"alert\"", "titel"] {
        assert!(errors.contains(part), "{part} is missing in {errors}");
    }
    let long = json!({"title": "x", "from": "2026-01-01T00:00:00Z", "to": "2026-01-09T00:00:00Z"});
    assert!(service.json("POST", path, &long).await.text().contains("at most 7 days"));
    assert_eq!(service.json("PUT", &format!("{path}/No"), &long).await.status, StatusCode::BAD_REQUEST);
}
