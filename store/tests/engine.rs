//! The embedded engine speaks ClickHouse's HTTP interface: what is asked is honoured or refused, answers are never
//! mixed up, and a client that goes takes its statement along.

use felt_store::testing::TestEngine;

mod support;
use support::{Http, get, post};

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
