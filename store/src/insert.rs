//! Inserts: one call, one block, one token.

use clickhouse::{RowOwned, RowWrite};

use crate::{Store, StoreError};

impl Store {
    /// Writes `rows` into `table` as one block and waits until ClickHouse has them.
    ///
    /// With a `token`, a repeat of the same token into the same table changes nothing. No rows, no request.
    ///
    /// # Errors
    /// Transient or permanent by ClickHouse's code. After a transient error the rows may or may not be there: send
    /// the same rows with the same token again.
    pub async fn insert_rows<T>(&self, table: &str, rows: &[T], token: Option<&str>) -> Result<(), StoreError>
    where
        T: RowOwned + RowWrite,
    {
        let _ = (table, rows, token);
        Err(StoreError::Permanent { code: None, message: "insert_rows is not built yet".into() })
    }
}
