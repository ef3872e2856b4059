//! What a page view is worth: level, cause, and whether it failed. The rule itself is schema's; here a snapshot's facts are
//! put before it.

use felt_schema::anchors::Level;
use felt_schema::happiness::{ViewFacts, judge};
use felt_schema::metric::{MISSING, Metric};
use felt_schema::snapshot::Snapshot;

/// The judged part of a page view's row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// As the `level` column holds it.
    pub level: u8,
    /// As the `cause` column holds it; empty where nothing was wrong or nothing was judged.
    pub cause: &'static str,
    /// Status 500 and above, a fatal error, or a failed journey.
    pub failed: bool,
    /// Values that count, in micro units, in the order of [`Metric::ALL`].
    pub metrics: [u32; Metric::COUNT],
}

/// Judges a snapshot. A bot has no level, but what it measured counts among bots.
pub fn score(snapshot: &Snapshot<'_>, bot: bool) -> Score {
    let facts = ViewFacts::of(snapshot, bot);
    let judgement = judge(&facts);
    let measured = ViewFacts { bot: false, ..facts };
    let mut metrics = [MISSING; Metric::COUNT];
    for (metric, _) in snapshot.metrics.iter() {
        metrics[metric as usize] = measured.eligible_micro(metric);
    }
    Score {
        level: Level::column(judgement.level),
        cause: judgement.cause.map_or("", |cause| cause.name()),
        failed: facts.is_failed(),
        metrics,
    }
}

#[cfg(test)]
mod tests {
    use felt_schema::anchors::LEVEL_NOT_JUDGED;
    use felt_schema::snapshot::parse_snapshot;

    use super::*;

    fn score_of(body: &str, bot: bool) -> Score {
        let body = format!(r#"{{"view": "0f6c0f6c", {body}}}"#);
        score(&parse_snapshot(body.as_bytes()).unwrap().unwrap().snapshot, bot)
    }

    #[test]
    fn a_view_is_judged_by_its_worst_part() {
        let cases = [
            (r#""metrics": {"lcp": 1800, "inp": 90}"#, 0, "", false),
            (r#""metrics": {"lcp": 3000, "inp": 90}"#, 1, "slow_open", false),
            (r#""metrics": {"lcp": 1800, "inp": 700}"#, 2, "slow_react", false),
            (r#""metrics": {"lcp": 1800}, "status": 503"#, 3, "broke", true),
            (r#""metrics": {"lcp": 1800}, "events": [{"type": "rage_click", "at": 1}]"#, 2, "broke", false),
            (r#""left": 9000"#, 3, "gave_up", false),
            (r#""hidden_at_start": true, "metrics": {"lcp": 90000}"#, LEVEL_NOT_JUDGED, "", false),
        ];
        for (body, level, cause, failed) in cases {
            let score = score_of(body, false);
            assert_eq!((score.level, score.cause, score.failed), (level, cause, failed), "{body}");
        }
    }

    #[test]
    fn what_nobody_saw_is_not_counted() {
        let hidden = score_of(r#""first_hidden": 1000, "metrics": {"lcp": 2000, "ttfb": 100, "cls": 0}"#, false);
        assert_eq!(hidden.metrics[Metric::Lcp as usize], MISSING);
        assert_eq!(hidden.metrics[Metric::Ttfb as usize], 100_000);
        assert_eq!(hidden.metrics[Metric::Cls as usize], 0);
        let bot = score_of(r#""metrics": {"lcp": 2000}"#, true);
        assert_eq!((bot.level, bot.metrics[Metric::Lcp as usize]), (LEVEL_NOT_JUDGED, 2_000_000));
    }
}
