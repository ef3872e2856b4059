//! Two times and two releases compared: like with like, with an interval, and without crying wolf.

use super::support::{DAY_MS, HOUR_MS, Service, judged, time};
use axum::http::StatusCode;
use felt_schema::anchors::Level;
use felt_schema::happiness::Cause;
use felt_schema::rows::PageViewRow;
use serde_json::Value;

/// Chance that is the same on every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }
}

/// Views of a week: phones wait two seconds longer than desktops, and are less happy; `more_ms` is what phones wait beyond that.
fn week(
    service: &Service,
    chance: &mut Chance,
    (from_ago_ms, views): (i64, u32),
    phones: u32,
    more_ms: u32,
) -> Vec<PageViewRow> {
    (0..views)
        .map(|_| {
            let ago_ms = from_ago_ms - i64::from(chance.below(7 * 24 * 3600 - 120)) * 1000 - 60_000;
            let phone = chance.below(100) < phones;
            let lcp_ms = 600 + chance.below(1_600) + if phone { 2_000 + more_ms } else { 0 };
            let view = PageViewRow {
                device: if phone { "mobile" } else { "desktop" }.into(),
                country: ["DE", "AT"][chance.below(2) as usize].into(),
                lcp: lcp_ms * 1_000,
                ..service.view(ago_ms)
            };
            let painful = phone && chance.below(100) < 50 + more_ms / 50;
            if painful {
                judged(view, Level::Painful, Some(Cause::SlowOpen))
            } else {
                judged(view, Level::Delighted, None)
            }
        })
        .collect()
}

/// The whole hour that has begun, so that the windows of the tests are weeks to the hour.
fn hour_ms(service: &Service) -> i64 {
    service.now_ms().div_euclid(HOUR_MS) * HOUR_MS
}

/// `from` and `to` of the week that ended so many days before the current hour.
fn week_before(service: &Service, days: i64) -> String {
    let to_ms = hour_ms(service) - days * DAY_MS;
    format!("from={}&to={}", time(to_ms - 7 * DAY_MS), time(to_ms))
}

fn row<'a>(answer: &'a Value, metric: &str) -> &'a Value {
    let rows = answer["data"].as_array().unwrap();
    rows.iter().find(|row| row["metric"] == metric).unwrap_or_else(|| panic!("{metric} in {answer}"))
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} in {row}"))
}

/// How long ago the current hour began, and so the windows of [`week_before`] end.
fn since_hour_ms(service: &Service) -> i64 {
    service.now_ms() - hour_ms(service)
}

#[tokio::test]
async fn more_phones_alone_are_no_regression_but_slower_phones_are() {
    let service = Service::start().await;
    let mut chance = Chance(3);
    let end = since_hour_ms(&service);
    let mut views = week(&service, &mut chance, (end + 7 * DAY_MS, 6_000), 70, 0);
    views.extend(week(&service, &mut chance, (end + 14 * DAY_MS, 6_000), 30, 0));
    service.write(&views).await;
    let question = format!("/api/v1/sites/shop/compare?{}&metrics=happiness,lcp", week_before(&service, 0));
    let answer = service.get(&question).await;
    assert_eq!(answer["query"]["vs"]["to"], answer["query"]["from"], "{answer}");
    for (metric, unit) in [("lcp", "ms"), ("happiness", "score")] {
        let row = row(&answer, metric);
        assert_eq!((&row["unit"], &row["matched"]), (&Value::from(unit), &Value::from(true)), "{row}");
        assert_eq!(row["matched_on"], "device,country,hour_of_day", "{row}");
        assert_eq!(row["verdict"], "no_difference", "{row}");
        let (low, high) = (number(row, "difference_low"), number(row, "difference_high"));
        assert!(low < 0.0 && high > 0.0 && low <= number(row, "difference"), "{row}");
        // The same side is told as `summary` tells it.
        assert_eq!(row["value"], row["plain_value"]);
    }
    let plain = number(row(&answer, "happiness"), "plain_difference");
    assert!(plain < -10.0, "as it is, it looks like a fall: {answer}");
    assert!(number(row(&answer, "lcp"), "plain_difference") > 100.0, "{answer}");

    // The week before those: phones were quicker, and there were fewer of them.
    let earlier = week(&service, &mut chance, (end + 21 * DAY_MS, 6_000), 50, 0);
    let slower = week(&service, &mut chance, (end + 28 * DAY_MS, 6_000), 60, 900);
    service.write(&earlier).await;
    service.write(&slower).await;
    let question = format!("/api/v1/sites/shop/compare?{}&vs=prev&metrics=lcp,happiness", week_before(&service, 14));
    let answer = service.get(&question).await;
    let lcp = row(&answer, "lcp");
    assert_eq!(lcp["verdict"], "better", "{lcp}");
    assert!(number(lcp, "difference") < 0.0 && number(lcp, "difference_high") < 0.0, "{lcp}");
    assert_eq!(row(&answer, "happiness")["verdict"], "better");
    let happiness = row(&answer, "happiness");
    assert!((number(happiness, "unhappiness") + number(happiness, "value") - 100.0).abs() < 1e-6);
}

#[tokio::test]
async fn what_has_no_counterpart_is_left_out_and_named() {
    let service = Service::start().await;
    let mut chance = Chance(5);
    let end = since_hour_ms(&service);
    let mut views = week(&service, &mut chance, (end + 7 * DAY_MS, 2_000), 50, 0);
    views.extend(week(&service, &mut chance, (end + 14 * DAY_MS, 2_000), 50, 0));
    // A country that was not there before, far away and slow.
    let abroad = week(&service, &mut chance, (end + 7 * DAY_MS, 600), 100, 3_000);
    views.extend(abroad.into_iter().map(|view| PageViewRow { country: "BR".into(), ..view }));
    service.write(&views).await;
    let answer =
        service.get(&format!("/api/v1/sites/shop/compare?{}&metrics=lcp,happiness", week_before(&service, 0))).await;
    let lcp = row(&answer, "lcp");
    assert_eq!((lcp["verdict"].as_str(), lcp["count"].as_i64()), (Some("no_difference"), Some(2_000)), "{lcp}");
    assert!(number(lcp, "plain_value") > number(lcp, "value"), "{lcp}");
    let warnings = answer["meta"]["warnings"].to_string();
    assert!(
        warnings.contains("600 page views have no counterpart") && warnings.contains("mobile in BR (600)"),
        "{warnings}"
    );
}

#[tokio::test]
async fn times_of_which_only_rollups_are_left_are_matched_by_device() {
    let service = Service::start().await;
    let mut chance = Chance(9);
    let end = since_hour_ms(&service);
    let mut views = week(&service, &mut chance, (end + 42 * DAY_MS, 4_000), 70, 0);
    views.extend(week(&service, &mut chance, (end + 49 * DAY_MS, 4_000), 30, 0));
    service.write(&views).await;
    let answer =
        service.get(&format!("/api/v1/sites/shop/compare?{}&metrics=lcp,happiness", week_before(&service, 35))).await;
    assert_eq!(answer["meta"]["source"], "rollup");
    for metric in ["lcp", "happiness"] {
        let row = row(&answer, metric);
        assert_eq!(
            (row["verdict"].as_str(), row["matched_on"].as_str()),
            (Some("no_difference"), Some("device,hour_of_day")),
            "{row}"
        );
    }
    assert!(answer["meta"]["warnings"].to_string().contains("the mix of countries is not evened out"), "{answer}");
    // From single views it is the same, where both can say it.
    let recent = week(&service, &mut chance, (end + 7 * DAY_MS, 3_000), 60, 0);
    service.write(&recent).await;
    let before = week(&service, &mut chance, (end + 14 * DAY_MS, 3_000), 40, 400);
    service.write(&before).await;
    let question = format!("/api/v1/sites/shop/compare?{}&metrics=lcp&f=country:is:DE", week_before(&service, 0));
    let answer = service.get(&question).await;
    assert_eq!(row(&answer, "lcp")["verdict"], "better", "{answer}");
}

#[tokio::test]
async fn pages_that_moved_come_first_and_chance_is_not_called_a_change() {
    let service = Service::start().await;
    let mut chance = Chance(13);
    let end = since_hour_ms(&service);
    let mut views = Vec::new();
    for page in 0..30 {
        let more = if page == 17 { 900 } else { 0 };
        for (ago, more) in [(7, more), (14, 0)] {
            let of_page = week(&service, &mut chance, (end + ago * DAY_MS, 400), 50, more);
            views.extend(of_page.into_iter().map(|view| PageViewRow { page: format!("/p{page}"), ..view }));
        }
    }
    views.extend(week(&service, &mut chance, (end + 7 * DAY_MS, 60), 50, 0));
    service.write(&views).await;
    let answer = service
        .get(&format!("/api/v1/sites/shop/compare?{}&metrics=lcp,happiness&by=page&limit=40", week_before(&service, 0)))
        .await;
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(rows.len(), 62);
    assert_eq!((rows[0]["page"].as_str(), rows[0]["verdict"].as_str()), (Some("/p17"), Some("worse")), "{}", rows[0]);
    assert_eq!(rows[0]["matched_on"], "device");
    let cried: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "worse" && row["page"] != "/p17").collect();
    assert!(cried.is_empty(), "{cried:?}");
    assert!(rows.iter().any(|row| row["page"] == "/" && row["verdict"] == "too_few"));
    assert!(answer["meta"]["warnings"].to_string().contains("Benjamini-Hochberg"));
    assert_eq!(answer["meta"]["groups"], 31);
}

#[tokio::test]
async fn a_release_is_compared_with_another_and_with_all_others() {
    let service = Service::start().await;
    let mut chance = Chance(21);
    let end = since_hour_ms(&service);
    let mut views = Vec::new();
    for (release, more) in [("410", 0), ("411", 900)] {
        let of_release = week(&service, &mut chance, (end + 7 * DAY_MS, 2_000), 50, more);
        views.extend(of_release.into_iter().map(|view| PageViewRow { release: release.into(), ..view }));
    }
    service.write(&views).await;
    for filter in ["&f=release:is:411", ""] {
        let question =
            format!("/api/v1/sites/shop/compare?{}&metrics=lcp&vs=release:410{filter}", week_before(&service, 0));
        let answer = service.get(&question).await;
        let lcp = row(&answer, "lcp");
        assert_eq!((lcp["verdict"].as_str(), lcp["count"].as_i64()), (Some("worse"), Some(2_000)), "{lcp}");
        assert_eq!(answer["query"]["vs"]["release"], "410");
    }
    let itself = service.ask("/api/v1/sites/shop/compare?vs=release:4&f=release:is:4", &[]).await;
    assert_eq!(itself.status, StatusCode::BAD_REQUEST);
    assert!(itself.text().contains("with itself"), "{}", itself.text());
}

#[tokio::test]
async fn each_release_is_compared_with_the_one_before_it_whatever_it_is_called() {
    let service = Service::start().await;
    let mut chance = Chance(22);
    let end = since_hour_ms(&service);
    let mut views = Vec::new();
    for (weeks_ago, release, more) in [(3, "b", 0), (2, "c", 900), (1, "a", 0)] {
        let of_release = week(&service, &mut chance, (end + weeks_ago * 7 * DAY_MS, 2_000), 50, more);
        views.extend(of_release.into_iter().map(|view| PageViewRow { release: release.into(), ..view }));
    }
    service.write(&views).await;
    let to_ms = hour_ms(&service);
    let time = format!("from={}&to={}", time(to_ms - 21 * DAY_MS), time(to_ms));
    let ask = |more: &str| format!("/api/v1/sites/shop/compare?{time}&metrics=lcp,happiness&vs={more}");

    let mut each = service.get(&ask("release&by=release")).await;
    assert_eq!((each["meta"]["groups"].as_u64(), each["meta"]["views"].as_i64()), (Some(2), Some(4_000)), "{each}");
    let mut named = Vec::new();
    for (release, before, verdict) in [("a", "c", "better"), ("c", "b", "worse")] {
        let by_name = service.get(&ask(&format!("release:{before}&f=release:is:{release}"))).await;
        let by_order = service.get(&ask(&format!("release&f=release:is:{release}"))).await;
        assert_eq!((&by_order["data"], &by_order["query"]["vs"]), (&by_name["data"], &by_name["query"]["vs"]));
        assert_eq!(row(&by_name, "lcp")["verdict"], verdict, "{by_name}");
        named.extend(by_name["data"].as_array().unwrap().iter().map(|row| (release, before, row.clone())));
    }
    for (row, (release, before, of_pair)) in each["data"].as_array_mut().unwrap().iter_mut().zip(named) {
        let row = row.as_object_mut().unwrap();
        assert_eq!((row.remove("release"), row.remove("vs_release")), (Some(release.into()), Some(before.into())));
        assert_eq!(Value::from(row.clone()), of_pair);
    }
    // None is named: the newest.
    let newest = service.get(&ask("release&by=page")).await;
    let by_name = service.get(&ask("release:c&f=release:is:a&by=page")).await;
    assert_eq!((&newest["data"], &newest["query"]["vs"]["release"]), (&by_name["data"], &"c".into()));

    let one = service.get(&ask("release&by=release&limit=1")).await;
    assert_eq!(one["data"].as_array().unwrap().len(), 2, "{one}");
    assert!(one["meta"]["warnings"].to_string().contains("of 2 releases the newest 1"), "{one}");
    for (filter, words) in
        [("b", "no page view of this time is of an earlier release"), ("z", "in this time no page view")]
    {
        let none = service.get(&ask(&format!("release&f=release:is:{filter}"))).await;
        assert_eq!(none["data"], Value::Array(vec![]), "{none}");
        assert!(none["meta"]["warnings"].to_string().contains(words), "{none}");
    }
    for (filter, words) in
        [("f=release:not:a", "name it in `f=release:is:NAME`"), ("by=release&f=release:is:a", "leave `release` out")]
    {
        let refused = service.ask(&ask(&format!("release&{filter}")), &[]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{filter}");
        assert!(refused.text().contains(words), "{}", refused.text());
    }
}

#[tokio::test]
async fn too_few_are_not_judged_and_a_wrong_vs_says_how_to_mend_it() {
    let service = Service::start().await;
    let mut chance = Chance(2);
    let mut views = week(&service, &mut chance, (7 * DAY_MS, 90), 50, 3_000);
    views.extend(week(&service, &mut chance, (14 * DAY_MS, 2_000), 50, 0));
    service.write(&views).await;
    let answer = service.get("/api/v1/sites/shop/compare?metrics=lcp,happiness,inp").await;
    for metric in ["lcp", "happiness", "inp"] {
        assert_eq!(row(&answer, metric)["verdict"], "too_few", "{answer}");
    }
    assert_eq!((&row(&answer, "inp")["value"], row(&answer, "inp")["count"].as_i64()), (&Value::Null, Some(0)));
    for (vs, words) in [
        ("previous", "prev"),
        ("week&range=28d", "vs=prev"),
        ("release:", "release:411"),
        ("2026-01-01/soon", "RFC 3339"),
    ] {
        let answer = service.ask(&format!("/api/v1/sites/shop/compare?vs={vs}"), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{vs}");
        assert!(answer.text().contains(words), "{vs}: {}", answer.text());
    }
    let csv = service.ask("/api/v1/sites/shop/compare?metrics=lcp", &[("accept", "text/csv")]).await.text();
    assert!(csv.starts_with("metric,unit,stat,value,count,vs_value"), "{csv}");
    let empty = service.get("/api/v1/sites/blog/compare?by=page").await;
    assert_eq!(empty["data"], Value::Array(vec![]));
}
