//! The roles apart, each its own process, over Apache Kafka and a shared engine; and what the rollups hold in the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use felt_eventlog::testing::kafka::KafkaServer;
use serde_json::Value;

use crate::process::{Felt, run_felt};

/// The longest wait for partitions to be shared out.
const PATIENCE: Duration = Duration::from_secs(120);

const TABLES: [&str; 3] = ["rollup_minute", "rollup_hour", "rollup_day"];
const GROUPINGS: [&str; 6] = ["site", "page", "page_device", "country", "release", "browser"];

/// A cluster for the site `shop` of six partitions, without a processor to begin with.
pub struct Cluster {
    _kafka: KafkaServer,
    dir: PathBuf,
    /// `felt engine`.
    pub engine: Felt,
    /// `felt ingest`.
    pub ingest: Felt,
    /// `felt query`.
    pub query: Felt,
}

impl Cluster {
    /// Starts it in this folder.
    ///
    /// # Errors
    /// When a part does not become ready.
    pub fn start(dir: &Path) -> Result<Self> {
        let kafka = tokio::task::block_in_place(KafkaServer::start);
        let engine = Felt::start_unready(&["engine", "--data", "engine", "--listen", "127.0.0.1:0"], dir)?;
        configure(dir, &kafka.brokers(), &engine.url)?;
        let (code, printed, faults) = run_felt(&["migrate"], dir)?;
        ensure!(code == 0, "{printed}{faults}");
        Ok(Self {
            _kafka: kafka,
            dir: dir.to_owned(),
            ingest: role(dir, "ingest")?,
            query: role(dir, "query")?,
            engine,
        })
    }

    /// One more processor.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn processor(&self) -> Result<Felt> {
        role(&self.dir, "processor")
    }

    /// Two processors, once each of them has partitions of its own.
    ///
    /// # Errors
    /// When one of them never gets any.
    pub async fn two_processors(&self) -> Result<(Felt, Felt)> {
        let both = (self.processor()?, self.processor()?);
        let begin = Instant::now();
        while ![&both.0, &both.1].iter().all(|processor| processor.printed().contains("partition claimed")) {
            ensure!(begin.elapsed() < PATIENCE, "one processor has no partition:\n{}", both.1.printed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(both)
    }

    /// Fails unless every grouping of every rollup counts so many page views, asked straight from ClickHouse.
    ///
    /// # Errors
    /// When ClickHouse does not answer.
    ///
    /// # Panics
    /// When a rollup counts otherwise.
    pub async fn assert_rollups_count(&self, views: usize) -> Result<()> {
        let views = i64::try_from(views)?;
        let everywhere =
            TABLES.iter().flat_map(|table| GROUPINGS.map(|grouping| (format!("{table} {grouping}"), views)));
        // Devices over all pages are kept by the day alone.
        let expected: BTreeMap<String, i64> = everywhere.chain([("rollup_day device".to_owned(), views)]).collect();
        assert_eq!(self.rollup_counts().await?, expected, "every rollup counts every view once");
        Ok(())
    }

    async fn rollup_counts(&self) -> Result<BTreeMap<String, i64>> {
        let mut counts = BTreeMap::new();
        for table in TABLES {
            let sql = format!(
                "SELECT toString(grouping) AS name, toInt64(sum(views)) AS n FROM felt.{table} \
                 WHERE metric = 'happiness' GROUP BY grouping FORMAT JSONEachRow \
                 SETTINGS output_format_json_quote_64bit_integers = 0"
            );
            let text = reqwest::Client::new().post(&self.engine.url).body(sql).send().await?.text().await?;
            for line in text.lines() {
                let row: Value = serde_json::from_str(line).with_context(|| text.clone())?;
                let name = row["name"].as_str().unwrap_or_default();
                counts.insert(format!("{table} {name}"), row["n"].as_i64().unwrap_or_default());
            }
        }
        Ok(counts)
    }
}

fn configure(dir: &Path, brokers: &str, engine: &str) -> Result<()> {
    let config = format!(
        "[[sites]]\nkey = \"shop\"\nname = \"The Shop\"\norigins = [\"*\"]\n\n\
         [kafka]\nbrokers = \"{brokers}\"\npartitions = 6\nsession_timeout_ms = 6000\n\n\
         [clickhouse]\nurl = \"{engine}\"\n"
    );
    std::fs::write(dir.join("felt.toml"), config).context("felt.toml cannot be written")
}

fn role(dir: &Path, name: &str) -> Result<Felt> {
    Felt::start(&[name, "--listen", "127.0.0.1:0"], dir)
}
