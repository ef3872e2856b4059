//! The contract of [`felt_eventlog::testing::contract`], kept by a real Apache Kafka.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use felt_eventlog::testing::contract::{ENTRY_BYTES_MAX, PARTITIONS, PATIENCE, Subject};
use felt_eventlog::testing::kafka::KafkaServer;
use felt_eventlog::{EventLog, KafkaConfig, KafkaConsumer, KafkaLog, LogConsumer};

struct Kafka {
    config: KafkaConfig,
}

/// A topic and a group of its own, on a broker shared by the tests of this file.
async fn kafka() -> Kafka {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let brokers = tokio::task::spawn_blocking(|| KafkaServer::shared().brokers()).await.unwrap();
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let config = KafkaConfig {
        brokers,
        topic: format!("contract-{n}"),
        group: format!("contract-{n}"),
        partitions: PARTITIONS,
        replication: 1,
        entry_bytes_max: ENTRY_BYTES_MAX,
        session_timeout_ms: 2_000,
        // The same for all members: the next one replaces the last without its knowing, which makes a zombie of it at once.
        instance_id: Some("the-processor".into()),
        ..KafkaConfig::default()
    };
    Kafka { config }
}

#[async_trait]
impl Subject for Kafka {
    async fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(KafkaLog::connect(self.config.clone()).await.unwrap())
    }

    async fn consumer(&self) -> Arc<dyn LogConsumer> {
        let consumer = KafkaConsumer::connect(self.config.clone()).await.unwrap();
        let mut assigned = consumer.assigned();
        let all = assigned.wait_for(|assignment| assignment.partitions.len() == PARTITIONS as usize);
        tokio::time::timeout(PATIENCE, all).await.expect("the group gave no partitions").unwrap();
        Arc::new(consumer)
    }
}

felt_eventlog::contract_tests!(kafka());
