//! Every limit of the server itself, named with its unit. Limits on what a body may say belong to the handlers.

use serde::Deserialize;
use std::time::Duration;

/// What one listener grants its clients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerLimits {
    /// Connections open at once. A permit is taken *before* `accept`, so that more wait in the kernel's queue and cost us nothing.
    pub connections_max: usize,
    /// Longest time between the end of one exchange and the whole head of the next. It closes slow heads and idle connections
    /// alike, so a proxy in front keeps its idle connections for less (nginx: `keepalive_timeout 4s` in the upstream).
    pub head_timeout_ms: u64,
    /// Longest time a request's body may take to arrive, from its head on.
    pub body_timeout_ms: u64,
    /// Longest time until a handler has an answer. Handlers that stream ask for more with [`crate::Patience`].
    pub answer_timeout_ms: u64,
    /// Headers in one request. More is a 431.
    pub headers_max: usize,
    /// Bytes of a request's head, and size of the read buffer. More is a 431.
    pub head_bytes_max: usize,
    /// Longest time that a shutdown waits for accepted requests. What is not answered by then is cut.
    pub drain_timeout_ms: u64,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 8_192,
            head_timeout_ms: 5_000,
            body_timeout_ms: 5_000,
            answer_timeout_ms: 10_000,
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            drain_timeout_ms: 15_000,
        }
    }
}

impl ServerLimits {
    pub(crate) fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    pub(crate) fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }

    pub(crate) fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }
}
