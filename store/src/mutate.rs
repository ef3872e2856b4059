//! Changes to rows that are already written, which only an erasure makes: `ALTER TABLE … DELETE` and `UPDATE`.
//!
//! ClickHouse keeps the text of such a change beside the table, so a value that must not be kept never stands in it:
//! the caller names a table that holds the values.

use crate::{Store, StoreError};

impl Store {
    /// Rewrites the parts of `table` by `action` (`DELETE WHERE …`, `UPDATE … WHERE …`) and waits until it is done on
    /// every replica. The deduplication tokens of the table stay as they are. A caller that goes leaves the change
    /// running; it is safe to ask for it again.
    ///
    /// # Errors
    /// As ClickHouse says.
    pub async fn mutate(&self, table: &str, action: &str) -> Result<(), StoreError> {
        let config = self.config();
        let cluster = if config.cluster.is_empty() { String::new() } else { format!(" ON CLUSTER {}", config.cluster) };
        let query = self
            .client()
            .query_raw(&format!("ALTER TABLE {table}{cluster} {action}"))
            .with_setting("wait_end_of_query", "1")
            // 2: on this server and on all replicas.
            .with_setting("mutations_sync", "2")
            // What is looked for comes from a table, which replicas refuse unless they are told that it is meant.
            .with_setting("allow_nondeterministic_mutations", "1");
        let query =
            if config.cluster.is_empty() { query } else { query.with_setting("distributed_ddl_output_mode", "throw") };
        Ok(query.execute().await?)
    }
}
