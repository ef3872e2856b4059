//! Killed anywhere between two steps, the next processor finishes the range with the same result, to the last counter.

mod support;

use support::{Rig, append_wave};

const POINTS: [&str; 24] = [
    "collect:before",
    "collect:after",
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
    "rollup_day:before",
    "rollup_day:after",
    "outcomes:before",
    "outcomes:after",
    "dead_letters:before",
    "dead_letters:after",
    "positions:before",
    "positions:after",
    "view_states:before",
    "view_states:after",
    "advance:before",
    "advance:after",
];

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
