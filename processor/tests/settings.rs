//! What sites set for themselves reaches the rows: over a real log and a real engine.

mod support;

use felt_schema::page::PageRule;
use felt_schema::rows::DocumentRow;
use felt_schema::site::Site;
use support::{Beacon, NOW_MS, Rig};

const MINUTE_MS: i64 = 60_000;

async fn set(rig: &Rig, kind: &str, written_ms: i64, body: Option<&str>) {
    let row = DocumentRow {
        site: "shop".into(),
        kind: kind.into(),
        id: "one".into(),
        version: written_ms,
        deleted: u8::from(body.is_none()),
        body: body.unwrap_or_default().into(),
        author: "somebody".into(),
    };
    rig.store.insert_rows("documents", &[row], None).await.expect("the store takes a document");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_scales_hold_for_what_arrives_from_their_minute_on() {
    let configured = PageRule { pattern: "/p/*".into(), page: "configured".into() };
    let site = Site { key: "shop".into(), page_rules: vec![configured], ..Site::default() };
    let rig = Rig::with_sites(vec![site], 1).await;
    // Each takes effect in the full minute that is a minute away at least; the last one cannot be read and is as if it was not there.
    let of_page = |page: &str| format!(r#"[{{"pattern": "/p/**", "page": "{page}"}}]"#);
    set(&rig, "page_rules", NOW_MS + 1, Some(&of_page("first"))).await;
    set(&rig, "page_rules", NOW_MS + 2 * MINUTE_MS + 1, Some(&of_page("second"))).await;
    set(&rig, "page_rules", NOW_MS + 4 * MINUTE_MS + 1, None).await;
    set(&rig, "page_rules", NOW_MS + 5 * MINUTE_MS, Some("{}")).await;
    let strict = r#"{"page": "second", "metric": "lcp", "thresholds": [100, 200, 300]}"#;
    set(&rig, "scale", NOW_MS, Some(strict)).await;

    let beacon = |minute: i64| {
        let body = r#""url": "https://shop.example/p/1", "metrics": {"lcp": 500}"#;
        Beacon::new(&format!("view-{minute:04}"), 0, minute * MINUTE_MS + 100, 100, body)
    };
    rig.clock.advance(9 * MINUTE_MS);
    rig.append(&(0..8).map(beacon).collect::<Vec<_>>()).await;
    rig.work_off().await;
    let pages = "SELECT arrayStringConcat(groupArray(concat(page, ':', toString(level))), ' ') \
                 FROM (SELECT page, level FROM page_views ORDER BY received_at)";
    assert_eq!(
        rig.line(pages).await,
        "configured:0 configured:0 first:0 first:0 second:3 second:3 configured:0 configured:0"
    );
}
