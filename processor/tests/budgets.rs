//! Strangers choose URLs: the known pages keep their exact counts, the junk becomes one row.

mod support;

use std::collections::BTreeMap;

use felt_schema::site::Site;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use support::{Beacon, Rig};

fn visits(from: u32, pages: impl Fn(u32) -> String, count: u32) -> Vec<Beacon> {
    let visit = |n: u32| {
        let body = format!(r#""url": "https://shop.example{}", "release": "1""#, pages(n));
        Beacon::new(&format!("view-{:05}", from + n), 0, i64::from(n), 10, &body)
    };
    (0..count).map(visit).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_pages_cost_one_row_and_known_pages_stay_exact() {
    let site = Site { key: "shop".into(), pages_max_per_day: 60, ..Site::default() };
    let rig = Rig::with_sites(vec![site], 1).await;
    // The real pages are known when the flood begins; they go on being visited during it.
    rig.append(&visits(0, |n| format!("/real-{}", char::from(b'a' + (n % 20) as u8)), 200)).await;
    rig.work_off().await;
    let flood = |n: u32| {
        if n.is_multiple_of(10) {
            format!("/real-{}", char::from(b'a' + (n / 10 % 20) as u8))
        } else {
            format!("/junk-{n}-x")
        }
    };
    rig.append(&visits(200, flood, 2_000)).await;
    // A new owner: it must learn the known pages from the store.
    rig.work_off().await;

    let pages = "SELECT uniqExact(page), countIf(page LIKE '/real-%') FROM \
                 (SELECT page FROM rollup_hour WHERE grouping = 'page' GROUP BY page)";
    assert_eq!(rig.line(pages).await, "61 20");
    let real = "SELECT min(n), max(n) FROM (SELECT page, sum(views) AS n FROM rollup_hour \
                WHERE grouping = 'page' AND page LIKE '/real-%' GROUP BY page)";
    assert_eq!(rig.line(real).await, "20 20");
    let other = "SELECT sum(views) FROM rollup_hour WHERE grouping = 'page' AND page = '(other)'";
    let folded = "SELECT sum(count) FROM outcomes WHERE outcome = 'folded' AND reason = 'page'";
    assert_eq!((rig.line(other).await, rig.line(folded).await), ("1760".into(), "1760".into()));
    // The raw path is kept for as long as raw rows are.
    assert_eq!(rig.line("SELECT uniqExact(path) FROM page_views").await, "1820");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_folds_as_the_first_try_did() {
    let site = Site { key: "shop".into(), pages_max_per_day: 5, ..Site::default() };
    let rig = Rig::with_sites(vec![site], 1).await;
    rig.append(&visits(0, |n| format!("/page-x{n}"), 20)).await;
    // Five pages are written; the next owner finds them in the store only in part of the tables.
    rig.crash_at("rollup_minute:after").await;
    rig.append(&visits(20, |n| format!("/late-x{n}"), 20)).await;
    rig.work_off().await;
    for table in ["rollup_minute", "rollup_hour", "rollup_day"] {
        let raw = "SELECT page, sum(sign) FROM page_views GROUP BY page ORDER BY page";
        let rolled =
            format!("SELECT page, sum(views) FROM {table} WHERE grouping = 'page' GROUP BY page ORDER BY page");
        assert_eq!(rig.query(raw).await, rig.query(&rolled).await, "{table}");
    }
}

const REAL_PAGES: usize = 120;
const DAY_MS: i64 = 86_400_000;

/// A day of a site under a flood: nine views in ten are junk in everything that a stranger can name, the tenth is on one of the
/// real pages, the n-th of which is visited 1/n as often as the first. Adds up what the real pages should show.
fn flood(random: &mut StdRng, wave: u32, day: i64, real: &mut BTreeMap<String, u64>) -> Vec<Beacon> {
    let letters = |mut n: u32| -> String {
        let mut text = String::new();
        for _ in 0..6 {
            text.push(char::from(b'a' + (n % 26) as u8));
            n /= 26;
        }
        text
    };
    let total: f64 = (1..=REAL_PAGES).map(|rank| 1.0 / rank as f64).sum();
    let mut views = Vec::new();
    for n in wave * 2_000..(wave + 1) * 2_000 {
        let junk = letters(n * 7_919 + 1);
        let (page, word) = if random.random_bool(0.9) {
            (format!("/{junk}/of-{junk}"), junk)
        } else {
            let mut left = random.random_range(0.0..total);
            let rank = (1..=REAL_PAGES).find(|rank| {
                left -= 1.0 / *rank as f64;
                left <= 0.0
            });
            let page = format!("/real/{}", letters(rank.unwrap_or(REAL_PAGES) as u32));
            *real.entry(page.clone()).or_default() += 1;
            (page, "known".to_owned())
        };
        let body = format!(
            r#""url": "https://shop.example{page}", "release": "{word}", "referrer": "https://{word}.example/",
               "tags": {{"{word}": "1", "plan": "{word}"}}, "metrics": {{"lcp": 1200}},
               "events": [{{"type": "timing", "at": 5, "name": "{word}", "value": 12}}]"#
        );
        let mut view = Beacon::new(&format!("view-{n:06}"), 0, day * DAY_MS + i64::from(n), 10, &body);
        view.ua = format!("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 {word}/1.2 Mobile Safari/537.36");
        views.push(view);
    }
    views
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_junk_costs_what_the_budgets_say_and_hides_no_real_page() {
    let site = Site {
        key: "shop".into(),
        pages_max_per_day: 800,
        releases_max_per_day: 100,
        tag_values_max_per_day: 100,
        ..Site::default()
    };
    let rig = Rig::with_sites(vec![site], 1).await;
    let mut random = StdRng::seed_from_u64(3);
    let waves = 3;
    let (mut first_day, mut second_day) = (BTreeMap::new(), BTreeMap::new());
    for (day, real) in [(0, &mut first_day), (1, &mut second_day)] {
        for wave in 0..waves {
            // Each wave meets a processor that was just started.
            rig.clock.set(support::NOW_MS + day * DAY_MS);
            rig.append(&flood(&mut random, u32::try_from(day).unwrap() * waves + wave, day, real)).await;
            rig.work_off().await;
        }
    }

    let distinct = "SELECT max(p), max(r), max(b), max(t) FROM (SELECT day, uniqExactIf(page, grouping = 'page') AS p, \
                    uniqExactIf(value, grouping = 'release') AS r, uniqExactIf(value, grouping = 'browser') AS b, \
                    uniqExactIf(metric, startsWith(metric, 'timing:')) AS t FROM rollup_hour GROUP BY day)";
    let found: Vec<u64> = rig.line(distinct).await.split(' ').map(|n| n.parse().unwrap()).collect();
    let [pages, releases, browsers, timings] = found[..] else { panic!("{found:?}") };
    assert!(pages <= 801 && releases <= 101 && browsers <= 101 && timings <= 101, "{found:?}");
    // Cells of an hour: the site, its pages twice (with the device), a country, releases, browsers; in each happiness, one
    // measured metric and the timings. A flood of 90 % junk over 12,000 views stays far below.
    let cells = rig.line("SELECT max(n) FROM (SELECT time, uniqExact(grouping, metric, page, value) AS n FROM rollup_hour GROUP BY time)");
    let cells: u64 = cells.await.parse().unwrap();
    assert!(cells <= (1 + 801 + 801 + 1 + 101 + 101) * (2 + 101), "{cells}");
    let raw = "SELECT uniqExactArray(mapKeys(tags)) <= 6 * 101, uniqExact(tags['plan']) <= 6 * 101 FROM page_views";
    assert_eq!(rig.line(raw).await, "1 1");

    // What is folded is told, dimension by dimension, and adds up.
    let other = "SELECT sum(views) FROM rollup_hour WHERE grouping = 'page' AND page = '(other)'";
    let folded = "SELECT sum(count) FROM outcomes WHERE outcome = 'folded' AND reason = 'page'";
    assert_eq!(rig.line(other).await, rig.line(folded).await);
    let told =
        "SELECT arrayStringConcat(arraySort(groupUniqArray(reason)), ' ') FROM outcomes WHERE outcome = 'folded'";
    let told = rig.line(told).await;
    for dimension in ["page", "release", "tag_name", "tag_value", "timing"] {
        assert!(told.split(' ').any(|reason| reason == dimension), "{dimension} is not among {told}");
    }

    // The real pages: on the first day each processor may have folded the first view of one that it did not know yet.
    let rows = rig.query("SELECT toString(day), page, sum(views) FROM rollup_hour WHERE grouping = 'page' AND page LIKE '/real/%' GROUP BY ALL").await;
    let shown = |day: &str, page: &str| -> u64 {
        let row = rows.iter().find(|row| row[0] == day && row[1] == page);
        row.and_then(|row| row[2].as_u64().or_else(|| row[2].as_str()?.parse().ok())).unwrap_or_default()
    };
    let mut by_views: Vec<(&String, &u64)> = first_day.iter().collect();
    by_views.sort_by_key(|(_, views)| std::cmp::Reverse(**views));
    for (page, views) in &by_views[..50] {
        let shown = shown("2035-11-22", page);
        assert!(shown <= **views && shown + u64::from(waves) >= **views, "{page}: {shown} of {views}");
    }
    // On the second day those that were shown are known, and exact.
    let mut exact = 0;
    for (page, _) in by_views[..50].iter().filter(|(page, _)| shown("2035-11-22", page) > 0) {
        assert_eq!(shown("2035-11-23", page), second_day.get(*page).copied().unwrap_or_default(), "{page}");
        exact += 1;
    }
    assert!(exact > 40, "only {exact} of the first fifty pages were known");
}
