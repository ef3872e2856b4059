//! What is to blame: elements, events, scripts, resources and phases, with their share of the poor views, exactly.

use super::support::{HOUR_MS, Service, event};
use axum::http::StatusCode;
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::snapshot::EventKind;
use serde_json::{Value, json};

/// Milliseconds in the micro units of the columns.
const fn ms(ms: u32) -> u32 {
    ms * 1_000
}

fn lcp(service: &Service, target: &str, value: u32, phases: [u32; 4]) -> PageViewRow {
    let [ttfb, load_delay, load_time, render_delay] = phases.map(ms);
    PageViewRow {
        lcp: ms(value),
        lcp_target: target.into(),
        lcp_url: if target == "img.hero" { "https://cdn.example/hero.jpg".into() } else { String::new() },
        lcp_ttfb: ttfb,
        lcp_load_delay: load_delay,
        lcp_load_time: load_time,
        lcp_render_delay: render_delay,
        ..service.view(HOUR_MS)
    }
}

/// Of each row the columns named.
fn columns(answer: &Value, names: &[&str]) -> Vec<Value> {
    let rows = answer["data"].as_array().unwrap();
    rows.iter().map(|row| names.iter().map(|name| row[*name].clone()).collect()).collect()
}

#[tokio::test]
async fn elements_resources_and_phases_are_told_with_their_share_of_the_poor_views() {
    let service = Service::start().await;
    let replaced = lcp(&service, "img.hero", 60_000, [1, 1, 1, 1]);
    let views = [
        lcp(&service, "img.hero", 5_000, [500, 500, 3_500, 500]),
        lcp(&service, "img.hero", 4_500, [500, 500, 3_000, 500]),
        lcp(&service, "img.hero", 2_000, [500, 500, 500, 500]),
        lcp(&service, "h1", 4_400, [4_000, 0, 0, 400]),
        lcp(&service, "h1", 1_000, [500, 0, 0, 500]),
        // Counts neither as poor nor at all: a bot's, one that was taken back, one without the metric.
        PageViewRow { bot: "crawler".into(), ..lcp(&service, "h1", 9_000, [9_000, 0, 0, 0]) },
        PageViewRow { sign: -1, ..replaced.clone() },
        replaced,
        service.view(HOUR_MS),
    ];
    service.write(&views).await;
    let answer = service.get("/api/v1/sites/shop/attribution?metric=lcp&range=24h").await;
    assert_eq!(
        columns(&answer, &["kind", "value", "views", "poor", "share", "p75"]),
        [
            json!(["element", "img.hero", 3, 2, 0.666666667, 5000]),
            json!(["resource", "https://cdn.example/hero.jpg", 3, 2, 0.666666667, 5000]),
            json!(["phase", "load_time", 5, 2, 0.666666667, 3000]),
            json!(["element", "h1", 2, 1, 0.333333333, 4400]),
            json!(["phase", "ttfb", 5, 1, 0.333333333, 500]),
            json!(["phase", "load_delay", 5, 0, 0, 500]),
            json!(["phase", "render_delay", 5, 0, 0, 500]),
        ]
    );
    let hero = &answer["data"][0];
    assert_eq!((&hero["ttfb"], &hero["load_time"]), (&json!(500), &json!(2_333.333333333)));
    let meta = &answer["meta"];
    assert_eq!((&meta["count"], &meta["poor"], &meta["views"]), (&json!(5), &json!(3), &json!(6)));
    assert!(meta["warnings"][0].as_str().unwrap().contains("too few"), "{meta}");
}

#[tokio::test]
async fn inp_names_elements_events_and_scripts_and_cls_what_jumped() {
    let service = Service::start().await;
    let inp = |target: &str, event: &str, value: u32| PageViewRow {
        inp: ms(value),
        inp_target: target.into(),
        inp_event: event.into(),
        inp_script: "app.js".into(),
        inp_input_delay: ms(10),
        inp_processing: ms(value - 30),
        inp_presentation: ms(20),
        ..service.view(HOUR_MS)
    };
    let cls = |target: &str, micro: u32| PageViewRow { cls: micro, cls_target: target.into(), ..service.view(HOUR_MS) };
    service
        .write(&[
            inp("button#buy", "click", 600),
            inp("button#buy", "click", 100),
            inp("input", "keydown", 50),
            cls("div.banner", 300_000),
            cls("div.banner", 20_000),
            cls("img", 250_000),
        ])
        .await;
    let inp = service.get("/api/v1/sites/shop/attribution?metric=inp&range=24h&limit=4").await;
    assert_eq!(
        columns(&inp, &["kind", "value", "views", "poor", "share", "p75"]),
        [
            json!(["script", "app.js", 3, 1, 1, 600]),
            json!(["element", "button#buy", 2, 1, 1, 600]),
            json!(["event", "click", 2, 1, 1, 600]),
            json!(["phase", "processing", 3, 1, 1, 570]),
        ]
    );
    let cls = service.get("/api/v1/sites/shop/attribution?metric=cls&range=24h").await;
    assert_eq!(
        columns(&cls, &["kind", "value", "views", "poor", "share", "p75"]),
        [json!(["element", "div.banner", 2, 1, 1, 0.3]), json!(["element", "img", 1, 0, 0, 0.25])]
    );
}

#[tokio::test]
async fn groups_filters_and_who_mean_what_they_mean_everywhere() {
    let service = Service::start().await;
    let on = |page: &str, device: &str, value| PageViewRow {
        page: page.into(),
        device: device.into(),
        ..lcp(&service, "h1", value, [value, 0, 0, 0])
    };
    service.write(&[on("/a", "mobile", 5_000), on("/a", "desktop", 1_000), on("/b", "mobile", 6_000)]).await;
    let ask = async |rest: &str| {
        let answer = service.get(&format!("/api/v1/sites/shop/attribution?metric=lcp&range=24h&{rest}")).await;
        columns(&answer, &["page", "kind", "value", "views", "poor", "share"])
    };
    assert_eq!(
        ask("by=page&min=2").await,
        [
            json!(["/a", "element", "h1", 2, 1, 1]),
            json!(["/a", "phase", "ttfb", 2, 1, 1]),
            json!(["/a", "phase", "load_delay", 2, 0, 0]),
            json!(["/a", "phase", "load_time", 2, 0, 0]),
            json!(["/a", "phase", "render_delay", 2, 0, 0])
        ]
    );
    assert_eq!(ask("f=device:is:desktop&limit=1").await, [json!([null, "element", "h1", 1, 0, null])]);
    assert_eq!(ask("who=bots").await, Vec::<Value>::new());
    for (query, meant) in [("metric=lpc", "lcp"), ("metric=happiness", "inp"), ("metric=lcp&limt=5", "limit")] {
        let answer = service.ask(&format!("/api/v1/sites/shop/attribution?{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.json()["did_you_mean"].is_string(), "{query}: {} {meant}", answer.text());
    }
    let csv = service.ask("/api/v1/sites/shop/attribution?metric=lcp&range=24h", &[("accept", "text/csv")]).await;
    assert!(csv.text().starts_with("kind,value,views,poor,share,p75,ttfb,"), "{}", csv.text());
}

#[tokio::test]
async fn what_is_slow_to_be_usable_is_told_by_its_requests_and_scripts() {
    let service = Service::start().await;
    let view = |usable| PageViewRow { usable: ms(usable), fcp: ms(500), ttfb: ms(200), ..service.view(HOUR_MS) };
    let (slow, fast) = (view(4_000), view(900));
    let request =
        |view, n, url: &str| EventRow { url: url.into(), duration: 900.0, ..event(view, n, EventKind::Request, 600) };
    service.write(&[slow.clone(), fast.clone()]).await;
    let gone = request(&slow, 3, "/api/old");
    service
        .write_events(&[
            request(&slow, 0, "/api/cart"),
            request(&slow, 1, "/api/cart"),
            EventRow { script: "ads.js".into(), ..event(&slow, 2, EventKind::LongFrame, 700) },
            EventRow { sign: -1, ..gone.clone() },
            gone,
            request(&fast, 0, "/api/menu"),
        ])
        .await;
    let answer = service.get("/api/v1/sites/shop/attribution?metric=usable&range=24h").await;
    assert_eq!(
        columns(&answer, &["kind", "value", "views", "poor", "share", "ready"]),
        [
            json!(["resource", "/api/cart", 1, 1, 1, 3500]),
            json!(["script", "ads.js", 1, 1, 1, 3500]),
            json!(["phase", "ready", 2, 1, 1, 1950]),
            json!(["resource", "/api/menu", 1, 0, 0, 400]),
            json!(["phase", "render", 2, 0, 0, null]),
            json!(["phase", "ttfb", 2, 0, 0, null]),
        ]
    );
}
