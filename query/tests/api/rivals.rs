//! Two query processes on one store: one of them judges each minute, nobody is told twice, and when it dies the other goes on where it stopped.

use super::alerts::{Watched, config, pass_with_views};
use super::receiver::Sink;
use super::support::Service;
use felt_http::OpenAccess;
use felt_query::{alerts, slos};
use felt_schema::clock::ManualClock;
use felt_store::QueryLimits;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

const MINUTE_MS: i64 = 60_000;
/// After its end a minute waits so long to be judged.
const GRACE_MS: i64 = 20_000;
/// The clock of the second process is so far ahead: by that the rows of its lease are told apart.
const AHEAD_MS: i64 = 7;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Counts minutes that are judged, whoever of this test's thread does it.
#[derive(Default)]
struct Judged(Arc<AtomicU64>);

impl Recorder for Judged {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let judged = key.name() == "felt_query_alert_minutes_total";
        if judged { Counter::from_arc(self.0.clone()) } else { Counter::noop() }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The second process.
struct Rival {
    clock: Arc<ManualClock>,
    keeper: JoinHandle<()>,
    evaluator: JoinHandle<()>,
}

impl Rival {
    fn beside(watched: &Watched, allowed: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::new(watched.service.now_ms() + AHEAD_MS));
        let state = watched.service.beside(config(allowed), clock.clone());
        let keeper = tokio::spawn(slos::run(state.clone(), std::future::pending()));
        let evaluator = tokio::spawn(alerts::run(state, std::future::pending()));
        Self { clock, keeper, evaluator }
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        self.keeper.abort();
        self.evaluator.abort();
    }
}

/// The newest word of the lease.
#[derive(Debug, Clone, PartialEq)]
struct Lease {
    epoch: i64,
    holder: String,
    is_rivals: bool,
    reached: i64,
}

async fn lease(state: &Watched) -> Option<Lease> {
    let sql = "SELECT toInt64(epoch), holder, toUnixTimestamp64Milli(until) % 1000, reached FROM leases \
               WHERE name = 'alerts' ORDER BY epoch DESC, reached DESC, updated_at DESC LIMIT 1";
    let rows = state.service.store.query_json(sql, &[], QueryLimits::default()).await.unwrap();
    let row = rows.first()?;
    let number = |index: usize| row[index].as_i64().unwrap();
    let holder = row[1].as_str().unwrap().to_owned();
    Some(Lease { epoch: number(0), holder, is_rivals: number(2) == AHEAD_MS, reached: number(3) })
}

/// The lease once everything is judged that can be at this moment.
async fn judged(watched: &Watched) -> Lease {
    let wanted = (watched.service.now_ms() - GRACE_MS).div_euclid(MINUTE_MS);
    let begin = Instant::now();
    loop {
        let now = lease(watched).await;
        if let Some(lease) = now.clone().filter(|lease| lease.reached == wanted) {
            return lease;
        }
        assert!(begin.elapsed() < PATIENCE, "not judged to {wanted}: {now:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A minute passes for both, or more, each with so many slow views of twenty.
async fn pass(watched: &Watched, rival: &Rival, minutes: i64, slow: usize) {
    pass_with_views(&watched.service, minutes, slow).await;
    rival.clock.set(watched.service.now_ms() + AHEAD_MS);
}

#[tokio::test]
async fn of_two_evaluators_one_judges_each_minute_and_the_other_takes_over_when_it_dies() {
    let recorder = Judged::default();
    let minutes_judged = || i64::try_from(recorder.0.load(Ordering::Relaxed)).unwrap();
    let _recorded = metrics::set_default_local_recorder(&recorder);
    let sink = Sink::start().await;
    let service = Service::with(|_| Arc::new(OpenAccess), config(&[&sink.address])).await;
    pass_with_views(&service, 10, 0).await;
    pass_with_views(&service, 30, 16).await;
    // Both begin to compete before either has looked at the lease.
    let watched = Watched::over(service);
    let rival = Rival::beside(&watched, &[&sink.address]);
    watched.route("hook", &json!({"kind": "webhook", "url": sink.url("/hook"), "secret": "s"})).await;
    watched.promise().await;
    let begin = Instant::now();
    while watched.service.get("/api/v1/sites/shop/slos/checkout-fast").await["warnings"] != json!([]) {
        assert!(begin.elapsed() < PATIENCE, "the promise is not counted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let first = judged(&watched).await;
    let judged_before = minutes_judged();

    // Shorter steps than the lease: who holds it keeps it.
    let mut holder = first.clone();
    for _ in 0..4 {
        pass(&watched, &rival, 1, 16).await;
        holder = judged(&watched).await;
        assert_eq!(holder.holder, first.holder);
    }
    assert_eq!(minutes_judged() - judged_before, 4, "each minute once");
    watched.firing().await;

    // Killed: it gives nothing back. The other finds the lease run out, and goes on with the minute at which it stopped.
    let killed = if holder.is_rivals { &rival.evaluator } else { &watched.evaluator };
    killed.abort();
    let begin = Instant::now();
    while !killed.is_finished() {
        assert!(begin.elapsed() < PATIENCE, "it does not die");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    pass(&watched, &rival, 2, 16).await;
    let other = judged(&watched).await;
    assert!(other.epoch > holder.epoch && other.holder != holder.holder, "{holder:?}, then {other:?}");
    assert_eq!(other.is_rivals, !holder.is_rivals);
    assert_eq!(minutes_judged() - judged_before, 6, "each minute once, by whomever");

    // What the first one told is not told again by the second, which tells the rest.
    pass(&watched, &rival, 370, 0).await;
    let alerts = watched.all_over().await;
    let over = |told: &[super::receiver::Told]| {
        told.iter().filter(|told| told.body["change"] == "resolved").count() == alerts.len()
    };
    let told = sink.until("/hook", over).await;
    let keys: BTreeSet<&str> = told.iter().map(|told| told.delivery.as_str()).collect();
    let changes: BTreeSet<String> =
        told.iter().map(|told| format!("{} {}", told.body["id"], told.body["change"])).collect();
    assert_eq!((keys.len(), changes.len()), (told.len(), told.len()), "{told:#?}");
}
