//! `felt slo status`, as a release gate runs it against a running Felt: a table, JSON, and a verdict by exit code.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use felt_schema::clock::{Clock, SystemClock};
use felt_tests::api::Api;
use felt_tests::process::{Felt, felt_binary};
use serde_json::{Value, json};

/// How long counting may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn status(args: &[&str]) -> Output {
    let mut command = Command::new(felt_binary());
    command.args(["slo", "status"]).args(args).stdin(Stdio::null()).output().expect("felt runs")
}

async fn put(url: &str, id: &str, objective: f64) {
    let promise = json!({"promise": "Pages open fast", "objective": objective, "window": {"rolling": "7d"},
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500}});
    let answer = reqwest::Client::new()
        .put(format!("{url}/api/v1/sites/shop/slos/{id}"))
        .header("content-type", "application/json")
        .body(promise.to_string());
    assert_eq!(answer.send().await.expect("an answer").status(), 201);
}

#[tokio::test]
async fn a_release_gate_is_shut_when_a_budget_is_spent() {
    let dir = tempfile::tempdir().expect("a folder");
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path()).expect("felt starts");
    let empty = status(&["--to", &felt.url]);
    assert_eq!(empty.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&empty.stdout).contains("felt-figures-fresh"), "one is promised from the start");

    // Nine fast ones and a slow one: half is kept, 99 % is not.
    let api = Api::new(&felt.url, "shop");
    let lines: String = (0..10)
        .map(|n| {
            let lcp = if n == 0 { 9_000 } else { 1_000 };
            let at = jiff::Timestamp::from_millisecond(SystemClock.now_ms() - (30 + n) * 60_000).expect("a time");
            let snapshot = json!({"v": 1, "view": format!("view-{n:08}"), "seq": 0, "session": "session-1", "nav": "navigate",
                "url": "https://shop.example/", "metrics": {"lcp": lcp}});
            json!({"at": at.to_string(), "ua": felt_tests::beacons::USER_AGENT, "snapshot": snapshot}).to_string() + "\n"
        })
        .collect();
    assert_eq!(api.import(lines).await.expect("it is taken")["accepted"], 10);
    put(&felt.url, "half", 0.5).await;
    let begin = Instant::now();
    let table = loop {
        let output = status(&["--to", &felt.url, "--site", "shop"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.contains("90.00 %") {
            assert_eq!(output.status.code(), Some(0), "{text}");
            break text;
        }
        assert!(begin.elapsed() < PATIENCE, "it is not counted: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(table.contains("half") && table.contains("80.00 %"), "{table}");

    put(&felt.url, "nearly-all", 0.99).await;
    let begin = Instant::now();
    let told: Value = loop {
        let output = status(&["--to", &felt.url, "--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        if output.status.code() == Some(2) {
            break told;
        }
        assert!(begin.elapsed() < PATIENCE, "nothing is spent: {told}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(told["spent"], true);
    let spent: Vec<&Value> =
        told["slos"].as_array().unwrap().iter().filter(|slo| slo["status"] == "breached").collect();
    assert_eq!(spent.len(), 1, "{told}");
    assert_eq!((&spent[0]["id"], &spent[0]["site"]), (&json!("nearly-all"), &json!("shop")));

    let nowhere = status(&["--to", "http://127.0.0.1:1"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("cannot be reached"));
}
