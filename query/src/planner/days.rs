//! Which days of arrival can be read by the day.
//!
//! A batch writes its hours first and its days after them, and a store that is older than its days was filled from hours while batches
//! may have been on their way. So nothing is believed of a day of arrival but what can be seen: that its cells by the day add up to those
//! by the hour, in all counters of all metrics of the whole site. A range that is missing, or there twice, leaves a difference.

use super::Row;
use super::scope::{Scope, SiteTable, Statement};
use crate::grammar::DAY_MS;
use felt_schema::grouping::Grouping;
use felt_schema::metric::Metric;
use felt_store::Param;
use serde_json::Value;

/// What is compared; a sum of microseconds is as good as a fingerprint.
const COMPARED: [&str; 6] = ["views", "valid", "total_micro", "good", "delighted", "brutal"];

/// The statement for the days of arrival, as text, on which days and hours agree; none before those in which something can have arrived
/// that began at `from_ms`.
///
/// Beside each day, whether its devices over all pages add up to the site as well.
pub fn settled_statement(site: &str, from_ms: i64) -> Statement {
    let mut scope = Scope::of(site);
    let since = Param::UInt(u64::try_from((from_ms - DAY_MS) / 1000).unwrap_or(0));
    let since = format!("day >= toDate(toDateTime({}, 'UTC'))", scope.bind("UInt32", since));
    let of = |grouping: Grouping| [format!("grouping = '{}'", grouping.name()), since.clone()];
    let details: Vec<String> =
        Metric::ALL.iter().filter(|metric| !metric.headline()).map(|metric| format!("'{}'", metric.name())).collect();
    let columns = |of: u8| {
        let headline = format!("metric NOT IN ({}) AS headline", details.join(", "));
        format!(
            "day, {of} AS side, {headline}, {}",
            COMPARED.map(|counter| format!("toInt64({counter}) AS c_{counter}")).join(", ")
        )
    };
    let [hours, days, devices] = [
        (SiteTable::RollupHour, Grouping::Site),
        (SiteTable::RollupDay, Grouping::Site),
        (SiteTable::RollupDay, Grouping::Device),
    ];
    let rows = |side: u8, (table, grouping): (SiteTable, Grouping)| scope.rows(table, &columns(side), &of(grouping));
    let rows = rows(0, hours).and(rows(1, days)).and(rows(2, devices));
    let equal = |one: &str, other: &str| {
        COMPARED.map(|counter| format!("sumIf(c_{counter}, {one}) = sumIf(c_{counter}, {other})")).join(" AND ")
    };
    let rest = format!(
        "GROUP BY day HAVING countIf(side = 0) > 0 AND countIf(side = 1) > 0 AND {} ORDER BY day",
        equal("side = 0", "side = 1")
    );
    scope.statement(&format!("toString(day), {}", equal("side = 1 AND headline", "side = 2")), rows, &rest)
}

/// Days of arrival that can be read by the day, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettledDays {
    /// All of them.
    pub all: Vec<String>,
    /// Those of which devices over all pages are kept, too.
    pub by_device: Vec<String>,
}

impl SettledDays {
    /// The days in the rows of [`settled_statement`].
    pub fn read(rows: Vec<Vec<Value>>) -> Self {
        let mut days = Self::default();
        for row in rows {
            let mut row = Row::new(row);
            let (day, devices) = (row.text(), row.int() == 1);
            if devices {
                days.by_device.push(day.clone());
            }
            days.all.push(day);
        }
        days
    }
}
