//! What visitors said, joined to what they felt in that page view.

use super::support::{DAY_MS, HOUR_MS, Service, event, judged, time};
use felt_schema::anchors::Level::{Brutal, Delighted};
use felt_schema::happiness::Cause;
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::snapshot::EventKind;
use serde_json::{Value, json};

fn said(view: &PageViewRow, n: u16, score: f64, of: f64, text: &str) -> EventRow {
    EventRow { score, of, text: text.into(), ..event(view, n, EventKind::Feedback, 5_000) }
}

fn texts(answer: &Value) -> Vec<Value> {
    answer["data"].as_array().unwrap().iter().map(|row| row["text"].clone()).collect()
}

async fn shop() -> (Service, Vec<PageViewRow>) {
    let service = Service::start().await;
    let view = |ago_ms, page: &str, path: &str| PageViewRow {
        page: page.into(),
        path: path.into(),
        lcp: 9_000_000,
        inp: 96_000,
        cls: 31_000,
        ..service.view(ago_ms)
    };
    let views = vec![
        judged(view(3 * HOUR_MS, "/p/:id", "/p/1"), Brutal, Some(Cause::SlowOpen)),
        judged(view(2 * HOUR_MS, "/", "/"), Delighted, None),
        PageViewRow { bot: "crawler".into(), ..view(HOUR_MS, "/", "/") },
    ];
    service.write(&views).await;
    let old = PageViewRow { started_at: service.now_ms() - 60 * DAY_MS, ..service.view(0) };
    let taken_back = said(&views[1], 1, 1.0, 5.0, "not any more");
    service
        .write_events(&[
            said(&views[0], 0, 1.0, 5.0, "so slow"),
            said(&views[1], 0, 4.0, 5.0, "fine"),
            said(&views[2], 0, 5.0, 5.0, "i am a bot"),
            EventRow { sign: -1, ..taken_back.clone() },
            taken_back,
            said(&views[1], 2, f64::NAN, f64::NAN, "words only"),
            EventRow { view: "long-gone".into(), day: views[0].day - 60, ..said(&old, 0, 2.0, 10.0, "of old") },
        ])
        .await;
    (service, views)
}

#[tokio::test]
async fn each_answer_of_a_visitor_is_told_with_what_they_felt() {
    let (service, views) = shop().await;
    let answer = service.get("/api/v1/sites/shop/feedback?range=24h").await;
    assert_eq!(texts(&answer), [json!("fine"), json!("words only"), json!("so slow")]);
    let (row, at) = (&answer["data"][2], views[0].started_at + 5_000);
    for (name, value) in [
        ("at", json!(time(at))),
        ("score", json!(1)),
        ("of", json!(5)),
        ("share", json!(0.2)),
        ("page", json!("/p/:id")),
        ("view", json!(views[0].view)),
        ("session", json!("session-1")),
        ("level", json!("brutal")),
        ("cause", json!("slow_open")),
        ("lcp", json!(9000)),
        ("inp", json!(96)),
        ("cls", json!(0.031)),
        ("country", json!("DE")),
        ("device", json!("mobile")),
        ("release", json!("1.9")),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let meta = &answer["meta"];
    assert_eq!((&meta["count"], &meta["scored"], &meta["mean"]), (&json!(3), &json!(2), &json!(0.5)));
    let visit = row["visit"].as_str().unwrap();
    let story = service.get(&format!("/api/v1/sites/shop/sessions/{visit}")).await;
    assert!(story["data"]["timeline"].to_string().contains("so slow"), "its visit is found by it: {story}");
}

#[tokio::test]
async fn words_outlive_the_page_view_in_which_they_were_said() {
    let (service, _) = shop().await;
    let answer = service.get("/api/v1/sites/shop/feedback?range=90d").await;
    assert_eq!(texts(&answer).last(), Some(&json!("of old")));
    let old = &answer["data"][3];
    assert_eq!((&old["level"], &old["lcp"], &old["share"]), (&Value::Null, &Value::Null, &json!(0.2)));
    assert!(answer["meta"]["warnings"].to_string().contains("single page views are kept"), "{}", answer["meta"]);
}

#[tokio::test]
async fn filters_reach_what_only_the_page_view_knows_and_pages_go_on() {
    let (service, _) = shop().await;
    let ask = async |rest: &str| texts(&service.get(&format!("/api/v1/sites/shop/feedback?range=24h&{rest}")).await);
    assert_eq!(ask("f=page:is:/p/:id").await, [json!("so slow")]);
    assert_eq!(ask("f=path:is:/p/1").await, [json!("so slow")]);
    assert_eq!(ask("f=path:is:/p/1&f=device:is:desktop").await, Vec::<Value>::new());
    assert_eq!(ask("f=cause:set:false").await, [json!("fine"), json!("words only")]);
    assert_eq!(ask("who=bots").await, [json!("i am a bot")]);
    let first = service.get("/api/v1/sites/shop/feedback?range=24h&limit=2").await;
    assert_eq!(texts(&first), [json!("fine"), json!("words only")]);
    let next = first["meta"]["next"].as_str().unwrap();
    let second = service.get(&format!("/api/v1/sites/shop/feedback?{next}")).await;
    assert_eq!((texts(&second), &second["meta"]["next"]), (vec![json!("so slow")], &Value::Null));
    let csv = service.ask("/api/v1/sites/shop/feedback?range=24h", &[("accept", "text/csv")]).await;
    assert!(csv.text().starts_with("at,score,of,share,text,page,"), "{}", csv.text());
}
