//! The grammar's law, and tables of what it takes and refuses.

use felt_query::grammar::{
    Call, Dimension, Filter, Measure, Op, Order, OrderKey, Parameter, Query, Range, Stat, Step, Unit, Vs, Who, Zone,
};
use felt_schema::metric::Metric;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const CALLS: [Call; 14] = [
    Call::Values,
    Call::Summary,
    Call::Series,
    Call::Breakdown,
    Call::Distribution,
    Call::Health,
    Call::Compare,
    Call::Changes,
    Call::Releases,
    Call::Annotations,
    Call::Sessions,
    Call::Attribution,
    Call::Feedback,
    Call::Impact,
];

/// Any text without control characters, with what is special to URLs and to the grammar over-represented.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![Just(','), Just(':'), Just('%'), Just('+'), Just('&'), Just('='), Just(' '), any::<char>()],
        1..12,
    )
    .prop_map(|letters| letters.into_iter().filter(|letter| !letter.is_control()).collect::<String>())
    .prop_filter("empty or longer than a name", |text| !text.is_empty() && text.len() <= 60)
}

fn dimension() -> impl Strategy<Value = Dimension> {
    prop_oneof![select(&Dimension::FIXED[..]), text().prop_map(Dimension::Tag)]
}

fn measure() -> impl Strategy<Value = Measure> {
    prop_oneof![
        Just(Measure::Happiness),
        Just(Measure::Apdex),
        select(&Metric::ALL[..]).prop_map(Measure::Value),
        text().prop_map(Measure::Timing),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    dimension().prop_flat_map(|dimension| {
        let ops = dimension.ops();
        (Just(dimension), select(ops), proptest::collection::vec(text(), 1..4), 0..100_u32).prop_map(
            |(dimension, op, mut values, number)| {
                match op {
                    Op::Set => values = if number % 2 == 0 { vec![] } else { vec!["false".into()] },
                    Op::Gt | Op::Lt => values = vec![number.to_string()],
                    _ => {}
                }
                if dimension == Dimension::Country && op != Op::Set {
                    values.iter_mut().for_each(|value| value.make_ascii_uppercase());
                }
                let mut once: Vec<String> = Vec::new();
                values.into_iter().for_each(|value| {
                    if !once.contains(&value) {
                        once.push(value)
                    }
                });
                Filter { dimension, op, values: once }
            },
        )
    })
}

fn range() -> impl Strategy<Value = Range> {
    prop_oneof![
        (1..400_u32, select(&[Unit::Minutes, Unit::Hours, Unit::Days][..]))
            .prop_map(|(count, unit)| Range::Last(count, unit)),
        (0..2_000_000_000_000_i64).prop_map(Range::Since),
        (0..2_000_000_000_000_i64, 1..34_000_000_000_i64)
            .prop_map(|(from, length)| Range::Between(from, from + length)),
    ]
}

fn vs() -> impl Strategy<Value = Vs> {
    prop_oneof![
        select(&[Vs::Prev, Vs::Week, Vs::Year][..]),
        text().prop_map(Vs::Release),
        (0..2_000_000_000_000_i64, 1..34_000_000_000_i64).prop_map(|(from, length)| Vs::Between(from, from + length)),
    ]
}

fn unique<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut once, item| {
        if !once.contains(&item) {
            once.push(item);
        }
        once
    })
}

prop_compose! {
    fn query()(
        call in select(&CALLS[..]),
        range in range(),
        zone in select(&["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"][..]),
        metrics in proptest::collection::vec(measure(), 1..5).prop_map(unique),
        stats in subsequence(Stat::ALL.to_vec(), 1..10),
        by in proptest::collection::vec(dimension(), 1..3).prop_map(unique),
        filters in proptest::collection::vec(filter(), 0..4).prop_map(unique),
        step in select(&Step::ALL[..]),
        who in select(&Who::ALL[..]),
        vs in vs(),
        descending in any::<bool>(),
        key in 0..7_usize,
        limit in 1..=1000_u32,
        cursor in proptest::option::of(text()),
        min in 0..1_000_000_u64,
        q in text(),
        journey in text(),
        currency in select(&["", "EUR", "JPY"][..]),
        exact in any::<bool>(),
    ) -> Query {
        let takes = |parameter| call.takes(parameter);
        let mut metrics: Vec<Measure> = metrics.into_iter().filter(|measure| call.tells(measure)).collect();
        if metrics.is_empty() {
            metrics.push(Measure::Happiness);
        }
        let figure = metrics.iter().find(|metric| metric.has_values()).cloned();
        let key = match key {
            0 => OrderKey::Views,
            1 => OrderKey::Happiness,
            2 => OrderKey::Unhappy,
            3 if call == Call::Sessions => OrderKey::Started,
            4.. if call == Call::Sessions => OrderKey::Views,
            3 => OrderKey::Lost,
            4 => OrderKey::Figure(figure, Stat::P75),
            5 => OrderKey::Apdex,
            _ => OrderKey::Name(by[0].clone()),
        };
        let metrics = if takes(Parameter::Metrics) {
            metrics
        } else if takes(Parameter::Metric) {
            metrics[..1].to_vec()
        } else {
            vec![]
        };
        Query {
            call,
            range,
            zone: Zone::parse(zone).unwrap(),
            stats: if takes(Parameter::Stats) { stats } else { vec![] },
            order: if takes(Parameter::Order) { Order { descending, key } } else { Order::default() },
            by: if takes(Parameter::By) { by[..by.len().min(call.dimensions().1)].to_vec() } else { vec![] },
            filters: if takes(Parameter::F) { filters } else { vec![] },
            step: if takes(Parameter::Step) { step } else { Step::Auto },
            who: if takes(Parameter::Who) { who } else { Who::Humans },
            vs: if takes(Parameter::Vs) { vs } else { Vs::Prev },
            limit: if takes(Parameter::Limit) { limit } else { call.default_limit() },
            cursor: cursor.filter(|_| takes(Parameter::Cursor)),
            min: if takes(Parameter::Min) { min } else { 0 },
            q: if takes(Parameter::Q) { q } else { String::new() },
            journey: if takes(Parameter::Journey) { journey } else { String::new() },
            currency: if takes(Parameter::Currency) { currency.to_owned() } else { String::new() },
            exact: exact && takes(Parameter::Exact),
            metrics,
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed_to_the_same(query in query()) {
        let printed = query.print();
        let parsed = Query::parse(query.call, &printed);
        prop_assert_eq!(parsed.as_ref(), Ok(&query), "{}", printed);
        prop_assert_eq!(parsed.unwrap().print(), printed);
    }

    #[test]
    fn an_encoder_that_escapes_everything_changes_nothing(filter in filter()) {
        // What URLSearchParams and its like do: the printed filter's values stay escaped inside the escaping.
        let names = filter.dimension.name().replace('%', "%25").replace(',', "%2C");
        let name = names.strip_prefix("tag:").map_or(names.clone(), |tag| format!("tag:{}", tag.replace(':', "%3A")));
        let values: Vec<String> =
            filter.values.iter().map(|value| value.replace('%', "%25").replace(',', "%2C")).collect();
        let inner = match (filter.op, values.is_empty()) {
            (Op::Set, true) => format!("{name}:set"),
            (op, _) => format!("{name}:{}:{}", op.name(), values.join(",")),
        };
        let outer: String = inner.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(Filter::parse(&outer), Ok(filter));
    }

    #[test]
    fn no_query_string_is_too_strange_to_be_answered(call in select(&CALLS[..]), string in ".*") {
        if let Ok(query) = Query::parse(call, &string) {
            prop_assert_eq!(Query::parse(call, &query.print()), Ok(query));
        }
    }
}

#[test]
fn unknown_words_are_answered_with_the_nearest_known_one() {
    for (call, query, parameter, meant) in [
        (Call::Summary, "metric=lcp", "metric", "metrics"),
        (Call::Summary, "rnage=7d", "rnage", "range"),
        (Call::Summary, "steps=1h", "steps", "stats"),
        (Call::Summary, "metrics=lpc", "metrics", "lcp"),
        (Call::Summary, "metrics=LCP", "metrics", "lcp"),
        (Call::Summary, "metrics=happines", "metrics", "happiness"),
        (Call::Summary, "metrics=appdex", "metrics", "apdex"),
        (Call::Summary, "metrics=timings:x", "metrics", "timing:NAME"),
        (Call::Summary, "stats=p7", "stats", "p75"),
        (Call::Summary, "stats=median", "stats", "mean"),
        (Call::Summary, "f=contry:is:DE", "f", "country"),
        (Call::Summary, "f=device:iss:mobile", "f", "is"),
        (Call::Summary, "f=page:globs:/p/*", "f", "glob"),
        (Call::Summary, "f=page:gt:3", "f", "is"),
        (Call::Summary, "who=human", "who", "humans"),
        (Call::Summary, "range=7days", "range", "7d"),
        (Call::Summary, "tz=Berlin", "tz", "Europe/Berlin"),
        (Call::Series, "step=1hour", "step", "1h"),
        (Call::Series, "step=10m", "step", "1m"),
        (Call::Breakdown, "by=pages", "by", "page"),
        (Call::Breakdown, "by=page&order=-view", "order", "views"),
        (Call::Breakdown, "by=page&order=happyness", "order", "happiness"),
        (Call::Distribution, "metric=inpp", "metric", "inp"),
        (Call::Values, "query=x", "query", "q"),
    ] {
        let faults = Query::parse(call, query).unwrap_err().0;
        let fault = faults.iter().find(|fault| fault.parameter == parameter);
        assert_eq!(fault.and_then(|fault| fault.did_you_mean.as_deref()), Some(meant), "{query}: {faults:?}");
    }
}

#[test]
fn each_call_takes_its_own_parameters_only() {
    for (call, query) in [
        (Call::Summary, "by=page"),
        (Call::Summary, "step=1h"),
        (Call::Summary, "limit=3"),
        (Call::Summary, "vs=prev"),
        (Call::Series, "order=-views"),
        (Call::Distribution, "metrics=lcp&metric=lcp"),
        (Call::Distribution, "metric=apdex"),
        (Call::Compare, "metrics=lcp,apdex"),
        (Call::Health, "who=bots"),
        (Call::Schema, "range=7d"),
        (Call::Values, "metrics=lcp"),
    ] {
        let faults = Query::parse(call, query).unwrap_err().0;
        assert!(faults.iter().any(|fault| !fault.detail.is_empty()), "{query}");
    }
    assert!(Query::parse(Call::Schema, "").is_ok());
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = Query::parse(Call::Breakdown, "metrics=lpc,inp,clss&f=x&f=page:is&limit=0&range=7d&from=2026-01-01")
        .unwrap_err();
    let parameters: Vec<&str> = faults.0.iter().map(|fault| fault.parameter.as_str()).collect();
    assert_eq!(parameters, ["range", "metrics", "metrics", "by", "f", "f", "limit"]);
}

#[test]
fn values_are_read_as_they_were_meant() {
    for (encoded, expected) in [
        ("device:is:mobile,tablet", r#"device is ["mobile", "tablet"]"#),
        ("device%3Ais%3Amobile%2Ctablet", r#"device is ["mobile", "tablet"]"#),
        ("page:is:/a%2Cb", r#"page is ["/a,b"]"#),
        ("page%3Ais%3A%2Fa%252Cb", r#"page is ["/a,b"]"#),
        ("page:is:/p/:id", r#"page is ["/p/:id"]"#),
        ("page%3Ais%3A%2Fp%2F%3Aid", r#"page is ["/p/:id"]"#),
        ("tag:plan:is:pro", r#"tag:plan is ["pro"]"#),
        ("tag:a%3Ab:is:pro", r#"tag:a:b is ["pro"]"#),
        ("tag:plan:set", "tag:plan set []"),
        ("release:set:false", r#"release set ["false"]"#),
        ("release:is:", r#"release is [""]"#),
        ("country:is:de,DE,at", r#"country is ["DE", "AT"]"#),
        ("page:is:a+b", r#"page is ["a b"]"#),
        ("page%3Ais%3Aa%2Bb", r#"page is ["a+b"]"#),
        ("browser_version:gt:120.0", r#"browser_version gt ["120.0"]"#),
    ] {
        let filter = Filter::parse(encoded).unwrap();
        let shown = format!("{} {} {:?}", filter.dimension.name(), filter.op.name(), filter.values);
        assert_eq!(shown, expected, "{encoded}");
    }
    for wrong in [
        "",
        "device",
        "device:is",
        "device:is%0A",
        "tag::is:x",
        "page:is:%00",
        "release:gt:new",
        "release:gt:1,2",
        "release:set:x",
        "page:is:%ff",
    ] {
        assert!(Filter::parse(wrong).is_err(), "{wrong}");
    }
}
