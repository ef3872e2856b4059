//! Erasing a visitor: what is theirs leaves every table, what is others' stays, a search proves it, and what comes later goes too.

use super::support::{Answer, HOUR_MS, Service, send};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use felt_processor::state::{StateRow, ViewRows};
use felt_query::{QueryConfig, erase};
use felt_schema::clock::{day_of, hour_of};
use felt_schema::rows::{DeadLetterRow, EventRow, PageViewRow, ViewStateRow};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Longest wait for something that another task does.
const PATIENCE: Duration = Duration::from_secs(180);
/// The one who asks to be forgotten.
const VISITOR: &str = "c0de-cafe_01";

/// Everything that one page view leaves in the store.
struct Trace {
    view: PageViewRow,
    events: Vec<EventRow>,
}

impl Trace {
    fn of(service: &Service, site: &str, view: &str, session: &str, visitor: &str) -> Self {
        let (view, session, visitor) = (view.to_owned(), session.to_owned(), visitor.to_owned());
        let row = PageViewRow { site: site.into(), view, session, visitor, ..service.view(HOUR_MS) };
        let event = |n| EventRow {
            site: site.into(),
            view: row.view.clone(),
            session: row.session.clone(),
            kind: "error".into(),
            message: "it broke".into(),
            day: row.day,
            received_at: row.received_at,
            at: row.started_at,
            n,
            ..EventRow::default()
        };
        Self { events: vec![event(0), event(1)], view: row }
    }

    fn state(&self) -> StateRow {
        StateRow {
            site: self.view.site.clone(),
            hour: hour_of(self.view.started_at),
            view_hash: ViewStateRow::hash_of(&self.view.view),
            seq: self.view.seq,
            day: self.view.day,
            keep_until: self.view.day + 2,
            state: ViewRows { view: self.view.clone(), events: self.events.clone() }.encode(),
        }
    }
}

async fn write(service: &Service, traces: &[Trace]) {
    let views: Vec<PageViewRow> = traces.iter().map(|trace| trace.view.clone()).collect();
    let events: Vec<EventRow> = traces.iter().flat_map(|trace| trace.events.clone()).collect();
    let states: Vec<StateRow> = traces.iter().map(Trace::state).collect();
    service.write(&views).await;
    service.store.insert_rows("events", &events, None).await.unwrap();
    service.store.insert_rows("view_states", &states, None).await.unwrap();
}

async fn letter(service: &Service, offset: u64, value: String) {
    let now_ms = service.now_ms();
    let row = DeadLetterRow {
        day: day_of(now_ms),
        received_at: now_ms,
        topic: "t".into(),
        partition: 0,
        offset,
        reason: "x".into(),
        value,
    };
    service.store.insert_rows("dead_letters", &[row], None).await.unwrap();
}

async fn count(service: &Service, table: &str, condition: &str) -> u64 {
    let sql = format!("SELECT count() FROM {table} WHERE {condition}");
    service.store.query_json(&sql, &[], Default::default()).await.unwrap()[0][0].as_u64().unwrap()
}

async fn ask_for(service: &Service, site: &str, body: &Value) -> Answer {
    let request = Request::post(format!("/api/v1/sites/{site}/erasures")).header("content-type", "application/json");
    send(&service.router, request.body(Body::from(body.to_string())).unwrap()).await
}

/// Does the work beside the answers until it is dropped.
struct Worker {
    _stop: oneshot::Sender<()>,
}

fn work(service: &Service) -> Worker {
    let (stop, stopped) = oneshot::channel::<()>();
    let state = service.state.clone();
    tokio::spawn(erase::run(state, async move {
        // Told, or no longer wanted: both end it.
        let _ = stopped.await;
    }));
    Worker { _stop: stop }
}

/// Asks until the erasure is as wanted.
async fn until(service: &Service, location: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let told = service.get(location).await["data"].clone();
        if wanted(&told) {
            return told;
        }
        assert!(begin.elapsed() < PATIENCE, "it never came so far: {told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// All that was received by now is visible from now on.
async fn catch_up(service: &Service) {
    service.clock.advance(10_000);
    service.progress().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_visitor_goes_and_nothing_else() {
    let config = QueryConfig { watermark_ms: 0, erase_check_ms: 1_000, ..QueryConfig::default() };
    let service = Service::with(|_| std::sync::Arc::new(felt_http::OpenAccess), config).await;
    write(
        &service,
        &[
            Trace::of(&service, "shop", "view-theirs-1", "session-theirs-1", VISITOR),
            Trace::of(&service, "shop", "view-theirs-2", "session-theirs-2", VISITOR),
            // Before they consented: the same session, no visitor.
            Trace::of(&service, "shop", "view-theirs-3", "session-theirs-1", ""),
            // No session of its own: the view's id stands for it.
            Trace::of(&service, "shop", "view-theirs-4", "view-theirs-4", VISITOR),
            Trace::of(&service, "shop", "view-others-1", "session-others-1", "c0de-cafe_02"),
            Trace::of(&service, "shop", "view-others-2", "session-others-2", ""),
            // Another site may use the same ids; it has not asked.
            Trace::of(&service, "blog", "view-theirs-1", "session-theirs-1", VISITOR),
        ],
    )
    .await;
    letter(&service, 1, format!("{{\"view\":{{\"site\":\"shop\",\"snapshot\":{{\"visitor\":\"{VISITOR}\"}}}}}}")).await;
    letter(&service, 2, format!("garbage with \"{VISITOR}\" in it")).await;
    letter(&service, 3, format!("{{\"view\":{{\"site\":\"blog\",\"snapshot\":{{\"visitor\":\"{VISITOR}\"}}}}}}")).await;
    letter(&service, 4, "{\"view\":{\"site\":\"shop\",\"snapshot\":{\"visitor\":\"c0de-cafe_02\"}}}".into()).await;
    let before = service.get("/api/v1/sites/shop/summary?range=24h&metrics=happiness").await["meta"]["views"].clone();
    assert_eq!(before, 6);

    // As if every session were in the sample.
    service.store.execute("INSERT INTO page_view_sample SELECT * FROM page_views").await.unwrap();

    let _worker = work(&service);
    let asked = ask_for(&service, "shop", &json!({"visitor": VISITOR})).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
    assert!(!asked.text().contains(VISITOR), "the answer does not repeat the id");
    let location = asked.header(header::LOCATION).to_owned();
    let again = ask_for(&service, "shop", &json!({"visitor": VISITOR})).await;
    assert_eq!(again.header(header::LOCATION), location, "a repeat joins the first");
    // What was received before the request may still be on its way.
    let told = until(&service, &location, |told| told["status"] == "waiting").await;
    assert_eq!((count(&service, "page_views", "1").await, &told["proof"]), (7, &Value::Null));

    catch_up(&service).await;
    let told = until(&service, &location, |told| told["status"] == "erased").await;
    assert_eq!(
        told["erased"],
        json!({"page_views": 4, "page_view_sample": 4, "events": 8, "view_states": 4, "dead_letters": 2})
    );
    assert_eq!(told["proof"]["rows"], 0, "{told}");
    for searched in told["proof"]["tables"].as_array().unwrap() {
        assert_eq!((&searched["rows"], &searched["mentions"]), (&json!(0), &json!(0)), "{searched}");
    }
    let tables: Vec<&str> =
        told["proof"]["tables"].as_array().unwrap().iter().filter_map(|t| t["table"].as_str()).collect();
    for table in [
        "page_views",
        "page_view_sample",
        "events",
        "view_states",
        "dead_letters",
        "rollup_minute",
        "rollup_hour",
        "rollup_day",
        "outcomes",
        "audit",
    ] {
        assert!(tables.contains(&table), "{table} was not searched: {tables:?}");
    }

    // Looked at from outside as well.
    for (table, condition, left) in [
        ("page_views", "site = 'shop'", 2),
        ("page_views", "site = 'blog'", 1),
        ("page_view_sample", "site = 'shop'", 2),
        ("events", "site = 'shop'", 4),
        ("events", "site = 'blog'", 2),
        ("view_states", "1", 7),
        ("view_states", "site = 'shop' AND position(state, 'c0de-cafe_01') + position(state, 'session-theirs') > 0", 0),
        ("view_states", "site = 'blog' AND position(state, 'c0de-cafe_01') > 0", 1),
        ("dead_letters", "1", 2),
        // Neither does a change's own text tell whom it was about.
        ("system.mutations", "position(command, 'c0de') + position(command, 'theirs') > 0", 0),
    ] {
        assert_eq!(count(&service, table, condition).await, left, "{table} {condition}");
    }
    // A state still takes back exactly what its view added to the counts, without telling whose it was.
    let sql = "SELECT hex(state) FROM view_states WHERE site = 'shop' AND view_hash = {hash:UInt64}";
    let hash = felt_store::Param::UInt(ViewStateRow::hash_of("view-theirs-1"));
    let rows = service.store.query_json(sql, &[("hash", hash)], Default::default()).await.unwrap();
    let state = ViewRows::decode(&unhex(rows[0][0].as_str().unwrap())).unwrap();
    let theirs = Trace::of(&service, "shop", "view-theirs-1", "................", "............");
    assert_eq!(
        (state.view.visitor.as_str(), state.view.session.as_str()),
        (theirs.view.visitor.as_str(), theirs.view.session.as_str())
    );
    assert_eq!((state.view.view.as_str(), state.view.page.as_str(), state.view.level), ("view-theirs-1", "/", 0));
    // Counts hold no ids and stay; the single views are gone.
    assert_eq!(service.get("/api/v1/sites/shop/summary?range=24h&metrics=happiness").await["meta"]["views"], 6);
    let raw = super::support::get(&service.raw(), "/api/v1/sites/shop/summary?range=24h&metrics=happiness").await;
    assert_eq!(raw["meta"]["views"], 2);
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_goes_too_and_in_the_end_the_ids_are_forgotten() {
    let config = QueryConfig { watermark_ms: 0, erase_check_ms: 60_000, ..QueryConfig::default() };
    let service = Service::with(|_| std::sync::Arc::new(felt_http::OpenAccess), config).await;
    let first = Trace::of(&service, "shop", "view-late-1", "session-late", VISITOR);
    write(&service, std::slice::from_ref(&first)).await;
    let location = {
        // The process that took the request is gone before it did anything.
        let asked = ask_for(&service, "shop", &json!({"visitor": VISITOR})).await;
        asked.header(header::LOCATION).to_owned()
    };
    catch_up(&service).await;
    let worker = work(&service);
    until(&service, &location, |told| told["status"] == "erased").await;
    drop(worker);

    // A later snapshot, as the processor writes it: the blanked state is taken back, the new one carries the ids again.
    let mut back = first.view.clone();
    (back.sign, back.visitor, back.session) = (-1, ".".repeat(12), ".".repeat(12));
    let newer = Trace { view: PageViewRow { seq: 1, lcp: 9_000_000, ..first.view.clone() }, events: first.events };
    service.write(&[back]).await;
    write(&service, &[newer]).await;
    assert_eq!(count(&service, "page_views", "1").await, 2);
    let counted = service.get("/api/v1/sites/shop/summary?range=24h&metrics=happiness").await;
    assert_eq!(counted["meta"]["views"], 1, "the later snapshot counts once, not twice");

    // Another process goes on with it, once a search is due.
    service.clock.advance(61_000);
    let _worker = work(&service);
    let told = until(&service, &location, |told| told["erased"]["page_views"] == 3).await;
    let told = if told["proof"]["rows"] == 0 {
        told
    } else {
        until(&service, &location, |told| told["proof"]["rows"] == 0).await
    };
    assert_eq!(count(&service, "page_views", "1").await, 0, "{told}");
    assert_eq!(count(&service, "erasure_targets", "id = 'c0de-cafe_01'").await, 1, "it is still looked for");

    service.clock.advance(i64::try_from(QueryConfig::default().erase_watch_ms).unwrap());
    let told = until(&service, &location, |told| told["status"] == "complete").await;
    assert_eq!(told["proof"]["rows"], 0);
    assert_eq!(count(&service, "erasure_targets", "1").await, 0);
    assert_eq!(count(&service, "view_states", "1").await, 0);
    let listed = service.get("/api/v1/sites/shop/erasures").await;
    assert_eq!(
        (listed["data"][0]["status"].as_str(), listed["data"].as_array().map(Vec::len)),
        (Some("complete"), Some(1))
    );
    assert!(!listed.to_string().contains(VISITOR));
    assert_eq!(service.get("/api/v1/sites/blog/erasures").await["data"], json!([]));
    let other = location.replace("/shop/", "/blog/");
    assert_eq!(service.ask(&other, &[]).await.status, StatusCode::NOT_FOUND, "another site's erasure is nobody's here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_erased_alone() {
    let config = QueryConfig { watermark_ms: 0, ..QueryConfig::default() };
    let service = Service::with(|_| std::sync::Arc::new(felt_http::OpenAccess), config).await;
    write(
        &service,
        &[
            Trace::of(&service, "shop", "view-one", "session-one", VISITOR),
            Trace::of(&service, "shop", "view-two", "session-two", VISITOR),
        ],
    )
    .await;
    let _worker = work(&service);
    let asked = ask_for(&service, "shop", &json!({"session": "session-one"})).await;
    catch_up(&service).await;
    let told = until(&service, asked.header(header::LOCATION), |told| told["status"] == "erased").await;
    assert_eq!(
        told["erased"],
        json!({"page_views": 1, "page_view_sample": 0, "events": 2, "view_states": 1, "dead_letters": 0})
    );
    assert_eq!(count(&service, "page_views", "session = 'session-two'").await, 1);
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_with_what_to_send() {
    let service = Service::start().await;
    for body in [
        json!({}),
        json!({"visitor": "c0de-cafe_01", "session": "c0de-cafe_01"}),
        json!({"visitor": "short"}),
        json!({"visitor": "x' OR 1=1 -- "}),
        json!({"visitor": ["c0de-cafe_01"]}),
        json!({"visitor": "c0de-cafe_01", "sites": "*"}),
        json!(["c0de-cafe_01"]),
    ] {
        let answer = ask_for(&service, "shop", &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json()["type"], "urn:felt:problem:invalid-erasure", "{body}");
    }
    // What a form or a script elsewhere can make a browser send is not taken.
    let text = Request::post("/api/v1/sites/shop/erasures").header("content-type", "text/plain");
    let answer = send(&service.router, text.body(Body::from(json!({"visitor": VISITOR}).to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(ask_for(&service, "nowhere", &json!({"visitor": VISITOR})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(count(&service, "erasures", "1").await, 0);
}
