//! Fills a migrated ClickHouse with page views of the last 28 days, made from numbers inside it, and rolls them up in SQL.
//!
//! Only for benches: what the processor would have written is worked out a second time here, from the tables' documentation.

use anyhow::{Context, Result, ensure};
use felt_schema::histogram::sql_bucket;

const DAYS: u64 = 28;
/// Days back that minutes are made for: no call of the benches asks for more.
const MINUTE_DAYS: u64 = 2;
/// Page views a day above which the days before yesterday are yesterday again, with other ids: that is ten times as fast.
const MADE_A_DAY_MAX: u64 = 1_000_000;
/// Page views in one insert: more need more memory than the engine has.
const INSERT_VIEWS: u64 = 900_000;
const METRICS: [(&str, u32, u32); 5] = [
    ("lcp", 2_500_000, 4_000_000),
    ("inp", 200_000, 500_000),
    ("cls", 100_000, 250_000),
    ("fcp", 1_800_000, 3_000_000),
    ("ttfb", 800_000, 1_800_000),
];
/// Groupings that are counted from page views; pages and the site are summed from the first.
const GROUPINGS: [(&str, &str, &str); 4] = [
    ("page_device", "page", "device"),
    ("country", "''", "country"),
    ("release", "''", "release"),
    ("browser", "''", "browser"),
];
const COUNTERS: &str = "views, valid, total_micro, good, fair, poor, delighted, annoying, painful, brutal, slow_open";

/// Makes `views` page views of the site `shop` and their rollups, day by day.
///
/// # Errors
/// ClickHouse's, with the statement.
pub async fn fill(engine: &str, views: u64) -> Result<()> {
    let http = reqwest::Client::new();
    let a_day = views / DAYS;
    for ago in 0..DAYS {
        if ago > 1 && a_day > MADE_A_DAY_MAX {
            for statement in yesterday_again(ago) {
                run(&http, engine, &statement).await?;
            }
            continue;
        }
        for first in (0..a_day).step_by(INSERT_VIEWS as usize) {
            run(&http, engine, &page_views(ago, a_day, first..a_day.min(first + INSERT_VIEWS))).await?;
        }
        for (table, unit) in [("rollup_hour", "toStartOfHour"), ("rollup_minute", "toStartOfMinute")] {
            if table == "rollup_minute" && ago >= MINUTE_DAYS {
                continue;
            }
            for grouping in GROUPINGS {
                for metric in METRICS {
                    run(&http, engine, &metric_cells(table, unit, ago, grouping, metric)).await?;
                }
                run(&http, engine, &happiness_cells(table, unit, ago, grouping)).await?;
            }
            for (of, name, page) in [("page_device", "page", "page"), ("page", "site", "''")] {
                run(&http, engine, &summed((table, of), (table, name), ago, ("time", page, "''"))).await?;
            }
        }
        for (name, ..) in GROUPINGS.into_iter().chain([("page", "", ""), ("site", "", "")]) {
            let day = "toDateTime(toStartOfDay(time), 'UTC')";
            run(&http, engine, &summed(("rollup_hour", name), ("rollup_day", name), ago, (day, "page", "value")))
                .await?;
        }
        let devices = summed(("rollup_day", "page_device"), ("rollup_day", "device"), ago, ("time", "''", "value"));
        run(&http, engine, &devices).await?;
    }
    Ok(())
}

async fn run(http: &reqwest::Client, engine: &str, sql: &str) -> Result<()> {
    let answer = http.post(format!("{engine}/?wait_end_of_query=1&database=felt")).body(sql.to_owned()).send().await?;
    let status = answer.status();
    let text = answer.text().await.context("no answer")?;
    ensure!(status.is_success(), "{status}: {text}\n{sql}");
    Ok(())
}

/// A log-normal value with this median, in micro units; the rest of the number decides nothing else.
fn lognormal(median: u32, sigma: f64, salt: u32) -> String {
    format!("toUInt32({median} * exp({sigma} * randNormal(0, 1, {salt})))")
}

fn page_views(ago: u64, views: u64, some: std::ops::Range<u64>) -> String {
    let at = format!("toDateTime64(toStartOfDay(now('UTC')) - INTERVAL {ago} DAY, 3, 'UTC')");
    format!(
        "INSERT INTO page_views (site, view, seq, sign, day, received_at, started_at, session, page, path, nav, country, device, os, \
           browser, browser_version, release, status, level, cause, sample_rate, lcp, inp, cls, fcp, ttfb, usable, redirect, dns, connect, \
           tls, request, response, dom_interactive, dom_content_loaded, load, first_hidden_ms, left_ms, log_offset) \
         SELECT 'shop', lower(hex(sipHash64(number, {ago}))), 0, 1, toDate(started), started, started, lower(hex(sipHash64(intDiv(number, 4), {ago}, 's'))), \
           concat('/page-', toString(toUInt32(pow(rand(1) / 4294967296, 3) * 200))), '/', 'navigate', \
           ['DE','FR','GB','US','BR','IN','PL','AT'][1 + rand(2) % 8], ['mobile','desktop','tablet'][1 + intDiv(rand(3) % 100, 45)], \
           ['Android','iOS','Windows','macOS'][1 + rand(4) % 4], ['Chrome','Safari','Firefox','Edge'][1 + rand(5) % 4], '149', \
           toString(410 + intDiv({ago}, 7)), 200, least(3, intDiv(lcp_value, 2500000)), if(lcp_value > 2500000, 'slow_open', ''), 1, \
           lcp_value, {inp}, {cls}, {fcp}, {ttfb}, m, 0, 12000, 30000, 18000, 210000, 40000, 900000, 950000, 2100000, m, 20000, number \
         FROM (SELECT number, 4294967295 AS m, {lcp} AS lcp_value, \
           {at} + toIntervalMillisecond(number * intDiv(86400000, {views})) AS started FROM numbers({first}, {count})) \
         WHERE started < now64(3, 'UTC') SETTINGS max_partitions_per_insert_block = 100",
        lcp = lognormal(1_600_000, 0.6, 11),
        inp = lognormal(110_000, 0.7, 12),
        cls = lognormal(30_000, 1.0, 13),
        fcp = lognormal(900_000, 0.5, 14),
        ttfb = lognormal(300_000, 0.5, 15),
        first = some.start,
        count = some.end - some.start,
    )
}

/// Page views of yesterday and their hours and days, as of a day before.
fn yesterday_again(ago: u64) -> [String; 3] {
    let (shift, release) = (ago - 1, format!("toString(410 + intDiv({ago}, 7))"));
    // Within a sub-select, where the names are not yet those of the result.
    let yesterday = |table: &str| format!("(SELECT * FROM {table} WHERE day = toDate(now('UTC')) - 1)");
    let id = |name: &str| format!("lower(hex(sipHash64({name}, {ago}))) AS {name}");
    let views = format!(
        "INSERT INTO page_views SELECT * REPLACE (day - {shift} AS day, started_at - toIntervalDay({shift}) AS started_at, \
           received_at - toIntervalDay({shift}) AS received_at, {}, {}, {release} AS release) FROM {} \
         SETTINGS min_insert_block_size_rows = 400000",
        id("view"),
        id("session"),
        yesterday("page_views")
    );
    let cells = ["rollup_hour", "rollup_day"].map(|table| {
        format!(
            "INSERT INTO {table} SELECT * REPLACE (day - {shift} AS day, time - toIntervalDay({shift}) AS time, \
               if(grouping = 'release', {release}, value) AS value) FROM {}",
            yesterday(table)
        )
    });
    let [hours, days] = cells;
    [views, hours, days]
}

/// Values are counted by bucket first: a map for each of a hundred million values would take an hour.
fn metric_cells(table: &str, unit: &str, ago: u64, grouping: (&str, &str, &str), metric: (&str, u32, u32)) -> String {
    let ((name, page, value), (metric, good, fair)) = (grouping, metric);
    format!(
        "INSERT INTO {table} (site, grouping, metric, bot, time, page, value, day, valid, total_micro, good, fair, poor, histogram) \
         SELECT 'shop', '{name}', '{metric}', 0, t, p, v, d, sum(n), sum(total), sum(g), sum(f), sum(b), sumMap(map(bucket, n)) \
         FROM (SELECT {unit}(started_at) AS t, {page} AS p, {value} AS v, day AS d, {bucket} AS bucket, toInt64(count()) AS n, \
             toInt64(sum({metric})) AS total, toInt64(countIf({metric} <= {good})) AS g, \
             toInt64(countIf({metric} > {good} AND {metric} <= {fair})) AS f, toInt64(countIf({metric} > {fair})) AS b \
           FROM page_views WHERE day = toDate(now('UTC')) - {ago} AND {metric} != 4294967295 GROUP BY t, p, v, d, bucket) \
         GROUP BY t, p, v, d",
        bucket = sql_bucket(metric),
    )
}

/// Cells of a grouping from those of a finer one, or of a longer unit from those of a shorter.
fn summed(
    (of_table, of): (&str, &str),
    (table, name): (&str, &str),
    ago: u64,
    (time, page, value): (&str, &str, &str),
) -> String {
    let sums: Vec<String> = COUNTERS.split(", ").map(|counter| format!("sum({counter})")).collect();
    format!(
        "INSERT INTO {table} (site, grouping, metric, bot, time, page, value, day, {COUNTERS}, histogram) \
         SELECT site, '{name}', metric, bot, {time} AS t, {page} AS p, {value} AS v, day, {}, sumMap(histogram) FROM {of_table} \
         WHERE grouping = '{of}' AND day = toDate(now('UTC')) - {ago} GROUP BY site, metric, bot, t, p, v, day",
        sums.join(", ")
    )
}

fn happiness_cells(table: &str, unit: &str, ago: u64, grouping: (&str, &str, &str)) -> String {
    let (name, page, value) = grouping;
    format!(
        "INSERT INTO {table} (site, grouping, metric, bot, time, page, value, day, views, valid, delighted, annoying, painful, brutal, \
           slow_open) \
         SELECT site, '{name}', 'happiness', 0, {unit}(started_at) AS t, {page} AS p, {value} AS v, day, count(), countIf(level < 4), \
           countIf(level = 0), countIf(level = 1), countIf(level = 2), countIf(level = 3), countIf(cause = 'slow_open') \
         FROM page_views WHERE day = toDate(now('UTC')) - {ago} GROUP BY site, t, p, v, day"
    )
}
