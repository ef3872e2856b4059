//! Visits: which there are, in what order, how they felt, and one of them as a story.

use super::support::{HOUR_MS, Service, event, judged, time};
use axum::http::{StatusCode, header};
use felt_http::{Authorize, Scope};
use felt_query::QueryConfig;
use felt_query::tokens::{self, NewToken, StoredTokens};
use felt_schema::anchors::Level::{self, Annoying, Brutal, Delighted, Painful};
use felt_schema::happiness::Cause::{self, Broke, SlowOpen};
use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::snapshot::EventKind;
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

fn of(session: &str, page: &str, level: Level, cause: Option<Cause>, view: PageViewRow) -> PageViewRow {
    let words = PageViewRow { session: session.into(), page: page.into(), path: page.into(), ..view };
    judged(words, level, cause)
}

fn rows(answer: &Value) -> Vec<Value> {
    answer["data"].as_array().unwrap().clone()
}

fn ids(answer: &Value) -> Vec<String> {
    rows(answer).iter().map(|row| row["session"].as_str().unwrap().to_owned()).collect()
}

/// Three visits of people and one of a bot, begun three, two and one hours ago.
async fn shop() -> (Service, Vec<PageViewRow>) {
    let service = Service::start().await;
    let view = |ago_ms| service.view(ago_ms);
    let start = 3 * HOUR_MS;
    let views = vec![
        of("session-a", "/", Delighted, None, view(start)),
        of("session-a", "/checkout", Brutal, Some(Broke), view(start - 5 * MINUTE_MS)),
        of("session-a", "/", Annoying, Some(SlowOpen), view(start - 9 * MINUTE_MS)),
        of("session-b", "/", Delighted, None, PageViewRow { device: "desktop".into(), ..view(2 * HOUR_MS) }),
        of("session-c", "/checkout", Painful, Some(SlowOpen), view(HOUR_MS)),
        of("session-c", "/thanks", Delighted, None, view(HOUR_MS - MINUTE_MS)),
        of("bot-session", "/checkout", Brutal, None, PageViewRow { bot: "crawler".into(), ..view(HOUR_MS) }),
    ];
    service.write(&views).await;
    (service, views)
}

#[tokio::test]
async fn a_visit_is_told_by_its_worst_view_and_its_last() {
    let (service, views) = shop().await;
    let answer = service.get("/api/v1/sites/shop/sessions?range=24h").await;
    assert_eq!(ids(&answer), ["session-c", "session-b", "session-a"], "the newest first, bots left out");
    let begun = views[0].started_at;
    let row = &rows(&answer)[2];
    for (name, value) in [
        ("id", json!(format!("session-a.{}", begun / 1000))),
        ("started_at", json!(time(begun))),
        ("ended_at", json!(time(begun + 9 * MINUTE_MS))),
        ("duration_ms", json!(9 * MINUTE_MS)),
        ("views", json!(3)),
        ("entry_page", json!("/")),
        ("exit_page", json!("/")),
        ("country", json!("DE")),
        ("device", json!("mobile")),
        ("points", json!(3)),
        ("happiness", json!(37.5)),
        ("worst_level", json!("brutal")),
        ("last_level", json!("annoying")),
        ("cause", json!("broke")),
        ("has_feedback", json!(false)),
        ("steps", json!([])),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    assert_eq!(answer["meta"]["views"], 6);
    assert_eq!((&answer["meta"]["groups"], &answer["meta"]["source"]), (&json!(3), &json!("raw")));
    let bots = service.get("/api/v1/sites/shop/sessions?range=24h&who=bots").await;
    assert_eq!(ids(&bots), ["bot-session"]);
}

#[tokio::test]
async fn the_unhappiest_on_mobile_in_checkout_come_first() {
    let (service, _) = shop().await;
    let ask = async |rest: &str| ids(&service.get(&format!("/api/v1/sites/shop/sessions?range=24h{rest}")).await);
    assert_eq!(ask("&order=-unhappy").await, ["session-a", "session-c", "session-b"]);
    assert_eq!(ask("&order=unhappy").await, ["session-b", "session-c", "session-a"]);
    assert_eq!(ask("&order=-views").await, ["session-a", "session-c", "session-b"]);
    assert_eq!(ask("&order=started_at").await, ["session-a", "session-b", "session-c"]);
    let checkout = "&order=-unhappy&f=page:glob:/checkout*&f=device:is:mobile";
    assert_eq!(ask(checkout).await, ["session-a", "session-c"]);
    assert_eq!(ask("&f=page:is:/thanks").await, ["session-c"]);
    assert_eq!(ask("&min=3").await, ["session-a"]);
    assert_eq!(ask("&f=page:is:/nowhere").await, Vec::<String>::new());
    let wrong = service.ask("/api/v1/sites/shop/sessions?order=unhapy", &[]).await;
    assert_eq!((wrong.status, wrong.json()["did_you_mean"].as_str()), (StatusCode::BAD_REQUEST, Some("unhappy")));
}

#[tokio::test]
async fn a_gap_of_half_an_hour_makes_another_visit_and_a_moment_less_does_not() {
    let service = Service::start().await;
    let at = |minutes: i64| service.view(3 * HOUR_MS - minutes * MINUTE_MS);
    let views = [
        of("session-a", "/one", Delighted, None, at(0)),
        of("session-a", "/two", Painful, Some(SlowOpen), at(29)),
        of("session-a", "/three", Brutal, Some(Broke), at(59)),
        // Twenty minutes were spent here, so the next view comes ten minutes after it.
        of("session-b", "/game", Delighted, None, PageViewRow { left_ms: 20 * 60_000, ..at(0) }),
        of("session-b", "/again", Delighted, None, at(35)),
    ];
    service.write(&views).await;
    let answer = service.get("/api/v1/sites/shop/sessions?range=24h&order=-unhappy").await;
    let shown: Vec<Value> = rows(&answer)
        .iter()
        .map(|row| json!([row["session"], row["views"], row["points"], row["exit_page"]]))
        .collect();
    assert_eq!(
        shown,
        [
            json!(["session-a", 1, 0, "/three"]),
            json!(["session-a", 2, 2, "/two"]),
            json!(["session-b", 2, 8, "/again"])
        ]
    );
    // Each is found by its own id, and the plain id is the latest.
    for (index, page) in [(0, "/three"), (1, "/two")] {
        let id = rows(&answer)[index]["id"].as_str().unwrap().to_owned();
        let one = service.get(&format!("/api/v1/sites/shop/sessions/{id}")).await;
        assert_eq!((&one["data"]["exit_page"], &one["data"]["id"]), (&json!(page), &json!(id)));
    }
    let latest = service.get("/api/v1/sites/shop/sessions/session-a").await;
    assert_eq!(latest["data"]["exit_page"], "/three");
    assert_eq!(latest["data"]["visits"].as_array().unwrap().len(), 2);
    // A visit that began before the window is not of the window, although some of it is.
    let from = time(views[1].started_at - MINUTE_MS);
    let later = service.get(&format!("/api/v1/sites/shop/sessions?from={from}&order=started_at")).await;
    assert_eq!(rows(&later).len(), 1);
    assert_eq!(rows(&later)[0]["entry_page"], "/three");
}

#[tokio::test]
async fn what_a_later_snapshot_replaced_is_not_told() {
    let service = Service::start().await;
    let first = of("session-a", "/", Brutal, Some(Broke), service.view(HOUR_MS));
    let gone = PageViewRow { sign: -1, ..first.clone() };
    let last = PageViewRow { seq: 1, errors: 2, lcp: 1_500_000, ..judged(first.clone(), Annoying, Some(SlowOpen)) };
    let other = of("session-a", "/taken-back", Brutal, Some(Broke), service.view(HOUR_MS - 1_000));
    let taken_back = PageViewRow { sign: -1, ..other.clone() };
    service.write(&[last.clone(), other, first.clone(), gone, taken_back]).await;
    let said = EventRow { message: "old words".into(), ..event(&first, 0, EventKind::Error, 10) };
    let unsaid = EventRow { sign: -1, ..said.clone() };
    let anew = EventRow { message: "new words".into(), ..event(&last, 0, EventKind::Error, 20) };
    service.write_events(&[anew, said, unsaid]).await;

    let answer = service.get("/api/v1/sites/shop/sessions?range=24h").await;
    let row = &rows(&answer)[0];
    assert_eq!((rows(&answer).len(), &row["views"], &row["points"]), (1, &json!(1), &json!(6)));
    assert_eq!(
        (&row["errors"], &row["cause"], &row["worst_level"]),
        (&json!(2), &json!("slow_open"), &json!("annoying"))
    );
    let story = service.get("/api/v1/sites/shop/sessions/session-a").await;
    let lines = story["data"]["timeline"].as_array().unwrap();
    assert_eq!(lines.len(), 2, "{story}");
    assert_eq!((&lines[0]["type"], &lines[0]["lcp"]), (&json!("view"), &json!(1500)));
    assert_eq!((&lines[1]["type"], &lines[1]["message"]), (&json!("error"), &json!("new words")));
}

#[tokio::test]
async fn a_story_is_told_in_the_order_of_time() {
    let (service, views) = shop().await;
    let (first, second) = (&views[0], &views[1]);
    let step = |view, n, after, step: &str| EventRow {
        name: "checkout".into(),
        step: step.into(),
        value: 49.9,
        currency: "EUR".into(),
        ..event(view, n, EventKind::Step, after)
    };
    service
        .write_events(&[
            step(second, 1, 4_000, "pay"),
            EventRow {
                url: "/api/pay".into(),
                status: 500,
                duration: 812.0,
                ..event(second, 0, EventKind::Request, 3_000)
            },
            EventRow { score: 1.0, of: 5.0, text: "no".into(), ..event(second, 2, EventKind::Feedback, 5_000) },
            EventRow { target: "a.more".into(), ..event(first, 0, EventKind::DeadClick, 2_000) },
            // In a view of the same session that nobody knows any more.
            EventRow { view: "view-of-old".into(), ..event(first, 5, EventKind::Error, 2_500) },
        ])
        .await;
    let story = service.get(&format!("/api/v1/sites/shop/sessions/session-a.{}", first.started_at / 1000)).await;
    let lines = story["data"]["timeline"].as_array().unwrap();
    let told: Vec<Value> = lines.iter().map(|line| json!([line["type"], line["page"], line["at"]])).collect();
    let at = |view: &PageViewRow, after: i64| time(view.started_at + after);
    assert_eq!(
        told,
        [
            json!(["view", "/", at(first, 0)]),
            json!(["dead_click", "/", at(first, 2_000)]),
            json!(["view", "/checkout", at(second, 0)]),
            json!(["request", "/checkout", at(second, 3_000)]),
            json!(["step", "/checkout", at(second, 4_000)]),
            json!(["feedback", "/checkout", at(second, 5_000)]),
            json!(["view", "/", at(&views[2], 0)]),
        ]
    );
    assert_eq!((&lines[3]["status"], &lines[3]["duration"]), (&json!(500), &json!(812)));
    assert_eq!((&lines[4]["journey"], &lines[4]["amount"]), (&json!("checkout"), &json!(49.9)));
    assert_eq!(
        (&lines[5]["score"], &lines[5]["text"], &lines[5]["level"]),
        (&json!(1), &json!("no"), &json!("brutal"))
    );
    assert_eq!(story["data"]["steps"], json!(["checkout/pay"]));
    let list = service.get("/api/v1/sites/shop/sessions?range=24h&order=-unhappy").await;
    assert_eq!((&rows(&list)[0]["has_feedback"], &rows(&list)[0]["steps"]), (&json!(true), &json!(["checkout/pay"])));
    let lines = service.ask("/api/v1/sites/shop/sessions/session-a", &[("accept", "application/x-ndjson")]).await;
    assert_eq!(lines.text().lines().count(), 7);
    let csv = service.ask("/api/v1/sites/shop/sessions?range=24h", &[("accept", "text/csv")]).await;
    assert!(csv.text().starts_with("session,id,started_at,"), "{}", csv.text());
    assert_eq!(csv.text().lines().count(), 4);
}

#[tokio::test]
async fn pages_stay_on_the_same_time_while_new_visits_come() {
    let (service, _) = shop().await;
    let first = service.get("/api/v1/sites/shop/sessions?range=24h&limit=2").await;
    assert_eq!(ids(&first), ["session-c", "session-b"]);
    let answer = service.ask("/api/v1/sites/shop/sessions?range=24h", &[]).await;
    let tag = answer.header(header::ETAG).to_owned();
    let again = service.ask("/api/v1/sites/shop/sessions?range=24h", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let next = first["meta"]["next"].as_str().unwrap().to_owned();
    service.clock.advance(2 * MINUTE_MS);
    service.write(&[of("session-d", "/", Delighted, None, service.view(MINUTE_MS / 2))]).await;
    let second = service.get(&format!("/api/v1/sites/shop/sessions?{next}")).await;
    assert_eq!(ids(&second), ["session-a"]);
    assert_eq!(second["query"]["to"], first["query"]["to"]);
    assert_eq!(second["meta"]["next"], Value::Null);
    let other = service.ask(&format!("/api/v1/sites/shop/sessions?{next}&order=-unhappy"), &[]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST, "a cursor belongs to its question");
}

#[tokio::test]
async fn single_visits_need_their_own_scope_and_stay_with_their_site() {
    let stored = |store: &felt_store::Store| Arc::new(StoredTokens::new(store.clone())) as Arc<dyn Authorize>;
    let service = Service::with(stored, QueryConfig::default()).await;
    let view = of("session-a", "/", Delighted, None, service.view(HOUR_MS));
    service.write(std::slice::from_ref(&view)).await;
    let token = async |site: &str, scope| {
        let new = NewToken { name: "test".into(), sites: vec![site.into()], scopes: vec![scope] };
        format!("Bearer {}", tokens::create(&service.store, &*service.clock, new).await.unwrap().token)
    };
    let (metrics, sessions) = (token("*", Scope::ReadMetrics).await, token("*", Scope::ReadSessions).await);
    for call in ["sessions", "sessions/session-a"] {
        for (site, token, status) in [
            ("shop", &metrics, StatusCode::FORBIDDEN),
            ("shop", &sessions, StatusCode::OK),
            ("blog", &metrics, StatusCode::FORBIDDEN),
        ] {
            let answer = service.ask(&format!("/api/v1/sites/{site}/{call}"), &[("authorization", token)]).await;
            assert_eq!(answer.status, status, "{site} {call}: {}", answer.text());
        }
    }
    let own = token("blog", Scope::ReadSessions).await;
    let others = service.ask("/api/v1/sites/blog/sessions/session-a", &[("authorization", &own)]).await;
    assert_eq!(others.status, StatusCode::NOT_FOUND);
    assert_eq!(rows(&service.ask("/api/v1/sites/blog/sessions", &[("authorization", &own)]).await.json()).len(), 0);
}

#[tokio::test]
async fn an_id_that_nobody_has_is_not_found_whatever_is_in_it() {
    let (service, _) = shop().await;
    for id in [
        "session-x",
        "session-a.5",
        "x'%20OR%201",
        "%00",
        "..%2Fslos",
        "{site}",
        "a.b.c",
        "%F0%9F%92%A9",
        "session-a%2F",
    ] {
        let answer = service.ask(&format!("/api/v1/sites/shop/sessions/{id}"), &[]).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{id}: {}", answer.text());
    }
    let answer = service.ask("/api/v1/sites/shop/sessions/session-a?range=7d", &[]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "one visit takes no range");
}
