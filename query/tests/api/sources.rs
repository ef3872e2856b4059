//! Rollups and single views say the same, and filters mean the same to both.

use super::support::{DAY_MS, HOUR_MS, Service, get, time};
use felt_schema::clock::day_of;
use felt_schema::rows::PageViewRow;
use serde_json::{Value, json};

/// Views of every kind, with values that follow no pattern of ours.
fn mixed(service: &Service, count: u32) -> Vec<PageViewRow> {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: u32| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as u32 % below
    };
    let pick = |n: u32, of: &[&str]| of[n as usize % of.len()].to_owned();
    (0..count)
        .map(|n| {
            let view = service.view(i64::from(next(20 * 3_600_000)));
            let level = [0, 0, 1, 2, 3, 255][next(6) as usize];
            let cause = pick(next(5), &["slow_open", "slow_react", "jumped", "broke", "gave_up"]);
            let maybe = |value: u32, present: u32| if present < 8 { value } else { u32::MAX };
            PageViewRow {
                page: pick(next(4), &["/", "/p/:id", "/checkout", "/50%_off"]),
                device: pick(next(3), &["mobile", "desktop", "tablet"]),
                country: pick(next(4), &["DE", "AT", "CH", ""]),
                browser: pick(next(3), &["Chrome", "Safari", "Firefox"]),
                release: pick(next(4), &["1.9", "1.10", "2.0.1", ""]),
                bot: if n % 17 == 0 { "crawler".into() } else { String::new() },
                cause: if (1..=3).contains(&level) { cause } else { String::new() },
                level,
                lcp: maybe(next(12_000_000), next(10)),
                inp: maybe(next(900_000), next(10)),
                cls: maybe(next(400_000), next(10)),
                fcp: maybe(next(6_000_000), next(10)),
                ttfb: maybe(next(3_000_000), next(10)),
                usable: maybe(next(9_000_000), next(10)),
                dns: maybe(next(200_000), next(10)),
                load: maybe(next(20_000_000), next(10)),
                timing_names: (0..next(3)).map(|_| "boot".to_owned()).chain(["x,y".to_owned()]).collect::<Vec<_>>(),
                ..view
            }
        })
        .map(|view| PageViewRow { timing_values: view.timing_names.iter().map(|_| view.lcp / 7).collect(), ..view })
        .collect()
}

#[tokio::test]
async fn rollups_and_single_views_agree_exactly() {
    let service = Service::start().await;
    let mut views = mixed(&service, 3_000);
    // Some were replaced: their earlier rows are taken back.
    let replaced: Vec<PageViewRow> =
        views.iter().step_by(5).map(|view| PageViewRow { lcp: 1, seq: 0, ..view.clone() }).collect();
    views.iter_mut().for_each(|view| view.seq = 1);
    service.write(&replaced).await;
    views.extend(replaced.into_iter().map(|view| PageViewRow { sign: -1, ..view }));
    service.write(&views).await;
    let raw = service.raw();

    let metrics = "metrics=happiness,lcp,inp,cls,fcp,ttfb,usable,load,timing:boot,timing:x%252Cy";
    let stats = "stats=p50,p75,p90,p95,p99,good,fair,poor,mean";
    let mut compared = 0;
    for who in ["humans", "bots", "all"] {
        for filter in [
            "",
            "&f=page:is:/checkout,/p/:id",
            "&f=page:not:/",
            "&f=page:glob:/p/*",
            "&f=page:glob:/50%25_o??",
            "&f=page:prefix:/ch&f=device:is:mobile",
            "&f=device:not:tablet",
            "&f=country:is:de,at",
            "&f=country:set",
            "&f=country:set:false",
            "&f=browser:prefix:S",
            "&f=release:gt:1.9",
            "&f=release:lt:1.10",
            "&f=release:set",
        ] {
            let common = format!("range=24h&who={who}&{metrics}&{stats}{filter}");
            for path in [
                format!("summary?{common}"),
                format!("series?{common}&step=1h"),
                format!("distribution?range=24h&who={who}&metric=lcp{filter}"),
            ] {
                compared += agree(&service, &raw, &path).await;
            }
        }
        for by in ["page", "device", "page,device", "device,page", "country", "release", "browser"] {
            compared +=
                agree(&service, &raw, &format!("breakdown?range=24h&who={who}&by={by}&{metrics}&{stats}")).await;
            compared +=
                agree(&service, &raw, &format!("breakdown?range=24h&who={who}&by={by}&limit=2&order=-lcp.p90")).await;
        }
        compared += agree(&service, &raw, &format!("summary?range=24h&who={who}&metrics=dns,request&{stats}")).await;
        compared += agree(&service, &raw, &format!("breakdown?range=24h&who={who}&by=page&metrics=dns&{stats}")).await;
    }
    assert_eq!(compared, 3 * (14 * 3 + 7 * 2 + 2));
}

/// Compares everything but the name of the source.
async fn agree(service: &Service, raw: &axum::Router, path: &str) -> usize {
    let path = format!("/api/v1/sites/shop/{path}");
    let (mut rolled, mut single) = (service.get(&path).await, get(raw, &path).await);
    let source = |answer: &mut Value| answer["meta"]["source"].take();
    assert_eq!((source(&mut rolled), source(&mut single)), (json!("rollup"), json!("raw")), "{path}");
    assert_eq!(rolled, single, "{path}");
    1
}

#[tokio::test]
async fn minutes_and_hours_join_at_any_minute() {
    let service = Service::start().await;
    service.write(&mixed(&service, 1_000)).await;
    let raw = service.raw();
    let start_ms = service.now_ms().div_euclid(HOUR_MS) * HOUR_MS - 15 * HOUR_MS;
    for (from_min, to_min) in [(0, 60), (1, 59), (7, 455), (60, 180), (59, 61), (13, 14)] {
        let (from, to) =
            (super::support::time(start_ms + from_min * 60_000), super::support::time(start_ms + to_min * 60_000));
        agree(&service, &raw, &format!("summary?from={from}&to={to}")).await;
        agree(&service, &raw, &format!("series?from={from}&to={to}&step=5m&metrics=lcp")).await;
    }
}

/// The same spread over as many days, each view received as it began.
fn over_days(service: &Service, count: u32, days: i64) -> Vec<PageViewRow> {
    let mut views = mixed(service, count);
    for (n, view) in (0..).zip(&mut views) {
        view.started_at -= n % days * DAY_MS;
        view.received_at = view.started_at + 5_000;
        view.day = day_of(view.received_at);
    }
    views
}

#[tokio::test]
async fn days_hours_and_minutes_join_at_any_edge() {
    let service = Service::start().await;
    service.write(&over_days(&service, 2_000, 6)).await;
    let raw = service.raw();
    let midnight_ms = service.now_ms().div_euclid(DAY_MS) * DAY_MS - 5 * DAY_MS;
    let minute_ms = HOUR_MS / 60;
    for (from_ms, to_ms) in [
        (0, 2 * DAY_MS),
        (-3 * HOUR_MS, 2 * DAY_MS + HOUR_MS + minute_ms),
        (7 * minute_ms, 3 * DAY_MS - minute_ms),
        (HOUR_MS, 2 * DAY_MS - HOUR_MS),
        (-minute_ms, DAY_MS + minute_ms),
        (-HOUR_MS, 7 * DAY_MS),
    ] {
        let window = format!("from={}&to={}", time(midnight_ms + from_ms), time(midnight_ms + to_ms));
        for zone in ["UTC", "Europe/Berlin", "Asia/Kolkata"] {
            agree(&service, &raw, &format!("series?{window}&tz={zone}&step=1d&metrics=happiness,lcp")).await;
        }
        agree(&service, &raw, &format!("series?{window}&step=1h&metrics=happiness,lcp")).await;
        agree(&service, &raw, &format!("summary?{window}&f=page:is:/checkout&f=device:is:mobile")).await;
        agree(&service, &raw, &format!("breakdown?{window}&by=page,device&order=-lcp.p90")).await;
        agree(&service, &raw, &format!("compare?{window}&by=page&metrics=happiness,lcp")).await;
        agree(&service, &raw, &format!("breakdown?{window}&by=device&metrics=happiness,lcp,timing:boot")).await;
        agree(&service, &raw, &format!("summary?{window}&f=device:not:mobile")).await;
    }
}

#[tokio::test]
async fn a_day_of_arrival_that_does_not_add_up_is_read_by_the_hour() {
    let service = Service::start().await;
    service.write(&over_days(&service, 1_200, 6)).await;
    let day =
        |ago: i64| time((service.now_ms().div_euclid(DAY_MS) - ago) * DAY_MS).split('T').next().unwrap().to_owned();
    for broken in [
        // A range that was written by the hour and not yet, or by an older version never, by the day.
        format!("ALTER TABLE rollup_day DROP PARTITION '{}'", day(2)),
        // A range that was filled from hours and then written by its replay.
        format!(
            "INSERT INTO rollup_day SELECT * REPLACE(views * 2 AS views) FROM rollup_day WHERE day = '{}' AND page IN ('', '/')",
            day(3)
        ),
        // Only its values, not its views, are there twice.
        format!("INSERT INTO rollup_day SELECT * FROM rollup_day WHERE day = '{}' AND metric = 'inp'", day(4)),
        // An older version knows no devices over all pages, and two that sum them up at once may do it twice.
        format!(
            "ALTER TABLE rollup_day DELETE WHERE grouping = 'device' AND day = '{}' SETTINGS mutations_sync = 1",
            day(1)
        ),
        format!("INSERT INTO rollup_day SELECT * FROM rollup_day WHERE day = '{}' AND grouping = 'device'", day(5)),
    ] {
        service.store.execute(&broken).await.unwrap();
    }
    let raw = service.raw();
    let midnight_ms = service.now_ms().div_euclid(DAY_MS) * DAY_MS;
    let window = format!("from={}&to={}", time(midnight_ms - 5 * DAY_MS), time(midnight_ms));
    for path in
        ["summary?", "breakdown?by=page&", "series?step=1d&", "breakdown?by=device&", "summary?f=device:is:mobile&"]
            .map(|question| format!("{question}{window}"))
    {
        agree(&service, &raw, &path).await;
    }
}

#[tokio::test]
async fn whole_days_are_read_by_the_day() {
    let service = Service::start().await;
    service.write(&over_days(&service, 600, 6)).await;
    // One view more of a page, which the site's own cells do not tell: whoever reads the day sees it.
    let sql = "INSERT INTO rollup_day SELECT * REPLACE(toInt64(1) AS views) FROM rollup_day \
               WHERE metric = 'happiness' AND grouping = 'page' AND page = '/checkout' AND bot = 0 LIMIT 1 BY day";
    service.store.execute(sql).await.unwrap();
    let raw = service.raw();
    let views = async |router: &axum::Router, window: &str| {
        let path = format!("/api/v1/sites/shop/summary?{window}&f=page:is:/checkout&metrics=happiness");
        get(router, &path).await["meta"]["views"].as_i64().unwrap()
    };
    let midnight_ms = service.now_ms().div_euclid(DAY_MS) * DAY_MS;
    let days = format!("from={}&to={}", time(midnight_ms - 3 * DAY_MS), time(midnight_ms));
    assert!(views(&service.router, &days).await > views(&raw, &days).await);
    let hours = format!("from={}&to={}", time(midnight_ms - DAY_MS + HOUR_MS), time(midnight_ms));
    assert_eq!(views(&service.router, &hours).await, views(&raw, &hours).await);
    // What pages tell of devices is not looked at where devices are asked for alone.
    let sql = "INSERT INTO rollup_day SELECT * FROM rollup_day WHERE grouping = 'page_device'";
    service.store.execute(sql).await.unwrap();
    agree(&service, &raw, &format!("breakdown?{days}&by=device")).await;
}

#[tokio::test]
async fn filters_that_only_single_views_know_find_what_they_say() {
    let service = Service::start().await;
    let os = |os: &str, version: &str, plan: &str| PageViewRow {
        os: os.into(),
        browser_version: version.into(),
        tags: if plan.is_empty() { vec![] } else { vec![("plan".into(), plan.into()), ("size".into(), "12".into())] },
        ..service.view(HOUR_MS)
    };
    service
        .write(&[
            os("iOS", "9.8", "pro"),
            os("iOS", "10.2", "free"),
            os("Android", "10.10.1", ""),
            os("o'reilly", "new", "x' OR 1=1 --"),
            os("back\\slash", "", "ü,ö"),
        ])
        .await;
    for (filter, views) in [
        ("os:is:iOS", 2),
        ("os:not:iOS,Android", 2),
        ("browser_version:gt:9.9", 2),
        ("browser_version:lt:10.10", 2),
        ("tag:plan:is:pro", 1),
        ("tag:plan:set", 4),
        ("tag:plan:set:false", 1),
        ("tag:size:gt:9.5", 4),
        ("tag:size:lt:9.5", 0),
        ("tag:plan:is:%C3%BC%2C%C3%B6", 1),
        ("os:is:o%27reilly", 1),
        ("os:is:back%5Cslash", 1),
        ("os:prefix:back%5C", 1),
        ("os:glob:*%5C*", 1),
        ("os:glob:*%25*", 0),
        // Injections are values like any other.
        ("os:is:x%27%20OR%201%3D1%20--", 0),
        ("tag:plan:is:x%27%20OR%201%3D1%20--", 1),
        ("os:is:%27%29%20OR%20%281%3D1", 0),
        ("os:glob:%25", 0),
        ("tag:%27%5D%20OR%201%3D1%20--:is:x", 0),
        ("os:is:%7Bsite:String%7D", 0),
        ("os:is:%5C", 0),
    ] {
        let answer = service.get(&format!("/api/v1/sites/shop/summary?range=24h&metrics=happiness&f={filter}")).await;
        assert_eq!((&answer["meta"]["views"], &answer["meta"]["source"]), (&json!(views), &json!("raw")), "{filter}");
    }
    let groups = service.get("/api/v1/sites/shop/breakdown?range=24h&by=tag:plan,os&metrics=happiness&order=os").await;
    assert_eq!(groups["meta"]["groups"], 5);
    let injected = service.get("/api/v1/sites/shop/breakdown?range=24h&by=tag:%27%5D)%20--&metrics=lcp").await;
    assert_eq!((&injected["meta"]["groups"], &injected["data"][0]["views"]), (&json!(1), &json!(5)));
}
