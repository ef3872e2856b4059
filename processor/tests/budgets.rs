//! Strangers choose URLs: the known pages keep their exact counts, the junk becomes one row.

mod support;

use felt_schema::site::Site;
use support::{Beacon, Rig};

fn visits(from: u32, pages: impl Fn(u32) -> String, count: u32) -> Vec<Beacon> {
    let visit = |n: u32| {
        let body = format!(r#""url": "https://shop.example{}", "release": "1""#, pages(n));
        Beacon::new(&format!("view-{:05}", from + n), 0, i64::from(n), 10, &body)
    };
    (0..count).map(visit).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_pages_cost_one_row_and_known_pages_stay_exact() {
    let site = Site { key: "shop".into(), pages_max_per_day: 60, ..Site::default() };
    let rig = Rig::with_sites(vec![site], 1).await;
    // The real pages are known when the flood begins; they go on being visited during it.
    rig.append(&visits(0, |n| format!("/real-{}", char::from(b'a' + (n % 20) as u8)), 200)).await;
    rig.work_off().await;
    let flood = |n: u32| {
        if n.is_multiple_of(10) {
            format!("/real-{}", char::from(b'a' + (n / 10 % 20) as u8))
        } else {
            format!("/junk-{n}-x")
        }
    };
    rig.append(&visits(200, flood, 2_000)).await;
    // A new owner: it must learn the known pages from the store.
    rig.work_off().await;

    let pages = "SELECT uniqExact(page), countIf(page LIKE '/real-%') FROM \
                 (SELECT page FROM rollup_hour WHERE grouping = 'page' GROUP BY page)";
    assert_eq!(rig.line(pages).await, "61 20");
    let real = "SELECT min(n), max(n) FROM (SELECT page, sum(views) AS n FROM rollup_hour \
                WHERE grouping = 'page' AND page LIKE '/real-%' GROUP BY page)";
    assert_eq!(rig.line(real).await, "20 20");
    let other = "SELECT sum(views) FROM rollup_hour WHERE grouping = 'page' AND page = '(other)'";
    let folded = "SELECT sum(count) FROM outcomes WHERE outcome = 'folded' AND reason = 'page'";
    assert_eq!((rig.line(other).await, rig.line(folded).await), ("1760".into(), "1760".into()));
    // The raw path is kept for as long as raw rows are.
    assert_eq!(rig.line("SELECT uniqExact(path) FROM page_views").await, "1820");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_folds_as_the_first_try_did() {
    let site = Site { key: "shop".into(), pages_max_per_day: 5, ..Site::default() };
    let rig = Rig::with_sites(vec![site], 1).await;
    rig.append(&visits(0, |n| format!("/page-x{n}"), 20)).await;
    // Five pages are written; the next owner finds them in the store only in part of the tables.
    rig.crash_at("rollup_minute:after").await;
    rig.append(&visits(20, |n| format!("/late-x{n}"), 20)).await;
    rig.work_off().await;
    for table in ["rollup_minute", "rollup_hour"] {
        let raw = "SELECT page, sum(sign) FROM page_views GROUP BY page ORDER BY page";
        let rolled =
            format!("SELECT page, sum(views) FROM {table} WHERE grouping = 'page' GROUP BY page ORDER BY page");
        assert_eq!(rig.query(raw).await, rig.query(&rolled).await, "{table}");
    }
}
