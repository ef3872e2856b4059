//! The crash table of docs/exactly-once.md, row by row: what each kill leaves behind, and that the next processor ends with
//! the same rows as one that was never killed. Kills between two steps of the processor are in `crashes.rs`.

mod support;

use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::DeclaredRange;
use felt_processor::{Failpoints, ProcessorError, StoreGap};
use support::fickle::{Declare, Fickle};
use support::front::Act;
use support::{Rig, append_wave};

/// Offsets of the first wave: thirty snapshots and a record that cannot be read.
const FIRST_WAVE: DeclaredRange = DeclaredRange { first: 0, last: 30 };

/// A log with one wave in it, and what should come out.
async fn wave(rig: &Rig, database: &str) -> Rig {
    let rig = rig.with_database(database).await;
    append_wave(&rig, 0).await;
    rig
}

async fn ends_like(
    rig: &Rig,
    expected: &std::collections::BTreeMap<&'static str, Vec<Vec<serde_json::Value>>>,
    why: &str,
) {
    rig.work_off().await;
    assert_eq!(&rig.sums().await, expected, "{why}");
    assert_eq!(rig.line("SELECT count() FROM dead_letters").await, "1", "{why}");
    assert_eq!(rig.open_range().await, None, "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_two_steps_it_leaves_what_the_table_says() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    let declared = Some(FIRST_WAVE);
    let rows: [(&'static str, Option<DeclaredRange>, usize); 11] = [
        ("collect:after", None, 0),
        ("declare:before", None, 0),
        ("declare:after", declared, 0),
        ("page_views:after", declared, 1),
        ("events:after", declared, 2),
        ("rollup_minute:after", declared, 3),
        ("rollup_hour:after", declared, 4),
        ("rollup_day:after", declared, 5),
        ("outcomes:after", declared, 6),
        ("advance:before", declared, 9),
        ("advance:after", None, 9),
    ];
    for (point, open, tables) in rows {
        let rig = wave(&rig, &format!("felt_{}", point.replace(':', "_"))).await;
        rig.crash_at(point).await;
        assert_eq!(rig.open_range().await, open, "{point}");
        assert_eq!(rig.written().await, support::TABLES[..tables], "{point}");
        ends_like(&rig, &expected, point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_declares_it_leaves_a_range_or_none_and_both_are_fine() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    for (how, open) in [(Declare::Ends, None), (Declare::MadeAndEnds, Some(FIRST_WAVE))] {
        let rig = wave(&rig, &format!("felt_{how:?}")).await;
        let fickle = Fickle::new(rig.log.consumer(), move |_| how);
        let ended = rig.run(rig.processor_by(rig.engine.url(), fickle)).await;
        assert!(matches!(ended, Err(ProcessorError::Log(_))), "{how:?}: {ended:?}");
        assert_eq!((rig.open_range().await, rig.written().await.len()), (open, 0), "{how:?}");
        ends_like(&rig, &expected, &format!("{how:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_during_a_declare_is_asked_again() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    for how in [Declare::Lost, Declare::MadeUnheard] {
        let rig = wave(&rig, &format!("felt_{how:?}")).await;
        let fickle = Fickle::new(rig.log.consumer(), move |nth| if nth < 3 { how } else { Declare::Made });
        rig.run(rig.processor_by(rig.engine.url(), fickle.clone())).await.expect("it goes on by itself");
        assert!(fickle.declares.load(std::sync::atomic::Ordering::SeqCst) > 3, "{how:?}");
        ends_like(&rig, &expected, &format!("{how:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_for_a_while_is_read_again() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    let rig = wave(&rig, "felt_unread").await;
    let fickle = Fickle::new(rig.log.consumer(), |_| Declare::Made);
    // As when the process has no file descriptor left to open the log's file with.
    fickle.reads_lost.store(5, std::sync::atomic::Ordering::SeqCst);
    rig.run(rig.processor_by(rig.engine.url(), fickle.clone())).await.expect("it goes on by itself");
    assert_eq!(fickle.reads_lost.load(std::sync::atomic::Ordering::SeqCst), 0);
    ends_like(&rig, &expected, "unread").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_of_which_nothing_arrived_or_whose_answer_is_lost_is_sent_again() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    for cut in [Act::CutBefore, Act::CutAfter] {
        let rig = wave(&rig, &format!("felt_{cut:?}")).await;
        let act = cut.clone();
        let front = rig.front(move |seen| if seen.table.is_empty() || seen.nth > 1 { Act::Pass } else { act.clone() });
        let front = front.await;
        rig.run(rig.processor_by(&front.url, Arc::new(rig.log.consumer()))).await.expect("it goes on by itself");
        let broken = front.counts.broken.load(std::sync::atomic::Ordering::SeqCst);
        assert!(broken >= 2 * (support::TABLES.len() - 1), "only {broken} inserts were cut");
        ends_like(&rig, &expected, &format!("{cut:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_with_an_insert_on_its_way_it_leaves_nothing_or_all_of_it() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    for (cut, tables) in [(Act::CutBefore, 2), (Act::CutAfter, 3)] {
        let rig = wave(&rig, &format!("felt_and_{cut:?}")).await;
        let act = cut.clone();
        let front = rig.front(move |seen| if seen.table == "rollup_minute" { act.clone() } else { Act::Pass }).await;
        let processor = rig.processor_by(&front.url, Arc::new(rig.log.consumer()));
        let shutdown = tokio_util::sync::CancellationToken::new();
        let running = tokio::spawn(processor.run(shutdown));
        while front.counts.broken.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        running.abort();
        let _ = running.await;
        assert_eq!(rig.open_range().await, Some(FIRST_WAVE), "{cut:?}");
        assert_eq!(rig.written().await, support::TABLES[..tables], "{cut:?}");
        ends_like(&rig, &expected, &format!("{cut:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_killed_inside_inserts_is_written_to_again() {
    let rig = Rig::start().await;
    let expected = rig.smooth(2).await;
    let rig = rig.with_database("felt_killed").await;
    // Every table's first insert, at other moments each.
    let front = rig.front(|seen| match (seen.table.is_empty(), seen.nth) {
        (false, 0) => Act::Kill(Duration::from_micros(1_500 * (seen.table.len() as u64 % 5))),
        _ => Act::Pass,
    });
    let front = front.await;
    for wave in 0..2 {
        append_wave(&rig, wave).await;
        rig.run(rig.processor_by(&front.url, Arc::new(rig.log.consumer()))).await.expect("it goes on by itself");
    }
    rig.engine.handle().wait_until_ready(Duration::from_secs(120)).await.expect("it is started again");
    assert!(rig.engine.handle().starts() > 4, "the engine was killed {} times", rig.engine.handle().starts());
    assert_eq!(rig.sums().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn processor_engine_and_log_all_die_at_once() {
    let rig = Rig::start().await;
    let expected = rig.smooth(2).await;
    for point in ["declare:after", "page_views:after", "rollup_hour:before", "view_states:after", "advance:before"] {
        let mut rig = rig.with_database(&format!("felt_all_{}", point.replace(':', "_"))).await;
        for wave in 0..2 {
            append_wave(&rig, wave).await;
            rig.crash_at(point).await;
            support::kill(&rig.engine);
            rig.cut_the_logs_power();
            // The log is back first, the engine later: the processor waits for it.
            rig.work_off().await;
            rig.engine.handle().wait_until_ready(Duration::from_secs(120)).await.expect("it is started again");
        }
        assert_eq!(rig.sums().await, expected, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_restored_from_a_backup_is_noticed() {
    let rig = Rig::start().await;
    append_wave(&rig, 0).await;
    rig.work_off().await;
    // The backup, of every table, and an empty one.
    let (restored, emptied) = (rig.engine.migrated("felt_restored").await, rig.engine.migrated("felt_emptied").await);
    for table in support::TABLES.into_iter().chain(["progress"]) {
        restored
            .client()
            .query(&format!("INSERT INTO {table} SELECT * FROM felt.{table}"))
            .execute()
            .await
            .expect("tables can be copied");
    }
    append_wave(&rig, 1).await;
    rig.work_off().await;
    for (store, stored) in [(restored, FIRST_WAVE.last + 1), (emptied, 0)] {
        let mut rig = rig.over_store(store);
        let done = rig.position().await.next;
        rig.config.store_gap = StoreGap::Stop;
        match rig.run_until_ended(rig.processor()).await {
            Err(ProcessorError::StoreGap { partition: 0, stored: found, done: at }) => {
                assert_eq!((found, at), (stored, done))
            }
            other => panic!("expected to stop at {stored}, not {other:?}"),
        }
        // Told to go on, it does: what is new is counted, what is missing stays missing.
        rig.config.store_gap = StoreGap::GoOn;
        let before = rig.line("SELECT sum(sign) FROM page_views").await;
        rig.append(&[support::Beacon::new(
            &format!("view-new-{stored}"),
            0,
            60_000,
            100,
            r#""metrics": {"lcp": 900}"#,
        )])
        .await;
        rig.work_off().await;
        let after = rig.line("SELECT sum(sign) FROM page_views").await;
        assert_eq!(after.parse::<u64>().unwrap(), before.parse::<u64>().unwrap_or_default() + 1);
        // And the same store is no surprise to the next processor.
        rig.config.store_gap = StoreGap::Stop;
        rig.append(&[support::Beacon::new(
            &format!("view-newer-{stored}"),
            0,
            60_000,
            100,
            r#""metrics": {"lcp": 900}"#,
        )])
        .await;
        rig.work_off().await;
        assert_eq!(rig.open_range().await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_the_version_before_is_no_gap() {
    let mut rig = Rig::start().await;
    append_wave(&rig, 0).await;
    rig.work_off().await;
    // That version kept no positions, but reported its progress.
    rig.store.client().query("TRUNCATE TABLE positions").execute().await.expect("tables can be emptied");
    rig.config.store_gap = StoreGap::Stop;
    append_wave(&rig, 1).await;
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "30 30");
}

/// Panics where it is told to, as a bug would.
struct Panics(&'static str);

impl Failpoints for Panics {
    fn abort_at(&self, point: &'static str) -> bool {
        assert_ne!(point, self.0, "a bug");
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_panics_stops_the_processor_and_loses_nothing() {
    let rig = Rig::start().await;
    let expected = rig.smooth(1).await;
    let rig = wave(&rig, "felt_panicked").await;
    for point in ["declare:before", "rollup_minute:after", "advance:before"] {
        let processor = rig.processor().with_failpoints(Arc::new(Panics(point)));
        let ended = rig.run_until_ended(processor).await;
        assert!(matches!(ended, Err(ProcessorError::Panicked(_))), "{point}: {ended:?}");
    }
    ends_like(&rig, &expected, "after panics").await;
}
