//! The embedded engine speaks ClickHouse's HTTP interface: what is asked is honoured or refused, answers are never
//! mixed up, and a client that goes takes its statement along.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use felt_store::engine;
use felt_store::testing::{TestEngine, spawn_config};
use tokio::io::AsyncWriteExt;

mod support;
use support::{Http, eventually, get, post};

#[tokio::test(flavor = "multi_thread")]
async fn statements_answer_in_the_format_that_was_asked_for() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    let cases = [
        ("/?query=SELECT+1", "", "1\n", "TabSeparated"),
        ("/?query=SELECT+1+FORMAT+JSONCompactEachRow", "", "[1]\n", "JSONCompactEachRow"),
        ("/?default_format=CSV", "SELECT 'a', 2", "\"a\",2\n", "CSV"),
        ("/?query=SELECT", "2 AS x FORMAT JSONEachRow", "{\"x\":2}\n", "JSONEachRow"),
        ("/", "SELECT 3; -- done", "3\n", "TabSeparated"),
        ("/?database=system", "SELECT currentDatabase()", "system\n", "TabSeparated"),
        ("/?max_execution_time=7", "SELECT getSetting('max_execution_time')", "7\n", "TabSeparated"),
        (
            "/?param_x=a%27b&param_y=%5B1%2C2%5D",
            "SELECT {x:String}, {y:Array(UInt8)}",
            "a\\'b\t[1,2]\n",
            "TabSeparated",
        ),
        ("/", "SELECT number FROM numbers(2) WHERE 0", "", "TabSeparated"),
        ("/", "EXISTS TABLE nothing", "0\n", "TabSeparated"),
    ];
    for (address, body, expected, format) in cases {
        let answer = http.send(post(address, body)).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{address} {body}");
        assert_eq!(answer.header("x-clickhouse-format"), Some(format), "{address} {body}");
    }
    let json = http.send(post("/", "SELECT number AS n FROM numbers(150000) FORMAT JSON")).await;
    let json: serde_json::Value = serde_json::from_slice(&json.body).expect("JSON");
    assert_eq!(json["rows"], 150_000, "a framed answer counts its rows");
    assert_eq!(http.send(get("/ping")).await.text(), "Ok.\n");
    assert_eq!(http.send(get("/")).await.text(), "Ok.\n");
    assert_eq!(http.send(get("/nowhere")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_honoured_is_refused() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    http.ok("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a").await;
    let cases = [
        ("/?max_exectuion_time=5", "SELECT 1", 115, 404),
        ("/?max_execution_time=soon", "SELECT 1", 36, 400),
        ("/?session_id=a", "SELECT 1", 48, 501),
        ("/?user=bob", "SELECT 1", 516, 403),
        ("/?database=nowhere", "SELECT 1", 81, 404),
        ("/?readonly=1", "INSERT INTO t VALUES (1)", 164, 500),
        ("/?readonly=2", "INSERT INTO t SELECT 1", 164, 500),
        ("/?readonly=2", "DROP TABLE t", 164, 500),
        ("/", "SELECT 1; SELECT 2", 62, 400),
        ("/", "SELEC 1", 62, 400),
        ("/", "garbage", 62, 400),
        ("/", "", 62, 400),
        ("/", "SELECT * FROM nowhere", 60, 404),
        ("/", "SELECT 1 INTO OUTFILE '/tmp/x'", 48, 501),
        ("/", "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 48, 501),
        ("/", "INSERT INTO t FORMAT CSV\nx", 117, 400),
        ("/", "SELECT {x:UInt8}", 456, 400),
        ("/?max_execution_time=0.2", "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)", 159, 408),
        ("/?max_memory_usage=10000000", "SELECT groupArray(number) FROM numbers(100000000)", 241, 500),
    ];
    for (address, body, code, status) in cases {
        let answer = http.send(post(address, body)).await;
        let text = answer.text();
        assert_eq!(
            (answer.header("x-clickhouse-exception-code"), answer.status),
            (Some(&*code.to_string()), status),
            "{address} {body}: {text}"
        );
        assert!(text.starts_with(&format!("Code: {code}. DB::")), "{address} {body}: {text}");
    }
    let answer = http.send(get("/?query=DROP+TABLE+t")).await;
    assert_eq!(answer.header("x-clickhouse-exception-code"), Some("164"), "a GET may not write");
    let mut gzip = post("/", "SELECT 1");
    gzip.headers_mut().insert("content-encoding", "gzip".parse().expect("a header"));
    assert_eq!(http.send(gzip).await.header("x-clickhouse-exception-code"), Some("48"));
    assert_eq!(http.ok("SELECT count() FROM t").await, "0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_inserted_in_any_format_and_however_they_come() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    http.ok("CREATE TABLE t (a UInt8, b String) ENGINE = MergeTree ORDER BY a").await;
    let blocks = clickhouse_blocks(b"\x06\x03;\0\n");
    let inserts: [(&str, &[u8], &str); 6] = [
        ("/", b"INSERT INTO t VALUES (1, 'a;b')", "1"),
        ("/", b"INSERT INTO t FORMAT JSONEachRow {\"a\":2,\"b\":\"x\"}\n{\"a\":3}", "2"),
        ("/?query=INSERT+INTO+t(b,a)+FORMAT+RowBinary", b"\x03;\0\n\x04", "1"),
        ("/?query=INSERT+INTO+t+FORMAT+RowBinaryWithNamesAndTypes", b"\x01\x01a\x05UInt8\x05", "1"),
        ("/?decompress=1&query=INSERT+INTO+t+FORMAT+RowBinary", &blocks, "1"),
        ("/", b"INSERT INTO t SELECT 7, 'seven'", "1"),
    ];
    for (address, body, rows) in inserts {
        let shown = String::from_utf8_lossy(body).into_owned();
        let answer = http.send(post(address, body.to_vec())).await;
        assert_eq!(answer.status, 200, "{address} {shown}: {}", answer.text());
        let summary: serde_json::Value =
            serde_json::from_str(answer.header("x-clickhouse-summary").expect("a summary")).expect("JSON");
        assert_eq!(summary["written_rows"], rows, "{address} {shown}");
    }
    let expected = "1\ta;b\n2\tx\n3\t\n4\t;\\0\\n\n5\t\n6\t;\\0\\n\n7\tseven\n";
    assert_eq!(http.ok("SELECT a, b FROM t ORDER BY a").await, expected);
    let mut damaged = blocks.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    let answer = http.send(post("/?decompress=1&query=INSERT+INTO+t+FORMAT+RowBinary", damaged)).await;
    assert_eq!(answer.header("x-clickhouse-exception-code"), Some("40"), "{}", answer.text());
}

/// One block as the official client packs it.
fn clickhouse_blocks(content: &[u8]) -> Vec<u8> {
    clickhouse::_priv::lz4_compress(content).expect("packed").to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_breaks_off_commits_nothing() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    http.ok("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a").await;
    let address = engine.url().trim_start_matches("http://").to_owned();
    for head in ["Transfer-Encoding: chunked\r\n\r\n3\r\n\x01\x02\x03\r\n", "Content-Length: 9\r\n\r\n\x01\x02\x03"] {
        let mut stream = TcpStream::connect(&address).expect("connected");
        let request = format!("POST /?query=INSERT+INTO+t+FORMAT+RowBinary HTTP/1.1\r\nHost: engine\r\n{head}");
        stream.write_all(request.as_bytes()).expect("sent");
        let running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO t%'";
        eventually("the insert runs", || async { http.ok(running).await == "1\n" }).await;
        drop(stream);
        eventually("the insert is gone", || async { http.ok(running).await == "0\n" }).await;
    }
    assert_eq!(http.ok("SELECT count() FROM t").await, "0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_at_once_are_never_mixed_up() {
    let engine = TestEngine::start().await;
    let url = engine.url().to_owned();
    let clients = (0..8_u64).map(|client| {
        let http = Http::new(&url);
        tokio::spawn(async move {
            for round in 0..40 {
                let number = client * 1_000 + round;
                let rows = 1 + (number * 7_919) % 100_000;
                let address = format!("/?param_n={number}&max_threads={}", 1 + client % 2);
                let sql = format!("SELECT {{n:UInt64}}, count(), sum(number) FROM numbers({rows}) GROUP BY ALL");
                let expected = format!("{number}\t{rows}\t{}\n", rows * (rows - 1) / 2);
                assert_eq!(http.send(post(&address, sql)).await.text(), expected);
                let long = format!("SELECT {number} + number FROM numbers({rows})");
                let answer = http.send(post("/", long)).await.text();
                assert!(answer.lines().map(|line| line.parse::<u64>().expect("a number")).eq(number..number + rows));
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("no client saw another's answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_packed_as_asked() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    let sql = "SELECT number FROM numbers(300000)";
    let plain = http.ok(sql).await;
    let mut frame = post("/", sql);
    frame.headers_mut().insert("accept-encoding", "lz4".parse().expect("a header"));
    let answer = http.send(frame).await;
    assert_eq!(answer.header("content-encoding"), Some("lz4"));
    let mut unpacked = String::new();
    lz4_flex::frame::FrameDecoder::new(&*answer.body).read_to_string(&mut unpacked).expect("a frame");
    assert!(unpacked == plain);
    let answer = http.send(post("/?compress=1", sql)).await;
    assert_eq!(answer.header("content-encoding"), None);
    // The engine's own reader of such blocks is the judge: what it packed goes in again unchanged.
    http.ok("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let back = http.send(post("/?decompress=1&query=INSERT+INTO+t+FORMAT+TSV", answer.body)).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(http.ok("SELECT count(), sum(a) FROM t").await, "300000\t44999850000\n");
    let client = clickhouse::Client::default().with_url(engine.url());
    let numbers = client.query("SELECT number FROM numbers(300000)").fetch_all::<u64>().await.expect("numbers");
    assert!(numbers.into_iter().eq(0..300_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_on_the_way_is_told() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    let sql = "SELECT throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 1000";
    let answer = http.send(post("/", sql)).await;
    assert_eq!(answer.status, 200, "its first rows were sent already");
    let tag = answer.header("x-clickhouse-exception-tag").expect("a tag").to_owned();
    assert!(answer.text().ends_with(&format!(" {tag}\r\n__exception__\r\n")));
    let answer = http.send(post("/?wait_end_of_query=1", sql)).await;
    assert_eq!((answer.status, answer.header("x-clickhouse-exception-code")), (500, Some("395")));
    let client = clickhouse::Client::default().with_url(engine.url());
    let error = client.query(sql).fetch_all::<u8>().await.expect_err("it fails on the way");
    assert!(error.to_string().contains("Code: 395."), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_takes_its_statement_along() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    let address = engine.url().trim_start_matches("http://").to_owned();
    let endless = [
        // Computes without answering; answers without end; is no question at all.
        "SELECT sum(sipHash64(number)) FROM numbers(1000000000000) /* endless */",
        "SELECT number FROM numbers(1000000000000) /* endless */",
        "INSERT INTO FUNCTION null('x UInt64') SELECT sipHash64(number) FROM numbers(1000000000000) /* endless */",
    ];
    let running =
        "SELECT count() FROM system.processes WHERE query LIKE '%endless%' AND query NOT LIKE '%system.processes%'";
    for sql in endless {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
        let request = format!("POST / HTTP/1.1\r\nHost: engine\r\nContent-Length: {}\r\n\r\n{sql}", sql.len());
        stream.write_all(request.as_bytes()).await.expect("sent");
        eventually("the statement runs", || async { http.ok(running).await == "1\n" }).await;
        drop(stream);
        eventually("the statement is gone", || async { http.ok(running).await == "0\n" }).await;
    }
}

/// The list of processes shows a statement with parameters in words of ClickHouse's own, and it went on for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_with_parameters_ends_with_its_client_too() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    let address = engine.url().trim_start_matches("http://").to_owned();
    let running =
        "SELECT count() FROM system.processes WHERE query LIKE '%endless%' AND query NOT LIKE '%system.processes%'";
    let sql = "SELECT 'endless', sum(sipHash64(number, {x:String})) FROM numbers(1000000000000)";
    for path in ["/?param_x=a", "/?param_x=a&readonly=2", "/?param_x=a&wait_end_of_query=1&readonly=2"] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
        let request = format!("POST {path} HTTP/1.1\r\nHost: engine\r\nContent-Length: {}\r\n\r\n{sql}", sql.len());
        stream.write_all(request.as_bytes()).await.expect("sent");
        eventually("the statement runs", || async { http.ok(running).await == "1\n" }).await;
        drop(stream);
        eventually("the statement is gone", || async { http.ok(running).await == "0\n" }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_to_stop_lets_statements_finish() {
    let engine = TestEngine::start().await;
    let http = Http::new(engine.url());
    http.ok("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let slow = "INSERT INTO t SELECT number + sleepEachRow(0.01) FROM numbers(100) SETTINGS max_block_size = 10";
    let insert = tokio::spawn({
        let http = Http::new(engine.url());
        async move { http.send(post("/", slow)).await.status }
    });
    let running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO t%'";
    eventually("the insert runs", || async { http.ok(running).await == "1\n" }).await;
    let pid = engine.handle().pid().expect("a process") as libc::pid_t;
    // SAFETY: a plain system call on a process that this test started.
    unsafe { libc::kill(pid, libc::SIGTERM) };
    assert_eq!(insert.await.expect("answered"), 200);
    eventually("the next process answers", || async { engine.handle().starts() == 2 }).await;
    assert_eq!(http.ok("SELECT count() FROM t").await, "100\n");
}

/// Names the directory for which this executable, started again, plays the parent of an engine.
const PARENT: &str = "FELT_TEST_PARENT_OF_ENGINE";

/// The parent's part: starts an engine, says so, waits, and leaves without a word to the engine.
#[test]
fn parent_of_an_engine() {
    // Without a directory this is an ordinary run of the tests, which has nothing to do here.
    let Some(data_dir) = std::env::var_os(PARENT) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let engine = runtime.block_on(engine::spawn(spawn_config(data_dir.as_ref()))).expect("an engine");
    println!("\nready {}", engine.url());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_ends_with_its_parent_however_that_ends() {
    for signal in [Some(libc::SIGKILL), Some(libc::SIGTERM), None] {
        let scratch = tempfile::tempdir().expect("scratch");
        let mut parent = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "parent_of_an_engine", "--nocapture"])
            .env(PARENT, scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test runs again");
        let mut lines = BufReader::new(parent.stdout.take().expect("its output")).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.starts_with("ready http://"))));
        assert!(engine::find(scratch.path()).is_some());
        match signal {
            // SAFETY: a plain system call on a process that this test started.
            Some(signal) => _ = unsafe { libc::kill(parent.id() as libc::pid_t, signal) },
            None => drop(parent.stdin.take()),
        }
        parent.wait().expect("the parent ended");
        eventually("the engine is gone", || async { engine::find(scratch.path()).is_none() }).await;
    }
}
