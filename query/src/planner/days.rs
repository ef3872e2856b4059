//! Which days of arrival can be read by the day.
//!
//! A batch writes its hours first and its days after them, and a store that is older than its days was filled from hours while batches
//! may have been on their way. So nothing is believed of a day of arrival but what can be seen: that its cells by the day add up to those
//! by the hour, in all counters of all metrics of the whole site. A range that is missing, or there twice, leaves a difference.

use super::scope::{Scope, SiteTable, Statement};
use crate::grammar::DAY_MS;
use felt_schema::grouping::Grouping;
use felt_store::Param;

/// What is compared; a sum of microseconds is as good as a fingerprint.
const COMPARED: [&str; 6] = ["views", "valid", "total_micro", "good", "delighted", "brutal"];

/// The statement for the days of arrival, as text, on which days and hours agree; none before those in which something can have arrived
/// that began at `from_ms`.
pub fn settled_statement(site: &str, from_ms: i64) -> Statement {
    let mut scope = Scope::of(site);
    let since = Param::UInt(u64::try_from((from_ms - DAY_MS) / 1000).unwrap_or(0));
    let conditions = [
        format!("grouping = '{}'", Grouping::Site.name()),
        format!("day >= toDate(toDateTime({}, 'UTC'))", scope.bind("UInt32", since)),
    ];
    let side = |sign: &str| COMPARED.map(|counter| format!("toInt64({sign}{counter}) AS c_{counter}")).join(", ");
    let days = scope.rows(SiteTable::RollupDay, &format!("day, 1 AS by_day, {}", side("")), &conditions);
    let hours = scope.rows(SiteTable::RollupHour, &format!("day, 0 AS by_day, {}", side("-")), &conditions);
    let equal = COMPARED.map(|counter| format!("sum(c_{counter}) = 0")).join(" AND ");
    let rest = format!("GROUP BY day HAVING uniqExact(by_day) = 2 AND {equal} ORDER BY day");
    scope.statement("toString(day)", days.and(hours), &rest)
}
