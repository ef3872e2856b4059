//! The way to ClickHouse: one HTTP client with the database and every guarantee-bearing setting named.

use crate::{StoreConfig, StoreError};

/// A ClickHouse database, reached over HTTP. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    client: clickhouse::Client,
    config: StoreConfig,
}

impl Store {
    /// Prepares a client; nothing is sent before the first request.
    pub fn connect(config: StoreConfig) -> Self {
        let mut client = clickhouse::Client::default().with_url(&config.url).with_database(&config.database);
        if !config.user.is_empty() {
            client = client.with_user(&config.user);
        }
        if !config.password.is_empty() {
            client = client.with_password(&config.password);
        }
        Self { client, config }
    }

    /// The client with our database set. Inserts go through [`Store::insert_rows`], which names every setting.
    pub fn client(&self) -> &clickhouse::Client {
        &self.client
    }

    /// What this store was made from.
    pub fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// Whether ClickHouse answers at all.
    ///
    /// # Errors
    /// Transient when nothing answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // The database may not exist yet, and a question that needs no table must not fail for that.
        let client = self.client.clone().with_database("system");
        client.query("SELECT 1").fetch_one::<u8>().await?;
        Ok(())
    }
}
