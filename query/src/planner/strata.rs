//! The same two sets of page views by strata, and their values with a weight for each stratum: what a comparison of like with like
//! needs of the store. Which weights those are is decided in `schema::compare`.
//!
//! A stratum is a pair of values (device and country, as far as the source knows them) at a slot of time. Strata travel as numbers, hashes
//! of 40 bits, so that thousands of weights fit into one parameter.

use super::conditions::raw_column;
use super::scope::{Rows, Scope, Statement};
use super::{Ask, Plan, Row, SettledDays, Source, raw, rollup};
use crate::grammar::{Dimension, Measure};
use felt_schema::anchors::{LEVEL_NOT_JUDGED, Level};
use felt_schema::compare::weighted::{Weight, WeightedHistogram};
use felt_schema::histogram::sql_bucket;
use felt_schema::metric::{HAPPINESS, MISSING};
use felt_store::Param;
use serde_json::Value;

/// Weights travel as whole numbers of this part.
const WEIGHT_UNIT: f64 = 1e6;

/// A side of the comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Which of its views count.
    pub ask: &'a Ask,
    /// Where they are found.
    pub plan: &'a Plan,
}

/// How strata are told apart.
#[derive(Debug, Clone)]
pub struct Strata {
    /// The dimensions of a stratum, two at most.
    pub dimensions: Vec<Dimension>,
    /// Slots of time: hours of the week, of the day, or one.
    pub slots: u32,
}

/// What is in one stratum of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    /// Whether it is of the first side.
    pub first: bool,
    /// The values of the dimensions; empty text where there is none.
    pub names: [String; 2],
    /// The slot of time.
    pub slot: i64,
    /// The number of the stratum.
    pub key: u64,
    /// The number of the stratum without its slot.
    pub group_key: u64,
    /// Page views.
    pub views: i64,
    /// For each measure, the values that count.
    pub counts: Vec<i64>,
    /// Views by level, where happiness is asked for.
    pub levels: [i64; 4],
}

/// Weights of the strata for one measure.
#[derive(Debug, Clone, Default)]
pub struct StrataWeights {
    /// Groups of the first side that do not count.
    pub left_out: Vec<u64>,
    /// Strata of the second side with a weight of their own.
    pub keys: Vec<(u64, f64)>,
    /// Groups of the second side, with the weight of all others of their strata.
    pub groups: Vec<(u64, f64)>,
}

/// Names and slot of a row, and how its rows are selected.
struct Columns {
    names: [String; 2],
    slot: String,
}

impl Columns {
    fn of(strata: &Strata, plan: &Plan) -> Self {
        let raw = matches!(plan.source, Source::Raw(_));
        let name = |index: usize| match strata.dimensions.get(index) {
            Some(dimension) if raw => format!("toString({})", raw_column(dimension)),
            Some(Dimension::Page) => "toString(page)".to_owned(),
            Some(_) => "toString(value)".to_owned(),
            None => "''".to_owned(),
        };
        let time = if raw { "started_at" } else { "time" };
        let slot = match strata.slots {
            0 | 1 => "toInt64(0)".to_owned(),
            // 1 January 1970 was a Thursday: an hour of the week is the same on both sides, whatever it is called.
            slots => format!("toInt64(intDiv(toUnixTimestamp({time}), 3600) % {slots})"),
        };
        Columns { names: [name(0), name(1)], slot }
    }

    fn group_key(&self) -> String {
        format!("bitAnd(cityHash64({}, {}), 1099511627775)", self.names[0], self.names[1])
    }

    fn key(&self) -> String {
        format!("bitAnd(cityHash64({}, {}, {}), 1099511627775)", self.names[0], self.names[1], self.slot)
    }
}

/// The rows of a side, each with `side`.
fn rows(
    scope: &mut Scope,
    side: Side<'_>,
    (strata, first): (&Strata, bool),
    measures: &[Measure],
    histogram: bool,
) -> Rows {
    let mark = u8::from(first);
    match &side.plan.source {
        Source::Raw(sample) => {
            let mut columns =
                format!("{mark} AS side, started_at, device, country, page, release, browser, sign, level");
            for measure in measures {
                match measure {
                    Measure::Value(metric) => columns.push_str(&format!(", {}", metric.name())),
                    Measure::Timing(_) if !columns.contains("timing_names") => {
                        columns.push_str(", timing_names, timing_values");
                    }
                    Measure::Timing(_) | Measure::Happiness | Measure::Apdex => {}
                }
            }
            raw::views(scope, side.ask, (side.plan.window, sample.as_ref()), &columns)
        }
        Source::Rollup { grouping, spans, settled } => {
            let names = measures.iter().map(|measure| measure.name().into_owned());
            let happiness = (!histogram && !measures.contains(&Measure::Happiness)).then(|| HAPPINESS.to_owned());
            let map = if histogram { ", histogram" } else { "" };
            let columns = format!(
                "{mark} AS side, time, page, value, metric, views, valid, delighted, annoying, painful, brutal{map}"
            );
            // A day does not tell the hours that slots are made of.
            let none = SettledDays::default();
            let settled = if strata.slots > 1 { &none } else { settled };
            rollup::cells(scope, side.ask, names.chain(happiness).collect(), (*grouping, spans, settled), &columns)
        }
    }
}

/// The statement that counts both sides by strata. Both must come from the same kind of source.
pub fn statement(site: &str, strata: &Strata, measures: &[Measure], first: Side<'_>, second: Side<'_>) -> Statement {
    let mut scope = Scope::of(site);
    let both = rows(&mut scope, first, (strata, true), measures, false);
    let both = both.and(rows(&mut scope, second, (strata, false), measures, false));
    let columns = Columns::of(strata, first.plan);
    let keys = format!("side, {}, {}, {}", columns.names[0], columns.names[1], columns.slot);
    let mut select = vec![
        format!("side, {} AS one, {} AS two, {} AS slot", columns.names[0], columns.names[1], columns.slot),
        columns.key(),
        columns.group_key(),
    ];
    match first.plan.source {
        Source::Raw(_) => {
            select.push("sum(sign)".into());
            for measure in measures {
                select.push(match measure {
                    Measure::Happiness => format!("sumIf(sign, level != {LEVEL_NOT_JUDGED})"),
                    // No question compares it.
                    Measure::Apdex => "toInt64(0)".to_owned(),
                    Measure::Value(metric) => format!("sumIf(sign, {} != {MISSING})", metric.name()),
                    Measure::Timing(name) => {
                        format!("sum(sign * toInt64(countEqual(timing_names, {})))", scope.text(name))
                    }
                });
            }
            select
                .extend(Level::ALL.iter().map(|level| format!("sumIf(sign, level = {})", Level::column(Some(*level)))));
        }
        Source::Rollup { .. } => {
            select.push("sum(views)".into());
            for measure in measures {
                let name = scope.text(&measure.name());
                select.push(format!("sumIf(valid, metric = {name})"));
            }
            select.extend(Level::ALL.iter().map(|level| format!("sumIf({}, metric = '{HAPPINESS}')", level.name())));
        }
    }
    scope.statement(&select.join(", "), both, &format!("GROUP BY {keys}"))
}

/// The strata in the rows of [`statement`].
pub fn read(measures: &[Measure], rows: Vec<Vec<Value>>) -> Vec<Stratum> {
    let stratum = |row: Vec<Value>| {
        let mut row = Row::new(row);
        let first = row.int() == 1;
        let names = [row.text(), row.text()];
        let slot = row.int();
        let mut key = || u64::try_from(row.int()).unwrap_or(0);
        let (key, group_key) = (key(), key());
        let views = row.int();
        let counts = measures.iter().map(|_| row.int().max(0)).collect();
        let mut levels = [0; 4];
        levels.iter_mut().for_each(|level| *level = row.int().max(0));
        Stratum { first, names, slot, key, group_key, views, counts, levels }
    };
    rows.into_iter().map(stratum).collect()
}

/// The statement for both sides' histograms of some measures, each value with the weight that its stratum has for the measure.
pub fn weighted_statement(
    site: &str,
    strata: &Strata,
    weighed: &[(&Measure, StrataWeights)],
    (first, second): (Side<'_>, Side<'_>),
) -> Statement {
    let mut scope = Scope::of(site);
    let measures: Vec<Measure> = weighed.iter().map(|(measure, _)| (*measure).clone()).collect();
    let both = rows(&mut scope, first, (strata, true), &measures, true);
    let both = both.and(rows(&mut scope, second, (strata, false), &measures, true));
    let columns = Columns::of(strata, first.plan);
    // Looked up once a row and named: thousands of weights are text, too, and would be read wherever they stand.
    let (mut with, mut select) = (vec!["*".to_owned()], vec!["side".to_owned()]);
    for (place, (measure, weights)) in weighed.iter().enumerate() {
        let weight = format!("weight_{place}");
        with.push(format!("{} / {WEIGHT_UNIT} AS {weight}", weight_sql(&mut scope, &columns, weights)));
        select.extend(weighted_sums(&mut scope, &first.plan.source, measure, &weight));
    }
    scope.statement(&select.join(", "), both.select(&with.join(", "), ""), "GROUP BY side")
}

/// Buckets and the sums of their weights, then buckets and the sums of the squares.
fn weighted_sums(scope: &mut Scope, source: &Source, measure: &Measure, weight: &str) -> [String; 4] {
    // A sum of arrays is a pair of arrays, a sum of maps is a map.
    let of_map = |sum: String| [format!("mapKeys({sum})"), format!("mapValues({sum})")];
    let of_arrays = |sum: String| [format!("{sum}.1"), format!("{sum}.2")];
    let sums = [weight.to_owned(), format!("{weight} * {weight}")].map(|each| match (source, measure) {
        (Source::Raw(_), Measure::Value(metric)) => {
            let (bucket, column) = (sql_bucket(metric.name()), metric.name());
            of_map(format!("sumMapIf(map({bucket}, toFloat64(sign) * {each}), {column} != {MISSING})"))
        }
        (Source::Raw(_), Measure::Timing(name)) => {
            let name = scope.text(name);
            let values = format!("arrayFilter((value, name) -> name = {name}, timing_values, timing_names)");
            let bucket = sql_bucket("value");
            of_arrays(format!(
                "sumMap(arrayMap(value -> {bucket}, {values}), arrayMap(value -> toFloat64(sign) * {each}, {values}))"
            ))
        }
        _ => {
            let name = scope.text(&measure.name());
            let weighed = format!("mapApply((bucket, count) -> (bucket, count * {each}), histogram)");
            of_map(format!("sumMapIf({weighed}, metric = {name})"))
        }
    });
    let [[buckets, sums], [of_squares, squares]] = sums;
    [buckets, sums, of_squares, squares]
}

/// The weight of a row as an expression, in units.
fn weight_sql(scope: &mut Scope, columns: &Columns, weights: &StrataWeights) -> String {
    let unit = WEIGHT_UNIT as u64;
    let mut lookup = |expression: &str, pairs: &[(u64, f64)], otherwise: &str| {
        if pairs.is_empty() {
            return otherwise.to_owned();
        }
        let keys = scope.bind("Array(UInt64)", Param::UInts(pairs.iter().map(|(key, _)| *key).collect()));
        let units = pairs.iter().map(|(_, weight)| (weight * WEIGHT_UNIT).round().max(0.0) as u64).collect();
        let units = scope.bind("Array(UInt64)", Param::UInts(units));
        format!("transform({expression}, {keys}, {units}, {otherwise})")
    };
    let left_out: Vec<(u64, f64)> = weights.left_out.iter().map(|key| (*key, 0.0)).collect();
    let group_key = columns.group_key();
    let first = lookup(&group_key, &left_out, &format!("toUInt64({unit})"));
    let groups = lookup(&group_key, &weights.groups, "toUInt64(0)");
    let second = lookup(&columns.key(), &weights.keys, &groups);
    format!("if(side = 1, {first}, {second})")
}

/// For each of so many measures, the histograms of the first and the second side in the rows of [`weighted_statement`].
pub fn read_weighted(measures: usize, rows: Vec<Vec<Value>>) -> Vec<[WeightedHistogram; 2]> {
    let mut found = vec![[WeightedHistogram::default(), WeightedHistogram::default()]; measures];
    for row in rows {
        let mut columns = row.into_iter();
        let first = columns.next().and_then(|side| side.as_i64()) == Some(1);
        let mut array = || match columns.next() {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        for sides in &mut found {
            for squares in [false, true] {
                let (buckets, sums) = (array(), array());
                for (bucket, sum) in buckets.iter().zip(&sums) {
                    let bucket = bucket.as_u64().and_then(|bucket| u16::try_from(bucket).ok());
                    let (Some(bucket), Some(sum)) = (bucket, sum.as_f64()) else { continue };
                    let weight = if squares { Weight { sum: 0.0, squares: sum } } else { Weight { sum, squares: 0.0 } };
                    sides[usize::from(!first)].add(bucket, weight);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::{Window, plan};

    #[test]
    fn slots_of_hours_are_never_read_by_the_day() {
        let ask = Ask::counts(&[], Default::default());
        let window = Window { from_ms: 1_794_960_000_000, to_ms: 1_795_132_800_000 }; // Two UTC days.
        let found = plan(&ask, window, window.to_ms, None)
            .unwrap()
            .settled(SettledDays { all: vec!["2026-11-18".into()], ..SettledDays::default() });
        let side = Side { ask: &ask, plan: &found };
        for (slots, by_day) in [(1, true), (24, false), (168, false)] {
            let strata = Strata { dimensions: vec![Dimension::Device], slots };
            let statements = [
                statement("shop", &strata, &[Measure::Happiness], side, side),
                weighted_statement("shop", &strata, &[(&Measure::Happiness, StrataWeights::default())], (side, side)),
            ];
            for statement in statements {
                assert_eq!(statement.sql().contains("FROM rollup_day"), by_day, "{slots} slots: {}", statement.sql());
            }
        }
    }
}
