//! `tests/vectors/happiness.json`: scores, intervals, merging, page views, sessions, eligibility and calibration, worked
//! out with exact rational arithmetic by someone else.

mod support;

use felt_schema::anchors::{Anchors, Edge, Level};
use felt_schema::apdex::Apdex;
use felt_schema::happiness::{
    Component, Display, LevelCounts, Scales, Score, SessionScores, ViewFacts, calibrate, components, is_eligible,
    judge, newcombe, session_points, wilson,
};
use felt_schema::metric::Metric;
use felt_schema::snapshot::Nav;
use serde_json::Value;
use support::{assert_close, assert_close_or_null, items, text, vectors};

/// The scale of that name with the factor that makes micro units of its values.
fn scale(name: &str) -> (Anchors, f64) {
    match name {
        "seed" => (Anchors::WAIT, 1e3),
        "LCP" => (Anchors::LCP, 1e3),
        "INP" => (Anchors::INP, 1e3),
        "CLS" => (Anchors::CLS, 1e6),
        "FCP" => (Anchors::FCP, 1e3),
        "TTFB" => (Anchors::TTFB, 1e3),
        other => panic!("no scale {other}"),
    }
}

fn micro(value: &Value, factor: f64) -> u32 {
    (value.as_f64().expect("a value is a number") * factor).round() as u32
}

fn counts(value: &Value) -> LevelCounts {
    LevelCounts(serde_json::from_value(value.clone()).expect("four counts"))
}

fn assert_score(score: Score, expected: &Value, what: &str) {
    assert_eq!(score.count, expected["n"].as_i64().unwrap(), "{what}: n");
    assert_eq!(score.points, expected["points"].as_i64().unwrap(), "{what}: points");
    assert_close_or_null(score.value, &expected["happiness"], what);
    assert_close_or_null(score.unhappiness, &expected["unhappiness"], what);
    assert_close_or_null(score.low, &expected["ci95"][0], what);
    assert_close_or_null(score.high, &expected["ci95"][1], what);
    assert_eq!(score.display.name(), text(&expected["display"]), "{what}: display");
}

#[test]
fn the_scales_are_the_ones_that_were_agreed() {
    let vectors = vectors("happiness.json");
    for (name, expected) in vectors["scales"].as_object().unwrap() {
        let (anchors, factor) = scale(name);
        let thresholds: Vec<u32> = items(&expected["thresholds"]).map(|value| micro(value, factor)).collect();
        assert_eq!(anchors.thresholds[..], thresholds, "{name}");
        assert_eq!(anchors.zero, micro(&expected["zero"], factor), "{name}");
        assert_eq!(anchors.edge, if text(&expected["edge"]) == "worse" { Edge::Worse } else { Edge::Better }, "{name}");
    }
    let names: Vec<&str> = items(&vectors["classes"]).map(text).collect();
    assert_eq!(names, Level::ALL.map(Level::name));
    let points: Vec<i64> = items(&vectors["points"]).filter_map(Value::as_i64).collect();
    assert_eq!(points, Level::ALL.map(Level::points));
}

#[test]
fn single_values_fall_into_their_class() {
    for case in items(&vectors("happiness.json")["single_values"]) {
        let (anchors, factor) = scale(text(&case["scale"]));
        let value = micro(&case["value"], factor);
        let level = anchors.classify(value);
        assert_eq!(level.name(), text(&case["class"]), "{case}");
        assert_eq!(level.points(), case["points"].as_i64().unwrap(), "{case}");
        assert_close(anchors.continuous(value), &case["continuous"], &case.to_string());
        assert!(level.points() as f64 / 4.0 <= anchors.continuous(value), "the steps are never above the line: {case}");
    }
}

#[test]
fn sets_of_values_have_their_score_and_apdex() {
    for case in items(&vectors("happiness.json")["sets"]) {
        let (id, expected) = (text(&case["id"]), &case["expected"]);
        let (anchors, factor) = scale(text(&case["scale"]));
        let mut levels = LevelCounts::default();
        let (mut continuous, mut apdex) = (0.0, Apdex::default());
        for value in items(&case["values"]) {
            let value = micro(value, factor);
            levels.add(anchors.classify(value), 1);
            continuous += anchors.continuous(value);
            apdex.add(f64::from(value) / 1e3, case["apdex_T_ms"].as_f64().unwrap_or(1.0));
        }
        assert_eq!(levels, counts(&expected["counts"]), "{id}");
        assert_score(levels.score(), expected, id);
        let mean = (levels.count() > 0).then(|| 100.0 * continuous / levels.count() as f64);
        assert_close_or_null(mean, &expected["happiness_continuous"], id);
        if !case["apdex"].is_null() {
            assert_close_or_null(apdex.score(), &case["apdex"], id);
        }
    }
}

#[test]
fn merging_counts_is_exact() {
    for case in items(&vectors("happiness.json")["merges"]) {
        let id = text(&case["id"]);
        let mut merged = LevelCounts::default();
        for part in items(&case["parts"]) {
            let part_counts = counts(&part["counts"]);
            assert_score(part_counts.score(), &part["expected"], id);
            merged.merge(&part_counts);
        }
        assert_eq!(merged, counts(&case["merged_counts"]), "{id}");
        assert_score(merged.score(), &case["expected"], id);
    }
}

/// The facts of a page view as the vectors write them.
fn facts(fields: &Value) -> ViewFacts {
    let mut facts = ViewFacts::default();
    for (name, value) in fields.as_object().expect("fields are an object") {
        let number = value.as_f64();
        let count = value.as_u64().unwrap_or(0) as u32;
        let flag = value.as_bool().unwrap_or(false);
        match name.as_str() {
            "load" => facts.metrics.set(Metric::Usable, number),
            "LCP" | "INP" | "CLS" | "FCP" | "TTFB" => facts.metrics.set(vital(name), number),
            "nav_type" => facts.nav = nav(text(value)),
            "hidden_at_start" => facts.hidden_at_start = flag,
            "first_hidden_ms" => facts.first_hidden_ms = number,
            "left_at_ms" => facts.left_ms = number,
            "failed" => facts.failed = flag,
            "fatal_js" => facts.fatal_error = flag,
            "journey_failed" => facts.journey_failed = flag,
            "js_errors" => facts.errors += count,
            "rage_clicks" | "error_clicks" => facts.rage_clicks += count,
            "dead_clicks" => facts.dead_clicks += count,
            "prerender_never_activated" => facts.never_activated = flag,
            "is_bot" => facts.bot = flag,
            other => panic!("no field {other}"),
        }
    }
    facts
}

fn vital(name: &str) -> Metric {
    Metric::from_name(&name.to_lowercase()).expect("a metric of ours")
}

fn nav(name: &str) -> Option<Nav> {
    match name {
        "back-forward-cache" => Some(Nav::Bfcache),
        "soft-navigation" => Some(Nav::Soft),
        other => Some(Nav::from_name(other).unwrap_or_else(|| panic!("no navigation {other}"))),
    }
}

#[test]
fn only_what_someone_saw_is_eligible() {
    for case in items(&vectors("happiness.json")["eligibility"]) {
        let metric = match text(&case["metric"]) {
            "load" => Metric::Usable,
            name => vital(name),
        };
        let mut facts = facts(&case["fields"]);
        facts.metrics.set(metric, case["value"].as_f64());
        assert_eq!(is_eligible(metric, &facts), case["eligible"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn a_page_view_is_its_worst_component() {
    for case in items(&vectors("happiness.json")["page_views"]) {
        let facts = facts(&case["fields"]);
        let found: Vec<(&str, &str)> =
            components(&facts, &Scales::default()).map(|(component, level)| (name(component), level.name())).collect();
        let expected = case["components"].as_object().unwrap();
        assert_eq!(found.len(), expected.len(), "{case}: {found:?}");
        for (component, level) in found {
            assert_eq!(expected[component], level, "{case}");
        }
        let judged = judge(&facts);
        assert_eq!(judged.level.map(Level::name), case["class"].as_str(), "{case}");
        assert_eq!(judged.level.map(Level::points), case["points"].as_i64(), "{case}");
        assert_eq!(judged.cause.is_some(), judged.level.is_some_and(|level| level > Level::Delighted), "{case}");
    }
}

fn name(component: Component) -> &'static str {
    match component {
        Component::Failure => "failure",
        Component::Load(Metric::Usable) => "load",
        Component::Load(_) => "LCP",
        Component::CensoredLoad => "censored_load",
        Component::Inp => "INP",
        Component::Timing => "timing",
        Component::Cls => "CLS",
        Component::Rage => "rage",
        Component::Error => "error",
    }
}

#[test]
fn a_session_is_its_worst_view_and_its_last() {
    let vectors = vectors("happiness.json");
    for case in items(&vectors["sessions"]) {
        let views = items(&case["page_view_classes"]).map(|class| class.as_str().and_then(Level::from_name));
        let points = session_points(views);
        assert_eq!(points, case["points8"].as_i64(), "{case}");
        let mut one = SessionScores::default();
        points.into_iter().for_each(|points| one.add(points));
        assert_close_or_null(one.score().value, &case["score"], &case.to_string());
    }
    let index = &vectors["session_index"];
    let mut sessions = SessionScores::default();
    items(&index["points8"]).filter_map(Value::as_i64).for_each(|points| sessions.add(points));
    let score = sessions.score();
    assert_close_or_null(score.value, &index["happiness"], "session index");
    assert_close_or_null(score.low, &index["ci95"][0], "session index");
    assert_close_or_null(score.high, &index["ci95"][1], "session index");
}

#[test]
fn a_journey_is_measured_in_thirds_of_its_target() {
    for case in items(&vectors("happiness.json")["journey_scales"]) {
        let anchors = Anchors::journey(micro(&case["target_ms"], 1e3));
        for (threshold, expected) in anchors.thresholds.into_iter().zip(items(&case["thresholds"])) {
            assert_close(f64::from(threshold) / 1e3, expected, "threshold");
        }
        assert_eq!(anchors.zero, micro(&case["zero"], 1e3));
        for value in items(&case["values"]) {
            let at = micro(&value["value"], 1e3);
            assert_eq!(anchors.classify(at).name(), text(&value["class"]), "{value}");
            assert_close(anchors.continuous(at), &value["continuous"], &value.to_string());
        }
    }
}

#[test]
fn intervals_are_those_of_wilson_and_newcombe() {
    let vectors = vectors("happiness.json");
    for case in items(&vectors["wilson"]) {
        let (low, high) = wilson(case["successes"].as_f64().unwrap(), case["n"].as_f64().unwrap());
        assert_close(low, &case["lo"], &case.to_string());
        assert_close(high, &case["hi"], &case.to_string());
    }
    for case in items(&vectors["newcombe"]) {
        let [x1, n1, x2, n2] = ["x1", "n1", "x2", "n2"].map(|key| case[key].as_f64().unwrap());
        let difference = newcombe(x1, n1, x2, n2).expect("both have trials");
        assert_close(difference.value, &case["diff"], &case.to_string());
        assert_close(difference.low, &case["lo"], &case.to_string());
        assert_close(difference.high, &case["hi"], &case.to_string());
    }
    assert_eq!(newcombe(0.0, 0.0, 1.0, 2.0), None);
}

#[test]
fn calibration_is_isotonic_and_has_no_weights_without_separation() {
    for case in items(&vectors("happiness.json")["calibration"]) {
        let found = calibrate(counts(&case["n"]).0, counts(&case["bad"]).0);
        for (stay, expected) in found.stay.into_iter().zip(items(&case["isotonic_stay"])) {
            assert_close_or_null(stay, expected, &case.to_string());
        }
        match found.weights {
            None => assert!(case["weights"].is_null(), "{case}"),
            Some(weights) => {
                for (weight, expected) in weights.into_iter().zip(items(&case["weights"])) {
                    assert_close(weight, expected, &case.to_string());
                }
            }
        }
    }
    let pooled = calibrate([100, 100, 100, 0], [10, 30, 20, 0]);
    assert_eq!(pooled.stay, [Some(0.9), Some(0.75), Some(0.75), None], "violators share, the unmet have none");
    assert_eq!(pooled.weights, None);
}

#[test]
fn a_score_is_shown_by_how_much_it_rests_on() {
    for case in items(&vectors("happiness.json")["display"]) {
        assert_eq!(Display::of(case["n"].as_i64().unwrap()).name(), text(&case["state"]), "{case}");
    }
}
