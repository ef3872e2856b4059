//! The topic itself: made when missing, and how many partitions it has.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::client::{ASK_TIMEOUT, Reporter, blocking, client, log_error};
use crate::{KafkaConfig, LogError};

/// A topic just made is looked for this often.
const VISIBLE_INTERVAL: Duration = Duration::from_millis(50);

/// Makes the topic unless it is there; answers its number of partitions, which counts for both writers and readers.
pub(crate) async fn ensure(config: &KafkaConfig) -> Result<u32, LogError> {
    let admin: AdminClient<Reporter> = client(config)
        .create_with_context(Reporter)
        .map_err(|error| log_error(&error, "cannot make a Kafka client"))?;
    let admin = Arc::new(admin);
    if let Some(partitions) = partitions(config, admin.clone()).await? {
        return Ok(partitions);
    }
    create(config, &admin).await?;
    // The answer to a creation may come before every broker's metadata.
    let started = Instant::now();
    loop {
        match partitions(config, admin.clone()).await {
            Ok(Some(partitions)) => return Ok(partitions),
            other if started.elapsed() > ASK_TIMEOUT => {
                let topic = &config.topic;
                let lost = LogError::Transient(format!("topic {topic} was made and is not visible yet"));
                return Err(other.err().unwrap_or(lost));
            }
            _ => tokio::time::sleep(VISIBLE_INTERVAL).await,
        }
    }
}

/// The number of the topic's partitions; `None` when it is not there. Makes nothing.
///
/// # Errors
/// Fatal when the settings or the broker's rules do not allow it, transient when no broker answers.
pub async fn look_at_topic(config: &KafkaConfig) -> Result<Option<u32>, LogError> {
    let admin: AdminClient<Reporter> = client(config)
        .create_with_context(Reporter)
        .map_err(|error| log_error(&error, "cannot make a Kafka client"))?;
    partitions(config, Arc::new(admin)).await
}

async fn partitions(config: &KafkaConfig, admin: Arc<AdminClient<Reporter>>) -> Result<Option<u32>, LogError> {
    let topic = config.topic.clone();
    blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&topic), ASK_TIMEOUT);
        let metadata = metadata.map_err(|error| log_error(&error, &format!("cannot ask for topic {topic}")))?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        match found.map(|found| (found.error(), found.partitions().len() as u32)) {
            Some((None, partitions)) if partitions > 0 => Ok(Some(partitions)),
            Some((Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), _)) | None => Ok(None),
            Some((error, _)) => Err(LogError::Transient(format!("topic {topic} is not ready: {error:?}"))),
        }
    })
    .await
}

async fn create(config: &KafkaConfig, admin: &AdminClient<Reporter>) -> Result<(), LogError> {
    let retention_ms = config.retention_ms.to_string();
    let new = NewTopic::new(&config.topic, config.partitions as i32, TopicReplication::Fixed(config.replication))
        // Records are consumed in order and in full: never compacted.
        .set("cleanup.policy", "delete")
        .set("retention.ms", &retention_ms)
        // The broker's own time, which tells a producer whose clock is off, and which retention goes by.
        .set("message.timestamp.type", "LogAppendTime")
        // Batches stay as we compressed them.
        .set("compression.type", "producer");
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT)).operation_timeout(Some(ASK_TIMEOUT));
    let doing = format!("cannot make topic {}", config.topic);
    let made = admin.create_topics([&new], &options).await.map_err(|error| log_error(&error, &doing))?;
    for result in made {
        match result {
            // Another process was quicker.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => {
                return Err(LogError::Transient(format!("{doing}: {code}: make it by hand, or allow felt to")));
            }
        }
    }
    Ok(())
}
