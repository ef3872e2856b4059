//! `felt serve` as its users meet it: one process, a beacon in, a number out.

use std::path::Path;

use anyhow::Result;
use felt_tests::api::{Api, metric};
use felt_tests::beacons::{import_line, snapshot};
use felt_tests::process::{Felt, children_of, run_felt};
use serde_json::{Value, json};

fn serve(dir: &Path) -> Result<Felt> {
    Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir)
}

#[tokio::test]
async fn a_beacon_becomes_a_number() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = serve(dir.path())?;
    let api = Api::new(&felt.url, "shop");
    assert_eq!(api.beacon(snapshot("view-number", 0, 1834.2).to_string()).await?, 204);
    let summary = api.until_views(1, "range=1h&metrics=lcp,inp,cls,happiness").await?;
    let lcp = metric(&summary, "lcp");
    assert_eq!(lcp["count"], 1);
    assert!((lcp["p75"].as_f64().unwrap() / 1834.2 - 1.0).abs() < 0.01, "{lcp}");
    assert_eq!(lcp["rating"], "good");
    assert_eq!(lcp["good"], 1.0);
    assert_eq!(metric(&summary, "inp")["p75"], 96.0);
    assert_eq!(metric(&summary, "cls")["p75"], 0.031);
    let happiness = metric(&summary, "happiness");
    assert_eq!(happiness["value"], 100.0);
    assert_eq!(happiness["count"], 1);

    let breakdown = api.call("breakdown?range=1h&by=page,device&metrics=lcp").await?;
    assert_eq!(breakdown["data"][0]["page"], "/p/:id");
    assert_eq!(breakdown["data"][0]["device"], "mobile");
    let series = api.call("series?range=1h&metrics=lcp&step=1m").await?;
    let points = series["data"].as_array().unwrap();
    assert!(points.len() >= 60);
    assert_eq!(points.iter().map(|p| p["count"].as_u64().unwrap()).sum::<u64>(), 1);
    assert!(points.iter().filter(|p| p["count"] == 0).all(|p| p["p75"].is_null()), "a gap is null");
    assert!(felt.stop()?.success());
    Ok(())
}

/// Sends every arrangement of the snapshots of one view; each must end as that one view with its final values.
#[tokio::test]
async fn a_page_view_counts_once_with_its_final_values_however_its_snapshots_arrive() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = serve(dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let orders: [&[u32]; 8] =
        [&[0, 1, 2], &[2, 1, 0], &[1, 2, 0], &[0, 0, 2, 2], &[2], &[0, 2, 1, 2, 0], &[1, 0, 2], &[2, 0, 2, 1, 1]];
    for (i, order) in orders.iter().enumerate() {
        for seq in *order {
            // The final state, seq 2, is a painful load on another page; earlier ones were good.
            let mut body = snapshot(&format!("view-order-{i}"), *seq, if *seq == 2 { 6_000.0 } else { 1_000.0 });
            if *seq == 2 {
                body["route"] = json!("/final");
                body["age"] = json!(31_000);
            }
            assert_eq!(api.beacon(body.to_string()).await?, 204);
        }
    }
    let views = orders.len() as u64;
    let received: u64 = orders.iter().map(|o| o.len() as u64).sum();
    api.until("health?range=1h", |h| h["data"]["received"].as_u64() == Some(received)).await?;
    check_final(&api, views, "range=1h").await?;

    // An array, each member a snapshot of the same view, in one request.
    let members: Vec<Value> = [1, 0, 2, 2]
        .iter()
        .map(|seq| {
            let mut body = snapshot("view-array", *seq, if *seq == 2 { 6_000.0 } else { 1_000.0 });
            if *seq == 2 {
                body["route"] = json!("/final");
            }
            body
        })
        .collect();
    assert_eq!(api.beacon(Value::Array(members).to_string()).await?, 204);
    api.until("health?range=1h", |h| h["data"]["received"].as_u64() == Some(received + 4)).await?;
    check_final(&api, views + 1, "range=1h").await?;

    let health = api.call("health?range=1h").await?;
    let data = &health["data"];
    let sum = |key: &str| data[key].as_object().map_or(0, |m| m.values().filter_map(Value::as_u64).sum::<u64>());
    assert_eq!(data["accepted"].as_u64(), Some(views + 1), "{health}");
    assert_eq!(
        data["received"].as_u64().unwrap(),
        data["accepted"].as_u64().unwrap() + data["replaced"].as_u64().unwrap() + sum("filtered") + sum("refused"),
        "outcomes add up: {health}"
    );
    Ok(())
}

async fn check_final(api: &Api, views: u64, range: &str) -> Result<()> {
    for filter in ["", "&f=browser:set", "&f=os:set"] {
        // Without a filter from the rollup, with one on os from the raw table: both must say the same.
        let query = format!("{range}&metrics=lcp,happiness{filter}");
        let summary = api.until_views(views, &query).await?;
        let lcp = metric(&summary, "lcp");
        assert_eq!(lcp["count"].as_u64(), Some(views), "{summary}");
        assert_eq!(lcp["p75"], 6_000.0, "{summary}");
        assert_eq!(lcp["poor"], 1.0);
        let happiness = metric(&summary, "happiness");
        assert_eq!(happiness["levels"][2]["count"].as_u64(), Some(views), "{summary}");
        assert_eq!(happiness["value"], 25.0);
    }
    let pages = api.call(&format!("breakdown?{range}&by=page&metrics=lcp")).await?;
    assert_eq!(pages["data"].as_array().unwrap().len(), 1, "{pages}");
    assert_eq!(pages["data"][0]["page"], "/final");
    let series = api.call(&format!("series?{range}&metrics=lcp,happiness&step=1m")).await?;
    let of = |name: &str| {
        series["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["metric"] == name)
            .map(|p| p["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(of("lcp"), views);
    assert_eq!(of("happiness"), views);
    let bins = api.call(&format!("distribution?{range}&metric=lcp")).await?;
    let bins = bins["data"].as_array().unwrap();
    assert_eq!(bins.iter().map(|b| b["count"].as_u64().unwrap()).sum::<u64>(), views);
    Ok(())
}

#[tokio::test]
async fn history_is_counted_once_however_often_it_is_imported() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = serve(dir.path())?;
    let api = Api::new(&felt.url, "shop");
    // Two years back, so that nothing but the import's own rules can hold it; and a later snapshot replaces one view.
    let mut body = String::new();
    for n in 0..500 {
        let at = format!("2024-11-0{}T1{}:{:02}:00Z", 1 + n % 5, n % 10, n % 60);
        body += &import_line(&at, "DE", &snapshot(&format!("history-{n}"), 0, 1_000.0 + f64::from(n)));
    }
    body += &import_line("2024-11-01T10:00:00Z", "DE", &snapshot("history-0", 1, 9_000.0));
    let range = "from=2024-11-01T00:00:00Z&to=2024-11-06T00:00:00Z";
    for _ in 0..3 {
        let report = api.import(body.clone()).await?;
        assert_eq!(report["accepted"], 501, "{report}");
    }
    api.until("health?range=1h", |h| h["data"]["received"].as_u64() == Some(3 * 501)).await?;
    let summary = api.until_views(500, &format!("{range}&metrics=lcp,happiness&stats=p99,count")).await?;
    assert_eq!(metric(&summary, "lcp")["count"], 500);
    assert_eq!(metric(&summary, "happiness")["levels"][3]["count"], 1, "the replaced view is brutal: {summary}");
    Ok(())
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_is_counted_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut sent = 0;
    for round in 0..3 {
        let mut felt = serve(dir.path())?;
        let api = Api::new(&felt.url, "shop");
        for n in 0..200 {
            assert_eq!(api.beacon(snapshot(&format!("killed-{round}-{n}"), 0, 1_500.0).to_string()).await?, 204);
            sent += 1;
        }
        felt.kill()?;
    }
    let felt = serve(dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let summary = api.until_views(sent, "range=1h&metrics=lcp,happiness").await?;
    assert_eq!(metric(&summary, "lcp")["count"].as_u64(), Some(sent));
    let raw = api.call("summary?range=1h&metrics=lcp,happiness&f=os:set").await?;
    assert_eq!(raw["meta"]["source"], "raw");
    assert_eq!(metric(&raw, "lcp"), metric(&summary, "lcp"), "raw and rollup agree");
    Ok(())
}

#[tokio::test]
async fn the_engine_ends_with_its_parent_and_comes_back_when_it_dies() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut felt = serve(dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let engine = children_of(felt.pid())?;
    assert_eq!(engine.len(), 1, "one engine beside felt");
    felt_tests::process::signal(engine[0], "KILL");
    assert_eq!(api.beacon(snapshot("after-engine-died", 0, 1_500.0).to_string()).await?, 204);
    api.until_views(1, "range=1h&metrics=lcp").await?;
    let engine = children_of(felt.pid())?;
    felt.kill()?;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while Path::new(&format!("/proc/{}", engine[0])).exists() {
        assert!(std::time::Instant::now() < deadline, "the engine outlived felt");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_log_on_a_full_disk_costs_log_lines_and_nothing_else() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let arguments = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
    let felt = Felt::start_logging_to(Path::new("/dev/full"), &arguments, dir.path(), &[])?;
    let api = Api::new(&felt.url, "shop");
    // Whoever notices the engine's death, the supervisor and the processor, has something to say about it.
    felt_tests::process::signal(children_of(felt.pid())?[0], "KILL");
    assert_eq!(api.beacon(snapshot("full-log", 0, 1_500.0).to_string()).await?, 204);
    api.until_views(1, "range=1h&metrics=lcp").await?;
    assert!(felt.stop()?.success());
    Ok(())
}

#[tokio::test]
async fn an_open_address_needs_a_token_first() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (code, _, printed) = run_felt(&["serve", "--data", "data", "--listen", "0.0.0.0:0"], dir.path())?;
    assert_ne!(code, 0);
    assert!(printed.contains("felt token create"), "{printed}");
    let (code, token, printed) =
        run_felt(&["token", "create", "--data", "data", "--site", "shop", "--scope", "read:metrics"], dir.path())?;
    assert_eq!(code, 0, "{printed}");
    let token = token.trim().lines().last().unwrap_or_default().trim().to_owned();
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "0.0.0.0:0"], dir.path())?;
    let open = Api::new(&felt.url, "shop");
    assert_eq!(open.get("/api/v1/sites/shop/summary?range=1h").await?.0, 401);
    let api = open.with_token(&token);
    assert_eq!(api.get("/api/v1/sites/shop/summary?range=1h").await?.0, 200);
    assert!(api.import("{}\n").await.unwrap_err().to_string().contains("403"), "import needs the scope admin");
    Ok(())
}

#[test]
fn a_faulty_configuration_lists_every_fault_and_starts_nothing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("felt.toml"), "nonsense = 1\n[log]\npartitions = \"many\"\n[[sites]]\nkey = 3\n")?;
    let (code, _, printed) = run_felt(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    assert_eq!(code, 64, "{printed}");
    for key in ["nonsense", "log.partitions", "sites[0].key"] {
        assert!(printed.contains(key), "{key} is missing from {printed}");
    }
    assert!(!dir.path().join("data").exists(), "nothing was started");
    Ok(())
}
