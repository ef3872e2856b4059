//! The tables: made once, whoever makes them, and the rows of the schema fit into them.

use felt_schema::clock::Clock;
use felt_schema::rows::{
    DeadLetterRow, EventRow, OutcomeRow, PageViewRow, ProgressRow, RollupRow, TokenRow, ViewStateRow,
};
use felt_store::testing::TestEngine;
use felt_store::{Param, QueryLimits, Store, migrations::MigrateError};
use serde_json::json;

mod support;

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once_by_whoever_comes_first() {
    let engine = TestEngine::start().await;
    let store = engine.store("felt");
    let (first, second) = tokio::join!(store.migrate(), store.migrate());
    let applied = first.expect("the first").len().max(second.expect("the second").len());
    let sql = store.migration_sql();
    let mut expected: Vec<&str> =
        sql.split("CREATE TABLE IF NOT EXISTS ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    expected.sort_unstable();
    assert!(applied >= 5 && expected.len() > 10, "{applied} {expected:?}");
    assert!(store.migrate().await.expect("again").is_empty());
    let tables = store.query_json("SHOW TABLES", &[], QueryLimits::default()).await.expect("tables");
    assert_eq!(tables, expected.iter().map(|name| vec![json!(name)]).collect::<Vec<_>>());
    let sql = "SELECT count() FROM system.tables WHERE database = {db:String} AND engine LIKE '%MergeTree'
               AND create_table_query LIKE '%non_replicated_deduplication_window = 100000%'";
    let kept =
        store.query_json(sql, &[("db", Param::Text("felt".into()))], QueryLimits::default()).await.expect("rows");
    assert_eq!(kept, [[json!(expected.len())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_gets_its_days_from_its_hours_once() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    for sql in
        ["DROP TABLE rollup_day", "ALTER TABLE schema_migrations DELETE WHERE number >= 20 SETTINGS mutations_sync = 1"]
    {
        store.execute(sql).await.expect(sql);
    }
    let today = felt_schema::clock::day_of(felt_schema::clock::SystemClock.now_ms());
    let cell = |ago: u16, hour: u32, page: &str, views: i64| RollupRow {
        site: "shop".into(),
        grouping: 2,
        metric: "happiness".into(),
        time: (u32::from(today - ago) * 24 + hour) * 3_600,
        page: page.into(),
        day: today - ago,
        views,
        histogram: vec![(7, views), (hour as u16, 1)],
        ..RollupRow::default()
    };
    let of_device = |ago: u16, page: &str, device: &str, views: i64| RollupRow {
        grouping: 3,
        value: device.into(),
        ..cell(ago, 3, page, views)
    };
    let devices = [
        of_device(0, "/", "tv", 7),
        of_device(1, "/", "tv", 2),
        of_device(1, "/a", "tv", 5),
        of_device(1, "/a", "", 1),
    ];
    store.insert_rows("rollup_hour", &devices, Some("t0")).await.expect("devices");
    let hours = [cell(0, 1, "/", 50), cell(1, 2, "/", 3), cell(1, 23, "/", 4), cell(1, 2, "/a", 1), cell(2, 0, "/", 9)];
    store.insert_rows("rollup_hour", &hours, Some("t1")).await.expect("hours");
    store.insert_rows("rollup_hour", &[cell(1, 2, "/a", -1)], Some("t2")).await.expect("taken back");

    let (first, second) = tokio::join!(store.migrate(), store.migrate());
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    let sql = "SELECT toInt32(today() - day), toInt32(toUnixTimestamp(time) % 86400), page, sum(views), \
                 arraySort(arrayFilter(p -> p.2 != 0, CAST(sumMap(histogram), 'Array(Tuple(UInt16, Int64))'))) \
               FROM rollup_day WHERE grouping = 'page' GROUP BY day, time, page HAVING sum(views) != 0 ORDER BY ALL";
    let days = store.query_json(sql, &[], QueryLimits::default()).await.expect("days");
    assert_eq!(
        days,
        [
            vec![json!(1), json!(0), json!("/"), json!(7), json!([[2, 1], [7, 7], [23, 1]])],
            vec![json!(2), json!(0), json!("/"), json!(9), json!([[0, 1], [7, 9]])]
        ]
    );
    let row = |value: &str, views: i64| vec![json!(1), json!(""), json!(value), json!(views), json!(views)];
    let of_devices = [row("", 1), row("tv", 7)];
    assert_eq!(devices_by_day(&store).await, of_devices);
    // A store that had days before devices were in them.
    for sql in [
        "ALTER TABLE rollup_day DELETE WHERE grouping = 'device' SETTINGS mutations_sync = 1",
        "ALTER TABLE schema_migrations DELETE WHERE number >= 26 SETTINGS mutations_sync = 1",
    ] {
        store.execute(sql).await.expect(sql);
    }
    let (first, second) = tokio::join!(store.migrate(), store.migrate());
    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(devices_by_day(&store).await, of_devices);
    let beside =
        store.query_json("SHOW TABLES LIKE 'rollup_day_%'", &[], QueryLimits::default()).await.expect("tables");
    assert!(beside.is_empty(), "{beside:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_views_of_an_older_store_have_the_buckets_of_new_ones() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    for sql in [
        "DROP TABLE page_view_sample",
        "ALTER TABLE page_views DROP COLUMN bucket SETTINGS mutations_sync = 1",
        "ALTER TABLE schema_migrations DELETE WHERE number >= 25 SETTINGS mutations_sync = 1",
    ] {
        store.execute(sql).await.expect(sql);
    }
    // Far from any day's end of keeping, so that no row is dropped before it is read.
    let view = |view: &str, session: &str| PageViewRow {
        day: 40_000,
        site: "shop".into(),
        view: view.into(),
        session: session.into(),
        sign: 1,
        ..PageViewRow::default()
    };
    store.insert_rows("page_views", &[view("v1", "s1"), view("v2", "")], Some("t1")).await.expect("before");
    store.migrate().await.expect("migrated");
    store.insert_rows("page_views", &[view("v3", "s1"), view("v4", "")], Some("t2")).await.expect("after");
    let sql = "SELECT view, bucket = cityHash64(if(session = '', view, session)) % 256 FROM page_views ORDER BY view";
    let rows = store.query_json(sql, &[], QueryLimits::default()).await.expect("buckets");
    assert_eq!(rows, ["v1", "v2", "v3", "v4"].map(|view| [json!(view), json!(1)]));
}

async fn devices_by_day(store: &Store) -> Vec<Vec<serde_json::Value>> {
    let sql = "SELECT toInt32(today() - day), page, value, sum(views), sumMap(histogram)[7] FROM rollup_day \
               WHERE grouping = 'device' GROUP BY day, page, value ORDER BY ALL";
    store.query_json(sql, &[], QueryLimits::default()).await.expect("devices")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_migration_is_refused() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    store.execute("TRUNCATE TABLE schema_migrations").await.expect("truncated");
    let other = "INSERT INTO schema_migrations (number, name, hash) VALUES (2, '0002_rollups.sql', 'other')";
    store.execute(other).await.expect("recorded");
    let error = store.migrate().await.expect_err("the hash differs");
    assert!(matches!(&error, MigrateError::Changed { name } if name == "0002_rollups.sql"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_the_schema_fit_the_tables() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    // Far from any day's end of keeping, so that no row is dropped before it is read.
    let day = 40_000;
    let view = PageViewRow {
        day,
        site: "shop".into(),
        view: "v1".into(),
        tags: vec![("plan".into(), "pro;\0é".into())],
        timing_names: vec!["hero".into()],
        timing_values: vec![1_500],
        lcp: 2_500_000,
        ..PageViewRow::default()
    };
    let rollup = RollupRow { site: "shop".into(), grouping: 1, metric: "lcp".into(), day, ..RollupRow::default() };
    macro_rules! round_trip {
        ($table:literal, $row:expr, $kind:ty) => {{
            let row: $kind = $row;
            store.insert_rows($table, std::slice::from_ref(&row), Some("t1")).await.expect($table);
            let sql = concat!("SELECT * FROM ", $table);
            let found = store.client().query_raw(sql).fetch_one::<$kind>().await.expect($table);
            // NaN is unlike itself, so the rows are compared as they are shown.
            assert_eq!(format!("{found:?}"), format!("{row:?}"), $table);
        }};
    }
    round_trip!("page_views", view, PageViewRow);
    round_trip!("events", EventRow { site: "shop".into(), kind: "step".into(), day, ..EventRow::default() }, EventRow);
    round_trip!("rollup_minute", rollup.clone(), RollupRow);
    round_trip!("rollup_hour", rollup.clone(), RollupRow);
    round_trip!("rollup_day", rollup, RollupRow);
    round_trip!(
        "view_states",
        ViewStateRow { state: "{}".into(), keep_until: day, day, ..ViewStateRow::default() },
        ViewStateRow
    );
    round_trip!("outcomes", OutcomeRow { count: 3, day, ..OutcomeRow::default() }, OutcomeRow);
    round_trip!("dead_letters", DeadLetterRow { value: "x".into(), day, ..DeadLetterRow::default() }, DeadLetterRow);
    round_trip!("progress", ProgressRow { owner: "p".into(), ..ProgressRow::default() }, ProgressRow);
    round_trip!("tokens", TokenRow { sites: vec!["*".into()], ..TokenRow::default() }, TokenRow);
}
