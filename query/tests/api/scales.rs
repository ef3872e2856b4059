//! Scales: set, listed with their versions, tried out over what was measured, and argued about from data.

use super::support::{DAY_MS, HOUR_MS, Service, judged};
use axum::http::StatusCode;
use felt_processor::budget::{Budgets, Folder};
use felt_processor::route::Router;
use felt_processor::settings::Settings;
use felt_processor::user_agent::UserAgents;
use felt_processor::view::{Place, Rules, rows};
use felt_schema::anchors::Level;
use felt_schema::happiness::LevelCounts;
use felt_schema::record::ViewRecord;
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::scale::{Scale, Version};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::parse_snapshot;
use parking_lot::Mutex;
use serde_json::{Value, json};

const SCALES: &str = "/api/v1/sites/shop/scales";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";

/// What the processor makes of snapshots that arrive now, judged by `own` scales.
fn processed(service: &Service, snapshots: &[String], own: &[Scale]) -> (Vec<PageViewRow>, Vec<EventRow>) {
    let versions = own.iter().zip(0..).map(|(scale, n)| {
        let version = Version { id: format!("scale-{n}"), written_ms: 0, scale: Some(scale.clone()) };
        ("shop".to_owned(), version)
    });
    let (settings, budgets) = (Settings::of(versions, []), Mutex::new(Budgets::default()));
    let sites = Sites::new(vec![Site { key: "shop".into(), ..Site::default() }]).unwrap();
    let (mut agents, mut router) = (UserAgents::default(), Router::default());
    let mut rules = Rules {
        sites: &sites,
        folder: Folder::new(&budgets),
        agents: &mut agents,
        router: &mut router,
        settings: &settings,
    };
    let (mut views, mut events) = (Vec::new(), Vec::new());
    for (snapshot, offset) in snapshots.iter().zip(0..) {
        let record = ViewRecord {
            received_at_ms: service.now_ms(),
            started_at_ms: None,
            site: "shop".into(),
            country: "DE".into(),
            region: "".into(),
            ua: CHROME.into(),
            drops: Vec::new(),
            snapshot: parse_snapshot(snapshot.as_bytes()).unwrap().unwrap().snapshot,
        };
        let made = rows(&record, Place { partition: 0, offset }, service.now_ms() - HOUR_MS, &mut rules);
        views.push(made.view);
        events.extend(made.events);
    }
    (views, events)
}

/// Snapshots of every shape that a judgement looks at, thresholds included; `late` ones tell values from after the page was hidden
/// too, of which rows keep only what was judged by them.
fn snapshots(late: bool) -> Vec<String> {
    // A small generator of its own, so that the same ones come every time.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut pick = |count: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count
    };
    let times = [400, 999, 1_000, 1_800, 2_500, 2_501, 3_000, 3_999, 4_000, 4_001, 5_000, 7_999, 8_000, 8_001, 12_000];
    let mut one = |n: usize| {
        let mut metrics = serde_json::Map::new();
        let hidden = (pick(3) == 0).then(|| times[pick(times.len())]);
        let (lcp, usable) = (times[pick(times.len())], times[pick(times.len())]);
        let counts = |value| late || hidden.is_none_or(|hidden| value < hidden);
        if pick(3) > 0 && counts(lcp) {
            metrics.insert("lcp".into(), lcp.into());
        }
        if pick(4) == 0 && counts(usable) {
            metrics.insert("usable".into(), usable.into());
        }
        if pick(2) == 0 {
            metrics.insert("inp".into(), [50, 200, 201, 500, 900, 1_500][pick(6)].into());
        }
        if pick(2) == 0 {
            metrics.insert("cls".into(), [0.0, 0.1, 0.11, 0.25, 0.4, 0.6][pick(6)].into());
        }
        if pick(3) == 0 {
            metrics.insert("load".into(), times[pick(times.len())].into());
        }
        let mut events = Vec::new();
        for (kind, often) in [("rage_click", 12), ("dead_click", 10), ("error", 10)] {
            if pick(often) == 0 {
                events.push(json!({"type": kind, "at": 100, "message": "m", "target": "a"}));
            }
        }
        if pick(3) == 0 {
            events.push(json!({"type": "timing", "at": 100, "name": "play", "value": times[pick(times.len())]}));
        }
        if pick(3) == 0 {
            events.push(json!({"type": "step", "at": 100, "journey": "buy", "step": "pay", "failed": pick(10) == 0}));
        }
        let route = ["/", "/play/fast", "/play/slow", "/p/:id"][pick(4)];
        let (nav, status) = (["navigate", "soft", "bfcache", "reload"][pick(4)], [200, 200, 200, 503][pick(4)]);
        let mut snapshot = json!({
            "view": format!("random-{n:06}"), "session": format!("session-{n:06}"), "url": "https://shop.example/",
            "route": route,
            "nav": nav, "status": status,
            "hidden_at_start": pick(12) == 0, "age": 60_000, "metrics": metrics, "events": events,
        });
        if let Some(hidden) = hidden {
            snapshot["first_hidden"] = hidden.into();
        }
        if pick(2) == 0 {
            snapshot["left"] = times[pick(times.len())].into();
        }
        snapshot.to_string()
    };
    (0..3_000).map(&mut one).collect()
}

fn levels_of(views: &[PageViewRow]) -> [i64; 4] {
    std::array::from_fn(|level| views.iter().filter(|view| usize::from(view.level) == level).count() as i64)
}

async fn preview(service: &Service, body: &Value) -> Value {
    let answer = service.json("POST", &format!("{SCALES}/preview"), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["data"].clone()
}

fn counts(levels: &Value) -> Vec<i64> {
    levels.as_array().unwrap().iter().map(|level| level["count"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_preview_by_the_built_in_scales_gives_what_was_written_exactly() {
    let service = Service::start().await;
    let (views, events) = processed(&service, &snapshots(true), &[]);
    let written = levels_of(&views);
    assert!(written.iter().all(|count| *count > 100), "every level is met: {written:?}");
    assert!(views.iter().filter(|view| view.cause == "gave_up").count() > 100);
    service.write(&views).await;
    service.events(&events).await;
    let data = preview(&service, &json!({"scales": []})).await;
    assert_eq!(counts(&data["levels"]), written);
    assert_eq!(counts(&data["levels_now"]), written);
    assert_eq!(data["views"], written.iter().sum::<i64>());
    let score = LevelCounts(written).score().value.unwrap();
    assert!((data["happiness"].as_f64().unwrap() - score).abs() < 1e-6);
    assert_eq!(data["happiness"], data["happiness_now"]);
    let words = data["words"].as_str().unwrap();
    assert_eq!(
        words,
        format!("With these anchors the last 28 days would have scored {score:.0}; they scored {score:.0}.")
    );
}

#[tokio::test]
async fn a_preview_by_other_scales_gives_what_the_processor_would_have_judged() {
    let service = Service::start().await;
    let scales = json!([
        {"metric": "lcp", "thresholds": [1_500, 2_500, 4_000]},
        {"page": "/play/*", "metric": "lcp", "thresholds": [900, 1_800, 3_000]},
        {"page": "/play/f*", "journey": "buy", "metric": "inp", "thresholds": [50, 100, 200]},
        {"journey": "buy", "metric": "usable", "thresholds": [3_000, 5_000, 8_000]},
        {"metric": "cls", "thresholds": [0.05, 0.1, 0.2]},
        {"page": "/p/*", "metric": "timing:play", "thresholds": [1_000, 4_000, 8_000]},
    ]);
    let own: Vec<Scale> = serde_json::from_value(scales.clone()).unwrap();
    let snapshots = snapshots(false);
    let (views, events) = processed(&service, &snapshots, &[]);
    let (wanted, _) = processed(&service, &snapshots, &own);
    let wanted = levels_of(&wanted);
    assert_ne!(wanted, levels_of(&views));
    service.write(&views).await;
    service.events(&events).await;
    let data = preview(&service, &json!({"scales": scales, "range": "7d"})).await;
    assert_eq!(counts(&data["levels_now"]), levels_of(&views));
    assert_eq!(counts(&data["levels"]), wanted);
    assert!(data["words"].as_str().unwrap().starts_with("With these anchors the last 7 days would have scored"));
}

#[tokio::test]
async fn a_scale_holds_from_a_full_minute_on_and_every_version_stays() {
    let service = Service::start().await;
    let lcp = json!({"page": "/play/*", "metric": "lcp", "thresholds": [1_000, 2_000, 3_000]});
    let answer = service.json("PUT", &format!("{SCALES}/play"), &lcp).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let saved = answer.json()["data"].clone();
    let since: jiff::Timestamp = saved["since"].as_str().unwrap().parse().unwrap();
    let wait_ms = since.as_millisecond() - service.now_ms();
    assert!((60_000..120_000).contains(&wait_ms) && since.as_millisecond() % 60_000 == 0, "{saved}");
    for (column, wanted) in [
        ("id", json!("play")),
        ("pages", json!("/play/*")),
        ("journey", Value::Null),
        ("metric", json!("lcp")),
        ("thresholds", json!([1_000, 2_000, 3_000])),
        ("edge", json!("better")),
        ("version", json!(1)),
        ("in_effect", json!(false)),
        ("built_in", json!(false)),
    ] {
        assert_eq!(saved[column], wanted, "{column}");
    }
    let listed = async || service.get(SCALES).await["data"].as_array().unwrap().clone();
    let rows = listed().await;
    assert_eq!(rows[0], saved);
    let built_in: Vec<(&Value, &Value)> = rows[1..].iter().map(|row| (&row["id"], &row["thresholds"])).collect();
    assert_eq!(built_in[0], (&json!("built-in.lcp"), &json!([2_500, 4_000, 8_000])));
    assert_eq!(built_in[3], (&json!("built-in.usable"), &json!([1_000, 3_000, 5_000])));
    assert_eq!(rows.len(), 5);

    service.clock.advance(2 * 60_000);
    assert_eq!(listed().await[0]["in_effect"], true);
    let wider = json!({"page": "/play/*", "metric": "lcp", "thresholds": [2_000, 3_000, 4_000]});
    assert_eq!(service.json("PUT", &format!("{SCALES}/play"), &wider).await.status, StatusCode::OK);
    // Until the new one holds, the old one does.
    let rows = listed().await;
    assert_eq!((&rows[0]["version"], &rows[0]["in_effect"]), (&json!(1), &json!(true)));
    assert_eq!((&rows[1]["version"], &rows[1]["in_effect"]), (&json!(2), &json!(false)));
    service.clock.advance(2 * 60_000);
    assert_eq!(listed().await.len(), 5);
    assert_eq!(service.json("DELETE", &format!("{SCALES}/play"), &Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(listed().await[0]["version"], 2, "it holds for a minute more");
    service.clock.advance(2 * 60_000);
    assert_eq!(listed().await.len(), 4);
    assert_eq!(service.json("DELETE", &format!("{SCALES}/play"), &Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_scale_is_told_all_its_faults() {
    let service = Service::start().await;
    for (body, fields) in [
        (json!({"metric": "lpc", "thresholds": [1, 2, 3]}), vec!["metric"]),
        (json!({"metric": "lcp", "thresholds": [3, 2, 1]}), vec!["thresholds"]),
        (json!({"metric": "inp", "thresholds": [1, 2]}), vec!["thresholds"]),
        (
            json!({"metric": "ttfb", "thresholds": [1, 2, 3], "pgae": "/", "journey": ""}),
            vec!["journey", "metric", "pgae"],
        ),
        (json!({}), vec!["metric", "thresholds"]),
    ] {
        let answer = service.json("PUT", &format!("{SCALES}/one"), &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let problem = answer.json();
        let told: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(told, fields, "{problem}");
    }
    let lcp = json!({"metric": "lcp", "thresholds": [1, 2, 3]});
    for id in ["UPPER", "built-in.lcp", &"x".repeat(65)] {
        assert_eq!(service.json("PUT", &format!("{SCALES}/{id}"), &lcp).await.status, StatusCode::BAD_REQUEST, "{id}");
    }
    assert_eq!(service.json("PUT", &format!("{SCALES}/one"), &lcp).await.status, StatusCode::CREATED);
    let twin = service.json("PUT", &format!("{SCALES}/two"), &lcp).await;
    assert!(twin.status == StatusCode::BAD_REQUEST && twin.text().contains("`one`"), "{}", twin.text());
    let far = service.json("POST", &format!("{SCALES}/preview"), &json!({"scales": [], "range": "90d"})).await;
    assert_eq!(far.status, StatusCode::BAD_REQUEST);
    let wrong =
        json!({"scales": [{"metric": "lcp", "thresholds": [1, 2, 3]}, {"metric": "x", "thresholds": [1, 2, 3]}]});
    let wrong = service.json("POST", &format!("{SCALES}/preview"), &wrong).await.json();
    assert_eq!(wrong["errors"][0]["field"], "scales[1].metric", "{wrong}");
}

#[tokio::test]
async fn calibration_tells_after_which_levels_people_left_and_what_they_said() {
    let service = Service::start().await;
    let (mut views, mut events) = (Vec::new(), Vec::new());
    let mut visit = |name: String, levels: &[Level], began_ago_ms: i64| {
        for (level, n) in levels.iter().zip(0..) {
            let view = judged(service.view(began_ago_ms - n * 60_000), *level, None);
            views.push(PageViewRow { session: name.clone(), ..view });
        }
    };
    let (good, bad) = (Level::Delighted, Level::Brutal);
    for n in 0..30 {
        // After a delighted view two in three go on, after a brutal one nobody does.
        visit(format!("stays-{n}"), &[good, good, bad], 2 * HOUR_MS);
    }
    for n in 0..30 {
        visit(format!("leaves-{n}"), &[good], 2 * HOUR_MS);
    }
    // A visit that may still go on says nothing yet.
    visit("now".into(), &[good, bad], 10 * 60_000);
    let mut bot = judged(service.view(DAY_MS), bad, None);
    bot.bot = "crawler".into();
    views.push(bot);
    for (view, score, of) in [(0, 5.0, 5.0), (1, 6.0, 10.0), (2, 1.0, 5.0)] {
        let view: &PageViewRow = &views[view];
        events.push(EventRow {
            site: "shop".into(),
            day: view.day,
            at: view.started_at + 1_000,
            view: view.view.clone(),
            session: view.session.clone(),
            page: view.page.clone(),
            kind: "feedback".into(),
            score,
            of,
            ..EventRow::default()
        });
    }
    service.write(&views).await;
    service.events(&events).await;
    let answer = service.get("/api/v1/sites/shop/calibration?range=24h").await;
    let data = answer["data"].as_array().unwrap();
    assert_eq!(
        (&data[0]["level"], &data[0]["views"], &data[0]["left"]),
        (&json!("delighted"), &json!(90), &json!(30)),
        "{answer}"
    );
    assert_eq!((&data[3]["level"], &data[3]["views"], &data[3]["left"]), (&json!("brutal"), &json!(30), &json!(30)));
    assert_eq!((&data[0]["stayed"], &data[3]["stayed"]), (&json!(0.666666667), &json!(0)));
    assert_eq!((&data[1]["stayed"], &data[1]["views"], &data[1]["weight"]), (&Value::Null, &json!(0), &Value::Null));
    assert_eq!((&data[0]["feedback"], &data[0]["feedback_mean"]), (&json!(2), &json!(0.8)));
    assert_eq!((&data[3]["feedback"], &data[3]["feedback_mean"]), (&json!(1), &json!(0.2)));
    assert_eq!(answer["meta"]["words"], "After delighted views 67 % of visitors stayed, after brutal ones 0 %.");
}
