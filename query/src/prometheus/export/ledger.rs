//! What was told once: for each day of arrival and each series the largest total that anybody has seen. Sums of such days never fall.

use super::counts::{SLO_NAME, VIEWS_NAME};
use crate::planner::Row;
use crate::planner::scope::{Rows, Scope, SiteTable};
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::rows::ExportedTotalRow;
use felt_store::{JsonRow, Param};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The number of a histogram's count among its totals; its buckets have the numbers of their edges.
pub const COUNT: u16 = u16::MAX;
/// The number of a histogram's sum.
pub const SUM: u16 = u16::MAX - 1;

/// A series' totals over all days.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which family.
    pub name: String,
    /// The page, or the SLO.
    pub subject: String,
    /// The device, or the SLO's version.
    pub part: String,
    /// By their number in the family.
    pub totals: BTreeMap<u16, i64>,
    /// The last day on which anything arrived for it.
    pub last_day: u16,
}

/// The marks of the days that were written down.
pub async fn marks(state: &QueryState, site: &str) -> Result<HashMap<u16, u64>, Problem> {
    let mut scope = Scope::of(site);
    let condition = format!("name = {}", scope.text(VIEWS_NAME));
    let rows = scope.rows(SiteTable::ExportedTotals, "day, mark", &[condition]);
    let statement = scope.statement("toUInt16(day) AS arrived, anyLast(mark)", rows, "GROUP BY arrived");
    let rows = state.rows("exported_marks", site, &statement).await?;
    let read = |row: &JsonRow| Some((u16::try_from(row.first()?.as_u64()?).ok()?, row.get(1)?.as_u64()?));
    Ok(rows.iter().filter_map(read).collect())
}

/// The pages that have series of their own on each of these days.
pub async fn pages(state: &QueryState, site: &str, days: &[u16]) -> Result<HashMap<u16, BTreeSet<String>>, Problem> {
    let mut scope = Scope::of(site);
    let names = scope.texts(vec![VIEWS_NAME.into(), SLO_NAME.into()]);
    let days = scope.bind("Array(UInt16)", Param::UInts(days.iter().map(|day| u64::from(*day)).collect()));
    let conditions = [format!("name NOT IN {names} AND toUInt16(day) IN {days}")];
    let rows = scope.rows(SiteTable::ExportedTotals, "day, subject", &conditions);
    let statement = scope.statement("DISTINCT toUInt16(day), subject", rows, "");
    let mut pages: HashMap<u16, BTreeSet<String>> = HashMap::new();
    for row in state.rows("exported_pages", site, &statement).await? {
        let mut row = Row::new(row);
        if let Ok(day) = u16::try_from(row.int()) {
            pages.entry(day).or_default().insert(row.text());
        }
    }
    Ok(pages)
}

/// Writes down what was counted. What is smaller than what stands there already changes nothing.
pub async fn write(state: &QueryState, rows: &[ExportedTotalRow]) -> Result<(), Problem> {
    state.store.insert_rows("exported_totals", rows, None).await.map_err(store_problem)
}

fn largest_of_days(scope: &Scope, conditions: &[String]) -> Rows {
    let columns = "day, name, subject, part, totals";
    scope
        .rows(SiteTable::ExportedTotals, columns, conditions)
        .per("day, name, subject, part, maxMap(totals) AS largest", "day, name, subject, part")
}

/// Every series of the site with its totals over all days.
pub async fn series(state: &QueryState, site: &str) -> Result<Vec<Series>, Problem> {
    let scope = Scope::of(site);
    let days = largest_of_days(&scope, &[]);
    let select = "name, subject, part, toUInt16(max(day)), mapKeys(sumMap(largest)), mapValues(sumMap(largest))";
    let statement = scope.statement(select, days, "GROUP BY name, subject, part ORDER BY name, subject, part");
    let rows = state.rows("exported_totals", site, &statement).await?;
    let read = |row: JsonRow| {
        let mut row = Row::new(row);
        let (name, subject, part) = (row.text(), row.text(), row.text());
        let last_day = u16::try_from(row.int()).unwrap_or(0);
        // Totals are pairs of a number and a count, as buckets are.
        let totals = row.histogram().into_pairs().into_iter().collect();
        Series { name, subject, part, totals, last_day }
    };
    Ok(rows.into_iter().map(read).collect())
}
