//! What all our Kafka clients share: connection settings, where their log lines go, and what their errors mean.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::events::KafkaReported;
use crate::{KafkaConfig, LogError};

/// How long a question to the broker (metadata, watermarks, committed offsets) may take.
pub(crate) const ASK_TIMEOUT: Duration = Duration::from_secs(10);

/// Connection settings: the operator's options first, so that none of them can undo one of ours.
pub(crate) fn client(config: &KafkaConfig) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (name, value) in &config.options {
        client.set(name, value);
    }
    client.set("bootstrap.servers", &config.brokers);
    client.set("client.id", "felt");
    // A request to a frozen broker must not outlast a session: 60 s by default.
    client.set("socket.timeout.ms", "10000");
    client.set("socket.connection.setup.timeout.ms", "5000");
    // A broker that is back is found within a second.
    client.set("reconnect.backoff.ms", "50");
    client.set("reconnect.backoff.max.ms", "1000");
    client.set_log_level(RDKafkaLogLevel::Warning);
    client
}

/// Sends librdkafka's own lines to `tracing`.
pub(crate) struct Reporter;

impl ClientContext for Reporter {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        report(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaReported { error: &error, reason }.emit();
    }
}

pub(crate) fn report(level: RDKafkaLogLevel, facility: &str, message: &str) {
    if (level as i32) <= RDKafkaLogLevel::Error as i32 {
        tracing::error!(target: "librdkafka", facility, "{message}");
    } else {
        tracing::warn!(target: "librdkafka", facility, "{message}");
    }
}

/// Runs a call of librdkafka that blocks.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(done) => done,
        Err(error) => Err(LogError::Fatal(format!("a call of the Kafka client ended: {error}"))),
    }
}

/// Errors after which asking again is pointless; all others are worth a later try.
pub(crate) fn log_error(error: &KafkaError, doing: &str) -> LogError {
    use RDKafkaErrorCode::*;
    let text = format!("{doing}: {error}");
    match error.rdkafka_error_code() {
        Some(
            TopicAuthorizationFailed | GroupAuthorizationFailed | ClusterAuthorizationFailed | SaslAuthenticationFailed,
        ) => LogError::Fatal(format!("{text}: check the broker's access rules and [kafka] options")),
        _ if matches!(error, KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_)) => {
            LogError::Fatal(format!("{text}: check [kafka] options"))
        }
        _ => LogError::Transient(text),
    }
}

/// The broker (or the client on its behalf) says that this member no longer owns what it commits.
pub(crate) fn is_fencing(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::*;
    matches!(
        code,
        IllegalGeneration
            | UnknownMemberId
            | FencedInstanceId
            | AssignmentLost
            | Fenced
            | Fatal
            | StaleMemberEpoch
            | FencedMemberEpoch
    )
}
