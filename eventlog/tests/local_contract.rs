//! The contract of [`felt_eventlog::testing::contract`], kept by the local log.

use std::sync::Arc;

use async_trait::async_trait;
use felt_eventlog::testing::contract::{ENTRY_BYTES_MAX, PARTITIONS, Subject};
use felt_eventlog::{EventLog, LocalLog, LocalLogConfig, LogConsumer};
use felt_schema::clock::SystemClock;

struct Local {
    log: LocalLog,
    _dir: tempfile::TempDir,
}

async fn local() -> Local {
    let dir = tempfile::tempdir().unwrap();
    let config = LocalLogConfig {
        dir: dir.path().join("log"),
        partitions: PARTITIONS,
        entry_bytes_max: ENTRY_BYTES_MAX,
        ..LocalLogConfig::default()
    };
    Local { log: LocalLog::open(config, Arc::new(SystemClock)).unwrap(), _dir: dir }
}

#[async_trait]
impl Subject for Local {
    async fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(self.log.clone())
    }

    async fn consumer(&self) -> Arc<dyn LogConsumer> {
        Arc::new(self.log.consumer())
    }
}

felt_eventlog::contract_tests!(local());
