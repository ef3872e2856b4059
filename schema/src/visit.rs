//! Sessions: the page views of one session id, cut where nothing happened for half an hour.
//!
//! A browser keeps its session id as long as its tab lives and something happens there now and then; whatever else sends beacons
//! may keep one for ever. So what counts as one session is decided by the times of its views alone.

use std::ops::Range;

use crate::metric::MISSING;

/// Without anything happening for this long, what comes next is another session, in ms.
pub const GAP_MS: i64 = 30 * 60 * 1_000;
/// Longest time in one view that somebody is believed to have looked at it, in ms: a tab that was left open is nobody's visit.
pub const LOOKED_MS_MAX: i64 = 2 * 60 * 60 * 1_000;

/// When a page view began, and until when somebody looked at it as far as that is known; Unix ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub from_ms: i64,
    /// The end; the beginning where nothing more is known.
    pub to_ms: i64,
}

impl Span {
    /// Of a page view by its columns: until it was first hidden or left, whichever came first.
    pub fn of_view(started_at_ms: i64, first_hidden_ms: u32, left_ms: u32) -> Self {
        let looked = match first_hidden_ms.min(left_ms) {
            MISSING => 0,
            looked => i64::from(looked).min(LOOKED_MS_MAX),
        };
        Self { from_ms: started_at_ms, to_ms: started_at_ms + looked }
    }
}

/// Cuts the views of one session id, ascending by their beginning, into sessions.
pub fn cut(views: &[Span]) -> Vec<Range<usize>> {
    let mut sessions = Vec::new();
    let (mut first, mut reached_ms) = (0, i64::MIN);
    for (index, view) in views.iter().enumerate() {
        if index > first && view.from_ms - reached_ms >= GAP_MS {
            sessions.push(first..index);
            (first, reached_ms) = (index, i64::MIN);
        }
        reached_ms = reached_ms.max(view.to_ms);
    }
    if first < views.len() {
        sessions.push(first..views.len());
    }
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    /// How many views each session has.
    fn sizes(views: &[(i64, i64)]) -> Vec<usize> {
        let span = |&(from, to): &(i64, i64)| Span { from_ms: from * MINUTE_MS, to_ms: to * MINUTE_MS };
        cut(&views.iter().map(span).collect::<Vec<_>>()).into_iter().map(|session| session.len()).collect()
    }

    #[test]
    fn half_an_hour_without_anything_ends_a_session_and_a_moment_less_does_not() {
        assert!(sizes(&[]).is_empty());
        assert_eq!(sizes(&[(0, 0)]), [1]);
        assert_eq!(sizes(&[(0, 0), (30, 30)]), [1, 1]);
        let almost = [Span { from_ms: 0, to_ms: 0 }, Span { from_ms: GAP_MS - 1, to_ms: GAP_MS - 1 }];
        assert_eq!(cut(&almost).len(), 1);
    }

    #[test]
    fn the_gap_begins_when_the_last_view_was_left_in_whatever_order_they_ended() {
        assert_eq!(sizes(&[(0, 40), (45, 46)]), [2]);
        assert_eq!(sizes(&[(0, 40), (5, 6), (69, 69)]), [3]);
        assert_eq!(sizes(&[(0, 1), (5, 6), (69, 69), (70, 70)]), [2, 2]);
    }

    #[test]
    fn a_view_that_nobody_left_or_everybody_forgot_does_not_hold_a_session_together() {
        assert_eq!(Span::of_view(5, MISSING, MISSING), Span { from_ms: 5, to_ms: 5 });
        assert_eq!(Span::of_view(5, 1_000, 9_000).to_ms, 1_005);
        assert_eq!(Span::of_view(5, MISSING, 9_000).to_ms, 9_005);
        assert_eq!(Span::of_view(0, MISSING, 80_000_000).to_ms, LOOKED_MS_MAX);
    }
}
