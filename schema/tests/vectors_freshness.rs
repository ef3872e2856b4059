//! `tests/vectors/freshness.json`: watermark, reads, events and minutes.

mod support;

use felt_schema::budget::{Counts, Objective, burn_rate};
use felt_schema::freshness::{Partition, Visibility, age, is_fresh_read, visibility, watermark};
use serde_json::Value;
use support::{assert_close_or_null, items, text, vectors};

fn assert_budget(counts: Counts, case: &Value) {
    let id = text(&case["id"]);
    assert_close_or_null(counts.share(), &case["sli"], id);
    if let Some(remaining) = case["remaining"].as_str() {
        let objective = Objective::try_from(text(&case["target"]).parse::<f64>().unwrap()).unwrap();
        let found = 1.0 - burn_rate(objective, counts).unwrap();
        assert!((found - remaining.parse::<f64>().unwrap()).abs() < 1e-9, "{id}: {found}");
    }
}

#[test]
fn the_slowest_live_partition_is_the_watermark() {
    for case in items(&vectors("freshness.json")["watermark"]) {
        let seconds = |value: &Value| value.as_f64().unwrap();
        let partitions = items(&case["partitions"]).map(|partition| Partition {
            processed: seconds(&partition["processed"]),
            last_record_at: seconds(&partition["last_record_at"]),
        });
        let now = seconds(&case["now"]);
        let found = watermark(partitions, now, seconds(&case["idle_after"]));
        assert_eq!(found, case["watermark"].as_f64(), "{case}");
        assert_eq!(found.map(|watermark| age(watermark, now)), case["age"].as_f64(), "{case}");
    }
}

#[test]
fn a_read_is_fresh_when_its_data_is() {
    for case in items(&vectors("freshness.json")["reads"]) {
        let limit = case["limit"].as_f64().unwrap();
        let mut counts = Counts::default();
        for read in items(&case["reads"]) {
            let fresh = is_fresh_read(read[0].as_f64().unwrap(), read[1].as_f64(), limit);
            counts += Counts { good: i64::from(fresh), valid: 1 };
        }
        assert_eq!([counts.good, counts.valid].map(Some), [&case["good"], &case["total"]].map(Value::as_i64), "{case}");
        assert_budget(counts, case);
    }
}

#[test]
fn an_event_that_may_still_make_it_is_neither_good_nor_bad() {
    for case in items(&vectors("freshness.json")["events"]) {
        let [now, limit] = [&case["now"], &case["limit"]].map(|value| value.as_f64().unwrap());
        let found: Vec<_> = items(&case["events"])
            .map(|event| visibility(event[0].as_f64().unwrap(), event[1].as_f64(), now, limit))
            .collect();
        let count = |kind| found.iter().filter(|found| **found == kind).count() as i64;
        let counts =
            Counts { good: count(Visibility::InTime), valid: count(Visibility::InTime) + count(Visibility::Late) };
        assert_eq!(Some(counts.good), case["good"].as_i64(), "{case}");
        assert_eq!(Some(counts.bad()), case["bad"].as_i64(), "{case}");
        assert_eq!(Some(count(Visibility::Pending)), case["pending"].as_i64(), "{case}");
        assert_budget(counts, case);
    }
}

#[test]
fn a_minute_of_unknown_age_is_not_measured() {
    for case in items(&vectors("freshness.json")["slices"]) {
        let limit = case["limit"].as_f64().unwrap();
        let ages: Vec<_> = items(&case["age_at_minute_end"]).filter_map(Value::as_f64).collect();
        let good = ages.iter().filter(|age| is_fresh_read(**age, Some(0.0), limit)).count() as i64;
        let counts = Counts { good, valid: ages.len() as i64 };
        assert_eq!(
            [counts.good, counts.valid].map(Some),
            [&case["good"], &case["measured"]].map(Value::as_i64),
            "{case}"
        );
        assert_budget(counts, case);
    }
}
