//! What the commands about tokens and people share: the store that they work on, and the record of what they write.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use felt_http::Scope;
use felt_query::audit::{Entry, Outcome, Trail};
use felt_schema::clock::SystemClock;
use felt_store::engine::EngineHandle;
use felt_store::{Store, StoreConfig, engine};

use crate::config::Config;
use crate::serve::spawn_engine;

/// The store, opened for one command.
pub struct Admin {
    /// The store.
    pub store: Store,
    engine: Option<EngineHandle>,
}

impl Admin {
    /// The configured ClickHouse, else the engine over `data`: that of a Felt that runs there, or one for the moment.
    pub async fn open(config: &Config, data: &Path) -> Result<Self> {
        let mut own_engine = None;
        let store = match (&config.clickhouse, engine::find(&data.join("engine"))) {
            (Some(clickhouse), _) => Store::connect(clickhouse.clone()),
            (None, Some(running)) => Store::connect(StoreConfig { url: running.url, ..StoreConfig::default() }),
            (None, None) => {
                std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
                let (url, handle) = spawn_engine(config, data).await?;
                own_engine = Some(handle);
                Store::connect(StoreConfig { url, ..StoreConfig::default() })
            }
        };
        store.migrate().await?;
        Ok(Self { store, engine: own_engine })
    }

    /// Does `work`, and closes what was opened for it, however it ended.
    pub async fn close<T>(self, done: Result<T>) -> Result<T> {
        if let Some(engine) = self.engine {
            engine.shutdown().await;
        }
        done
    }

    /// Writes, after it was recorded that this is done; a write that cannot be recorded is not done.
    pub async fn write<T, E>(&self, entry: Entry, write: impl Future<Output = Result<T, E>>) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let trail = Trail::new(self.store.clone(), Arc::new(SystemClock));
        trail.record(entry.clone()).await.context("the record of writes cannot be written, so nothing was done")?;
        match write.await {
            Ok(done) => Ok(done),
            Err(error) => {
                let _ = trail.record(entry.outcome(Outcome::Failed)).await;
                Err(error.into())
            }
        }
    }
}

/// An entry for the record: this user of this machine does `action`.
pub fn entry(action: &str) -> Entry {
    Entry::of_command_line(&format!("uid {}", rustix::process::getuid().as_raw()), action)
}

/// The scopes of these names.
pub fn scopes(names: &[String]) -> Result<Vec<Scope>> {
    let scope = |name: &String| {
        Scope::from_name(name).with_context(|| {
            let known = Scope::ALL.map(Scope::name).join(", ");
            format!("`{name}` is not a scope; the scopes are {known}")
        })
    };
    names.iter().map(scope).collect()
}

/// Refuses sites that are not configured.
pub fn check_sites(config: &Config, sites: &[String]) -> Result<()> {
    for site in sites.iter().filter(|site| *site != "*") {
        if config.sites.get(site).is_none() {
            bail!("the site `{site}` is not configured; add it to felt.toml first, or use `*` for all sites");
        }
    }
    Ok(())
}

/// Prints rows under a header, aligned.
pub fn print_table(header: &[&str], rows: &[Vec<String>]) {
    let lines: Vec<Vec<String>> =
        std::iter::once(header.iter().map(|name| (*name).to_owned()).collect()).chain(rows.iter().cloned()).collect();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..header.len()).map(|column| width(column).unwrap_or(0)).collect();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

/// An instant for people.
pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}
