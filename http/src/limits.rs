//! Every limit of the server itself, named with its unit. Limits on what a body may say belong to the handlers.

use serde::Deserialize;
use std::time::Duration;

/// What one listener grants its clients.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerLimits {
    /// Connections open at once. A permit is taken *before* `accept`, so that more wait in the kernel's queue and cost us nothing.
    pub connections_max: usize,
    /// Connections open at once from one address (IPv6: from one /64); further ones are closed at once. Half of all by default, so that
    /// one client leaves room for others, and a proxy in front is not held up.
    pub connections_per_address_max: usize,
    /// Longest time between the end of one exchange and the whole head of the next. It closes slow heads and idle connections
    /// alike, so a proxy in front keeps its idle connections for less (nginx: `keepalive_timeout 4s` in the upstream).
    pub head_timeout_ms: u64,
    /// Longest time a request's body may take to arrive, from its head on.
    pub body_timeout_ms: u64,
    /// Longest time until a handler has an answer. Handlers that stream ask for more with [`crate::Patience`].
    pub answer_timeout_ms: u64,
    /// Longest time that an answer waits for a reader who takes less than 16 KiB of it. Then the connection is closed.
    pub write_timeout_ms: u64,
    /// Headers in one request. More is a 431.
    pub headers_max: usize,
    /// Bytes of a request's head, and size of the read buffer, at least 8 KiB. More is a 431.
    pub head_bytes_max: usize,
    /// Longest time that a shutdown waits for accepted requests. What is not answered by then is cut.
    pub drain_timeout_ms: u64,
    /// Memory that the process may hold. At 80 % of it new requests are refused with 503, at 85 % bodies on their way too. 0 stands for
    /// the limit of the control group that the process runs in; without one there is no ceiling.
    pub memory_bytes_max: u64,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 8_192,
            connections_per_address_max: 4_096,
            head_timeout_ms: 5_000,
            body_timeout_ms: 5_000,
            answer_timeout_ms: 10_000,
            write_timeout_ms: 10_000,
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            drain_timeout_ms: 15_000,
            memory_bytes_max: 0,
        }
    }
}

/// The smallest read buffer that hyper takes.
const HEAD_BYTES_MIN: usize = 8 * 1024;

impl ServerLimits {
    /// What cannot work, as the field's name and what to write instead.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let at_least_one = [
            ("connections_max", self.connections_max as u64),
            ("connections_per_address_max", self.connections_per_address_max as u64),
            ("head_timeout_ms", self.head_timeout_ms),
            ("body_timeout_ms", self.body_timeout_ms),
            ("answer_timeout_ms", self.answer_timeout_ms),
            ("write_timeout_ms", self.write_timeout_ms),
            ("headers_max", self.headers_max as u64),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let mut faults: Vec<_> = zero.map(|(field, _)| (field, "write at least 1".to_owned())).collect();
        if self.head_bytes_max < HEAD_BYTES_MIN {
            faults.push(("head_bytes_max", format!("write at least {HEAD_BYTES_MIN}")));
        }
        faults
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

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
