//! Who tried again, how that multiplied the load, and who gave up.

use super::{Spans, View, counting};
use std::collections::HashMap;

/// What people did after a failure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retries {
    /// Views that came soon after a failure of the same page in the same visit.
    pub count: i64,
    /// Those that did not fail.
    pub succeeded: i64,
    /// Runs of retries, one right after another.
    pub chains: i64,
    /// The longest of them.
    pub longest_chain: i64,
    /// The journey's views in the window, over those that were no retries: how much more load the failures made. None without views.
    pub amplification: Option<f64>,
    /// Visits in which some page failed and was never seen well again.
    pub sessions_that_gave_up: i64,
    /// From the first failure to the last view of the visit, the middle of those who gave up.
    pub time_to_give_up_ms_p50: Option<i64>,
}

/// Finds retries after failures inside the window, and the visits that gave up on a page.
pub fn retries(views: &[View], spans: &Spans) -> Retries {
    let mut by_session: HashMap<u64, Vec<&View>> = HashMap::new();
    for view in views {
        by_session.entry(view.session).or_default().push(view);
    }
    let mut found = Retries::default();
    let mut steps_retried = 0;
    let mut gave_up_after_ms = Vec::new();
    for session in by_session.values() {
        let failed_in_window = |view: &&&View| view.failed && view.counts && spans.window.contains(&view.at_ms);
        let Some(first_failure) = session.iter().find(failed_in_window) else { continue };
        let mut by_page: HashMap<u64, Vec<&View>> = HashMap::new();
        for view in session {
            by_page.entry(view.page).or_default().push(view);
        }
        let mut gave_up = false;
        for page in by_page.values() {
            let mut chain = 0;
            for pair in page.windows(2) {
                let (before, view) = (pair[0], pair[1]);
                let after_ms = view.at_ms - before.at_ms;
                let retry = failed_in_window(&&before) && after_ms > 0 && after_ms <= spans.retry_ms;
                if !retry {
                    chain = 0;
                    continue;
                }
                chain += 1;
                found.count += 1;
                found.succeeded += i64::from(!view.failed);
                found.chains += i64::from(chain == 1);
                found.longest_chain = found.longest_chain.max(chain);
                steps_retried += i64::from(view.step.is_some() && view.counts && spans.window.contains(&view.at_ms));
            }
            let last_failure = page.iter().rposition(|view| failed_in_window(&view));
            gave_up |= last_failure.is_some_and(|last| page[last..].iter().all(|view| view.failed));
        }
        if let (true, Some(last)) = (gave_up, session.last()) {
            gave_up_after_ms.push(last.at_ms - first_failure.at_ms);
        }
    }
    gave_up_after_ms.sort_unstable();
    let steps = counting(views, &spans.window).filter(|view| view.step.is_some()).count() as i64;
    found.amplification = (steps > steps_retried).then(|| steps as f64 / (steps - steps_retried) as f64);
    found.sessions_that_gave_up = gave_up_after_ms.len() as i64;
    // Nearest rank: the smallest value that half of them do not exceed.
    found.time_to_give_up_ms_p50 = gave_up_after_ms.get(gave_up_after_ms.len().div_ceil(2).saturating_sub(1)).copied();
    found
}
