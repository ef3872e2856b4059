//! `summary`, `series`, `distribution`, `values`, `schema`, `health`: exact figures of known views.

use super::support::{DAY_MS, HOUR_MS, Service, get, judged, time};
use felt_schema::anchors::{LEVEL_NOT_JUDGED, Level};
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

/// The row of a metric.
fn of<'a>(answer: &'a Value, metric: &str) -> &'a Value {
    let rows = answer["data"].as_array().unwrap();
    rows.iter().find(|row| row["metric"] == metric).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_summary_tells_percentiles_shares_ratings_and_happiness_exactly() {
    let service = Service::start().await;
    let mut views: Vec<PageViewRow> = (1..=100)
        .map(|n| PageViewRow {
            lcp: n * 50_000,
            inp: if n <= 75 { 200_000 } else { 200_001 },
            cls: 100_000,
            ..service.view(HOUR_MS)
        })
        .collect();
    for (index, view) in views.iter_mut().enumerate() {
        let (level, cause) = match index {
            0..=59 => (Level::Delighted, None),
            60..=79 => (Level::Annoying, Some(Cause::SlowOpen)),
            80..=89 => (Level::Painful, Some(Cause::SlowReact)),
            _ => (Level::Brutal, Some(Cause::Broke)),
        };
        *view = judged(view.clone(), level, cause);
    }
    // A view that cannot be judged, a bot, and another site's.
    views.push(PageViewRow { level: LEVEL_NOT_JUDGED, ..service.view(HOUR_MS) });
    views.push(PageViewRow { bot: "crawler".into(), lcp: 9_000_000, ..service.view(HOUR_MS) });
    views.push(PageViewRow { site: "blog".into(), lcp: 9_000_000, ..service.view(HOUR_MS) });
    service.write(&views).await;

    let answer = service.get("/api/v1/sites/shop/summary?range=24h&stats=p50,p75,p99,good,fair,poor,mean").await;
    assert_eq!(answer["meta"]["views"], 101);
    assert_eq!(answer["meta"]["source"], "rollup");
    assert_eq!(answer["meta"]["sample_rate"], 1);
    let lcp = of(&answer, "lcp");
    assert_eq!((&lcp["count"], &lcp["unit"]), (&json!(100), &json!("ms")));
    assert_eq!((&lcp["p50"], &lcp["mean"]), (&json!(2500), &json!(2525)));
    assert!((lcp["p75"].as_f64().unwrap() / 3750.0 - 1.0).abs() <= 0.01, "{lcp}");
    assert!(lcp["p75_low"].as_f64() < lcp["p75"].as_f64() && lcp["p75"].as_f64() < lcp["p75_high"].as_f64(), "{lcp}");
    assert_eq!((&lcp["good"], &lcp["fair"], &lcp["poor"]), (&json!(0.5), &json!(0.3), &json!(0.2)));
    assert_eq!((&lcp["rating"], &lcp["limits"]), (&json!("fair"), &json!([2500, 4000])));
    // Exactly 75 of 100 are at the limit: good, though the next microsecond is not.
    let inp = of(&answer, "inp");
    assert_eq!((&inp["rating"], &inp["p75"], &inp["good"]), (&json!("good"), &json!(200), &json!(0.75)));
    assert_eq!((&of(&answer, "cls")["p75"], &of(&answer, "cls")["unit"]), (&json!(0.1), &json!("score")));
    let nothing = of(&answer, "ttfb");
    assert_eq!((&nothing["count"], &nothing["p75"], &nothing["good"]), (&json!(0), &Value::Null, &Value::Null));

    let happiness = of(&answer, "happiness");
    // (60·4 + 20·3 + 10·1) of 400 points.
    assert_eq!(
        (&happiness["count"], &happiness["value"], &happiness["unhappiness"]),
        (&json!(100), &json!(77.5), &json!(22.5))
    );
    assert_eq!(happiness["levels"][2], json!({"level": "painful", "count": 10}));
    assert_eq!(
        happiness["causes"],
        json!({"slow_open": 0.5, "slow_react": 0.25, "jumped": 0, "broke": 0.25, "gave_up": 0})
    );
    assert!(happiness["low"].as_f64() < Some(77.5) && happiness["high"].as_f64() > Some(77.5));

    let bots = service.get("/api/v1/sites/shop/summary?range=24h&who=bots&metrics=lcp").await;
    assert_eq!((&bots["meta"]["views"], &bots["data"][0]["p75"]), (&json!(1), &json!(9000)));
    assert_eq!(bots["meta"]["warnings"], json!(["lcp: 1 of at least 30, too few to judge"]));
    let all = service.get("/api/v1/sites/shop/summary?range=24h&who=all&metrics=lcp").await;
    assert_eq!(all["meta"]["views"], 102);
    let empty = service.get("/api/v1/sites/blog/summary?range=24h&f=country:is:XX").await;
    assert_eq!(of(&empty, "happiness")["value"], Value::Null);
    assert_eq!(of(&empty, "happiness")["causes"]["broke"], Value::Null);
}

#[tokio::test]
async fn a_view_that_was_replaced_counts_once_with_its_final_values() {
    let service = Service::start().await;
    let first = PageViewRow { lcp: 1_000_000, page: "/a".into(), ..service.view(HOUR_MS) };
    let first = judged(first, Level::Delighted, None);
    service.write(std::slice::from_ref(&first)).await;
    let later = PageViewRow { seq: 1, lcp: 5_000_000, page: "/b".into(), ..first.clone() };
    let later = judged(later, Level::Painful, Some(Cause::SlowOpen));
    service.write(&[PageViewRow { sign: -1, ..first }, later]).await;

    for router in [&service.router, &service.raw()] {
        let summary = get(router, "/api/v1/sites/shop/summary?range=24h&metrics=lcp,happiness").await;
        assert_eq!((&summary["meta"]["views"], &summary["data"][0]["p75"]), (&json!(1), &json!(5000)));
        assert_eq!(summary["data"][1]["value"], 25);
        let pages = get(router, "/api/v1/sites/shop/breakdown?range=24h&by=page&metrics=lcp").await;
        assert_eq!((pages["data"].as_array().unwrap().len(), &pages["data"][0]["page"]), (1, &json!("/b")));
        let values = get(router, "/api/v1/sites/shop/values/page?range=24h").await;
        assert_eq!(values["data"], json!([{"value": "/b", "count": 1}]));
        let series = get(router, "/api/v1/sites/shop/series?range=24h&metrics=lcp").await;
        assert_eq!(series["data"].as_array().unwrap().iter().filter_map(|row| row["count"].as_i64()).sum::<i64>(), 1);
        let bins = get(router, "/api/v1/sites/shop/distribution?range=24h&metric=lcp").await;
        assert_eq!(bins["data"].as_array().unwrap().iter().filter_map(|row| row["count"].as_i64()).sum::<i64>(), 1);
    }
}

#[tokio::test]
async fn a_series_has_every_point_and_its_gaps_are_null() {
    let service = Service::start().await;
    let hour_ms = service.now_ms().div_euclid(HOUR_MS) * HOUR_MS - 10 * HOUR_MS;
    let at = |ms: i64, lcp: u32| PageViewRow { lcp, started_at: ms, ..service.view(0) };
    service
        .write(&[at(hour_ms, 1_000_000), at(hour_ms + HOUR_MS - 1, 3_000_000), at(hour_ms + 2 * HOUR_MS, 2_000_000)])
        .await;
    let path = format!(
        "/api/v1/sites/shop/series?from={}&to={}&step=1h&metrics=lcp,happiness&stats=p75,count",
        time(hour_ms),
        time(hour_ms + 4 * HOUR_MS)
    );
    for router in [&service.router, &service.raw()] {
        let answer = get(router, &path).await;
        let lcp: Vec<(String, Value, Value)> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["metric"] == "lcp")
            .map(|row| (row["time"].as_str().unwrap().to_owned(), row["count"].clone(), row["p75"].clone()))
            .collect();
        let point = |hours: i64, count: i64, p75: Value| (time(hour_ms + hours * HOUR_MS), json!(count), p75);
        let expected =
            [point(0, 2, json!(3000)), point(1, 0, Value::Null), point(2, 1, json!(2000)), point(3, 0, Value::Null)];
        assert_eq!(lcp, expected);
        let happiness = &answer["data"][1];
        assert_eq!((&happiness["delighted"], &happiness["value"]), (&json!(2), &json!(100)));
        assert_eq!(answer["query"]["step"], "1h");
    }
}

#[tokio::test]
async fn days_of_a_series_are_the_time_zones_own_when_its_clock_changes() {
    let service = Service::start().await;
    // The last day of 25 hours in Berlin that lies a week or more back.
    let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let mut day = jiff::Timestamp::from_millisecond(service.now_ms() - 7 * DAY_MS)
        .unwrap()
        .to_zoned(berlin)
        .start_of_day()
        .unwrap();
    let length = |day: &jiff::Zoned| {
        day.tomorrow().unwrap().start_of_day().unwrap().timestamp().as_millisecond() - day.timestamp().as_millisecond()
    };
    while length(&day) != 25 * HOUR_MS {
        day = day.yesterday().unwrap().start_of_day().unwrap();
    }
    let start_ms = day.timestamp().as_millisecond();
    let at = |ms: i64| PageViewRow { started_at: ms, lcp: 1_000_000, ..service.view(0) };
    // The last instant of the day before, the first and the last of the long day, and the first of the day after.
    service
        .write(&[at(start_ms - 1), at(start_ms), at(start_ms + 25 * HOUR_MS - 1), at(start_ms + 25 * HOUR_MS)])
        .await;
    let path = format!(
        "/api/v1/sites/shop/series?from={}&to={}&step=1d&metrics=lcp&tz=Europe/Berlin",
        time(start_ms - DAY_MS),
        time(start_ms + 49 * HOUR_MS)
    );
    for router in [&service.router, &service.raw()] {
        let answer = get(router, &path).await;
        let points: Vec<(&str, i64)> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["time"].as_str().unwrap(), row["count"].as_i64().unwrap()))
            .collect();
        let starts = [start_ms - DAY_MS, start_ms, start_ms + 25 * HOUR_MS].map(time);
        assert_eq!(points, [(starts[0].as_str(), 1), (starts[1].as_str(), 2), (starts[2].as_str(), 1)]);
    }
}

#[tokio::test]
async fn a_distribution_has_the_limits_as_edges_with_exact_counts_beside_them() {
    let service = Service::start().await;
    // Values around the limits that share one bucket of the histogram.
    let lcp = [2_499_000, 2_500_000, 2_500_001, 2_501_000, 3_999_999, 4_000_000, 4_000_001, 20_000_000];
    let views: Vec<PageViewRow> = lcp.iter().map(|&lcp| PageViewRow { lcp, ..service.view(HOUR_MS) }).collect();
    service.write(&views).await;
    for router in [&service.router, &service.raw()] {
        let answer = get(router, "/api/v1/sites/shop/distribution?range=24h&metric=lcp").await;
        let rows = answer["data"].as_array().unwrap();
        let sum = |rating: &str| {
            rows.iter().filter(|row| row["rating"] == rating).filter_map(|row| row["count"].as_i64()).sum::<i64>()
        };
        assert_eq!((sum("good"), sum("fair"), sum("poor")), (2, 4, 2));
        assert!(rows.iter().any(|row| row["to"] == 2500) && rows.iter().any(|row| row["to"] == 4000));
        assert_eq!(rows.last().unwrap()["to"], Value::Null);
        assert_eq!(rows[0]["from"], 0);
        let levels = get(router, "/api/v1/sites/shop/distribution?range=24h&metric=happiness").await;
        assert_eq!(levels["data"][0], json!({"metric": "happiness", "level": "delighted", "count": 8, "share": 1}));
        let nothing = get(router, "/api/v1/sites/blog/distribution?range=24h&metric=cls").await;
        assert_eq!(nothing["data"], json!([]));
    }
}

#[tokio::test]
async fn values_come_by_frequency_and_by_what_they_contain() {
    let service = Service::start().await;
    let page = |page: &str| PageViewRow { page: page.into(), ..service.view(HOUR_MS) };
    let os = |os: &str| PageViewRow { os: os.into(), tags: vec![("plan".into(), os.into())], ..service.view(HOUR_MS) };
    service.write(&[page("/a"), page("/Cart"), page("/Cart"), os("iOS"), os("iOS"), os("")]).await;
    let answer = service.get("/api/v1/sites/shop/values/page?range=24h&q=CAR").await;
    assert_eq!(answer["data"], json!([{"value": "/Cart", "count": 2}]));
    assert_eq!(answer["meta"]["views"], 6);
    let answer = service.get("/api/v1/sites/shop/values/os?range=24h&limit=1").await;
    assert_eq!(answer["data"], json!([{"value": "Android", "count": 3}]));
    assert_eq!(answer["meta"]["source"], "raw");
    let answer = service.get("/api/v1/sites/shop/values/tag:plan?range=24h").await;
    assert_eq!(answer["data"], json!([{"value": "iOS", "count": 2}]));
    let answer = service.ask("/api/v1/sites/shop/values/pages", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["did_you_mean"]), (400, &json!("page")));
}

#[tokio::test]
async fn the_schema_lists_the_sites_own_timings_and_tags() {
    let service = Service::start().await;
    let view = PageViewRow {
        timing_names: vec!["login_to_play".into()],
        timing_values: vec![8_123_000],
        tags: vec![("plan".into(), "pro".into())],
        ..service.view(HOUR_MS)
    };
    service.write(&[view]).await;
    let data = service.get("/api/v1/sites/shop/schema").await["data"].clone();
    assert_eq!(data["site"], json!({"key": "shop", "name": "The Shop"}));
    let named = |list: &str, name: &str| {
        data[list].as_array().unwrap().iter().find(|entry| entry["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(named("metrics", "lcp")["limits"], json!([2500, 4000]));
    assert_eq!(named("metrics", "cls")["levels"], json!([0.1, 0.25, 0.5]));
    assert_eq!(named("metrics", "timing:login_to_play")["kind"], "timing");
    assert_eq!(named("dimensions", "tag:plan")["label"], "plan");
    assert_eq!(named("dimensions", "page")["ops"], json!(["is", "not", "glob", "prefix", "set"]));
    assert_eq!(named("causes", "gave_up")["label"], "Left before it was there");
    let timing = service.get("/api/v1/sites/shop/summary?range=24h&metrics=timing:login_to_play").await;
    assert_eq!((&timing["data"][0]["count"], &timing["data"][0]["limits"]), (&json!(1), &Value::Null));
    let other = service.get("/api/v1/sites/blog/schema").await["data"].clone();
    assert!(!other.to_string().contains("login_to_play") && !other.to_string().contains("tag:plan"));
}

#[tokio::test]
async fn health_adds_up_and_says_whether_anything_ever_came() {
    let service = Service::start().await;
    let empty = service.get("/api/v1/sites/shop/health?range=1h").await["data"].clone();
    assert_eq!((&empty["waiting"], &empty["received"], &empty["fresh_to"]), (&json!(true), &json!(0), &Value::Null));
    service.write(&[service.view(0), PageViewRow { bot: "crawler".into(), ..service.view(0) }]).await;
    let outcomes = [
        ("accepted", "", 2),
        ("replaced", "newer", 3),
        ("replaced", "older", 1),
        ("filtered", "opted_out", 4),
        ("refused", "invalid_view", 5),
        ("field_drop", "metrics.lcp", 7),
        ("folded", "page", 9),
    ];
    service.outcomes("shop", &outcomes).await;
    service.outcomes("blog", &[("accepted", "", 100)]).await;
    service.clock.advance(1_000);
    service.progress().await;
    let health = service.get("/api/v1/sites/shop/health?range=2h").await["data"].clone();
    assert_eq!((&health["received"], &health["accepted"], &health["replaced"]), (&json!(15), &json!(2), &json!(4)));
    assert_eq!((&health["filtered"], &health["refused"]), (&json!({"opted_out": 4}), &json!({"invalid_view": 5})));
    assert_eq!((&health["field_drops"], &health["folded"]), (&json!({"metrics.lcp": 7}), &json!({"page": 9})));
    assert_eq!((&health["views"], &health["bot_share"], &health["waiting"]), (&json!(2), &json!(0.5), &json!(false)));
    let folded = service.get("/api/v1/sites/shop/summary?range=1h&metrics=happiness&f=page:is:/").await;
    assert_eq!(folded["meta"]["warnings"][0], "page: 9 values beyond the day's budget were folded into (other)");
}
