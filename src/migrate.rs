//! `felt migrate`: brings the tables of the configured ClickHouse, or of a data folder's engine, up to date.

use anyhow::{Context, Result};
use felt_store::{Store, StoreConfig};

use crate::cli::Migrate;
use crate::config::Config;
use crate::serve::spawn_engine;

/// Applies what is missing and prints its names; with `--dry-run` prints the SQL instead.
pub async fn run(args: Migrate, config: &Config) -> Result<()> {
    if args.dry_run {
        let store = config.clickhouse.clone().unwrap_or_default();
        println!("{}", Store::connect(store).migration_sql());
        return Ok(());
    }
    let (store, engine) = match (&config.clickhouse, &args.data) {
        (_, Some(data)) => {
            let (url, handle) = spawn_engine(config, data).await?;
            (Store::connect(StoreConfig { url, ..StoreConfig::default() }), Some(handle))
        }
        (Some(clickhouse), None) => (Store::connect(clickhouse.clone()), None),
        (None, None) => {
            anyhow::bail!("no [clickhouse] is configured; name one in felt.toml, or a data folder with --data DIR")
        }
    };
    let applied = store.migrate().await;
    if let Some(handle) = engine {
        handle.shutdown().await;
    }
    let applied = applied.context("the schema could not be brought up to date")?;
    if applied.is_empty() {
        println!("The schema is up to date.");
    }
    for name in applied {
        println!("applied {name}");
    }
    Ok(())
}
