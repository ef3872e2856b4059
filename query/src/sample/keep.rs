//! Keeps the sample of page views up to date, for as long as the process runs.
//!
//! Several query processes may do it at once; what one has copied, another finds done.

use crate::events;
use crate::state::QueryState;
use std::time::{Duration, Instant};

/// Pause between two looks at which days have changed, at least.
const PAUSE: Duration = Duration::from_secs(60);
/// A look reads two columns of all page views: where that takes long, the pause is so many times longer.
const PAUSE_TO_LOOK: u32 = 50;
/// … but never longer than this.
const PAUSE_MAX: Duration = Duration::from_secs(900);

/// Works until `stop` resolves.
pub async fn run(state: QueryState, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let begin = Instant::now();
        let pause = match state.store.remake_sample(state.clock.now_ms(), state.config.exact_rows_max).await {
            // What was copied is not what a look takes.
            Ok(days) if !days.is_empty() => {
                events::sampled(&days);
                PAUSE
            }
            Ok(_) => (begin.elapsed() * PAUSE_TO_LOOK).clamp(PAUSE, PAUSE_MAX),
            Err(error) => {
                tracing::warn!(%error, "the sample of page views could not be brought up to date");
                PAUSE
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
