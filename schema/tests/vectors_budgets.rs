//! `tests/vectors/error_budget.json`: local instants, calendar windows, budgets with forecasts, time slices.

mod support;

use felt_schema::budget::{Budget, Counts, Empty, Every, Forecast, Fraction, Objective, Series, Unit, Window};
use felt_schema::budget::{evaluate, evaluate_slices, instant_of};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;
use support::{assert_close, assert_close_or_null, items, text, vectors};

const HOUR_S: i64 = 3_600;

fn instant(value: &Value) -> i64 {
    text(value).parse::<Timestamp>().unwrap().as_second()
}

fn local(value: &Value) -> DateTime {
    text(value).replace(' ', "T").parse().unwrap()
}

fn zone(value: &Value) -> TimeZone {
    TimeZone::get(text(value)).unwrap()
}

fn objective(value: &Value) -> Objective {
    Objective::try_from(text(value).parse::<f64>().unwrap()).unwrap()
}

fn every(value: &Value) -> Every {
    let (count, unit) = text(value).split_at(text(value).len() - 1);
    let unit = match unit {
        "d" => Unit::Day,
        "w" => Unit::Week,
        "M" => Unit::Month,
        "Q" => Unit::Quarter,
        "Y" => Unit::Year,
        other => panic!("{other}"),
    };
    Every { count: count.parse().unwrap(), unit }
}

fn calendar(case: &Value) -> Window {
    Window::Calendar { start: local(&case["start_time"]), every: every(&case["duration"]), tz: zone(&case["tz"]) }
}

/// Run-length coded buckets: `[how many, good, bad]`.
fn buckets(segments: &Value, start_s: i64, width_s: i64) -> Vec<(i64, Counts)> {
    let counts = items(segments).flat_map(|segment| {
        let [times, good, bad] = [0, 1, 2].map(|index| segment[index].as_i64().unwrap());
        std::iter::repeat_n(Counts { good, valid: good + bad }, usize::try_from(times).unwrap())
    });
    (0..).map(|index| start_s + index * width_s).zip(counts).collect()
}

#[test]
fn a_local_time_in_a_gap_moves_forward_and_one_that_comes_twice_is_the_earlier() {
    for case in items(&vectors("error_budget.json")["local_instants"]) {
        assert_eq!(instant_of(local(&case["local"]), &zone(&case["tz"])), Ok(instant(&case["utc"])), "{case}");
    }
}

#[test]
fn calendar_windows_are_counted_in_local_time_from_their_anchor() {
    for case in items(&vectors("error_budget.json")["calendar_windows"]) {
        let window = calendar(case).around(instant(&case["at"])).unwrap();
        assert_eq!(window, instant(&case["window_start"])..instant(&case["window_end"]), "{case}");
        assert_eq!((window.end - window.start) / 60, case["length_minutes"].as_i64().unwrap(), "{case}");
    }
}

#[test]
fn budgets_and_their_forecasts_are_those_worked_out_by_hand() {
    for case in items(&vectors("error_budget.json")["budget_cases"]) {
        let width_s = case["bucket_hours"].as_i64().unwrap() * HOUR_S;
        let excluded = items(&case["excluded"]).map(|span| instant(&span[0])..instant(&span[1])).collect::<Vec<_>>();
        let series = Series::new(buckets(&case["segments"], instant(&case["bucket_start"]), width_s), excluded);
        let window = match text(&case["window"]["type"]) {
            "rolling" => Window::Rolling { length_s: case["window"]["days"].as_i64().unwrap() * 24 * HOUR_S },
            _ => calendar(&case["window"]),
        };
        let (now_s, lookback_h) = (instant(&case["now"]), case["lookback_hours"].as_i64().unwrap());
        let objective = objective(&case["target"]);
        let budget = evaluate(objective, &window, &series, now_s, lookback_h).unwrap();
        assert_budget(&budget, case);
        for (hours, burn) in case["expected"]["burn"].as_object().unwrap() {
            let lookback_h = hours.parse().unwrap();
            let budget = evaluate(objective, &window, &series, now_s, lookback_h).unwrap();
            assert_close_or_null(budget.burn_lookback, burn, text(&case["id"]));
        }
    }
}

fn assert_budget(budget: &Budget, case: &Value) {
    let (id, expected) = (text(&case["id"]), &case["expected"]);
    assert_eq!(budget.window, instant(&expected["window_start"])..instant(&expected["window_end"]), "{id}");
    assert_eq!(budget.counts.good, expected["good"].as_i64().unwrap(), "{id}");
    assert_eq!(budget.counts.bad(), expected["bad"].as_i64().unwrap(), "{id}");
    assert_close_or_null(budget.sli, &expected["sli"], id);
    assert_close_or_null(budget.consumed, &expected["consumed"], id);
    assert_zero_or_close(budget.remaining, &expected["remaining"], id);
    assert_close(budget.allowed_bad, &expected["allowed_bad_to_date"], id);
    assert_eq!(budget.status.name(), text(&expected["status"]), "{id}");
    let forecast = &expected["forecast"];
    assert_close_or_null(budget.burn_lookback, &forecast["burn_lookback"], id);
    match budget.forecast {
        Forecast::Rolling { simple_h, projected_h } => {
            assert_close_or_null(simple_h, &forecast["simple_hours"], id);
            assert_eq!(projected_h, forecast["projected_hours"].as_i64(), "{id}");
        }
        Forecast::Calendar { exhausts_in_h, before_end } => {
            assert_close_or_null(exhausts_in_h, &forecast["exhausts_in_hours"], id);
            assert_eq!(before_end, forecast["exhausts_before_end"].as_bool().unwrap(), "{id}");
            let full = budget.full.unwrap();
            assert_close(full.expected_total, &expected["expected_total_full_period"], id);
            assert_close(full.allowed_bad, &expected["allowed_bad_full_period"], id);
            assert_zero_or_close(full.remaining, &expected["remaining_full_period"], id);
        }
    }
}

/// What is left may be exactly nothing, which floats miss by a hair: the status, decided in integers, is compared exactly.
fn assert_zero_or_close(found: Option<f64>, expected: &Value, what: &str) {
    if expected.as_str() == Some("0") {
        assert!(found.unwrap().abs() < 1e-9, "{what}: {found:?}");
    } else {
        assert_close_or_null(found, expected, what);
    }
}

#[test]
fn slices_are_good_or_bad_as_a_whole() {
    for case in items(&vectors("error_budget.json")["timeslice_cases"]) {
        let (id, expected) = (text(&case["id"]), &case["expected"]);
        let slice_s = case["slice_minutes"].as_i64().unwrap() * 60;
        let buckets = buckets(&case["segments"], 0, 60);
        let end = buckets.last().unwrap().0 + 60;
        let target = Fraction::from_decimal(text(&case["slice_target"]).parse().unwrap()).unwrap();
        let empty = match text(&case["empty"]) {
            "good" => Empty::Good,
            "bad" => Empty::Bad,
            _ => Empty::Ignore,
        };
        let series = Series::new(buckets, []);
        let budget = evaluate_slices(objective(&case["target"]), &series, 0..end, slice_s, target, empty);
        assert_eq!(budget.slices.good, expected["good_slices"].as_i64().unwrap(), "{id}");
        assert_eq!(budget.slices.bad(), expected["bad_slices"].as_i64().unwrap(), "{id}");
        assert_eq!(budget.ignored, expected["ignored_slices"].as_i64().unwrap(), "{id}");
        assert_close_or_null(budget.slices.share(), &expected["sli_timeslices"], id);
        assert_zero_or_close(budget.remaining_slices, &expected["remaining_timeslices"], id);
        assert_close_or_null(budget.mean_share, &expected["sli_ratiotimeslices"], id);
        assert_zero_or_close(budget.remaining_shares, &expected["remaining_ratiotimeslices"], id);
    }
}
