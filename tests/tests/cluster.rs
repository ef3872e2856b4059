//! The roles apart over Apache Kafka and a shared engine: ingest, two processors, query, each its own process; a processor
//! is killed half-way, and every acknowledged page view is still counted once, in raw and in every rollup.

use anyhow::Result;
use felt_tests::api::{Api, metric};
use felt_tests::beacons::snapshot;
use felt_tests::cluster::Cluster;
use serde_json::json;

const VIEWS: usize = 12_000;

/// Most memory of each process while it does this: several times what was seen, so that what is lost or kept for ever is noticed.
const INGEST_MIB_MAX: u64 = 96;
const PROCESSOR_MIB_MAX: u64 = 384;
const QUERY_MIB_MAX: u64 = 128;
const ENGINE_MIB_MAX: u64 = 1_024;
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_view_is_counted_once_though_a_processor_is_killed_half_way() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let cluster = Cluster::start(dir.path())?;
    let (mut killed, survivor) = cluster.two_processors().await?;
    let send = Api::new(&cluster.ingest.url, "shop");
    let ask = Api::new(&cluster.query.url, "shop");

    // Each view tells itself twice: first a good load, then the final, painful one. What was not acknowledged is sent again.
    let next = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (send, next) = (send.clone(), next.clone());
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if n >= VIEWS {
                        return Ok::<_, anyhow::Error>(());
                    }
                    for (seq, lcp_ms) in [(0, 1_000.0), (1, 6_000.0)] {
                        let body = snapshot(&format!("cluster-{n}"), seq, lcp_ms).to_string();
                        anyhow::ensure!(send.beacon(body).await? == 204, "view {n} was not acknowledged");
                    }
                }
            })
        })
        .collect();
    // Half-way, and with work in its hands, one processor dies.
    while next.load(std::sync::atomic::Ordering::Relaxed) < VIEWS / 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    killed.kill()?;
    for worker in workers {
        worker.await??;
    }

    let summary = ask
        .until("summary?range=1h&metrics=lcp,happiness", |s| {
            s["meta"]["views"] == VIEWS && metric(s, "lcp")["poor"].as_f64() == Some(1.0)
        })
        .await?;
    assert_eq!(metric(&summary, "happiness")["levels"][2]["count"], VIEWS);
    let health = ask.call("health?range=1h").await?;
    assert_eq!(health["data"]["received"], 2 * VIEWS, "{health}");
    assert_eq!(health["data"]["accepted"], VIEWS, "{health}");
    assert_eq!(health["data"]["replaced"], VIEWS, "{health}");
    let raw = ask.call("summary?range=1h&metrics=lcp,happiness&f=os:set").await?;
    assert_eq!(raw["meta"]["source"], "raw");
    assert_eq!(raw["data"], summary["data"]);

    cluster.assert_rollups_count(VIEWS).await?;
    for (name, felt, most_mib) in [
        ("ingest", &cluster.ingest, INGEST_MIB_MAX),
        ("processor", &survivor, PROCESSOR_MIB_MAX),
        ("query", &cluster.query, QUERY_MIB_MAX),
        ("engine", &cluster.engine, ENGINE_MIB_MAX),
    ] {
        let peak_mib = felt.memory_peak_bytes()?.0 >> 20;
        println!("peak memory of felt {name}: {peak_mib} MiB");
        assert!(peak_mib < most_mib, "felt {name} stays under {most_mib} MiB, not {peak_mib}");
    }
    for felt in [survivor, cluster.ingest, cluster.query] {
        assert!(felt.stop()?.success(), "a role drains and exits with 0");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_snapshot_replaces_an_earlier_one_across_processors() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let cluster = Cluster::start(dir.path())?;
    let send = Api::new(&cluster.ingest.url, "shop");
    let ask = Api::new(&cluster.query.url, "shop");
    let first = cluster.processor()?;
    assert_eq!(send.beacon(snapshot("across-processors", 0, 1_000.0).to_string()).await?, 204);
    ask.until_views(1, "range=1h&metrics=lcp").await?;
    // The one that saw the first snapshot is gone; its successor has to find it in the store.
    assert!(first.stop()?.success());
    let second = cluster.processor()?;
    let mut last = snapshot("across-processors", 1, 6_000.0);
    last["attempt"] = json!(1);
    assert_eq!(send.beacon(last.to_string()).await?, 204);
    let summary =
        ask.until("summary?range=1h&metrics=lcp", |s| metric(s, "lcp")["p75"].as_f64() == Some(6_000.0)).await?;
    assert_eq!(summary["meta"]["views"], 1);
    assert!(second.stop()?.success());
    Ok(())
}
