//! Cells from the rollups: sums over the kept cells of one grouping. One row comes back for each group and metric.

use super::cells::{Collector, Row};
use super::days::SettledDays;
use super::scope::{Rows, Scope, SiteTable, Statement};
use super::source::Window;
use super::{Ask, Cells, conditions, dimension_sql};
use crate::grammar::{DAY_MS, Dimension, Measure, Who};
use felt_schema::grouping::Grouping;
use felt_schema::metric::HAPPINESS;
use felt_store::Param;
use serde_json::Value;

/// Counters in the order of [`read`].
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

fn column(dimension: &Dimension) -> &'static str {
    if *dimension == Dimension::Page { "page" } else { "value" }
}

/// The statement for the cells of `ask` in `spans`.
pub fn statement(
    site: &str,
    ask: &Ask,
    grouping: Grouping,
    (spans, settled): (&[(SiteTable, Window)], &SettledDays),
) -> Statement {
    let mut scope = Scope::of(site);
    let mut metrics: Vec<String> = ask.measures.iter().map(|measure| measure.name().into_owned()).collect();
    if !metrics.iter().any(|name| name == HAPPINESS) {
        // Page views are counted in these rows, whatever else is asked.
        metrics.push(HAPPINESS.into());
    }
    let columns = format!("time, page, value, metric, {}, histogram", COUNTERS.join(", "));
    let rows = cells(&mut scope, ask, metrics, (grouping, spans, settled), &columns);

    let mut keys = Vec::new();
    if let Some(edges) = &ask.edges {
        let edges = scope.bind("Array(UInt32)", Param::UInts(edges.iter().copied().map(u64::from).collect()));
        keys.push(format!("roundDown(toUInt32(toUnixTimestamp(time)), {edges})"));
    }
    let names: Vec<String> = ask.by.iter().map(|dimension| dimension_sql(&mut scope, dimension, &column)).collect();
    let only = super::raw::only_groups(&mut scope, &names, ask);
    keys.extend(names);
    keys.push("metric".into());
    let top = super::raw::top_groups(ask, "sum(views)", &keys);
    let keys = keys.join(", ");
    let sums = COUNTERS.map(|counter| format!("sum({counter})")).join(", ");
    let histogram = if ask.histograms { ", mapKeys(sumMap(histogram)), mapValues(sumMap(histogram))" } else { "" };
    scope.statement(&format!("{keys}, {sums}{histogram}"), rows, &format!("{only} GROUP BY {keys}{top}"))
}

/// The kept cells of `metrics` in one grouping's spans for which the filters of `ask` hold. Spans of days are read by the day for the
/// settled days of arrival, by the hour for all others.
pub fn cells(
    scope: &mut Scope,
    ask: &Ask,
    metrics: Vec<String>,
    (grouping, spans, settled): (Grouping, &[(SiteTable, Window)], &SettledDays),
    columns: &str,
) -> Rows {
    let mut common = vec![format!("metric IN {}", scope.texts(metrics))];
    match ask.who {
        Who::Humans => common.push("bot = 0".into()),
        Who::Bots => common.push("bot = 1".into()),
        Who::All => {}
    }
    common.extend(conditions(scope, &ask.filters, &column));

    let mut rows: Option<Rows> = None;
    for &(table, span) in spans {
        let mut here = common.clone();
        let seconds = |ms: i64| Param::UInt(u64::try_from(ms / 1000).unwrap_or(0));
        here.push(format!("time >= toDateTime({}, 'UTC')", scope.bind("UInt32", seconds(span.from_ms))));
        here.push(format!("time < toDateTime({}, 'UTC')", scope.bind("UInt32", seconds(span.to_ms))));
        // Nothing arrives before it happened, so older partitions need not be opened; a day is left for skewed clocks.
        here.push(format!(
            "day >= toDate(toDateTime({}, 'UTC'))",
            scope.bind("UInt32", seconds(span.from_ms - DAY_MS))
        ));
        for (table, grouping, arrived) in tables(scope, table, (grouping, ask), settled) {
            let of = vec![format!("grouping = '{}'", grouping.name())];
            let part = scope.rows(table, columns, &[of, here.clone(), arrived].concat());
            rows = Some(match rows {
                Some(rows) => rows.and(part),
                None => part,
            });
        }
    }
    rows.unwrap_or_else(|| scope.rows(SiteTable::RollupHour, columns, &["0".into()]))
}

/// The tables that a span is read from, each by which grouping and of which days of arrival. What asks for devices and no pages takes
/// the days on which those are kept by themselves.
fn tables(
    scope: &mut Scope,
    table: SiteTable,
    (grouping, ask): (Grouping, &Ask),
    settled: &SettledDays,
) -> Vec<(SiteTable, Grouping, Vec<String>)> {
    if table != SiteTable::RollupDay {
        return vec![(table, grouping, Vec::new())];
    }
    let mut days = |days: &[String]| scope.bind("Array(Date)", Param::Texts(days.to_vec()));
    let mut parts = Vec::new();
    let mut left = settled.all.clone();
    let pages = ask.dimensions().any(|dimension| *dimension == Dimension::Page);
    if grouping == Grouping::PageDevice && !pages && !settled.by_device.is_empty() {
        parts.push((SiteTable::RollupDay, Grouping::Device, vec![format!("day IN {}", days(&settled.by_device))]));
        left.retain(|day| !settled.by_device.contains(day));
    }
    if !left.is_empty() {
        parts.push((SiteTable::RollupDay, grouping, vec![format!("day IN {}", days(&left))]));
    }
    let mut others = Vec::new();
    if !settled.all.is_empty() {
        others.push(format!("day NOT IN {}", days(&settled.all)));
    }
    parts.push((SiteTable::RollupHour, grouping, others));
    parts
}

/// The cells in the rows.
pub fn read(ask: &Ask, rows: Vec<Vec<Value>>) -> Cells {
    let mut collector = Collector::default();
    for row in rows {
        let mut row = Row::new(row);
        let (start, names) = row.key(ask.edges.is_some(), ask.by.len());
        let metric = row.text();
        let group = collector.group(start, names, ask.measures.len());
        group.views += row.int();
        let Some(index) = ask.measures.iter().position(|measure| measure.name() == metric) else { continue };
        let cell = &mut group.cells[index];
        cell.valid += row.int();
        cell.total_micro += row.int();
        cell.good += row.int();
        cell.fair += row.int();
        cell.poor += row.int();
        cell.levels.iter_mut().for_each(|level| *level += row.int());
        cell.causes.iter_mut().for_each(|cause| *cause += row.int());
        if ask.measures[index] != Measure::Happiness && ask.histograms {
            cell.histogram.merge(&row.histogram());
        }
    }
    collector.cells()
}
