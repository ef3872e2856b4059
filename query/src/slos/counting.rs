//! What an indicator counts, as SQL over raw page views: identifiers of ours, values as parameters.
//!
//! Views are told by signed rows, so counts are sums of signs. Bots and prerenders that nobody saw never count.

use super::promise::Promise;
use crate::planner::conditions::{conditions, raw_column};
use crate::planner::scope::Scope;
use felt_schema::anchors::Level;
use felt_schema::metric::{MISSING, Metric, to_micro};
use felt_schema::slo::{Happy, SliKind};
use felt_store::Param;

/// Condition of the rows that any indicator looks at.
pub const HUMANS: &str = "bot = ''";
/// Quarter points of a judged view.
const POINTS: &str = "multiIf(level = 0, 4, level = 1, 3, level = 2, 1, 0)";
/// Of the four that it could have had.
const POINTS_EACH: i64 = 4;

/// Two sums over the rows of page views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// What was good.
    pub good: String,
    /// What counts.
    pub valid: String,
}

/// Two conditions on a page view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is good.
    pub good: String,
    /// Whether it counts.
    pub valid: String,
}

/// The sums of a promise's indicator.
pub fn sums(scope: &mut Scope, promise: &Promise) -> Sums {
    let Judged { good, valid } = judged(scope, promise);
    if promise.slo.sli.kind == SliKind::Happy(Happy::Score) {
        let each = |points: &str| format!("sumIf(sign * {points}, {valid})");
        return Sums { good: each(POINTS), valid: each(&POINTS_EACH.to_string()) };
    }
    Sums { good: format!("sumIf(sign, {good})"), valid: format!("sumIf(sign, {valid})") }
}

/// Which page views of a promise's indicator count, and which of them are good; for the score, all that count.
pub fn judged(scope: &mut Scope, promise: &Promise) -> Judged {
    let filters = conditions(scope, &promise.filters(), &raw_column);
    let filters: String = filters.into_iter().map(|condition| format!(" AND ({condition})")).collect();
    let (valid, good) = match &promise.slo.sli.kind {
        SliKind::Fast { metric, at_most } => {
            let value = metric_sql(scope, metric);
            let limit = scope.bind("UInt32", Param::UInt(limit_micro(metric, *at_most).into()));
            (format!("{value} != {MISSING}"), format!("{value} <= {limit} AND {value} != {MISSING}"))
        }
        SliKind::Happy(Happy::LevelAtLeast(level)) => {
            let level = scope.bind("UInt8", Param::UInt(Level::column(Some(*level)).into()));
            ("level <= 3".to_owned(), format!("level <= {level}"))
        }
        SliKind::Happy(Happy::Score) => ("level <= 3".to_owned(), "level <= 3".to_owned()),
        // Journeys, and looks at our own pipeline, are counted elsewhere.
        SliKind::Works | SliKind::Available { .. } | SliKind::Fresh { .. } => {
            ("level <= 3 OR failed = 1".to_owned(), "level <= 3 AND failed = 0".to_owned())
        }
    };
    Judged { good: format!("({good}){filters}"), valid: format!("({valid}){filters}") }
}

fn metric_sql(scope: &mut Scope, name: &str) -> String {
    match (Metric::from_name(name), name.strip_prefix("timing:")) {
        (Some(metric), _) => metric.name().to_owned(),
        (None, timing) => {
            let timing = scope.text(timing.unwrap_or(name));
            // Beyond an array's end is 0, which a timing may be; so the end is asked for first.
            let place = format!("indexOf(timing_names, {timing})");
            format!("if({place} = 0, {MISSING}, timing_values[{place}])")
        }
    }
}

fn limit_micro(name: &str, at_most: f64) -> u32 {
    let micro = Metric::from_name(name).map_or_else(|| to_micro(at_most), |metric| metric.to_micro(at_most));
    micro.unwrap_or(MISSING - 1)
}
