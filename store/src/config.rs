//! Where ClickHouse is and how much the disk is asked to promise.

use serde::{Deserialize, Serialize};

/// How to reach ClickHouse and which guarantees to ask of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Address of ClickHouse's HTTP interface, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// User to name in each request; empty leaves it to the server's default.
    pub user: String,
    /// That user's password; empty sends none.
    pub password: String,
    /// Database that holds our tables; made by [`crate::Store::migrate`] when it is missing.
    pub database: String,
    /// Make the tables `Replicated*MergeTree` with the server's default paths and macros.
    pub replicated: bool,
    /// Cluster to run DDL on (`ON CLUSTER`); empty runs it on the connected server alone.
    pub cluster: String,
    /// Flush each insert to the disk before it is acknowledged, so that a power cut cannot lose an acknowledged row.
    pub fsync: bool,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8123".into(),
            user: String::new(),
            password: String::new(),
            database: "felt".into(),
            replicated: false,
            cluster: String::new(),
            fsync: true,
        }
    }
}
