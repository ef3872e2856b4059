//! The hours of each page and metric, from the hour rollup: exact counts, no histogram.

use crate::calls::Question;
use crate::grammar::{HOUR_MS, Measure};
use crate::planner::scope::{Scope, SiteTable};
use crate::planner::{Ask, Row, SettledDays, Window, rollup_cells};
use felt_http::Problem;
use felt_schema::compare::changes::Point;
use felt_schema::grouping::Grouping;
use felt_schema::metric::HAPPINESS;

/// Most series that are watched, those with the most values.
pub(super) const SERIES_MAX: usize = 400;
/// Fewest values of a series in all: with fewer a change could not be told from chance.
const VALUES_MIN: i64 = 500;

/// The hours of one page and metric.
#[derive(Debug)]
pub(super) struct Series {
    /// The page, or whatever the dimension's value is.
    pub name: String,
    /// The metric.
    pub measure: Measure,
    /// One point for each hour of the window.
    pub points: Vec<Point>,
}

/// Whether changes of it are looked for: it needs limits, or levels.
pub(super) fn is_watched(measure: &Measure) -> bool {
    *measure == Measure::Happiness || measure.limits_micro().is_some()
}

/// Page views of all series that are judged.
pub(super) fn views(series: &[Series], from: usize) -> i64 {
    let happiness = series.iter().filter(|series| series.measure == Measure::Happiness);
    happiness.map(|series| series.points.iter().skip(from).map(|point| point.count).sum::<f64>() as i64).sum()
}

/// Reads the series of `ask` in whole hours.
pub(super) async fn read(
    question: &Question,
    ask: &Ask,
    grouping: Grouping,
    window: Window,
) -> Result<Vec<Series>, Problem> {
    let mut scope = Scope::of(&question.site);
    let metrics = ask.measures.iter().map(|measure| measure.name().into_owned()).collect();
    let columns = "time, page, value, metric, valid, good, delighted, annoying, painful, brutal";
    let spans = [(SiteTable::RollupHour, window)];
    let rows = rollup_cells(&mut scope, ask, metrics, (grouping, &spans, &SettledDays::default()), columns);
    let name =
        if grouping.has_page() && ask.by.first() == Some(&crate::grammar::Dimension::Page) { "page" } else { "value" };
    let happiness = format!("metric = '{HAPPINESS}'");
    let count = format!("if({happiness}, delighted + annoying + painful + brutal, valid)");
    // Quarter points lost, so that a view may be bad in part and counts stay whole.
    let bad = format!("if({happiness}, annoying + 3 * painful + 4 * brutal, 4 * (valid - good))");
    let hour = "toUInt32(intDiv(toUnixTimestamp(time), 3600))";
    let sum = |value: &str| format!("sumMap(map({hour}, toInt64({value})))");
    let select = format!(
        "toString({name}) AS name, metric, sum({count}) AS total, mapKeys({0}), mapValues({0}), mapKeys({1}), mapValues({1})",
        sum(&count),
        sum(&bad)
    );
    let rest = format!(
        "GROUP BY name, metric HAVING total >= {VALUES_MIN} ORDER BY total DESC, name, metric LIMIT {SERIES_MAX}"
    );
    let rows = question.state.rows("changes", &question.site, &scope.statement(&select, rows, &rest)).await?;
    let (first, hours) =
        (window.from_ms / HOUR_MS, usize::try_from((window.to_ms - window.from_ms) / HOUR_MS).unwrap_or(0));
    let series = |row: Vec<serde_json::Value>| {
        let mut row = Row::new(row);
        let (name, metric) = (row.text(), row.text());
        row.int();
        let measure = ask.measures.iter().find(|measure| measure.name() == metric)?.clone();
        let mut points = vec![Point::default(); hours];
        for quarter in [false, true] {
            for (hour, value) in row.pairs() {
                let Some(point) = usize::try_from(hour - first).ok().and_then(|index| points.get_mut(index)) else {
                    continue;
                };
                if quarter {
                    point.bad = (value as f64 / 4.0).clamp(0.0, point.count);
                } else {
                    point.count = value.max(0) as f64;
                }
            }
        }
        Some(Series { name, measure, points })
    };
    Ok(rows.into_iter().filter_map(series).collect())
}
