//! The bounds of alerts and of telling them, each with its reason.

use std::time::Duration;

/// Most routes of a site: each is an address that somebody must keep alive.
pub const ROUTES_MAX: usize = 20;
/// Most silences of a site that are not over.
pub const SILENCES_MAX: usize = 200;
/// Longest silence, so that none is forgotten: 30 days.
pub const SILENCE_MS_MAX: i64 = 30 * 86_400_000;
/// Bytes of a reason, a name or an address in a body.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Most alerts in one answer.
pub const ALERTS_MAX: usize = 1_000;

/// Longest wait for a receiver, from its name to its last byte.
pub const SEND_MAX: Duration = Duration::from_secs(5);
/// Most bytes of an answer that are read. Nobody is shown them.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Routes that are told at the same time.
pub const ROUTES_AT_ONCE: usize = 8;
/// The first wait after a failure; it doubles with each.
pub const BACKOFF: Duration = Duration::from_secs(5);
/// The longest wait after failures.
pub const BACKOFF_MAX: Duration = Duration::from_secs(3_600);
/// What could not be told for so long is dropped: three days.
pub const WAIT_MS_MAX: i64 = 3 * 86_400_000;
/// How long an alert that is over is told to an Alertmanager, which may have been away: 15 minutes.
pub const RESOLVED_TOLD_MIN: i64 = 15;
/// How long an Alertmanager believes that an alert goes on without hearing of it again: four rounds and a bit.
pub const BELIEVED_MS: i64 = 5 * 60_000;
