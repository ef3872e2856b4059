//! What people felt, since when and where, in words that need no chart beside them.

use super::desk::Turn;
use crate::grammar::rfc3339;
use felt_schema::budget::{Counts, Objective, burn_rate};
use felt_schema::metric::Metric;
use felt_schema::slo::standing::objective;
use felt_schema::slo::{Happy, Of, SliKind, Slo};

/// A page and its part of all bad ones.
pub struct Worst {
    /// The page.
    pub page: String,
    /// From 0 to 1.
    pub share: f64,
}

/// An alert that fires.
pub fn fired(turn: &Turn, worst: Option<&Worst>) -> String {
    let slo = &turn.promise.slo;
    let mut words = format!(
        "{}: {} in the last {}",
        slo.promise.trim_end_matches('.'),
        felt(slo, turn.long),
        span(turn.rule.long_min)
    );
    if let Some(pace) = objective(slo).and_then(|objective| pace(objective, turn.long)) {
        words += &format!(", {pace}");
    }
    words += &format!(". It began at {} UTC", clock(turn.since));
    if let Some(Worst { page, share }) = worst {
        words += &format!("; worst on {page}, with {} of it", percent(*share));
    }
    words + "."
}

/// An alert that is over.
pub fn resolved(slo: &Slo, fired_min: i64, resolved_min: i64) -> String {
    let lasted = u32::try_from((resolved_min - fired_min).max(1)).unwrap_or(u32::MAX);
    format!(
        "{}: it is over since {} UTC, after {}.",
        slo.promise.trim_end_matches('.'),
        clock(resolved_min),
        span(lasted)
    )
}

/// What people felt, in figures.
fn felt(slo: &Slo, counts: Counts) -> String {
    let (bad, valid) = (counts.bad(), counts.valid);
    let share = percent(if valid > 0 { bad as f64 / valid as f64 } else { 0.0 });
    let (one, many) = match slo.sli.of {
        Of::Views => ("page view", "page views"),
        Of::Sessions => ("visit", "visits"),
        Of::Journeys => ("attempt", "attempts"),
    };
    let of = format!("{bad} of {valid} {} ({share})", if valid == 1 { one } else { many });
    match &slo.sli.kind {
        SliKind::Fast { metric, at_most } => format!("{of} had {} above {}", named(metric), limit(metric, *at_most)),
        SliKind::Happy(Happy::LevelAtLeast(level)) => format!("{of} felt worse than {}", level.name()),
        SliKind::Happy(Happy::Score) => {
            let score = if valid > 0 { 100.0 * counts.good as f64 / valid as f64 } else { 0.0 };
            format!("happiness was {score:.1} of 100")
        }
        SliKind::Works => format!("{of} met something broken"),
        SliKind::Available { journey, within_s: None } => format!("{of} did not get through {journey}"),
        SliKind::Available { journey, within_s: Some(within_s) } => {
            format!("{of} did not get through {journey} within {within_s} s")
        }
        SliKind::Fresh { within_s } => {
            format!("{bad} of {valid} looks at our figures ({share}) found them older than {within_s} s")
        }
    }
}

fn pace(objective: Objective, counts: Counts) -> Option<String> {
    let rate = burn_rate(objective, counts)?;
    Some(format!("{rate:.1} times more than the promise of {} has room for", percent(objective.share())))
}

fn named(metric: &str) -> String {
    match Metric::from_name(metric) {
        Some(_) => metric.to_ascii_uppercase(),
        None => metric.trim_start_matches("timing:").to_owned(),
    }
}

fn limit(metric: &str, at_most: f64) -> String {
    match metric {
        "cls" => at_most.to_string(),
        _ if at_most >= 1_000.0 => format!("{} s", at_most / 1_000.0),
        _ => format!("{at_most} ms"),
    }
}

/// Minutes, in the unit that people would say them in.
fn span(minutes: u32) -> String {
    let (count, unit) = match minutes {
        minutes if minutes < 120 && minutes != 60 => (minutes, "minute"),
        minutes if minutes < 2_880 && minutes != 1_440 => (minutes.div_ceil(60), "hour"),
        minutes => (minutes.div_ceil(1_440), "day"),
    };
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A minute as `2026-11-29 18:05`.
fn clock(minute: i64) -> String {
    rfc3339(minute * 60_000).replace('T', " ").chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use felt_schema::slo::{Checks, read_json};

    fn slo(sli: &str) -> Slo {
        let body = format!(r#"{{"promise": "Checkout feels fast.", "objective": 0.95, "sli": {sli}}}"#);
        read_json("x", body.as_bytes(), Checks::NONE).unwrap().0
    }

    #[test]
    fn each_kind_says_what_people_felt() {
        let counts = Counts { good: 750, valid: 1_000 };
        for (sli, words) in [
            (
                r#"{"kind": "fast", "metric": "lcp", "at_most": 2500}"#,
                "250 of 1000 page views (25 %) had LCP above 2.5 s",
            ),
            (
                r#"{"kind": "fast", "metric": "timing:play", "at_most": 300}"#,
                "250 of 1000 page views (25 %) had play above 300 ms",
            ),
            (r#"{"kind": "fast", "metric": "cls", "at_most": 0.1}"#, "250 of 1000 page views (25 %) had CLS above 0.1"),
            (
                r#"{"kind": "happy", "level_at_least": "annoying", "of": "sessions"}"#,
                "250 of 1000 visits (25 %) felt worse than annoying",
            ),
            (r#"{"kind": "happy", "score": true}"#, "happiness was 75.0 of 100"),
            (r#"{"kind": "works"}"#, "250 of 1000 page views (25 %) met something broken"),
            (
                r#"{"kind": "available", "journey": "pay", "within_s": 15}"#,
                "250 of 1000 attempts (25 %) did not get through pay within 15 s",
            ),
            (
                r#"{"kind": "fresh", "within_s": 60}"#,
                "250 of 1000 looks at our figures (25 %) found them older than 60 s",
            ),
        ] {
            assert_eq!(felt(&slo(sli), counts), words);
        }
        assert_eq!(
            resolved(&slo(r#"{"kind": "works"}"#), 29_000_000, 29_000_090),
            "Checkout feels fast: it is over since 2025-02-19 22:50 UTC, after 90 minutes."
        );
        assert_eq!([5, 60, 360, 1_440, 4_320].map(span), ["5 minutes", "hour", "6 hours", "day", "3 days"]);
    }
}
