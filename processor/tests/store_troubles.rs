//! A store that is down, refuses, loses answers, is slow or says that it cannot now: the processor holds its position, tries
//! again with growing waits, and goes on by itself. What the store refuses for good stops it as soon as cutting a range could
//! count anything twice.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use felt_processor::{ProcessorError, Status};
use serde_json::Value;
use support::front::{Act, Front};
use support::{Beacon, Rig, append_wave};
use tokio_util::sync::CancellationToken;

type Sums = BTreeMap<&'static str, Vec<Vec<Value>>>;

/// A rig of its own, on the same engine, with one wave in its log.
async fn wave(rig: &Rig, database: &str) -> Rig {
    let mut rig = rig.with_database(database).await;
    rig.config.retry_wait_ms_max = 200;
    append_wave(&rig, 0).await;
    rig
}

/// Waits until `met`, for as long as a busy machine may need.
async fn eventually(what: &str, met: impl AsyncFn() -> bool) {
    for _ in 0..30_000 {
        if met().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    panic!("{what}: never");
}

fn broken(front: &Front) -> usize {
    front.counts.broken.load(Ordering::SeqCst)
}

/// Every request fares as `act` says until the test lets them pass; meanwhile the processor is degraded and holds its
/// position, and afterwards all is there.
async fn survives(rig: &Rig, database: &str, act: Act, expected: &Sums) {
    let rig = wave(rig, database).await;
    let down = Arc::new(AtomicBool::new(true));
    let front = rig.front({
        let (down, act) = (down.clone(), act.clone());
        move |seen| if down.load(Ordering::SeqCst) && !seen.table.is_empty() { act.clone() } else { Act::Pass }
    });
    let front = front.await;
    let processor = rig.processor_by(&front.url, Arc::new(rig.log.consumer()));
    let health = processor.health();
    let stop = CancellationToken::new();
    let running = tokio::spawn(processor.run(stop.clone()));

    eventually("several tries", async || broken(&front) > 5).await;
    eventually("trouble is told", async || matches!(health.status(), Status::Degraded(_))).await;
    assert_eq!(health.check(), Ok(()), "{act:?}: waiting is no reason to be taken away");
    assert_eq!(rig.written().await, [""; 0], "{act:?}");
    assert!(rig.log.backlog().await.expect("the log answers") > 0, "{act:?}");

    down.store(false, Ordering::SeqCst);
    eventually("the log is worked off", async || rig.log.backlog().await.expect("the log answers") == 0).await;
    eventually("all is well", async || health.status() == Status::Ready).await;
    stop.cancel();
    running.await.expect("no panic").expect("it was told to stop");
    assert_eq!(&rig.sums().await, expected, "{act:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_now_is_waited_for() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    let acts = [
        ("cut", Act::CutBefore),
        ("memory", Act::Answer(241, "(total) memory limit exceeded")),
        ("read_only", Act::Answer(242, "Table is in readonly mode")),
        ("disk_full", Act::Answer(243, "Cannot reserve 1.00 MiB, not enough space")),
        ("parts", Act::Answer(252, "Too many parts (3000 with average size of 1.00 MiB)")),
        ("queries", Act::Answer(202, "Too many simultaneous queries")),
    ];
    for (name, act) in acts {
        survives(&rig, &format!("felt_{name}"), act, &expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_holds_the_position_and_not_the_shutdown() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    let mut rig = wave(&rig, "felt_swallowed").await;
    rig.config.drain_ms = 100;
    let front = rig.front(|seen| if seen.table == "events" { Act::Swallow } else { Act::Pass }).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(rig.processor_by(&front.url, Arc::new(rig.log.consumer())).run(stop.clone()));
    eventually("an insert is swallowed", async || broken(&front) > 0).await;
    stop.cancel();
    running.await.expect("no panic").expect("it was told to stop");
    assert_eq!(rig.written().await, ["page_views"]);
    rig.work_off().await;
    assert_eq!(rig.sums().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_gets_one_insert_at_a_time_and_larger_ones() {
    let rig = Rig::start().await;
    let front = rig.front(|seen| match seen.table.as_str() {
        "page_views" => Act::Slow(Duration::from_millis(400)),
        _ => Act::Pass,
    });
    let front = front.await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(rig.processor_by(&front.url, Arc::new(rig.log.consumer())).run(stop.clone()));
    let batches = 60;
    for n in 0..batches {
        rig.append(&[Beacon::new(&format!("view-{n:04}"), 0, n, 100, r#""metrics": {"lcp": 900}"#)]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eventually("the log is worked off", async || rig.log.backlog().await.expect("the log answers") == 0).await;
    stop.cancel();
    running.await.expect("no panic").expect("it was told to stop");
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "60 60");
    let ranges = rig.line("SELECT uniqExact(received_at) FROM page_views").await;
    assert_eq!(ranges, "60", "each came in an append of its own");
    assert!(broken(&front) < batches as usize / 2, "{} ranges for {batches} appends", broken(&front));
    // One range at a time; progress is reported beside it.
    assert!(front.counts.open_max.load(Ordering::SeqCst) <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_which_something_is_written_is_never_cut() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    type Rule = fn(&support::front::Seen) -> Act;
    let cases: [(&str, Rule); 2] = [
        // Another table than the first refuses a value.
        ("felt_second_table", |seen| match seen.table.as_str() {
            "events" => Act::Answer(27, "Cannot parse input"),
            _ => Act::Pass,
        }),
        // The first table took it, the answer was lost, and the repetition is refused.
        ("felt_after_the_commit", |seen| match (seen.table.as_str(), seen.nth) {
            ("page_views", 0) => Act::CutAfter,
            ("page_views", _) => Act::Answer(117, "Incorrect data"),
            _ => Act::Pass,
        }),
    ];
    for (database, rule) in cases {
        let rig = wave(&rig, database).await;
        let front = rig.front(rule).await;
        let ended = rig.run_until_ended(rig.processor_by(&front.url, Arc::new(rig.log.consumer()))).await;
        assert!(matches!(ended, Err(ProcessorError::Refused { .. })), "{database}: {ended:?}");
        assert_eq!(rig.written().await, ["page_views"], "{database}");
        assert!(rig.open_range().await.is_some(), "{database}");
        rig.work_off().await;
        assert_eq!(rig.sums().await, expected, "{database}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_refused_for_good_are_found_also_when_it_is_killed_on_the_way() {
    let rig = Rig::start().await;
    let constraint = "ALTER TABLE page_views ADD CONSTRAINT no_poison CHECK title != 'poison'";
    rig.store.client().query(constraint).execute().await.expect("the table takes a constraint");
    let body = |n| if n % 37 == 5 { r#""title": "poison""# } else { r#""title": "fine""# };
    let beacons: Vec<Beacon> = (0..100).map(|n| Beacon::new(&format!("view-{n:04}"), 0, 0, 1_000, body(n))).collect();
    rig.append(&beacons).await;
    for point in ["declare:after", "page_views:before", "page_views:after", "dead_letters:before", "advance:before"] {
        rig.crash_at(point).await;
    }
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "97 97");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "97");
    let letters = "SELECT count(), uniqExact(offset), any(topic), any(partition), countIf(value LIKE '%poison%'), \
                   countIf(reason LIKE '%no_poison%') FROM dead_letters";
    assert_eq!(rig.line(letters).await, "3 3 felt 0 3 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_log_begins_a_new_epoch_and_hides_nothing() {
    let mut rig = Rig::start().await;
    append_wave(&rig, 0).await;
    rig.work_off().await;
    let first = rig.position().await.epoch;
    rig.lose_the_log();
    // New records at old offsets: under the old epoch their tokens would be known, and they would vanish.
    let beacon = |n| Beacon::new(&format!("other-{n:04}"), 0, 90_000, 100, r#""metrics": {"lcp": 900}"#);
    rig.append(&(0..31).map(beacon).collect::<Vec<_>>()).await;
    rig.work_off().await;
    assert_ne!(rig.position().await.epoch, first);
    assert_eq!(rig.line("SELECT sum(sign), countIf(view LIKE 'other-%') FROM page_views").await, "61 31");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_minute WHERE grouping = 'site'").await, "61");
    assert_eq!(rig.line("SELECT uniqExact(epoch) FROM positions").await, "2");
}
