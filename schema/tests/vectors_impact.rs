//! `tests/vectors/impact_events.csv`: a log of page views with one incident, and every answer about it.

mod support;

use felt_schema::anchors::Anchors;
use felt_schema::happiness::{LevelCounts, Scales, SessionScores, ViewFacts, judge_with, session_points};
use felt_schema::impact::{
    Orders, Spans, View, abandonment, exposure, lost_customers, retries, revenue, views_per_minute,
};
use felt_schema::metric::Metric;
use felt_schema::snapshot::Nav;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use support::{assert_close, items, vector_bytes, vectors};

/// A line of the file, as its columns.
struct Line<'a>(Vec<&'a str>);

impl<'a> Line<'a> {
    fn number(&self, column: usize) -> Option<i64> {
        self.0[column].parse().ok()
    }

    fn is(&self, column: usize) -> bool {
        self.number(column) == Some(1)
    }

    fn failed(&self) -> bool {
        self.number(13).is_some_and(|status| status >= 500) || self.is(14)
    }

    /// Largest paint on the scale of waiting, as this file has it.
    fn view(&self, steps: &[&str]) -> View {
        let mut facts = ViewFacts {
            nav: Nav::from_name(if self.0[8] == "back-forward-cache" { "bfcache" } else { self.0[8] }),
            hidden_at_start: self.is(12),
            left_ms: self.number(18).map(|ms| ms as f64),
            failed: self.failed(),
            errors: self.number(15).unwrap_or(0).try_into().unwrap(),
            rage_clicks: self.number(16).unwrap_or(0).try_into().unwrap(),
            ..ViewFacts::default()
        };
        for (metric, column) in [(Metric::Lcp, 17), (Metric::Inp, 19)] {
            if let Some(value) = self.number(column) {
                facts.metrics.set(metric, Some(value as f64));
            }
        }
        let scales = Scales { lcp: Anchors::WAIT, ..Scales::default() };
        View {
            at_ms: self.number(1).unwrap(),
            person: hash(self.0[3]),
            session: hash(self.0[4]),
            page: hash(self.0[5]),
            counts: true,
            step: steps.iter().position(|step| *step == self.0[7]).map(|step| step as u8),
            failed: self.failed(),
            level: judge_with(&facts, &scales).level,
            paid: self.number(20),
        }
    }
}

/// A name as impact knows it.
fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

fn span(value: &Value) -> Range<i64> {
    value[0].as_i64().unwrap()..value[1].as_i64().unwrap()
}

fn close(found: Option<f64>, expected: &Value, what: &str) {
    assert_close(found.unwrap_or_else(|| panic!("{what} is nothing")), expected, what);
}

#[test]
fn the_incident_hurt_whom_it_was_worked_out_to_have_hurt() {
    let all = vectors("impact_expected.json");
    let expected = &all["expected"];
    let text = String::from_utf8(vector_bytes("impact_events.csv")).unwrap();
    let lines: Vec<Line<'_>> = text.lines().skip(1).map(|line| Line(line.split(',').collect())).collect();
    let steps: Vec<&str> = items(&all["steps"]).map(|step| step.as_str().unwrap()).collect();
    let people: Vec<&Line<'_>> = lines.iter().filter(|line| !line.is(11)).collect();
    let mut views: Vec<View> = people.iter().map(|line| line.view(&steps)).collect();
    views.sort_by_key(|view| view.at_ms);
    let spans = Spans::around(span(&all["incident_ms"]));
    assert_eq!(spans.control, span(&all["control_ms"]));

    let exposed = exposure(&views, &spans.window);
    assert_eq!(
        json!([exposed.people, exposed.people_hard, exposed.people_soft]),
        json!([expected["users"]["exposed"], expected["users"]["affected_hard"], expected["users"]["affected_soft"]])
    );
    let (share, (low, high)) = exposed.share_hard().unwrap();
    assert_close(share, &expected["users"]["affected_share"], "share");
    assert_close(low, &expected["users"]["affected_share_ci95"][0], "share, low");
    assert_close(high, &expected["users"]["affected_share_ci95"][1], "share, high");
    close(exposed.failures_each(), &expected["users"]["failures_per_affected_user"], "failures");
    assert_eq!(json!({"exposed": exposed.sessions, "affected_hard": exposed.sessions_hard}), expected["sessions"]);
    let pages = expected["affected_users_by_page"].as_object().unwrap();
    let pages: BTreeMap<u64, i64> = pages.iter().map(|(page, people)| (hash(page), people.as_i64().unwrap())).collect();
    assert_eq!(exposed.people_hard_by_page, pages);
    assert_eq!(json!(exposed.views_failed), expected["http_5xx_humans"]);
    for (dimension, column) in [("tenant", 2), ("country", 9), ("device", 10)] {
        let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for line in people.iter().filter(|line| line.failed() && spans.window.contains(&line.number(1).unwrap())) {
            found.entry(line.0[column]).or_default().insert(line.0[3]);
        }
        let found: BTreeMap<_, _> = found.into_iter().map(|(value, people)| (value, people.len())).collect();
        assert_eq!(json!(found), expected[format!("affected_users_by_{dimension}")]);
    }

    let retried = retries(&views, &spans);
    let wanted = &expected["retries"];
    assert_eq!(
        json!([retried.count, retried.succeeded, retried.longest_chain, retried.chains]),
        json!([wanted["count"], wanted["succeeded"], wanted["longest_chain"], wanted["chains"]])
    );
    close(retried.amplification, &wanted["amplification_checkout"], "amplification");
    assert_eq!(json!(retried.sessions_that_gave_up), wanted["sessions_that_gave_up"]);
    assert_eq!(json!(retried.time_to_give_up_ms_p50), wanted["time_to_give_up_ms_p50"]);

    let broken_off = abandonment(&views, &spans, steps.len() as u8);
    for (journeys, name) in [(&broken_off.window, "incident"), (&broken_off.control, "control")] {
        let wanted = &expected["journeys"][name];
        assert_eq!(
            json!([journeys.started, journeys.completed, journeys.recovered, journeys.abandoned]),
            json!([wanted["started"], wanted["completed"], wanted["recovered_24h"], wanted["abandoned"]]),
            "{name}"
        );
        close(journeys.abandon_rate(), &wanted["abandon_rate"], name);
        let last = &wanted["abandoned_by_last_step"];
        assert_eq!(
            json!(journeys.abandoned_by_last_step[..4]),
            json!([last["none"], last["cart"], last["shipping"], last["payment"]])
        );
    }
    close(broken_off.expected, &expected["journeys"]["expected_abandoned"], "expected");
    close(broken_off.excess, &expected["journeys"]["excess_abandoned"], "excess");
    let difference = broken_off.rate_difference.unwrap();
    let wanted = &expected["journeys"]["abandon_rate_difference"];
    for (found, name) in [(difference.value, "diff"), (difference.low, "lo"), (difference.high, "hi")] {
        assert_close(found, &wanted[name], name);
    }

    let lost = lost_customers(&views, &spans);
    let wanted = &expected["lost_customers"];
    assert_eq!(
        json!([lost.total.affected, lost.total.affected_returned, lost.total.controls, lost.total.controls_returned]),
        json!([wanted["affected"], wanted["affected_returned"], wanted["controls"], wanted["controls_returned"]])
    );
    for ((kind, place), stratum) in &lost.strata {
        let wanted = &wanted["strata"][format!("{kind}/{}", if *place == "journey" { "checkout" } else { place })];
        assert_eq!(
            json!([stratum.affected, stratum.affected_returned, stratum.controls, stratum.controls_returned]),
            json!([wanted["affected"], wanted["affected_returned"], wanted["controls"], wanted["controls_returned"]])
        );
        assert_eq!(stratum.control_rate_from, wanted["control_rate_from"]);
        close(stratum.control_rate, &wanted["control_rate"], kind);
    }
    assert_close(lost.lost, &wanted["lost"], "lost");
    assert_close(lost.interval.0, &wanted["lost_ci95"][0], "lost, low");
    assert_close(lost.interval.1, &wanted["lost_ci95"][1], "lost, high");
    let drop = lost.unstratified.unwrap();
    for (found, name) in [(drop.value, "diff"), (drop.low, "lo"), (drop.high, "hi")] {
        assert_close(found, &wanted["unstratified_return_rate_drop"][name], name);
    }

    let money = revenue(&views, &spans, Orders::before(&views, &spans), broken_off.excess, lost.lost);
    let wanted = &expected["revenue"];
    assert_eq!(json!(money.orders), wanted["orders_baseline_7d"]);
    close(money.average_order, &wanted["aov_cents"], "average order");
    close(money.immediate, &wanted["immediate_at_risk_cents"], "immediate");
    close(money.per_returning_control, &wanted["revenue_per_returning_control_cents"], "per control");
    close(money.future, &wanted["future_at_risk_cents"], "future");

    for (name, span) in [("incident", Some(&spans.window)), ("control", Some(&spans.control)), ("all_humans", None)] {
        let mut counts = LevelCounts::default();
        let mut unmeasured = 0;
        for view in views.iter().filter(|view| span.is_none_or(|span| span.contains(&view.at_ms))) {
            match view.level {
                Some(level) => counts.add(level, 1),
                None => unmeasured += 1,
            }
        }
        let wanted = &expected["happiness"][name];
        assert_eq!(json!(counts.0), wanted["counts"], "{name}");
        assert_eq!(json!(unmeasured), wanted["unmeasured"], "{name}");
        close(counts.score().value, &wanted["happiness"], name);
    }
    for (name, span) in [("incident_sessions", &spans.window), ("control_sessions", &spans.control)] {
        let mut sessions: BTreeMap<u64, Vec<_>> = BTreeMap::new();
        for view in views.iter().filter(|view| span.contains(&view.at_ms)) {
            sessions.entry(view.session).or_default().push(view.level);
        }
        let mut scores = SessionScores::default();
        for points in sessions.into_values().filter_map(session_points) {
            scores.add(points);
        }
        close(scores.score().value, &expected["happiness"][name]["happiness"], name);
    }

    let minutes = views_per_minute(&views, &spans.window);
    assert_eq!(json!(minutes.iter().map(|(all, _)| all).collect::<Vec<_>>()), expected["per_minute"]["human_views"]);
    assert_eq!(
        json!(minutes.iter().map(|(_, failed)| failed).collect::<Vec<_>>()),
        expected["per_minute"]["human_failed"]
    );
    let after = views_per_minute(&views, &(spans.window.end..spans.window.end + 5 * 60_000));
    let after: Vec<i64> = after.into_iter().map(|(all, _)| all).collect();
    assert_eq!(json!(after), expected["herd"]["human_views_per_minute_after"]);
    let control = views_per_minute(&views, &spans.control);
    let mean = control.iter().map(|(all, _)| all).sum::<i64>() as f64 / control.len() as f64;
    assert_close(mean, &expected["herd"]["control_views_per_minute"], "control");
    assert_close(*after.iter().max().unwrap() as f64 / mean, &expected["herd"]["peak_factor"], "herd");
}
