//! What the tests share: one engine, a database for each test, page views that are counted as the processor counts them.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use felt_http::{Authorize, OpenAccess};
use felt_processor::rollup::Rollup;
use felt_query::planner::SourceKind;
use felt_query::{QueryConfig, QueryState, router};
use felt_schema::anchors::Level;
use felt_schema::clock::{Clock, ManualClock, SystemClock, day_of, minute_of};
use felt_schema::happiness::Cause;
use felt_schema::rows::{EventRow, OutcomeRow, PageViewRow, ProgressRow};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::EventKind;
use felt_store::Store;
use felt_store::testing::TestEngine;
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use tower::ServiceExt;

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// An engine on a runtime of its own, so that it outlives the test that happened to start it.
struct SharedEngine {
    engine: Option<TestEngine>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for SharedEngine {
    fn drop(&mut self) {
        drop(self.engine.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

static ENGINE: Mutex<Weak<SharedEngine>> = Mutex::new(Weak::new());
static DATABASES: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);

fn engine() -> Arc<SharedEngine> {
    let mut running = ENGINE.lock().unwrap();
    if let Some(engine) = running.upgrade() {
        return engine;
    }
    let start = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let engine = runtime.block_on(TestEngine::start());
        SharedEngine { engine: Some(engine), runtime: Some(runtime) }
    };
    // A runtime cannot be entered from within another one's thread.
    let engine = Arc::new(std::thread::spawn(start).join().unwrap());
    *running = Arc::downgrade(&engine);
    engine
}

/// A database with a service in front of it.
pub struct Service {
    _engine: Arc<SharedEngine>,
    /// The tables.
    pub store: Store,
    /// What the service takes for now: when the test began.
    pub clock: Arc<ManualClock>,
    /// The service.
    pub router: Router,
    /// What the service is made of, for work that goes on beside its answers.
    pub state: QueryState,
    offset: AtomicU64,
}

impl Service {
    /// Sites `shop` and `blog`, open to everybody, answering from whatever the planner takes.
    pub async fn start() -> Self {
        Self::with(|_| Arc::new(OpenAccess), QueryConfig::default()).await
    }

    /// As [`Service::start`], with other permissions and settings.
    pub async fn with(authorize: impl FnOnce(&Store) -> Arc<dyn Authorize>, config: QueryConfig) -> Self {
        let engine = engine();
        let database = format!("query_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let store = engine.engine.as_ref().unwrap().migrated(&database).await;
        let clock = Arc::new(ManualClock::new(SystemClock.now_ms()));
        let authorize = authorize(&store);
        let state = QueryState::new(config, store.clone(), sites(), clock.clone(), authorize);
        Self { _engine: engine, store, clock, router: router(state.clone()), state, offset: AtomicU64::new(0) }
    }

    /// The same data, answered from single views only.
    pub fn raw(&self) -> Router {
        let open = Arc::new(OpenAccess);
        let (config, store) = (QueryConfig::default(), self.store.clone());
        router(QueryState::with_source(config, store, sites(), self.clock.clone(), open, Some(SourceKind::Raw)))
    }

    /// Another service over the same data, with a clock of its own.
    pub fn beside(&self, config: QueryConfig, clock: Arc<ManualClock>) -> QueryState {
        QueryState::new(config, self.store.clone(), sites(), clock, Arc::new(OpenAccess))
    }

    /// Now.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Writes page views and what they add to the rollups, and says that they are there.
    pub async fn write(&self, views: &[PageViewRow]) {
        let mut rollup = Rollup::default();
        for view in views {
            rollup.add(view, i64::from(view.sign));
        }
        let rows = rollup.finish();
        // A token of its own, because equal cells of two writes would be taken for a repetition.
        let token = format!("write {}", WRITES.fetch_add(1, Ordering::Relaxed));
        let token = Some(token.as_str());
        self.store.insert_rows("page_views", views, token).await.unwrap();
        self.store.insert_rows("rollup_minute", &rows.minute, token).await.unwrap();
        self.store.insert_rows("rollup_hour", &rows.hour, token).await.unwrap();
        self.store.insert_rows("rollup_day", &rows.day, token).await.unwrap();
        self.progress().await;
    }

    /// Writes what happened, and says that it is there.
    pub async fn write_events(&self, events: &[EventRow]) {
        self.store.insert_rows("events", events, None).await.unwrap();
        self.progress().await;
    }

    /// Moves the watermark on.
    pub async fn progress(&self) {
        let now_ms = self.now_ms();
        let row = ProgressRow {
            topic: "beacons".into(),
            partition: 0,
            owner: "test".into(),
            caught_up_to: now_ms - 1_000,
            next_offset: self.offset.fetch_add(1, Ordering::Relaxed),
            updated_at: now_ms + i64::try_from(self.offset.load(Ordering::Relaxed)).unwrap(),
        };
        self.store.insert_rows("progress", &[row], None).await.unwrap();
    }

    /// Writes events.
    pub async fn events(&self, events: &[EventRow]) {
        self.store.insert_rows("events", events, None).await.unwrap();
        self.progress().await;
    }

    /// Sends JSON by `method`.
    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        send(&self.router, request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Writes outcomes of this minute.
    pub async fn outcomes(&self, site: &str, outcomes: &[(&str, &str, i64)]) {
        let now_ms = self.now_ms();
        let row = |&(outcome, reason, count): &(&str, &str, i64)| OutcomeRow {
            site: site.into(),
            day: day_of(now_ms),
            minute: minute_of(now_ms),
            outcome: outcome.into(),
            reason: reason.into(),
            count,
        };
        let rows: Vec<OutcomeRow> = outcomes.iter().map(row).collect();
        self.store.insert_rows("outcomes", &rows, None).await.unwrap();
    }

    /// A page view of `shop` that began `ago_ms` ago.
    pub fn view(&self, ago_ms: i64) -> PageViewRow {
        static VIEWS: AtomicU64 = AtomicU64::new(0);
        let now_ms = self.now_ms();
        PageViewRow {
            site: "shop".into(),
            view: format!("view-{:08}", VIEWS.fetch_add(1, Ordering::Relaxed)),
            session: "session-1".into(),
            day: day_of(now_ms),
            received_at: now_ms,
            started_at: now_ms - ago_ms,
            page: "/".into(),
            path: "/".into(),
            country: "DE".into(),
            device: "mobile".into(),
            os: "Android".into(),
            browser: "Chrome".into(),
            browser_version: "120.0.1".into(),
            release: "1.9".into(),
            nav: "navigate".into(),
            level: 0,
            ..PageViewRow::default()
        }
    }

    /// A GET that has to succeed, as JSON.
    pub async fn get(&self, path: &str) -> Value {
        get(&self.router, path).await
    }

    /// A GET, whatever comes.
    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask(&self.router, path, headers).await
    }
}

fn sites() -> Arc<Sites> {
    let site = |key: &str, name: &str| Site { key: key.into(), name: name.into(), ..Site::default() };
    Arc::new(Sites::new(vec![site("shop", "The Shop"), site("blog", "")]).unwrap())
}

/// An answer, read to its end.
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// A header's text.
    pub fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(&name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks a router.
pub async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::empty()).unwrap()).await
}

/// Sends a request to a router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Answer { status, headers, body }
}

/// Asks a router for JSON that has to come.
pub async fn get(router: &Router, path: &str) -> Value {
    let answer = ask(router, path, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

/// What happened in a view, so long after its beginning.
pub fn event(view: &PageViewRow, n: u16, kind: EventKind, after_ms: i64) -> EventRow {
    EventRow {
        site: view.site.clone(),
        day: view.day,
        received_at: view.received_at,
        at: view.started_at + after_ms,
        view: view.view.clone(),
        session: view.session.clone(),
        page: view.page.clone(),
        n,
        seq: view.seq,
        kind: kind.name().into(),
        bot: view.bot.clone(),
        country: view.country.clone(),
        device: view.device.clone(),
        release: view.release.clone(),
        ..EventRow::default()
    }
}

/// Judges a view.
pub fn judged(mut view: PageViewRow, level: Level, cause: Option<Cause>) -> PageViewRow {
    view.level = Level::column(Some(level));
    view.cause = cause.map_or("", Cause::name).into();
    view
}

/// An instant as RFC 3339.
pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}
