//! Works on the erasures that are not over, one after the other, for as long as the process runs.
//!
//! Several query processes may run at once: whoever wrote an erasure's row last goes on with it, and another takes it
//! over when that one has been silent for a while. Two that work on the same do no harm.

use super::pass::{PassError, close, pass};
use super::record::{Erasure, Status};
use crate::events;
use crate::state::QueryState;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

/// How much clocks of different machines may differ: the watermark is ingest's time, the request's is ours.
const SKEW_MS: i64 = 2_000;
/// Pause between two looks while an erasure waits for something.
const PAUSE_SHORT: Duration = Duration::from_millis(500);
/// Pause between two looks otherwise: another process may have taken a request.
const PAUSE_LONG: Duration = Duration::from_secs(15);
/// An erasure whose process has not written for so long is taken over.
const SILENCE_MS_MAX: i64 = 60_000;
/// A request whose ids are not there after so long has lost them.
const AIM_MS_MAX: i64 = 60_000;

/// Works until `stop` resolves.
pub async fn run(state: QueryState, stop: impl Future<Output = ()>) {
    let owner = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 6]>());
    tokio::pin!(stop);
    loop {
        let pause = round(&state, &owner).await;
        tokio::select! {
            () = &mut stop => return,
            () = state.erasures.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Takes each open erasure as far as it goes now. Gives how long to wait before the next round.
async fn round(state: &QueryState, owner: &str) -> Duration {
    let open = match Erasure::open(state).await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "erasures cannot be looked at");
            return PAUSE_LONG;
        }
    };
    let mut pause = PAUSE_LONG;
    for mut erasure in open {
        let silent = state.clock.now_ms() - erasure.updated_at_ms > SILENCE_MS_MAX;
        let others = !erasure.owner.is_empty() && erasure.owner != owner && !silent;
        if others && erasure.status != Status::Waiting {
            continue;
        }
        match step(state, &mut erasure, owner).await {
            Ok(Step::Waits) => pause = pause.min(PAUSE_SHORT),
            Ok(Step::Rests) => {}
            Err(error) => {
                tracing::warn!(erasure = erasure.id, %error, "an erasure could not go on");
                events::erasure("retried");
                erasure.report.problem = Some(error.to_string());
                // When even that cannot be kept, the next round finds the row as it was.
                let _ = erasure.save(state, owner).await;
                pause = pause.min(PAUSE_SHORT * 4);
            }
        }
    }
    pause
}

enum Step {
    /// It goes on as soon as it can.
    Waits,
    /// There is nothing to do for a while.
    Rests,
}

async fn step(state: &QueryState, erasure: &mut Erasure, owner: &str) -> Result<Step, PassError> {
    let now_ms = state.clock.now_ms();
    if erasure.status == Status::Waiting {
        let mark = state.watermark.current(&state.store).await?;
        if mark.fresh_to_ms.is_none_or(|fresh_to_ms| fresh_to_ms < erasure.requested_at_ms + SKEW_MS) {
            return Ok(Step::Waits);
        }
        erasure.status = Status::Erasing;
    }
    if erasure.status == Status::Erased {
        let checked_ms = erasure.report.checked_at_ms.unwrap_or(0);
        let pause_ms = i64::try_from(state.config.erase_check_ms).unwrap_or(i64::MAX);
        if now_ms < erasure.watched_until_ms(state).min(checked_ms.saturating_add(pause_ms)) {
            return Ok(Step::Rests);
        }
    }
    if erasure.status != Status::Closing {
        match pass(state, erasure, owner).await {
            Ok(()) => {}
            Err(PassError::Aimless) if now_ms - erasure.requested_at_ms < AIM_MS_MAX => return Ok(Step::Waits),
            Err(error @ PassError::Aimless) => {
                erasure.status = Status::Failed;
                erasure.report.problem = Some(error.to_string());
                erasure.save(state, owner).await?;
                events::erasure("failed");
                return Ok(Step::Rests);
            }
            Err(error) => return Err(error),
        }
        if erasure.report.erased_at_ms.is_none() {
            events::erasure("erased");
            events::erased_rows(erasure.report.erased);
        }
        erasure.report.erased_at_ms.get_or_insert(state.clock.now_ms());
        erasure.report.problem = None;
        let over = now_ms >= erasure.watched_until_ms(state);
        erasure.status = if over { Status::Closing } else { Status::Erased };
        erasure.save(state, owner).await?;
    }
    if erasure.status == Status::Closing {
        close(state, erasure).await?;
        erasure.status = Status::Complete;
        erasure.save(state, owner).await?;
        events::erasure("complete");
    }
    Ok(Step::Rests)
}

impl Erasure {
    /// Until when later snapshots of the erased views may come.
    pub fn watched_until_ms(&self, state: &QueryState) -> i64 {
        self.requested_at_ms.saturating_add(i64::try_from(state.config.erase_watch_ms).unwrap_or(i64::MAX))
    }
}
