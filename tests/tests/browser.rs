//! From a click in a real browser to a number of the API: headless Chromium visits the demo shop, an independent web-vitals in
//! the same pages says what it saw, and the API's figures are within 1 % of that; over one process, and over a cluster.

use anyhow::{Context, Result, ensure};
use felt_tests::api::{Api, get_blocking};
use felt_tests::cluster::Cluster;
use felt_tests::process::Felt;
use felt_tests::visits::{RANGE, Shop, compare, play};
use tokio::sync::Mutex;

/// A browser that is watched for milliseconds has the machine to itself.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_the_api_are_what_web_vitals_saw_in_the_same_pages() -> Result<()> {
    let _alone = ALONE.lock().await;
    let dir = tempfile::tempdir()?;
    let args = ["demo", "--days", "0", "--no-live", "--data", "data", "--listen", "127.0.0.1:0"];
    let felt = Felt::start(&args, dir.path())?;
    let visits = tokio::task::block_in_place(|| play(Shop::Served(&felt.url), |_| Ok(())))?;
    let api = Api::new(&felt.url, "shop");
    let compared = compare(&api, &visits).await?;
    println!("{} page views, {compared} figures compared", visits.len());

    // What went wrong on purpose is counted as that.
    let happiness = api.call(&format!("breakdown?{RANGE}&by=page&metrics=happiness&limit=100")).await?;
    let gallery = happiness["data"].as_array().and_then(|rows| rows.iter().find(|r| r["page"] == "/shop/gallery"));
    assert!(gallery.is_some(), "{happiness}");
    let raw = api.call("values/page?q=token").await?;
    assert_eq!(raw["data"].as_array().map(Vec::len), Some(0), "no query string reached the server: {raw}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_over_kafka_too_though_a_processor_is_killed_between_the_clicks() -> Result<()> {
    let _alone = ALONE.lock().await;
    let dir = tempfile::tempdir()?;
    let cluster = Cluster::start(dir.path())?;
    let (mut killed, survivor) = cluster.two_processors().await?;
    let mut killed_after = None;
    let visits = tokio::task::block_in_place(|| {
        play(Shop::BeaconsTo(&cluster.ingest.url), |views| {
            // Half-way, once it has counted something that its successor must neither lose nor repeat.
            if killed_after.is_none() && views >= 12 && records_of(&killed)? > 0 {
                killed.kill()?;
                killed_after = Some(views);
            }
            Ok(())
        })
    })?;
    let killed_after = killed_after.context("no processor was killed while the browser played")?;
    ensure!(killed_after < visits.len(), "the processor was killed only after the last of {killed_after} views");

    let api = Api::new(&cluster.query.url, "shop");
    let compared = compare(&api, &visits).await?;
    println!("{} page views, a processor killed after {killed_after}, {compared} figures compared", visits.len());
    let rollup = api.call(&format!("summary?{RANGE}&metrics=lcp,inp,cls,happiness")).await?;
    let raw = api.call(&format!("summary?{RANGE}&metrics=lcp,inp,cls,happiness&f=os:set")).await?;
    assert_eq!((&rollup["meta"]["source"], &raw["meta"]["source"]), (&"rollup".into(), &"raw".into()));
    assert_eq!(raw["data"], rollup["data"]);
    assert_eq!(raw["meta"]["views"], visits.len());
    cluster.assert_rollups_count(visits.len()).await?;
    let health = api.call("health?range=1h").await?;
    assert_eq!(health["data"]["accepted"], visits.len(), "{health}");
    assert!(records_of(&survivor)? > 0, "the partitions were shared");
    Ok(())
}

/// Records that a processor has worked off.
fn records_of(processor: &Felt) -> Result<u64> {
    let (_, metrics) = get_blocking(&format!("{}/metrics", processor.url))?;
    let line = metrics.lines().find_map(|line| line.strip_prefix("felt_processor_records_total "));
    line.map_or(Ok(0), |count| count.parse().context("no count"))
}
