//! How a promise stands at a moment, over what was counted for it.

use super::minutes;
use super::promise::Promise;
use crate::state::QueryState;
use felt_http::Problem;
use felt_schema::burn::State;
use felt_schema::rows::AlertRow;
use felt_schema::slo::standing::{RULES_LOOK_S, Standing, standing as evaluate, window};

const DAY_S: i64 = 86_400;

/// Works out how a promise stands at `now_ms`. What `firing` says of its rules was told to people, so it holds.
pub async fn standing(
    state: &QueryState,
    promise: &Promise,
    firing: &[AlertRow],
    now_ms: i64,
) -> Result<Standing, Problem> {
    let window = window(&promise.slo).ok_or_else(Problem::internal)?;
    let now_s = now_ms.div_euclid(1_000);
    let outside = |error: felt_schema::budget::WindowError| Problem::bad_request("window", error.to_string());
    let span = window.around(now_s).map_err(outside)?;
    let from_s = span.start.min(now_s - RULES_LOOK_S - DAY_S);
    let series = minutes::series(state, promise, from_s..now_s).await?;
    let mut standing = evaluate(&promise.slo, &series, now_s).map_err(outside)?;
    for alert in &mut standing.alerts {
        let told = firing.iter().find(|told| told.slo == promise.slo.id && told.rule == alert.rule.name);
        if let Some(told) = told {
            alert.state = State::Firing { since_min: told.fired };
        }
    }
    Ok(standing)
}
