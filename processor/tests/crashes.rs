//! Killed anywhere between two steps, the next processor finishes the range with the same result, to the last counter.

mod support;

use support::{Beacon, Rig};

const POINTS: [&str; 18] = [
    "declare:before",
    "declare:after",
    "page_views:before",
    "page_views:after",
    "events:before",
    "events:after",
    "rollup_minute:before",
    "rollup_minute:after",
    "rollup_hour:before",
    "rollup_hour:after",
    "outcomes:before",
    "outcomes:after",
    "dead_letters:before",
    "dead_letters:after",
    "view_states:before",
    "view_states:after",
    "advance:before",
    "advance:after",
];

/// Two waves of snapshots; the second replaces a part of the first, and one record in each cannot be read.
async fn append_wave(rig: &Rig, wave: i64) {
    let seqs = 0..=u32::try_from(wave).unwrap_or_default();
    let beacons = seqs.flat_map(|seq| {
        (0..30).map(move |n| {
            let body = format!(
                r#""url": "/p/{n}/x", "metrics": {{"lcp": {}, "inp": 90}}, "events": [{{"type": "error", "at": 1}}]"#,
                1_000 + 100 * n + i64::from(seq)
            );
            let arrives_ms = wave * 60_000 + n;
            Beacon::new(&format!("view-{n:04}"), seq, arrives_ms, arrives_ms + 500, &body)
        })
    });
    let mut entries: Vec<_> = beacons.map(|beacon| beacon.entry()).collect();
    entries.push(felt_eventlog::Entry { key: "broken".into(), value: "not a record".into() });
    rig.append_entries(entries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_changes_nothing() {
    let smooth = Rig::start().await;
    for wave in 0..2 {
        append_wave(&smooth, wave).await;
        smooth.work_off().await;
    }
    let expected = smooth.sums().await;
    assert_eq!(expected["page_views"].len(), 30);

    let rig = Rig::start().await;
    for point in POINTS {
        // A database of its own for each point, one engine for all.
        let rig = rig.with_database(&format!("felt_{}", point.replace(':', "_"))).await;
        for wave in 0..2 {
            append_wave(&rig, wave).await;
            rig.crash_at(point).await;
            rig.work_off().await;
        }
        assert_eq!(rig.sums().await, expected, "after crashes at {point}");
        assert_eq!(rig.line("SELECT count() FROM dead_letters").await, "2", "after crashes at {point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_crashes_again_and_again_still_counts_once() {
    let rig = Rig::start().await;
    append_wave(&rig, 0).await;
    for point in POINTS {
        // Each processor comes one step further than the one before, or dies where nothing is left to do.
        if point != "declare:before" && point != "advance:after" {
            rig.crash_at(point).await;
        }
    }
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "30 30");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "30");
    assert_eq!(rig.line("SELECT sum(count) FROM outcomes WHERE outcome = 'accepted'").await, "30");
}
