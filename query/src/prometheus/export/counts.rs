//! What the store's own counters say, by the day of arrival: the truth of the moment, which may fall when a snapshot is replaced.

use super::ledger::{COUNT, SUM};
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Cell, Row};
use crate::prometheus::families::{Family, HISTOGRAMS};
use crate::slos::Promise;
use crate::state::QueryState;
use felt_http::Problem;
use felt_schema::histogram::{Limit, bucket_of};
pub use felt_schema::limits::OTHER;
use felt_schema::metric::{HAPPINESS, Metric};
use felt_schema::rows::ExportedTotalRow;
use felt_store::{JsonRow, Param};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Pages that have series of their own; the others are one together.
pub const PAGES_MAX: usize = 50;
/// Days before a day whose page views decide which pages are the largest.
const PAGES_DAYS: u16 = 7;
/// The name of the row of page views in the ledger.
pub const VIEWS_NAME: &str = "views";
/// The name of the rows of promises in the ledger.
pub const SLO_NAME: &str = "slo";

/// A day's page views.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub day: u16,
    /// Views by level, best first, then those that could not be judged.
    pub levels: [i64; 5],
    /// Differs whenever any counter of the day does.
    pub mark: u64,
}

/// Every day of the site that the rollups keep.
pub async fn days(state: &QueryState, site: &str) -> Result<Vec<Day>, Problem> {
    let mut scope = Scope::of(site);
    let names = Metric::ALL.iter().map(|metric| metric.name()).chain([HAPPINESS]);
    let names = scope.texts(names.map(str::to_owned).collect());
    let conditions = ["grouping = 'site' AND bot = 0".to_owned(), format!("metric IN {names}")];
    let rows = scope.rows(SiteTable::RollupHour, "*", &conditions);
    let sums = ["views", "valid", "total_micro", "delighted", "annoying", "painful", "brutal"]
        .map(|column| format!("sum({column})"));
    let select = format!("toUInt16(day) AS arrived, metric, {}", sums.join(", "));
    let statement = scope.statement(&select, rows, "GROUP BY arrived, metric ORDER BY arrived, metric");
    let mut days: Vec<(Day, Sha256)> = Vec::new();
    for row in state.rows("exported_days", site, &statement).await? {
        let text = serde_json::to_vec(&row).unwrap_or_default();
        let mut row = Row::new(row);
        let Ok(day) = u16::try_from(row.int()) else { continue };
        if days.last().is_none_or(|(known, _)| known.day != day) {
            days.push((Day { day, levels: [0; 5], mark: 0 }, Sha256::new()));
        }
        let Some((known, mark)) = days.last_mut() else { continue };
        mark.update(&text);
        if row.text() == HAPPINESS {
            let (views, _, _) = (row.int(), row.int(), row.int());
            let levels = [(); 4].map(|()| row.int());
            let unjudged = views - levels.iter().sum::<i64>();
            known.levels = [levels[0], levels[1], levels[2], levels[3], unjudged];
        }
    }
    let finish = |(day, mark): (Day, Sha256)| {
        let bytes: [u8; 32] = mark.finalize().into();
        let mark = bytes.first_chunk().map_or(1, |first: &[u8; 8]| u64::from_be_bytes(*first));
        Day { mark, ..day }
    };
    Ok(days.into_iter().map(finish).collect())
}

/// The pages with the most views that arrived on these days or shortly before, largest first.
pub async fn largest_pages(state: &QueryState, site: &str, days: (u16, u16)) -> Result<Vec<String>, Problem> {
    let mut scope = Scope::of(site);
    let from = scope.bind("UInt16", Param::UInt(days.0.saturating_sub(PAGES_DAYS).into()));
    let to = scope.bind("UInt16", Param::UInt(days.1.into()));
    let metric = scope.text(HAPPINESS);
    let conditions = [
        format!("grouping = 'page' AND bot = 0 AND metric = {metric}"),
        format!("toUInt16(day) BETWEEN {from} AND {to}"),
    ];
    let rows = scope.rows(SiteTable::RollupHour, "page, views", &conditions);
    let rest = format!("GROUP BY page HAVING sum(views) > 0 ORDER BY sum(views) DESC, page LIMIT {PAGES_MAX}");
    let rows = state.rows("exported_pages", site, &scope.statement("page", rows, &rest)).await?;
    Ok(rows.into_iter().map(|row| Row::new(row).text()).collect())
}

/// The histograms of some days as rows of the ledger: the pages in `tracked` by themselves.
pub async fn histograms(
    state: &QueryState,
    site: &str,
    days: &[u16],
    tracked: &BTreeSet<String>,
) -> Result<Vec<ExportedTotalRow>, Problem> {
    let mut scope = Scope::of(site);
    let names = HISTOGRAMS.iter().map(|family| family.metric.name().to_owned());
    let (names, pages) = (scope.texts(names.collect()), scope.texts(tracked.iter().cloned().collect()));
    let (other, days) = (
        scope.text(OTHER),
        scope.bind("Array(UInt16)", Param::UInts(days.iter().map(|day| u64::from(*day)).collect())),
    );
    let conditions =
        ["grouping = 'page_device' AND bot = 0".to_owned(), format!("metric IN {names} AND toUInt16(day) IN {days}")];
    let rows = scope.rows(SiteTable::RollupHour, "*", &conditions);
    let select = format!(
        "toUInt16(day) AS arrived, metric, if(page IN {pages}, page, {other}) AS subject, value, \
         sum(valid), sum(total_micro), sum(good), sum(fair), mapKeys(sumMap(histogram)), mapValues(sumMap(histogram))"
    );
    let statement = scope.statement(&select, rows, "GROUP BY arrived, metric, subject, value");
    let rows = state.rows("exported_histograms", site, &statement).await?;
    let read = |row: JsonRow| {
        let mut row = Row::new(row);
        let day = u16::try_from(row.int()).ok()?;
        let metric = row.text();
        let family = HISTOGRAMS.iter().find(|family| family.metric.name() == metric)?;
        let (subject, part) = (row.text(), row.text());
        let cell = Cell {
            valid: row.int(),
            total_micro: row.int(),
            good: row.int(),
            fair: row.int(),
            histogram: row.histogram(),
            ..Cell::default()
        };
        let totals = totals_of(family, &cell);
        Some(ExportedTotalRow { site: site.into(), day, name: metric, subject, part, totals, mark: 0 })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// A cell as the totals of a histogram's series: how many values are at or under each edge, exactly so at the metric's limits.
pub fn totals_of(family: &Family, cell: &Cell) -> Vec<(u16, i64)> {
    let limits = family.metric.limits().map(|limits| Limit::of_counts(limits, cell.good, cell.fair));
    let limits: &[Limit] = limits.as_ref().map_or(&[], |limits| limits);
    let (mut below, valid) = (0, cell.valid.max(0));
    let mut totals: Vec<(u16, i64)> = Vec::with_capacity(family.edges.len() + 2);
    for (edge, _) in family.edges {
        // What is exact at a limit and a hundredth off elsewhere must still not fall from one edge to the next.
        below = cell.histogram.count_up_to(u64::from(*edge), limits).clamp(below, valid.max(below));
        totals.push((bucket_of(*edge), below));
    }
    totals.push((SUM, cell.total_micro.max(0)));
    totals.push((COUNT, valid.max(below)));
    totals
}

/// What was counted for promises by the day, from `since_s` on in Unix seconds, as rows of the ledger.
pub async fn promises(
    state: &QueryState,
    site: &str,
    promises: &[&Promise],
    since_s: i64,
) -> Result<Vec<ExportedTotalRow>, Problem> {
    if promises.is_empty() {
        return Ok(Vec::new());
    }
    let mut scope = Scope::of(site);
    let ids = scope.texts(promises.iter().map(|promise| promise.slo.id.clone()).collect());
    let since = scope.bind("Int64", Param::Int(since_s.max(0)));
    let conditions = [format!("slo IN {ids}"), format!("minute >= toDateTime({since}, 'UTC')")];
    let columns = "slo, version, minute, good, valid, counted_at";
    let newest =
        scope.rows(SiteTable::SloMinutes, columns, &conditions).newest_by("slo, version, minute", "counted_at");
    let select = "slo, version, toUInt16(toDate(minute, 'UTC')) AS on, sum(good), sum(valid)";
    let statement: Statement = scope.statement(select, newest, "GROUP BY slo, version, on");
    let rows = state.rows("exported_promises", site, &statement).await?;
    let read = |row: JsonRow| {
        let mut row = Row::new(row);
        let (subject, version) = (row.text(), row.int());
        promises.iter().find(|promise| promise.slo.id == subject && promise.version == version)?;
        let day = u16::try_from(row.int()).ok()?;
        let totals = vec![(0, row.int().max(0)), (1, row.int().max(0))];
        let (name, part) = (SLO_NAME.to_owned(), version.to_string());
        Some(ExportedTotalRow { site: site.into(), day, name, subject, part, totals, mark: 0 })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
