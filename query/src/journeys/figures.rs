//! From visits to what is shown of a journey: its row, its steps, and completion by waiting.

use super::definition::Known;
use super::visits::visits;
use crate::grammar::Query;
use crate::planner::Window;
use crate::planner::scope::{Scope, Statement};
use crate::record::{Record, number, number_or_null, share};
use felt_schema::anchors::Anchors;
use felt_schema::happiness::LevelCounts;
use felt_schema::journey::{Matched, Taken, WAIT_EDGES_MS};
use felt_schema::metric::MISSING;
use felt_store::{JsonRow, Param};
use serde_json::Value;
use std::collections::BTreeMap;

/// What visits made of one journey.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    started: i64,
    completed: i64,
    failed: i64,
    in_time: i64,
    /// Its page views.
    pub views: i64,
    levels: LevelCounts,
    median_ms: i64,
    p75_ms: i64,
    /// Amounts of those that were not finished, by currency.
    pub lost: Vec<(String, f64)>,
    steps: Vec<StepTotals>,
}

/// What visits made of one step.
#[derive(Debug, Clone, Default, PartialEq)]
struct StepTotals {
    entered: i64,
    levels: LevelCounts,
    failed_views: i64,
    timed: i64,
    median_ms: i64,
    p75_ms: i64,
}

/// The statement for the totals of journeys, with their steps if `funnel`.
pub fn totals_statement(site: &str, journeys: &[Known], query: &Query, window: Window, funnel: bool) -> Statement {
    let mut scope = Scope::of(site);
    let rows = visits(&mut scope, journeys, query, window);
    let within = journeys.iter().map(|known| u64::from(known.journey.within_s.unwrap_or(0)) * 1_000).collect();
    let within = scope.bind("Array(UInt64)", Param::UInts(within));
    let views = "arrayDistinct(arrayMap(t -> (t.1, t.3), touched))";
    // Weighted quantiles are of the nearest rank.
    let rank = |percent: &str, value: &str| format!("quantileExactWeightedIf({percent})({value}, 1, {value} >= 0)");
    let mut select: Vec<String> = vec![
        "journey".into(),
        "toInt64(count())".into(),
        "toInt64(countIf(lasted_ms >= 0))".into(),
        "toInt64(countIf(lasted_ms < 0 AND failed))".into(),
        format!("toInt64(countIf(lasted_ms >= 0 AND lasted_ms <= {within}[toUInt32(journey) + 1]))"),
        format!("toInt64(sum(length({views})))"),
        format!("sumForEach(arrayMap(l -> toInt64(arrayCount(v -> v.2 = l, {views})), range(4)))"),
        rank("0.5", "lasted_ms"),
        rank("0.75", "lasted_ms"),
        "mapKeys(sumMapIf(map(currency, amount), lasted_ms < 0 AND NOT isNaN(amount)) AS lost)".into(),
        "mapValues(lost)".into(),
    ];
    if funnel {
        let steps = journeys.first().map_or(0, |known| known.journey.steps.len());
        let each = |count: &str| format!("sumForEach(arrayMap(s -> toInt64({count}), range({steps})))");
        let of_gaps = |each: &dyn Fn(&str) -> String| {
            let list: Vec<String> = (1..=steps).map(|step| each(&format!("gaps[{step}]"))).collect();
            format!("[{}]", list.join(", "))
        };
        select.push(each("reached >= s"));
        select.extend((0..4).map(|level| each(&format!("arrayCount(t -> t.2 = s AND t.3 = {level}, touched)"))));
        select.push(each("arrayCount(t -> t.2 = s AND t.4, touched)"));
        select.push(of_gaps(&|gap| format!("toInt64(countIf({gap} >= 0))")));
        select.push(of_gaps(&|gap| rank("0.5", gap)));
        select.push(of_gaps(&|gap| rank("0.75", gap)));
    }
    scope.statement(&select.join(", "), rows, "GROUP BY journey")
}

/// Each journey's totals, in the order of the journeys.
pub fn read_totals(journeys: &[Known], rows: &[JsonRow]) -> Vec<Totals> {
    let mut found = vec![Totals::default(); journeys.len()];
    for row in rows {
        let int = |index: usize| row.get(index).and_then(Value::as_i64).unwrap_or(0);
        let list = |index: usize| row.get(index).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let int_of = |index: usize, place: usize| list(index).get(place).and_then(Value::as_i64).unwrap_or(0);
        let Some(totals) = usize::try_from(int(0)).ok().and_then(|journey| found.get_mut(journey)) else { continue };
        let mut lost: Vec<(String, f64)> = list(9)
            .iter()
            .zip(list(10))
            .filter_map(|(currency, amount)| Some((currency.as_str()?.to_owned(), amount.as_f64()?)))
            .collect();
        lost.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let step = |place: usize| StepTotals {
            entered: int_of(11, place),
            levels: LevelCounts(std::array::from_fn(|level| int_of(12 + level, place))),
            failed_views: int_of(16, place),
            timed: int_of(17, place),
            median_ms: int_of(18, place),
            p75_ms: int_of(19, place),
        };
        *totals = Totals {
            started: int(1),
            completed: int(2),
            failed: int(3),
            in_time: int(4),
            views: int(5),
            levels: LevelCounts(std::array::from_fn(|level| int_of(6, level))),
            median_ms: int(7),
            p75_ms: int(8),
            lost,
            steps: (0..list(11).len()).map(step).collect(),
        };
    }
    found
}

/// Seconds of a span; null where none was measured.
fn seconds(count: i64, ms: i64) -> Value {
    if count > 0 { number(ms as f64 / 1e3) } else { Value::Null }
}

impl Known {
    /// The row of a journey.
    pub fn row(&self, totals: &Totals) -> Record {
        let Totals { started, completed, .. } = *totals;
        let lost = totals.lost.first();
        Record::new()
            .with("id", self.id.as_str())
            .with("name", self.journey.name.as_str())
            .with("defined", self.defined)
            .with("steps", self.journey.steps.len())
            .with("started", started)
            .with("completed", completed)
            .with("completion", share(completed, started))
            .with("abandoned", started - completed)
            .with("failed", totals.failed)
            .with("views", totals.views)
            .with("happiness", number_or_null(totals.levels.score().value))
            .with("judged", totals.levels.count())
            .with("median_s", seconds(completed, totals.median_ms))
            .with("p75_s", seconds(completed, totals.p75_ms))
            .with("within_s", self.journey.within_s)
            .with("in_time", self.journey.within_s.map(|_| totals.in_time))
            .with("in_time_share", self.journey.within_s.map_or(Value::Null, |_| share(totals.in_time, started)))
            .with("lost_amount", lost.map_or(Value::Null, |(_, amount)| number((amount * 100.0).round() / 100.0)))
            .with("currency", lost.map(|(currency, _)| currency.as_str()))
    }

    /// What is to be said about amounts in several currencies.
    pub fn currencies(&self, totals: &Totals) -> Option<String> {
        let others: Vec<String> =
            totals.lost.iter().skip(1).map(|(currency, amount)| format!("{amount:.2} {currency}")).collect();
        let more = "amounts were lost in other currencies too";
        (!others.is_empty()).then(|| format!("{}: {more}: {}", self.journey.name, others.join(", ")))
    }

    /// The rows of its steps.
    pub fn funnel(&self, totals: &Totals) -> Vec<Record> {
        let none = StepTotals::default();
        let of = |place: usize| totals.steps.get(place).unwrap_or(&none);
        let row = |(index, step): (usize, &felt_schema::journey::Step)| {
            let totals_of = of(index);
            let continued = if index == self.journey.last() { totals.completed } else { of(index + 1).entered };
            let left = totals_of.entered - continued;
            Record::new()
                .with("step", step.name.as_str())
                .with("index", index)
                .with("entered", totals_of.entered)
                .with("continued", continued)
                .with("left", left)
                .with("drop_off", share(left, totals_of.entered))
                .with("of_start", share(totals_of.entered, totals.started))
                .with("timed", totals_of.timed)
                .with("median_s", seconds(totals_of.timed, totals_of.median_ms))
                .with("p75_s", seconds(totals_of.timed, totals_of.p75_ms))
                .with("happiness", number_or_null(totals_of.levels.score().value))
                .with("judged", totals_of.levels.count())
                .with("failed_views", totals_of.failed_views)
        };
        self.journey.steps.iter().enumerate().map(row).collect()
    }
}

/// Visits that waited for so long, by device and country; the last span is of those whose waiting was not measured.
pub type Spans = Vec<BTreeMap<(String, String), Taken>>;

/// The statement for completion by waiting.
pub fn speed_statement(site: &str, known: &Known, query: &Query, window: Window) -> Statement {
    let mut scope = Scope::of(site);
    let rows = visits(&mut scope, std::slice::from_ref(known), query, window);
    let edges = WAIT_EDGES_MS.iter().map(|edge| u64::from(*edge) * 1_000).collect();
    let edges = scope.bind("Array(UInt64)", Param::UInts(edges));
    let unknown = WAIT_EDGES_MS.len();
    let select = format!(
        "toInt64(if(wait = {MISSING}, {unknown}, arrayCount(e -> wait >= e, {edges}) - 1)) AS span, device, country, \
         toInt64(count()), toInt64(countIf(lasted_ms >= 0))"
    );
    scope.statement(&select, rows, "GROUP BY span, device, country")
}

/// The spans in the rows that the statement gave.
pub fn read_spans(rows: &[JsonRow]) -> Spans {
    let mut spans: Spans = vec![BTreeMap::new(); WAIT_EDGES_MS.len() + 1];
    for row in rows {
        let int = |index: usize| row.get(index).and_then(Value::as_i64).unwrap_or(0);
        let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(span) = usize::try_from(int(0)).ok().and_then(|span| spans.get_mut(span)) {
            span.insert((text(1), text(2)), Taken { started: int(3), completed: int(4) });
        }
    }
    spans
}

/// The rows of completion by waiting.
pub fn speed_rows(spans: &[Matched]) -> Vec<Record> {
    let second = |ms: u32| number(f64::from(ms) / 1e3);
    let row = |(index, span): (usize, &Matched)| {
        let from_ms = WAIT_EDGES_MS[index];
        Record::new()
            .with("from_s", second(from_ms))
            .with("to_s", WAIT_EDGES_MS.get(index + 1).map_or(Value::Null, |to| second(*to)))
            .with("level", Anchors::WAIT.classify(from_ms * 1_000).name())
            .with("started", span.taken.started)
            .with("completed", span.taken.completed)
            .with("completion", number_or_null(span.taken.completion()))
            .with("completion_matched", number_or_null(span.completion))
            .with("low", number_or_null(span.low))
            .with("high", number_or_null(span.high))
    };
    spans.iter().take(WAIT_EDGES_MS.len()).enumerate().map(row).collect()
}
