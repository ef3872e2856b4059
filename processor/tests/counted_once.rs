//! A page view counts once, with its final values, in every table: over a real log and a real engine.

mod support;

use support::{Beacon, Rig};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_becomes_rows() {
    let rig = Rig::start().await;
    let body = r#""url": "https://shop.example/p/123?x=1", "metrics": {"lcp": 1834.2, "cls": 0.031},
                  "events": [{"type": "timing", "at": 8200, "name": "boot", "value": 812}]"#;
    rig.append(&[Beacon::new("view-0001", 0, 0, 12_000, body)]).await;
    rig.work_off().await;

    let view =
        rig.line("SELECT page, host, lcp, cls, device, browser, country, level, bot, sign FROM page_views").await;
    assert_eq!(view, "/p/:id shop.example 1834200 31000 desktop Chrome DE 0  1");
    assert_eq!(rig.line("SELECT type, name, value FROM events").await, "timing boot 812");
    let happiness =
        "SELECT sum(views), sum(delighted) FROM rollup_minute WHERE grouping = 'site' AND metric = 'happiness'";
    assert_eq!(rig.line(happiness).await, "1 1");
    let timing =
        "SELECT sum(valid), sum(total_micro) FROM rollup_hour WHERE grouping = 'page' AND metric = 'timing:boot'";
    assert_eq!(rig.line(timing).await, "1 812000");
    assert_eq!(rig.line("SELECT outcome, sum(count) FROM outcomes GROUP BY outcome").await, "accepted 1");
    assert_eq!(rig.line("SELECT count() FROM view_states").await, "1");
    assert_eq!(rig.line("SELECT max(next_offset) > 0 FROM progress").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_snapshots_replace_earlier_ones_in_any_order() {
    let rig = Rig::start().await;
    let lcp =
        |ms: u32| format!(r#""url": "/p/1", "metrics": {{"lcp": {ms}}}, "events": [{{"type": "error", "at": 5}}]"#);
    let snapshot =
        |seq: u32, arrives_ms: i64, ms| Beacon::new("view-0001", seq, arrives_ms, arrives_ms + 1_000, &lcp(ms));

    // In one range: out of order and repeated.
    rig.append(&[snapshot(1, 2_000, 3_000), snapshot(0, 2_500, 1_000), snapshot(1, 3_000, 3_000)]).await;
    rig.work_off().await;
    // Another processor, which remembers nothing: repeated, older, newer.
    rig.append(&[snapshot(1, 4_000, 3_000), snapshot(0, 4_500, 1_000)]).await;
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), sum(sign * lcp), max(seq) FROM page_views").await, "1 3000000 1");
    // And an hour later.
    rig.clock.advance(HOUR_MS);
    rig.append(&[snapshot(7, HOUR_MS, 9_000)]).await;
    rig.work_off().await;

    let view = "SELECT view, seq, toString(started_at), lcp FROM page_views FINAL";
    assert_eq!(rig.line(view).await, "view-0001 7 2035-11-22 09:59:59.000 9000000");
    assert_eq!(rig.line("SELECT sum(sign), sum(sign * lcp) FROM page_views").await, "1 9000000");
    assert_eq!(rig.line("SELECT sum(sign) FROM events").await, "1");
    for table in ["rollup_minute", "rollup_hour", "rollup_day"] {
        let sql = format!(
            "SELECT sum(valid), sum(total_micro), sum(brutal), sum(delighted), sum(annoying) FROM {table} \
             WHERE grouping = 'site' AND metric = 'lcp'"
        );
        assert_eq!(rig.line(&sql).await, "1 9000000 1 0 0", "{table}");
    }
    let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, reason = 'newer'), \
                    sumIf(count, reason = 'older'), sumIf(count, reason = 'repeated') FROM outcomes";
    assert_eq!(rig.line(outcomes).await, "1 1 2 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_counts_once_however_often_it_is_brought_in() {
    let rig = Rig::start().await;
    let day_ms = 24 * HOUR_MS;
    let old = |n: i64| Beacon {
        imported_at_ms: Some(support::NOW_MS - 400 * day_ms + n * HOUR_MS),
        ..Beacon::new(&format!("view-{n:04}"), 0, 0, 0, r#""metrics": {"lcp": 1000}"#)
    };
    let history: Vec<Beacon> = (0..50).map(old).collect();
    for _ in 0..3 {
        rig.append(&history).await;
        rig.work_off().await;
    }
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "50 50");
    assert_eq!(rig.line("SELECT count() FROM rollup_minute").await, "0");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "50");
    let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, reason = 'repeated') FROM outcomes";
    assert_eq!(rig.line(outcomes).await, "50 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_count_once_however_many_and_whoever_meets_them() {
    let rig = Rig::start().await;
    let minute_ms = 60_000;
    // The copy is held up: it says the age that it had when it was sent first.
    let held_up = |view: &str, by_ms| Beacon::new(view, 0, by_ms, 3_000, r#""metrics": {"lcp": 1000}"#);
    // Or it is sent again from the browser's own storage, and says how old it is by then.
    let sent_again =
        |view: &str, after_ms| Beacon::new(view, 0, after_ms, 3_000 + after_ms, r#""metrics": {"lcp": 1000}"#);

    rig.append(&vec![held_up("view-twice-at-once", 0); 2]).await;
    rig.append(&vec![held_up("view-a-thousand-times", 0); 1_000]).await;
    rig.append(&[held_up("view-held-up", 0), held_up("view-sent-again", 0)]).await;
    rig.work_off().await;
    // Each time a processor that remembers nothing.
    for minutes in [1, 4, 11, 14] {
        rig.clock.set(support::NOW_MS + minutes * minute_ms);
        rig.append(&[held_up("view-held-up", minutes * minute_ms), held_up("view-twice-at-once", minutes * minute_ms)])
            .await;
        rig.work_off().await;
    }
    for hours in [1, 5, 23] {
        rig.clock.set(support::NOW_MS + hours * HOUR_MS);
        rig.append(&vec![sent_again("view-sent-again", hours * HOUR_MS); 3]).await;
        rig.work_off().await;
    }
    assert_eq!(rig.line("SELECT sum(sign), uniqExact(view), count() FROM page_views").await, "4 4 4");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "4");
    let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, reason = 'repeated') FROM outcomes";
    assert_eq!(rig.line(outcomes).await, format!("4 {}", 1 + 999 + 2 * 4 + 3 * 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_word_that_the_browser_held_back_with_its_old_age_is_no_new_view() {
    let rig = Rig::start().await;
    let minute_ms = 60_000;
    let word = |seq, arrives_ms, ms: u32| {
        Beacon::new("view-held-back", seq, arrives_ms, 1_000, &format!(r#""metrics": {{"lcp": {ms}}}"#))
    };
    rig.append(&[word(0, 0, 1_000)]).await;
    rig.work_off().await;
    // Long after, a processor that remembers nothing, and that has been there for longer than this view seems to be.
    rig.clock.set(support::NOW_MS + 30 * minute_ms);
    rig.append(&[word(1, 55 * minute_ms, 5_000)]).await;
    rig.work_off().await;
    assert_eq!(rig.line("SELECT sum(sign), sum(sign * lcp) FROM page_views").await, "1 5000000");
    assert_eq!(rig.line("SELECT sum(views) FROM rollup_hour WHERE grouping = 'site'").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn late_and_out_of_order_it_counts_in_the_minute_in_which_it_happened() {
    let rig = Rig::start().await;
    // Kept in a drawer for a night, newest first; all arrive now.
    let kept = |n: i64| {
        Beacon::new(&format!("view-{n:04}"), 0, 0, n * HOUR_MS, &format!(r#""metrics": {{"lcp": {}}}"#, 1_000 + n))
    };
    rig.append(&(0..20).map(kept).collect::<Vec<_>>()).await;
    rig.work_off().await;
    // And the last word of one of them comes before the first one of another.
    let word = |view: &str, seq, arrives_ms| {
        Beacon::new(view, seq, arrives_ms, 10 * HOUR_MS + arrives_ms, r#""metrics": {"lcp": 5000}"#)
    };
    rig.append(&[word("view-late", 3, 1_000), word("view-late", 1, 1_500), word("view-late", 2, 2_000)]).await;
    rig.work_off().await;

    let days = "SELECT uniqExact(day), uniqExact(toStartOfHour(started_at)), sum(sign) FROM page_views";
    assert_eq!(rig.line(days).await, "1 20 21", "one partition of arrival, each in its own hour");
    for (table, floor) in
        [("rollup_minute", "toStartOfHour"), ("rollup_hour", "toStartOfHour"), ("rollup_day", "toStartOfDay")]
    {
        let raw = format!(
            "SELECT toString({floor}(started_at)) AS h, toString(sum(sign)) FROM page_views GROUP BY h ORDER BY h"
        );
        let rolled = format!(
            "SELECT toString({floor}(time)) AS h, toString(sum(views)) FROM {table} WHERE grouping = 'site' \
             GROUP BY h ORDER BY h"
        );
        assert_eq!(rig.query(&raw).await, rig.query(&rolled).await, "{table}");
    }
    assert_eq!(rig.line("SELECT max(seq) FROM page_views WHERE view = 'view-late'").await, "3");
    let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, reason = 'older') FROM outcomes";
    assert_eq!(rig.line(outcomes).await, "21 2");
}
