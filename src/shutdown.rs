//! One order to stop for every part of the process: the first SIGTERM or Ctrl-C drains, the second ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a process that was told twice.
const EXIT_IMPATIENT: i32 = 130;

/// A token that is cancelled by the first SIGTERM or SIGINT; the second ends the process.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let cancel = token.clone();
    tokio::spawn(async move {
        for told in 1.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if told > 1 {
                tracing::warn!("told to stop twice, ending without waiting");
                std::process::exit(EXIT_IMPATIENT);
            }
            tracing::info!("stopping: no new work is taken, what was accepted is finished");
            cancel.cancel();
        }
    });
    Ok(token)
}
