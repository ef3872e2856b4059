//! A history: records of 28 days, a week apart, the oldest first. The weeks are counted once, and four of them make a record.

use super::fault::CruxFault;
use super::metrics::{FORM_FACTORS, bin, bins, fraction, p75};
use super::record::{FORMS, answer, ask, by_device, date, forms, key, window};
use super::request::Asked;
use super::whose::Whose;
use crate::grammar::DAY_MS;
use crate::planner::{Ask, Cell, Group, Window};
use crate::state::QueryState;
use serde_json::{Map, Value, json};

/// Days from one record to the next.
const STEP_DAYS: i64 = 7;
/// Weeks of one record.
const WEEKS: usize = 4;

/// The time of all records, and where each of its weeks begins, in Unix seconds.
fn weeks(periods: u32, now_ms: i64) -> (Window, Vec<u32>) {
    let last = window(now_ms);
    let from_ms = last.from_ms - i64::from(periods - 1) * STEP_DAYS * DAY_MS;
    let count = periods as usize - 1 + WEEKS;
    let start = |week: usize| u32::try_from((from_ms + week as i64 * STEP_DAYS * DAY_MS) / 1_000).unwrap_or(0);
    (Window { from_ms, ..last }, (0..count).map(start).collect())
}

/// The groups of each week.
async fn by_week(
    state: &QueryState,
    site: &str,
    ask: Ask,
    window: Window,
    starts: &[u32],
) -> Result<Vec<Vec<Group>>, CruxFault> {
    let ask = Ask { edges: Some(starts.to_vec()), ..ask };
    let plan = state.plan(&ask, window)?;
    let cells = state.cells("crux", site, &ask, &plan).await?;
    let mut weeks = vec![Vec::new(); starts.len()];
    for group in cells.groups {
        if let Some(week) = group.start.and_then(|start| starts.binary_search(&start).ok()) {
            weeks[week].push(group);
        }
    }
    Ok(weeks)
}

/// The history.
pub(super) async fn history(state: &QueryState, asked: &Asked, whose: &Whose, now_ms: i64) -> Result<Value, CruxFault> {
    let (window, starts) = weeks(asked.periods, now_ms);
    let ask = ask(asked, whose);
    let mut metrics = Map::new();
    if asked.form_factors {
        let weeks = by_week(state, &whose.site, by_device(&ask), window, &starts).await?;
        let periods: Vec<[i64; 3]> = weeks.windows(WEEKS).map(|weeks| forms(weeks.iter().flatten())).collect();
        let of = |form: usize| periods.iter().map(|views| or_nan(fraction(views[form], views.iter().sum()))).collect();
        let series = |(form, (name, _)): (usize, &(&str, &str))| {
            let fractions: Vec<Value> = of(form);
            ((*name).to_owned(), json!({ "fractions": fractions }))
        };
        if periods.iter().flatten().any(|views| *views > 0) {
            let series: Map<String, Value> = FORMS.iter().enumerate().map(series).collect();
            metrics.insert(FORM_FACTORS.into(), json!({ "fractionTimeseries": series }));
        }
    }
    let weeks = by_week(state, &whose.site, ask, window, &starts).await?;
    for (index, (name, metric)) in asked.metrics.iter().enumerate() {
        let periods: Vec<Cell> = weeks.windows(WEEKS).map(|weeks| merged(weeks, index)).collect();
        if periods.iter().all(|cell| cell.valid <= 0) {
            continue;
        }
        let p75s: Vec<Value> = periods.iter().map(|cell| p75(*metric, cell).unwrap_or(Value::Null)).collect();
        let histograms = [0, 1, 2].map(|at| {
            let (start, end, _) = bins(*metric, &Cell::default())[at].clone();
            let density = |cell: &Cell| or_nan(fraction(bins(*metric, cell)[at].2, cell.valid));
            let mut bin = bin(start, end);
            bin["densities"] = periods.iter().map(density).collect();
            bin
        });
        let series = json!({"histogramTimeseries": histograms, "percentilesTimeseries": {"p75s": p75s}});
        metrics.insert((*name).into(), series);
    }
    if metrics.is_empty() {
        return Err(CruxFault::NoData);
    }
    let period = |index: u32| {
        let first_ms = window.from_ms + i64::from(index) * STEP_DAYS * DAY_MS;
        let last_ms = first_ms + (WEEKS as i64 * STEP_DAYS - 1) * DAY_MS;
        json!({"firstDate": date(first_ms), "lastDate": date(last_ms)})
    };
    let periods: Vec<Value> = (0..asked.periods).map(period).collect();
    Ok(answer(asked, json!({"key": key(asked), "metrics": metrics, "collectionPeriods": periods})))
}

/// CrUX writes a share of nothing as a text, because JSON has no such number.
fn or_nan(fraction: Option<Value>) -> Value {
    fraction.unwrap_or_else(|| "NaN".into())
}

/// The counts of several weeks as one.
fn merged(weeks: &[Vec<Group>], index: usize) -> Cell {
    let mut whole = Cell::default();
    for cell in weeks.iter().flatten().filter_map(|group| group.cells.get(index)) {
        whole.valid += cell.valid;
        whole.good += cell.good;
        whole.fair += cell.fair;
        whole.poor += cell.poor;
        whole.histogram.merge(&cell.histogram);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_a_week_apart_and_the_last_ends_today() {
        let now_ms = "2026-11-29T10:30:30Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let (window, starts) = weeks(25, now_ms);
        assert_eq!(starts.len(), 28);
        assert_eq!(date(window.from_ms), json!({"year": 2026, "month": 5, "day": 18}));
        assert_eq!(date(i64::from(starts[27]) * 1_000), json!({"year": 2026, "month": 11, "day": 23}));
        assert_eq!(weeks(1, now_ms).1.len(), 4);
    }
}
