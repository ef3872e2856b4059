//! From counts to what is shown: percentiles with their intervals, shares, ratings, happiness. Every figure carries its
//! count, and of nothing there is no figure: null, never 0.

use crate::grammar::{Measure, Stat};
use crate::planner::Cell;
use crate::record::{Record, number, number_or_null, share};
use felt_schema::anchors::Level;
use felt_schema::apdex::Apdex;
use felt_schema::happiness::{Cause, LevelCounts, wilson};
use felt_schema::histogram::Limit;
use felt_schema::metric::Rating;
use serde_json::{Map, Value, json};

/// Below this, counts are too few to judge by.
pub const COUNT_TO_JUDGE: i64 = 30;

/// How the levels of happiness are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelStyle {
    /// As one list, for a record of its own.
    List,
    /// As columns, for rows.
    Columns,
}

/// The figures of one metric, beginning with its name.
pub fn figures(measure: &Measure, cell: &Cell, stats: &[Stat], style: LevelStyle) -> Record {
    let record = Record::new().with("metric", measure.name()).with("unit", measure.unit());
    match measure {
        Measure::Happiness => happiness(record, cell, style),
        Measure::Apdex => apdex(record, cell),
        Measure::Value(_) | Measure::Timing(_) => value(record, measure, cell, stats),
    }
}

fn value(mut record: Record, measure: &Measure, cell: &Cell, stats: &[Stat]) -> Record {
    let limits_micro = measure.limits_micro();
    let shown = |micro: f64| number(micro / measure.micro_per_unit());
    record.push("count", cell.one_in.times(cell.valid));
    for stat in stats {
        match (stat, stat.percentile()) {
            (stat, Some(percent)) => {
                let found = percentile(measure, cell, percent);
                let of = |pick: fn((f64, f64, f64)) -> f64| found.map_or(Value::Null, |found| shown(pick(found)));
                record.push(stat.name(), of(|found| found.0));
                record.push(format!("{}_low", stat.name()), of(|found| found.1));
                record.push(format!("{}_high", stat.name()), of(|found| found.2));
            }
            (Stat::Mean, None) => {
                let mean = (cell.valid > 0).then(|| cell.total_micro as f64 / cell.valid as f64);
                record.push("mean", mean.map_or(Value::Null, shown));
            }
            (stat @ (Stat::Good | Stat::Fair | Stat::Poor), None) => {
                let part = [cell.good, cell.fair, cell.poor][*stat as usize - Stat::Good as usize];
                record.push(stat.name(), limits_micro.map_or(Value::Null, |_| share(part, cell.valid)));
            }
            // The count is always there.
            _ => {}
        }
    }
    record.push("rating", rating(measure, cell).map(Rating::name));
    let limits = limits_micro.map(|(good, fair)| [shown(f64::from(good)), shown(f64::from(fair))].to_vec());
    record.push("limits", limits.map_or(Value::Null, Value::from));
    record
}

/// The rating of the 75th percentile, from exact counts.
pub fn rating(measure: &Measure, cell: &Cell) -> Option<Rating> {
    measure.limits_micro()?;
    Rating::of_percentile(75, cell.good, cell.fair, cell.poor)
}

/// The exact counts at a metric's limits.
pub fn limits(measure: &Measure, cell: &Cell) -> Vec<Limit> {
    measure.limits_micro().map_or(Vec::new(), |limits| Limit::of_counts(limits, cell.good, cell.fair).to_vec())
}

/// A percentile with its 95 % interval, in micro units.
pub fn percentile(measure: &Measure, cell: &Cell, percent: u8) -> Option<(f64, f64, f64)> {
    cell.histogram.percentile(u32::from(percent), &limits(measure, cell))
}

fn happiness(mut record: Record, cell: &Cell, style: LevelStyle) -> Record {
    let score = LevelCounts(cell.levels).score();
    record.push("count", cell.one_in.times(score.count));
    record.push("value", number_or_null(score.value));
    record.push("low", number_or_null(score.low));
    record.push("high", number_or_null(score.high));
    record.push("unhappiness", number_or_null(score.unhappiness));
    let levels = Level::ALL.iter().zip(cell.levels.map(|count| cell.one_in.times(count)));
    match style {
        LevelStyle::List => {
            let list: Vec<Value> =
                levels.map(|(level, count)| json!({"level": level.name(), "count": count})).collect();
            record.push("levels", list);
        }
        LevelStyle::Columns => levels.for_each(|(level, count)| record.push(level.name(), count)),
    }
    // Each unhappy view has one cause, so the shares make a whole.
    let unhappy: i64 = cell.causes.iter().sum();
    let causes: Map<String, Value> =
        Cause::ALL.iter().zip(cell.causes).map(|(cause, count)| (cause.name().into(), share(count, unhappy))).collect();
    record.push("causes", causes);
    record
}

/// As the specification writes it, and the targets in ms that the views were held against.
fn apdex(record: Record, cell: &Cell) -> Record {
    let Apdex { satisfied, tolerating, frustrated } = cell.apdex;
    let count = cell.apdex.count();
    // A tolerating view is half a success.
    let interval = (count > 0).then(|| wilson(satisfied as f64 + tolerating as f64 / 2.0, count as f64));
    let targets: Vec<Value> = cell.targets_micro.iter().map(|micro| number(*micro as f64 / 1e3)).collect();
    record
        .with("count", cell.one_in.times(count))
        .with("value", number_or_null(cell.apdex.score()))
        .with("low", number_or_null(interval.map(|(low, _)| low)))
        .with("high", number_or_null(interval.map(|(_, high)| high)))
        .with("display", cell.apdex.display())
        .with("rating", (count > 0).then(|| cell.apdex.rating().name()))
        .with("satisfied", cell.one_in.times(satisfied))
        .with("tolerating", cell.one_in.times(tolerating))
        .with("frustrated", cell.one_in.times(frustrated))
        .with("targets_ms", targets)
}

/// What the reader should know about counts that are too small.
pub fn too_few(measure: &Measure, cell: &Cell) -> Option<String> {
    let count = if *measure == Measure::Happiness { cell.levels.iter().sum() } else { cell.valid };
    (1..COUNT_TO_JUDGE)
        .contains(&count)
        .then(|| format!("{}: {count} of at least {COUNT_TO_JUDGE}, too few to judge", measure.name()))
}
