//! Promises under fire, the short version: the roles as real processes, real faults, an oracle and a judge. `make test-long` runs the
//! same for ten minutes a seed.

use anyhow::Result;
use felt_tests::chaos;
use felt_tests::chaos::settings::{Log, Settings, failing_seeds};

/// How long faults come in the short version.
const SHORT_SECONDS: u64 = 35;

async fn short(log: Log, seed: u64) -> Result<()> {
    for seed in failing_seeds(log)?.into_iter().chain([seed]) {
        chaos::run(Settings::new(log, seed, SHORT_SECONDS)?).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_under_fire_over_the_local_log() -> Result<()> {
    short(Log::Local, 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_under_fire_over_kafka() -> Result<()> {
    short(Log::Kafka, 1).await
}
