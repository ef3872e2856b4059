//! `felt load` counts what became of every beacon; `felt doctor` says what is wrong, and nothing where nothing is.

use std::time::Instant;

use anyhow::{Context, Result};
use felt_tests::api::Api;
use felt_tests::process::{Felt, run_felt};
use serde_json::Value;

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).with_context(|| format!("this is no JSON: {text}"))
}

/// What the doctor says of one thing.
fn finding<'a>(told: &'a Value, check: &str) -> &'a Value {
    let mut findings = told["findings"].as_array().into_iter().flatten();
    findings.find(|finding| finding["check"] == check).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn every_beacon_of_a_load_is_accepted_or_told_of() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let begin = Instant::now();
    let (code, told, _) = run_felt(&["load", "--to", &felt.url, "--rate", "40", "--for", "2s", "--json"], dir.path())?;
    let took_s = begin.elapsed().as_secs_f64();
    let told = json(&told)?;
    assert_eq!((code, told["sent"].as_u64(), told["accepted"].as_u64()), (0, Some(80), Some(80)), "{told}");
    assert!(took_s >= 1.9, "the rate is kept, not run ahead of: {took_s} s");
    assert!(told["latency_ms"]["p99"].as_f64().unwrap() >= told["latency_ms"]["p50"].as_f64().unwrap(), "{told}");
    let api = Api::new(&felt.url, "shop");
    let health = api.until("health?range=1h", |health| health["data"]["received"] == 80).await?;
    let (views, replaced) =
        (health["data"]["accepted"].as_u64().unwrap(), health["data"]["replaced"].as_u64().unwrap());
    assert!(views + replaced == 80 && replaced >= 5, "{health}");

    let beacon = format!("{}/v1/beacon?site=nowhere", felt.url);
    let (code, told, _) = run_felt(&["load", "--to", &beacon, "--rate", "20", "--for", "500ms"], dir.path())?;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("accepted  0") && told.contains("403  10"), "{told}");
    assert!(felt.stop()?.success());
    Ok(())
}

#[tokio::test]
async fn the_doctor_finds_a_running_felt_healthy() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("felt.toml"), "[[sites]]\nkey = \"shop\"\norigins = [\"https://shop.example\"]\n")?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let address = felt.url.trim_start_matches("http://").to_owned();
    let (code, told, _) = run_felt(&["doctor", "--data", "data", "--listen", &address, "--json"], dir.path())?;
    let told = json(&told)?;
    for (check, words) in [
        ("configuration", "felt.toml has 1 sites: shop"),
        ("kafka", "not configured"),
        ("clickhouse", "keeps what exact counts rest on"),
        ("clock", "agrees"),
        ("service", "is ready"),
    ] {
        assert_eq!(finding(&told, check)["state"], "ok", "{check}: {told}");
        assert!(finding(&told, check)["words"].as_str().unwrap().contains(words), "{check}: {told}");
    }
    // How much room this machine has is not the test's to say.
    let room = finding(&told, "disk")["state"] != "fault";
    assert_eq!((told["healthy"].as_bool(), code), (Some(room), i32::from(!room)), "{told}");
    assert!(felt.stop()?.success());
    Ok(())
}

#[test]
fn the_doctor_names_every_fault_and_how_to_mend_it() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let toml = dir.path().join("felt.toml");
    std::fs::write(&toml, "[query]\nexecution_ms = 5\n[nonsense]\n")?;
    let (code, told, _) = run_felt(&["doctor"], dir.path())?;
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("execution_ms") && told.contains("nonsense"),
        "a broken configuration does not keep it away: {told}"
    );

    // Nothing listens there: the port was free a moment ago, and is below those that are given out.
    std::fs::write(&toml, "[kafka]\nbrokers = \"127.0.0.1:1\"\n[clickhouse]\nurl = \"http://127.0.0.1:1\"\n")?;
    let (code, told, _) = run_felt(&["doctor", "--listen", "127.0.0.1:1", "--json"], dir.path())?;
    let told = json(&told)?;
    assert_eq!((code, told["healthy"].as_bool()), (1, Some(false)));
    for check in ["kafka", "clickhouse"] {
        assert_eq!(finding(&told, check)["state"], "fault", "{told}");
        assert!(finding(&told, check)["mend"].as_str().is_some_and(|mend| mend.contains("start")), "{told}");
    }
    assert_eq!(finding(&told, "configuration")["state"], "warning", "the example site is told of: {told}");
    assert_eq!(finding(&told, "service")["state"], "ok", "{told}");
    Ok(())
}
