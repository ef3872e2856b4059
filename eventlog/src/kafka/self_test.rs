//! The start-up self-test: does this broker keep what a commit's metadata says? Exactly once rests on it, and not every broker
//! that speaks Kafka's protocol does.

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{ASK_TIMEOUT, blocking, client, log_error};
use crate::{KafkaConfig, LogError};

const MARK: &str = "felt-self-test:";

/// Another member's nonce may come between our commit and our look.
const TRIES: usize = 5;

/// Commits a nonce in a group of its own and reads it back; `Fatal` with the reason when it is lost.
pub(crate) async fn run(config: &KafkaConfig) -> Result<(), LogError> {
    let config = config.clone();
    blocking(move || {
        let doing = "the start-up self-test of Kafka failed";
        let mut options = client(&config);
        options.set("group.id", format!("{}.self-test", config.group));
        options.set("enable.auto.commit", "false");
        let consumer: BaseConsumer = options.create().map_err(|error| log_error(&error, doing))?;
        let mut seen = String::new();
        for _ in 0..TRIES {
            let nonce = format!("{MARK}{:016x}", rand::random::<u64>());
            let mut commit = TopicPartitionList::new();
            commit.add_partition_offset(&config.topic, 0, Offset::Offset(0)).map_err(|error| log_error(&error, doing))?;
            if let Some(mut partition) = commit.find_partition(&config.topic, 0) {
                partition.set_metadata(&nonce);
            }
            consumer.commit(&commit, CommitMode::Sync).map_err(|error| log_error(&error, doing))?;
            let mut asked = TopicPartitionList::new();
            asked.add_partition(&config.topic, 0);
            let found = consumer.committed_offsets(asked, ASK_TIMEOUT).map_err(|error| log_error(&error, doing))?;
            seen = found.find_partition(&config.topic, 0).map(|found| found.metadata().to_owned()).unwrap_or_default();
            if seen == nonce {
                return Ok(());
            }
            if !seen.starts_with(MARK) {
                break;
            }
        }
        Err(LogError::Fatal(format!(
            "this broker loses the metadata of offset commits (a nonce came back as {seen:?}), and counting every view once \
             rests on it: use Apache Kafka or a broker that keeps commit metadata"
        )))
    })
    .await
}
