//! What a page view is worth: level, cause, and whether it failed. The rule itself is schema's; here a snapshot's facts are
//! put before it.

use felt_schema::anchors::Level;
use felt_schema::happiness::{ViewFacts, judge, judge_with};
use felt_schema::metric::{MISSING, Metric, to_micro};
use felt_schema::scale::Effective;
use felt_schema::snapshot::{Event, EventKind, Snapshot};

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

/// Judges a snapshot of a view of `page`, by the built-in scales where the site has none of its own. A bot has no level, but what
/// it measured counts among bots.
pub fn score(snapshot: &Snapshot<'_>, bot: bool, page: &str, own: Option<&Effective>) -> Score {
    let mut facts = ViewFacts::of(snapshot, bot);
    let judgement = match own {
        None => judge(&facts),
        Some(own) => {
            let events = || snapshot.events.iter();
            let of_journey = |journey: &str| {
                events().any(|event| event.is(EventKind::Step) && event.journey.as_deref() == Some(journey))
            };
            let yardsticks = own.for_view(page, of_journey);
            let timing = |event: &Event<'_>| to_micro(event.value.filter(|_| event.is(EventKind::Timing))?);
            facts.timing =
                yardsticks.of_timings(events().filter_map(|event| Some((event.name.as_deref()?, timing(event)?))));
            judge_with(&facts, &yardsticks.scales)
        }
    };
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
    use felt_schema::scale::{Measured, Scale};
    use felt_schema::snapshot::parse_snapshot;

    use super::*;

    fn score_of(body: &str, bot: bool) -> Score {
        let body = format!(r#"{{"view": "0f6c0f6c", {body}}}"#);
        score(&parse_snapshot(body.as_bytes()).unwrap().unwrap().snapshot, bot, "/", None)
    }

    #[test]
    fn a_sites_own_scales_judge_its_pages_journeys_and_timings() {
        let scale = |page: Option<&str>, journey: Option<&str>, metric: &str, thresholds| Scale {
            page: page.map(str::to_owned),
            journey: journey.map(str::to_owned),
            metric: Measured::from_name(metric).unwrap(),
            thresholds,
        };
        let own = Effective::of(vec![
            scale(Some("/play/*"), None, "lcp", [500.0, 1_000.0, 2_000.0]),
            scale(None, Some("buy"), "inp", [50.0, 100.0, 150.0]),
            scale(None, None, "timing:login", [1_000.0, 2_000.0, 3_000.0]),
        ]);
        for (body, page, level, cause) in [
            (r#""metrics": {"lcp": 1800}"#, "/", 0, ""),
            (r#""metrics": {"lcp": 1800}"#, "/play/1", 2, "slow_open"),
            // Left before it was there: the time waited is judged by the same scale.
            (r#""left": 1800"#, "/play/1", 2, "gave_up"),
            (r#""metrics": {"inp": 120}"#, "/", 0, ""),
            (
                r#""metrics": {"inp": 120}, "events": [{"type": "step", "at": 1, "journey": "buy", "step": "pay"}]"#,
                "/",
                2,
                "slow_react",
            ),
            (r#""events": [{"type": "timing", "at": 1, "name": "login", "value": 3000}]"#, "/", 3, "slow_react"),
            (r#""events": [{"type": "timing", "at": 1, "name": "other", "value": 3000}]"#, "/", LEVEL_NOT_JUDGED, ""),
        ] {
            let body = format!(r#"{{"view": "0f6c0f6c", {body}}}"#);
            let snapshot = parse_snapshot(body.as_bytes()).unwrap().unwrap().snapshot;
            let score = score(&snapshot, false, page, Some(&own));
            assert_eq!((score.level, score.cause), (level, cause), "{page} {body}");
        }
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
