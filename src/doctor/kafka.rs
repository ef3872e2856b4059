//! Whether the configured Kafka answers, and whether its topic is there.

use felt_eventlog::{KafkaConfig, LogError, look_at_topic};

use super::Finding;

const CHECK: &str = "kafka";

/// Asks the brokers for the topic; nothing is made.
pub async fn check(kafka: Option<&KafkaConfig>) -> Finding {
    let Some(kafka) = kafka else {
        return Finding::ok(CHECK, "not configured: `felt serve` keeps its own log");
    };
    let (brokers, topic) = (&kafka.brokers, &kafka.topic);
    match look_at_topic(kafka).await {
        Ok(Some(partitions)) => {
            Finding::ok(CHECK, format!("{brokers} answers; the topic {topic} has {partitions} partitions"))
        }
        Ok(None) => {
            let words = format!("{brokers} answers; there is no topic {topic} yet");
            Finding::warning(CHECK, words, "start a role, which makes it, or make it by hand where roles may not")
        }
        Err(LogError::Fatal(reason)) => Finding::fault(
            CHECK,
            format!("{brokers} refuses: {reason}"),
            "mend `[kafka]` in the configuration, or the broker's access rules",
        ),
        Err(error) => {
            let mend = "start the broker, and mend `brokers` under [kafka] if it is elsewhere; from here it must be reached under the name that it advertises";
            Finding::fault(CHECK, format!("{brokers} does not answer: {error}"), mend)
        }
    }
}
