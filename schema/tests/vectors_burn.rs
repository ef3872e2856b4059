//! `tests/vectors/burn_alerts.json`: streams of minutes, and when which rule fires and resolves.

mod support;

use felt_schema::budget::{Counts, Fraction, Objective, Series};
use felt_schema::burn::{Change, NoData, Options, Rule, Severity, State, standard_rules};
use serde_json::{Value, json};
use support::{assert_close_or_null, items, text, vectors};

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("not an integer: {value}"))
}

fn decimal(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| text(value).parse().unwrap())
}

fn rule(value: &Value) -> Rule {
    let factor = &value["factor_fraction"];
    Rule {
        name: text(&value["name"]).into(),
        severity: if value["severity"] == "page" { Severity::Page } else { Severity::Ticket },
        long_min: number(&value["long_min"]).try_into().unwrap(),
        short_min: number(&value["short_min"]).try_into().unwrap(),
        factor: Fraction::new(number(&factor[0]).into(), number(&factor[1]).into()),
        for_min: number(&value["for_min"]).try_into().unwrap(),
    }
}

fn options(value: &Value) -> Options {
    Options {
        at_the_factor: value["compare"] == "gte",
        no_data: if value["on_no_data"] == "hold" { NoData::Hold } else { NoData::Resolve },
        full_long_window: value["require_full_long"].as_bool().unwrap(),
        valid_min: number(&value["min_total_long"]),
        bad_min: number(&value["min_bad_long"]),
        ratio_cap: (!value["ratio_cap"].is_null())
            .then(|| Fraction::from_decimal(decimal(&value["ratio_cap"])).unwrap()),
        wilson: value["wilson_long"].as_bool().unwrap(),
    }
}

#[test]
fn rules_fire_and_resolve_in_the_minutes_worked_out_by_hand() {
    let all = vectors("burn_alerts.json");
    for case in items(&all["cases"]) {
        let id = text(&case["id"]);
        let objective = Objective::try_from(decimal(&case["target"])).unwrap();
        let options = options(&case["options"]);
        let rules: Vec<Rule> = items(&all["rule_sets"][text(&case["rule_set"])]).map(rule).collect();
        let minutes = items(&case["segments"]).flat_map(|segment| {
            let [times, good, bad] = [0, 1, 2].map(|index| number(&segment[index]));
            std::iter::repeat_n(Counts { good, valid: good + bad }, times.try_into().unwrap())
        });
        let series = Series::new((0..).zip(minutes), []);

        let unreachable: Vec<_> = rules
            .iter()
            .filter(|rule| !rule.is_reachable(objective, &options))
            .map(|rule| rule.name.as_str())
            .collect();
        assert_eq!(json!(unreachable), case["unreachable_rules"], "{id}");

        let mut found = Vec::new();
        for rule in &rules {
            let mut state = State::default();
            for at in 0..number(&case["total_minutes"]) {
                let window = |length: u32| series.sum(at + 1 - i64::from(length), at + 1);
                let history_min = u32::try_from(at + 1).unwrap();
                let verdict =
                    rule.judge(objective, &options, window(rule.long_min), window(rule.short_min), history_min);
                let (next, change) = state.step(rule, &options, verdict, at);
                state = next;
                match change {
                    Some(Change::Fired) => found.push(json!({
                        "rule": rule.name, "severity": rule.severity.name(), "fired_at_min": at, "resolved_at_min": null
                    })),
                    Some(Change::Resolved) => found.last_mut().unwrap()["resolved_at_min"] = json!(at),
                    None => {}
                }
            }
        }
        found.sort_by_key(|event| {
            (event["fired_at_min"].as_i64(), rules.iter().position(|rule| rule.name == event["rule"]))
        });
        assert_eq!(json!(found), case["expected_events"], "{id}");

        for sample in items(&case["burn_samples"]) {
            let end = number(&sample["at_min"]) + 1;
            let counts = series.sum(end - number(&sample["window_min"]), end);
            assert_eq!([counts.good, counts.bad()], [number(&sample["good"]), number(&sample["bad"])], "{id}");
            assert_close_or_null(felt_schema::budget::burn_rate(objective, counts), &sample["burn"], id);
        }
    }
}

#[test]
fn the_standard_rules_are_those_of_the_vectors() {
    let all = vectors("burn_alerts.json");
    for (set, days) in [("four-30d", 30), ("four-28d", 28)] {
        let expected: Vec<Rule> = items(&all["rule_sets"][set]).map(rule).collect();
        assert_eq!(standard_rules(days * 1_440), expected, "{set}");
    }
}
