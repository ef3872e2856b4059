//! What cannot be counted is put aside, alone; what is wrong with everything stops the processor instead.

mod support;

use felt_eventlog::Entry;
use felt_processor::ProcessorError;
use support::{Beacon, Rig};

fn beacons(count: u32, poisoned: &[u32]) -> Vec<Beacon> {
    let body = |n| if poisoned.contains(&n) { r#""title": "poison""# } else { r#""title": "fine""# };
    (0..count).map(|n| Beacon::new(&format!("view-{n:04}"), 0, 0, 1_000, body(n))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_the_store_refuses_are_found_by_bisection() {
    let rig = Rig::start().await;
    let constraint = "ALTER TABLE page_views ADD CONSTRAINT no_poison CHECK title != 'poison'";
    rig.store.client().query(constraint).execute().await.expect("the table takes a constraint");
    rig.append(&beacons(100, &[17, 63])).await;
    rig.work_off().await;

    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "98 98");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "98");
    assert_eq!(rig.line("SELECT count(), countIf(value LIKE '%poison%') FROM dead_letters").await, "2 2");
    let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, reason = 'dead_letter') FROM outcomes";
    assert_eq!(rig.line(outcomes).await, "98 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_unreadable_records_become_dead_letters() {
    let rig = Rig::start().await;
    rig.append(&beacons(30, &[])).await;
    let broken: [&[u8]; 4] = [b"", b"\xff\x00", b"{\"v\":99,\"record\":{}}", b"[]"];
    rig.append_entries(broken.iter().map(|value| Entry { key: "k".into(), value: value.to_vec().into() }).collect())
        .await;
    rig.work_off().await;

    assert_eq!(rig.line("SELECT sum(sign) FROM page_views").await, "30");
    assert_eq!(rig.line("SELECT count(), uniqExact(offset), any(topic) FROM dead_letters").await, "4 4 felt");
    let reasons = "SELECT countIf(reason LIKE 'record version 99%') FROM dead_letters";
    assert_eq!(rig.line(reasons).await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unreadable_records_stops_the_processor() {
    let rig = Rig::start().await;
    let broken = |n: u32| Entry { key: n.to_string().into(), value: "written by the future".into() };
    rig.append_entries((0..1_000).map(broken).collect()).await;
    match rig.run(rig.processor()).await {
        Err(ProcessorError::TooManyInvalid { invalid: 1_000, records: 1_000 }) => {}
        other => panic!("expected to stop, not {other:?}"),
    }
    assert_eq!(rig.line("SELECT count() FROM dead_letters").await, "0", "nothing is condemned by a wrong version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_table_stops_the_processor_and_loses_nothing() {
    let rig = Rig::start().await;
    rig.store.client().query("RENAME TABLE outcomes TO elsewhere").execute().await.expect("tables can be renamed");
    rig.append(&beacons(10, &[])).await;
    match rig.run(rig.processor()).await {
        Err(ProcessorError::Refused { table: "outcomes", .. }) => {}
        other => panic!("expected to stop, not {other:?}"),
    }
    rig.store.client().query("RENAME TABLE elsewhere TO outcomes").execute().await.expect("tables can be renamed");
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "10 10");
    assert_eq!(rig.line("SELECT sum(count) FROM outcomes").await, "10");
}
