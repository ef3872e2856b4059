//! The tables, as numbered SQL files that are each applied once.

use crate::{Store, StoreError};

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A file that was already applied reads differently now.
    #[error("migration {name} was applied with other text: restore the file and add a new migration instead")]
    Changed {
        /// File name of the migration.
        name: String,
    },
    /// ClickHouse failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes the database and applies every migration that is not there yet. Safe to repeat and to run at once from
    /// several processes. Gives the names applied by this call.
    ///
    /// # Errors
    /// When a migration that was applied has changed, or ClickHouse fails.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        Err(MigrateError::Store(StoreError::Permanent { code: None, message: "migrate is not built yet".into() }))
    }

    /// The SQL that [`Store::migrate`] would run on an empty server.
    pub fn migration_sql(&self) -> String {
        String::new()
    }
}
