//! The store over a real engine: what was acknowledged is there once, whatever is repeated, killed or restarted.

use std::time::Duration;

use clickhouse::Row;
use felt_store::testing::{TestEngine, spawn_config};
use felt_store::{INSERT_ROWS_MAX, Param, QueryLimits, Store, StoreConfig, StoreError, engine};
use serde::{Deserialize, Serialize};
use serde_json::json;

mod support;
use support::eventually;

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Item {
    day: u16,
    id: u64,
    text: String,
}

fn items(ids: std::ops::Range<u64>) -> Vec<Item> {
    ids.map(|id| Item { day: 40_000 + (id % 2) as u16, id, text: format!("item {id};\0") }).collect()
}

/// A database with one table that has the real tables' promises.
async fn with_items(engine: &TestEngine) -> Store {
    let store = engine.migrated("felt").await;
    let sql = "CREATE TABLE items (day Date, id UInt64, text String) ENGINE = MergeTree PARTITION BY day ORDER BY id
               SETTINGS non_replicated_deduplication_window = 100000";
    store.execute(sql).await.expect("a table");
    store
}

/// Rows and distinct ids.
async fn counts(store: &Store) -> Result<(u64, u64), StoreError> {
    let rows = store.query_json("SELECT count(), uniqExact(id) FROM items", &[], QueryLimits::default()).await?;
    Ok((rows[0][0].as_u64().expect("a count"), rows[0][1].as_u64().expect("a count")))
}

/// What a processor does: the same rows under the same token until it is told that they are there.
async fn insert_until_acknowledged(store: &Store, rows: &[Item], token: &str) {
    loop {
        match store.insert_rows("items", rows, Some(token)).await {
            Ok(()) => return,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn this_engine_keeps_every_promise() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    let (first, second) = tokio::join!(store.check_contract(), store.check_contract());
    first.expect("the contract");
    second.expect("the contract, at the same time");
    let left = store.query_json("SHOW TABLES LIKE 'contract%'", &[], QueryLimits::default()).await.expect("tables");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_remembered_across_a_restart() {
    let mut engine = TestEngine::start().await;
    let store = with_items(&engine).await;
    store.insert_rows("items", &items(0..100), Some("1/t/0/0-99")).await.expect("first");
    engine.restart().await;
    let store = Store::connect(StoreConfig { url: engine.url().into(), ..store.config().clone() });
    store.insert_rows("items", &items(0..100), Some("1/t/0/0-99")).await.expect("repeat");
    store.insert_rows("items", &items(100..110), Some("1/t/0/100-109")).await.expect("next");
    assert_eq!(counts(&store).await, Ok((110, 110)));
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_inside_inserts_lose_and_repeat_nothing() {
    let engine = TestEngine::start().await;
    let store = with_items(&engine).await;
    let (batches, rows) = (12, 2_000);
    for batch in 0..batches {
        let ids = batch * rows..(batch + 1) * rows;
        let (rows, token) = (items(ids.clone()), format!("1/t/0/{}-{}", ids.start, ids.end - 1));
        let starts = engine.handle().starts();
        let insert = insert_until_acknowledged(&store, &rows, &token);
        let kill = async {
            // Spread over the insert's few milliseconds: before, inside and after the commit.
            tokio::time::sleep(Duration::from_micros(700 * batch)).await;
            if let Some(pid) = engine.handle().pid() {
                kill(pid);
            }
        };
        tokio::join!(insert, kill);
        eventually("the engine is started again", || async { engine.handle().starts() > starts }).await;
        engine.handle().wait_until_ready(support::PATIENCE).await.expect("ready again");
        // The replay after a crash: the same range again, acknowledged before or not.
        insert_until_acknowledged(&store, &items(ids), &token).await;
    }
    assert_eq!(counts(&store).await, Ok((batches * rows, batches * rows)));
}

/// ClickHouse keeps a block's token before it gives the block's part its name, and may be killed in between.
#[tokio::test(flavor = "multi_thread")]
async fn an_insert_of_which_only_the_token_was_kept_counts_when_it_is_repeated() {
    let engine = TestEngine::start().await;
    let store = with_items(&engine).await;
    let last = [Item { day: 40_000, id: 20, text: String::new() }];
    insert_until_acknowledged(&store, &items(0..20), "first").await;
    insert_until_acknowledged(&store, &last, "last").await;
    let sql = "SELECT path FROM system.parts WHERE database = 'felt' AND table = 'items' AND active AND rows = 1";
    let parts = store.query_json(sql, &[], QueryLimits::default()).await.expect("parts");
    std::fs::remove_dir_all(parts[0][0].as_str().expect("a path")).expect("it never got its name");
    kill(engine.handle().pid().expect("a process"));
    insert_until_acknowledged(&store, &items(0..20), "first").await;
    insert_until_acknowledged(&store, &last, "last").await;
    insert_until_acknowledged(&store, &last, "last").await;
    assert_eq!(counts(&store).await.expect("counts"), (21, 21));
    assert!(engine.handle().starts() > 1, "it was killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_is_started_again_at_the_same_address() {
    let engine = TestEngine::start().await;
    let store = with_items(&engine).await;
    let url = engine.url().to_owned();
    let before = engine::find(engine.data_dir()).expect("a notice");
    kill(before.pid);
    // A question that comes while no process is there waits for the next one instead of failing.
    eventually("the engine answers again", || async { counts(&store).await == Ok((0, 0)) }).await;
    let after = engine::find(engine.data_dir()).expect("a notice");
    assert_ne!(after.pid, before.pid);
    assert_eq!((after.url.as_str(), engine.url()), (url.as_str(), url.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_do_not_share_a_directory() {
    let engine = TestEngine::start().await;
    let Err(error) = engine::spawn(spawn_config(engine.data_dir())).await else { panic!("a second engine started") };
    assert!(error.to_string().contains("another engine uses"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_library_is_told_with_the_way_to_get_it() {
    let scratch = tempfile::tempdir().expect("scratch");
    let mut config = spawn_config(scratch.path());
    config.engine.libchdb = Some(scratch.path().join("libchdb.so"));
    let Err(error) = engine::spawn(config.clone()).await else { panic!("it started without a library") };
    assert!(error.to_string().contains("scripts/fetch-libchdb.sh"), "{error}");
    std::fs::write(scratch.path().join("libchdb.so"), "no library").expect("written");
    let Err(error) = engine::spawn(config).await else { panic!("it started with a broken library") };
    assert!(matches!(error, engine::EngineError::NotReady { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_loopback_is_listened_on() {
    let scratch = tempfile::tempdir().expect("scratch");
    let mut config = spawn_config(scratch.path());
    config.engine.listen = "0.0.0.0:0".parse().expect("an address");
    let Err(error) = engine::spawn(config).await else { panic!("it listens to everyone") };
    assert!(error.to_string().contains("loopback"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_whether_to_try_again() {
    let engine = TestEngine::start().await;
    let store = with_items(&engine).await;
    let limits =
        QueryLimits { execution: Duration::from_millis(300), rows_read_max: u64::MAX, ..QueryLimits::default() };
    let slow = store.query_json("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", &[], limits).await;
    let error = slow.expect_err("it takes too long");
    assert_eq!((error.code(), error.is_transient()), (Some(159), true), "{error}");
    let cases = [
        ("SELECT nothing FROM items", 47),
        ("SELECT * FROM nowhere", 60),
        ("SELEC 1", 62),
        ("SELECT {x:String}", 456),
        ("TRUNCATE TABLE items", 164),
    ];
    for (sql, code) in cases {
        let error = store.query_json(sql, &[], QueryLimits::default()).await.expect_err(sql);
        assert_eq!((error.code(), error.is_transient()), (Some(code), false), "{sql}: {error}");
    }
    let few = QueryLimits { result_rows_max: 10, ..QueryLimits::default() };
    let error = store.query_json("SELECT number FROM numbers(1000)", &[], few).await.expect_err("too many rows");
    assert_eq!(error.code(), Some(396), "{error}");
    let narrow = QueryLimits { rows_read_max: 10, ..QueryLimits::default() };
    let error =
        store.query_json("SELECT sum(number) FROM numbers(1000)", &[], narrow).await.expect_err("too much read");
    assert_eq!(error.code(), Some(158), "{error}");
    let gone = Store::connect(StoreConfig { url: "http://127.0.0.1:1".into(), ..store.config().clone() });
    assert!(gone.ping().await.expect_err("nobody listens").is_transient());
    #[derive(Clone, Row, Serialize, Deserialize)]
    struct Wrong {
        nothing: u8,
    }
    let error = store.insert_rows("items", &[Wrong { nothing: 1 }], None).await.expect_err("no such column");
    assert!(!error.is_transient(), "{error}");
    let many = vec![Item { day: 0, id: 0, text: String::new() }; INSERT_ROWS_MAX + 1];
    assert!(!store.insert_rows("items", &many, None).await.expect_err("two blocks").is_transient());
    let days: Vec<Item> = (0..101).map(|day| Item { day: 40_000 + day, id: 0, text: String::new() }).collect();
    let error = store.insert_rows("items", &days, None).await.expect_err("too many days");
    assert_eq!((error.code(), error.is_transient()), (Some(252), false), "{error}");
    assert_eq!(counts(&store).await, Ok((0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_question_is_cancelled() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    let limits = QueryLimits {
        execution: Duration::from_secs(600),
        rows_read_max: u64::MAX,
        bytes_read_max: u64::MAX,
        ..QueryLimits::default()
    };
    let endless = "SELECT sum(sipHash64(number)) AS endless FROM numbers(1000000000000)";
    let running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(sipHash64%'";
    let count = || async {
        let rows = store.query_json(running, &[], QueryLimits::default()).await.expect("processes");
        rows[0][0].as_u64()
    };
    let asked = tokio::spawn({
        let store = store.clone();
        async move { store.query_json(endless, &[], limits).await }
    });
    eventually("the question runs", || async { count().await == Some(1) }).await;
    asked.abort();
    eventually("the question is gone", || async { count().await == Some(0) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_numbers_and_texts() {
    let engine = TestEngine::start().await;
    let store = engine.migrated("felt").await;
    let params = [("ids", Param::UInts((0..20_000).collect())), ("f", Param::Float(0.5))];
    let sql = "SELECT length({ids:Array(UInt64)}), toUInt64(18446744073709551615), nan, {f:Float64}, 'a?', [1, 2]";
    let rows = store.query_json(sql, &params, QueryLimits::default()).await.expect("an answer");
    assert_eq!(rows, [[json!(20_000), json!(u64::MAX), json!(null), json!(0.5), json!("a?"), json!([1, 2])]]);
}

fn kill(pid: u32) {
    // SAFETY: a plain system call on a process that this test started.
    unsafe { libc::kill(pid as libc::pid_t, libc::SIGKILL) };
}
