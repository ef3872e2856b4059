//! Raw against rollup: each counter and each histogram bucket of each cell of each grouping, worked out a second time in SQL from
//! the raw rows by the tables' documentation, must be what the processors summed up batch by batch.

use anyhow::Result;
use felt_schema::anchors::{Anchors, Edge};
use felt_schema::histogram::sql_bucket;
use felt_schema::metric::Metric;

use super::clickhouse::ClickHouse;
use super::verdict::Verdict;

const GROUPINGS: [(&str, &str, &str); 6] = [
    ("site", "''", "''"),
    ("page", "page", "''"),
    ("page_device", "page", "device"),
    ("country", "''", "country"),
    ("release", "''", "release"),
    ("browser", "''", "browser"),
];

/// What is kept by the day alone.
const BY_DAY: (&str, &str, &str) = ("device", "''", "device");

const METRICS: [Metric; 5] = [Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Fcp, Metric::Ttfb];

const TABLES: [(&str, &str); 3] =
    [("rollup_minute", "toStartOfMinute"), ("rollup_hour", "toStartOfHour"), ("rollup_day", "toStartOfDay")];

/// Columns of the rollups in the order in which both halves of a comparison give them.
const COUNTERS: [&str; 15] = [
    "views",
    "valid",
    "total_micro",
    "good",
    "fair",
    "poor",
    "delighted",
    "annoying",
    "painful",
    "brutal",
    "slow_open",
    "slow_react",
    "jumped",
    "broke",
    "gave_up",
];

/// Compares all of them; `sites` is a list in SQL.
///
/// # Errors
/// ClickHouse's.
pub async fn judge(clickhouse: &ClickHouse, sites: &str, verdict: &mut Verdict) -> Result<()> {
    let mut compared = 0;
    for (table, floor) in TABLES {
        let by_day = (table == "rollup_day").then_some(BY_DAY);
        for grouping in GROUPINGS.into_iter().chain(by_day) {
            for metric in measures() {
                let sql = differences(table, floor, grouping, &metric, sites);
                let cells: Vec<(String,)> = clickhouse.rows(&sql).await?;
                compared += 1;
                for (cell,) in cells {
                    verdict.found("disagreeing cells", format!("{table} {} {}: {cell}", grouping.0, metric.name));
                }
            }
        }
    }
    verdict.fact(format!("{compared} comparisons of raw with rollups, cell by cell"));
    Ok(())
}

/// One metric: which raw rows have it, and what each of them adds to the counters.
struct Measure {
    name: String,
    has: String,
    counters: [String; 15],
    histogram: String,
}

fn measures() -> Vec<Measure> {
    let mut measures: Vec<Measure> = METRICS.into_iter().map(of_metric).collect();
    measures.push(measure(
        "timing:login".into(),
        "has(timing_names, 'login')".into(),
        "timing_values[indexOf(timing_names, 'login')]",
        None,
        Anchors::WAIT,
    ));
    measures.push(happiness());
    measures
}

fn of_metric(metric: Metric) -> Measure {
    let name = metric.name();
    measure(name.into(), format!("{name} != 4294967295"), name, metric.limits(), metric.anchors())
}

fn measure(name: String, has: String, value: &str, limits: Option<(u32, u32)>, anchors: Anchors) -> Measure {
    let counted = |condition: String| format!("sum(toInt64(sign) * ({condition}))");
    let never = || "toInt64(0)".to_owned();
    let rating = |which: usize| match limits {
        None => never(),
        Some((good, fair)) => counted(match which {
            0 => format!("{value} <= {good}"),
            1 => format!("{value} > {good} AND {value} <= {fair}"),
            _ => format!("{value} > {fair}"),
        }),
    };
    let [annoying, painful, brutal] = anchors.thresholds;
    let below = if anchors.edge == Edge::Better { "<=" } else { "<" };
    let level = |which: usize| {
        counted(match which {
            0 => format!("{value} {below} {annoying}"),
            1 => format!("NOT {value} {below} {annoying} AND {value} {below} {painful}"),
            2 => format!("NOT {value} {below} {painful} AND {value} {below} {brutal}"),
            _ => format!("NOT {value} {below} {brutal}"),
        })
    };
    let counters = [
        never(),
        "sum(toInt64(sign))".into(),
        format!("sum(toInt64(sign) * toInt64({value}))"),
        rating(0),
        rating(1),
        rating(2),
        level(0),
        level(1),
        level(2),
        level(3),
        never(),
        never(),
        never(),
        never(),
        never(),
    ];
    let histogram = format!("sumMap(map({}, -toInt64(sign)))", sql_bucket(value));
    Measure { name, has, counters, histogram }
}

fn happiness() -> Measure {
    let counted = |condition: String| format!("sum(toInt64(sign) * ({condition}))");
    let level = |level: u8| counted(format!("level = {level}"));
    let cause = |cause: &str| counted(format!("cause = '{cause}'"));
    let never = || "toInt64(0)".to_owned();
    Measure {
        name: "happiness".into(),
        has: "1".into(),
        counters: [
            "sum(toInt64(sign))".into(),
            counted("level < 4".into()),
            never(),
            never(),
            never(),
            never(),
            level(0),
            level(1),
            level(2),
            level(3),
            cause("slow_open"),
            cause("slow_react"),
            cause("jumped"),
            cause("broke"),
            cause("gave_up"),
        ],
        histogram: "CAST(map(), 'Map(UInt16, Int64)')".into(),
    }
}

/// The cells in which the rollup minus the raw rows leaves anything.
fn differences(table: &str, floor: &str, grouping: (&str, &str, &str), metric: &Measure, sites: &str) -> String {
    let (name, page, value) = grouping;
    let summed = COUNTERS.map(|column| format!("sum({column}) AS d_{column}")).join(", ");
    let rolled = COUNTERS.map(|column| format!("toInt64({column}) AS {column}")).join(", ");
    let raw: Vec<String> =
        COUNTERS.iter().zip(&metric.counters).map(|(name, sql)| format!("-({sql}) AS {name}")).collect();
    let any = COUNTERS.map(|column| format!("d_{column} != 0")).join(" OR ");
    let shown =
        COUNTERS.map(|column| format!("if(d_{column} = 0, '', concat(' {column} ', toString(d_{column})))")).join(", ");
    format!(
        "SELECT concat(k_site, ' ', toString(k_time), ' bot=', toString(k_bot), ' page=', k_page, ' value=', k_value, {shown}, \
           ' buckets ', toString(buckets)) FROM ( \
         SELECT k_site, k_time, k_bot, k_page, k_value, k_day, {summed}, \
           mapFilter((bucket, count) -> count != 0, sumMap(h)) AS buckets FROM ( \
         SELECT toString(site) AS k_site, time AS k_time, bot AS k_bot, toString(page) AS k_page, toString(value) AS k_value, \
           day AS k_day, {rolled}, CAST(histogram, 'Map(UInt16, Int64)') AS h FROM {table} \
           WHERE site IN ({sites}) AND grouping = '{name}' AND metric = '{metric}' \
         UNION ALL \
         SELECT toString(site) AS k_site, toDateTime({floor}(started_at), 'UTC') AS k_time, toUInt8(bot != '') AS k_bot, \
           toString({page}) AS k_page, toString({value}) AS k_value, day AS k_day, {raw}, {histogram} AS h FROM page_views \
           WHERE site IN ({sites}) AND {has} GROUP BY k_site, k_time, k_bot, k_page, k_value, k_day \
         ) GROUP BY k_site, k_time, k_bot, k_page, k_value, k_day HAVING {any} OR notEmpty(mapKeys(buckets)) LIMIT 20)",
        metric = metric.name,
        raw = raw.join(", "),
        histogram = metric.histogram,
        has = metric.has,
    )
}
