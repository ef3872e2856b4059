//! Numbers at the ends of what can be written: clocks of clients that are off by centuries, values that no measurement gives. Whatever comes,
//! the parser ends in an outcome, and what it takes lies within its range.

use felt_schema::limits::{AGE_MS_MAX, CLS_MAX, METRIC_MS_MAX};
use felt_schema::metric::Metric;
use felt_schema::record::{Record, ViewRecord};
use felt_schema::snapshot::{ParsedSnapshot, parse_body};
use proptest::prelude::*;
use std::borrow::Cow;

/// 275760-09-13, the last instant of a JavaScript `Date`.
const LAST_DATE_MS: i64 = 8_640_000_000_000_000;

/// Numbers as somebody may write them into JSON.
fn number() -> impl Strategy<Value = String> {
    let edges = vec![
        "0",
        "-0",
        "-1",
        "1e-400",
        "1e308",
        "-1e308",
        "1e309",
        "1e400",
        "-1e400",
        "9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "4294967295",
        "4294967296",
        "2147483648",
        "8640000000000000",
        "-8640000000000000",
        "8640000000000001",
        "0.1e1",
        "600000",
        "600000.0001",
        "86400000",
        "86400001",
        "100",
        "100.0000001",
        "5e-324",
        "1.7976931348623157e308",
        "123456789012345678901234567890",
    ];
    prop_oneof![
        prop::sample::select(edges).prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(|n| format!("{n:e}")),
        (0.0..1e6_f64).prop_map(|number| number.to_string()),
    ]
}

/// What `JSON.stringify` makes of NaN and infinities, and what people write instead.
fn no_number() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["null", "\"NaN\"", "\"Infinity\"", "\"12\"", "true", "[]", "{}", "\"\""])
        .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![4 => number(), 1 => no_number()]
}

const NUMBERS: [&str; 11] =
    ["v", "seq", "attempt", "age", "status", "first_hidden", "left", "sample_rate", "hidden_at_start", "view2", "at"];

fn snapshot() -> impl Strategy<Value = String> {
    let fields = prop::collection::vec((prop::sample::select(NUMBERS.to_vec()), value()), 0..8);
    let metrics = prop::collection::vec((prop::sample::select(Metric::ALL.to_vec()), value()), 0..8);
    let event = (value(), value(), value(), value(), value()).prop_map(|(at, a, b, c, d)| {
        format!(
            r#"{{"type":"timing","at":{at},"name":"n","value":{a}}},{{"type":"step","at":{at},"journey":"j","step":"s","amount":{b}}},
            {{"type":"request","at":{at},"url":"/","status":{c},"duration":{d}}},{{"type":"long_frame","at":{at},"duration":{a},"blocking":{b}}},
            {{"type":"feedback","at":{at},"score":{c},"of":{d}}}"#
        )
    });
    let client = (value(), value(), value(), value(), value(), value()).prop_map(|(w, h, dpr, rtt, memory, cores)| {
        format!(r#"{{"viewport":[{w},{h}],"dpr":{dpr},"rtt":{rtt},"memory":{memory},"cores":{cores}}}"#)
    });
    let parts = (value(), value(), value(), value()).prop_map(|(a, b, c, d)| {
        format!(
            r#"{{"lcp":{{"ttfb":{a},"load_delay":{b},"load_time":{c},"render_delay":{d}}},
                "inp":{{"input_delay":{a},"processing":{b},"presentation":{c}}},"cls":{{"time":{d}}}}}"#
        )
    });
    (fields, metrics, event, client, parts).prop_map(|(fields, metrics, event, client, parts)| {
        let fields: String = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value},")).collect();
        let metrics: Vec<_> = metrics.iter().map(|(metric, value)| format!("\"{}\":{value}", metric.name())).collect();
        format!(
            r#"{{"view":"view-0001",{fields}"metrics":{{{}}},"attribution":{parts},"events":[{event}],"client":{client}}}"#,
            metrics.join(",")
        )
    })
}

fn parse(body: &str) -> ParsedSnapshot<'static> {
    let mut elements = parse_body(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(elements.len(), 1);
    elements.remove(0).unwrap_or_else(|refusal| panic!("{refusal}: {body}")).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_number_is_taken_within_its_range_or_dropped(body in snapshot(), received_at_ms in any::<i64>()) {
        let ParsedSnapshot { snapshot, drops, .. } = parse(&body);
        let age = |age: f64| (0.0..=AGE_MS_MAX).contains(&age);
        prop_assert!(age(snapshot.age), "{body}");
        prop_assert!(snapshot.first_hidden.is_none_or(age) && snapshot.left.is_none_or(age), "{body}");
        prop_assert!(snapshot.sample_rate.is_none_or(|rate| rate > 0.0 && rate <= 1.0), "{body}");
        prop_assert!(snapshot.status.is_none_or(|status| (100..=599).contains(&status)), "{body}");
        for (metric, value) in snapshot.metrics.iter() {
            let most = if metric == Metric::Cls { CLS_MAX } else { METRIC_MS_MAX };
            prop_assert!((0.0..=most).contains(&value), "{metric:?} {value}: {body}");
        }
        for event in &snapshot.events {
            prop_assert!(event.at.is_none_or(age), "{body}");
            let numbers = [event.value, event.amount, event.duration, event.blocking, event.score, event.of];
            prop_assert!(numbers.iter().flatten().all(|number| number.is_finite()), "{body}");
        }

        // Whatever the server's clock says, the view began within a day before, and the record survives the log.
        let record = ViewRecord {
            received_at_ms,
            started_at_ms: None,
            site: Cow::Borrowed("shop"),
            country: Cow::Borrowed("DE"),
            region: Cow::Borrowed(""),
            ua: Cow::Borrowed(""),
            drops: drops.iter().map(|(field, count)| (Cow::Borrowed(field), count)).collect(),
            snapshot,
        };
        let started = record.started_at();
        prop_assert!(started <= received_at_ms && i128::from(received_at_ms) - i128::from(started) <= AGE_MS_MAX as i128);
        let bytes = Record::View(record.clone()).encode();
        prop_assert_eq!(Record::decode(&bytes).unwrap(), Record::View(record));
    }
}

#[test]
fn the_age_is_clamped_to_a_day_and_anything_else_is_no_age() {
    for (written, age, dropped) in [
        ("0", 0.0, None),
        ("1500.5", 1500.5, None),
        ("86400000", AGE_MS_MAX, None),
        ("86400001", AGE_MS_MAX, Some("age:cut")),
        ("315360000000", AGE_MS_MAX, Some("age:cut")),
        (&LAST_DATE_MS.to_string(), AGE_MS_MAX, Some("age:cut")),
        ("1e308", AGE_MS_MAX, Some("age:cut")),
        ("-1", 0.0, Some("age")),
        ("-8640000000000000", 0.0, Some("age")),
        ("\"1500\"", 0.0, Some("age")),
        ("null", 0.0, None),
        // `1e400` is no number any more when it is read: missing, as null is.
        ("1e400", 0.0, None),
    ] {
        let parsed = parse(&format!(r#"{{"view":"view-0001","age":{written}}}"#));
        assert_eq!(parsed.snapshot.age, age, "{written}");
        assert_eq!(parsed.drops.iter().next().map(|(field, _)| field), dropped, "{written}");
    }
}
