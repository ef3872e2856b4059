//! What both sources answer with: exact signed counters and one histogram for each metric of each group.

use super::sample::OneIn;
use crate::grammar::Measure;
use felt_schema::apdex::Apdex;
use felt_schema::histogram::Histogram;
use serde_json::Value;
use std::collections::BTreeMap;

/// The counts of one metric in one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Values that count; for happiness, judged views; for Apdex, samples.
    pub valid: i64,
    /// Sum of the values in micro units.
    pub total_micro: i64,
    /// At or under the first limit.
    pub good: i64,
    /// At or under the second limit.
    pub fair: i64,
    /// Above both.
    pub poor: i64,
    /// For happiness: views of each level, best first.
    pub levels: [i64; 4],
    /// For happiness: unhappy views by cause, in the schema's order.
    pub causes: [i64; 5],
    /// For Apdex: views by zone.
    pub apdex: Apdex,
    /// For Apdex: the targets that they were held against, in micro units, ascending.
    pub targets_micro: Vec<i64>,
    /// Values by bucket.
    pub histogram: Histogram,
    /// How many page views each counted one stands for.
    pub one_in: OneIn,
}

/// All cells of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// Start of its point in Unix seconds, where the question has points.
    pub start: Option<u32>,
    /// The values of the dimensions asked for, in their order; empty text where a view has none.
    pub names: Vec<String>,
    /// Page views that were read, judged or not.
    pub views: i64,
    /// How many page views each one that was read stands for.
    pub one_in: OneIn,
    /// How many views they stand for when sampling is taken back, where the source knows.
    pub views_unsampled: Option<f64>,
    /// One for each metric asked for, in their order.
    pub cells: Vec<Cell>,
}

/// An answer: its groups, in no particular order.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// Groups that have anything in them.
    pub groups: Vec<Group>,
}

impl Group {
    /// The cell of a metric.
    pub fn cell<'a>(&'a self, measures: &[Measure], measure: &Measure) -> Option<&'a Cell> {
        measures.iter().position(|known| known == measure).and_then(|index| self.cells.get(index))
    }

    /// Page views, judged or not: as many as those that were read stand for.
    pub fn all_views(&self) -> i64 {
        self.one_in.times(self.views)
    }

    fn is_empty(&self) -> bool {
        let nothing = |cell: &Cell| cell.valid == 0 && cell.levels == [0; 4] && cell.histogram.is_empty();
        self.views == 0 && self.cells.iter().all(nothing)
    }
}

impl Cells {
    /// Takes groups in, without those that later snapshots have emptied.
    pub fn new(groups: impl IntoIterator<Item = Group>) -> Self {
        Cells { groups: groups.into_iter().filter(|group| !group.is_empty()).collect() }
    }

    /// Page views of all groups.
    pub fn views(&self) -> i64 {
        self.groups.iter().map(Group::all_views).sum()
    }

    /// The share of views that were kept by sampling, where the source knows.
    pub fn sample_rate(&self) -> Option<f64> {
        let unsampled: f64 = self.groups.iter().map(|group| group.views_unsampled).sum::<Option<f64>>()?;
        let views: i64 = self.groups.iter().map(|group| group.views).sum();
        Some(if views > 0 && unsampled > 0.0 { (views as f64 / unsampled).min(1.0) } else { 1.0 })
    }
}

/// Collects rows of a group that come one by one.
#[derive(Debug, Default)]
pub struct Collector {
    groups: BTreeMap<(Option<u32>, Vec<String>), Group>,
}

impl Collector {
    /// The group of these names, with room for `cells` metrics.
    pub fn group(&mut self, start: Option<u32>, names: Vec<String>, cells: usize) -> &mut Group {
        self.groups.entry((start, names.clone())).or_insert_with(|| Group {
            start,
            names,
            cells: vec![Cell::default(); cells],
            ..Group::default()
        })
    }

    /// What was collected.
    pub fn cells(self) -> Cells {
        Cells::new(self.groups.into_values())
    }
}

/// Reads the columns of one row from left to right; what is missing or of a wrong type reads as nothing.
#[derive(Debug)]
pub struct Row(std::vec::IntoIter<Value>);

impl Row {
    /// A row as the store gave it.
    pub fn new(values: Vec<Value>) -> Self {
        Row(values.into_iter())
    }

    /// A signed integer; 64-bit ones may come as text.
    pub fn int(&mut self) -> i64 {
        match self.0.next() {
            Some(Value::Number(number)) => number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(0.0) as i64),
            Some(Value::String(text)) => text.parse().unwrap_or(0),
            _ => 0,
        }
    }

    /// A float.
    pub fn float(&mut self) -> Option<f64> {
        self.0.next().and_then(|value| value.as_f64())
    }

    /// A text.
    pub fn text(&mut self) -> String {
        match self.0.next() {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// Start of a point, if the question has points, and the values of `dimensions` dimensions.
    pub fn key(&mut self, points: bool, dimensions: usize) -> (Option<u32>, Vec<String>) {
        let start = points.then(|| u32::try_from(self.int()).unwrap_or(0));
        (start, (0..dimensions).map(|_| self.text()).collect())
    }

    /// An array of integers.
    pub fn ints(&mut self) -> Vec<i64> {
        match self.0.next() {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_i64).collect(),
            _ => Vec::new(),
        }
    }

    /// Pairs of integers: an array of the first and one of the second.
    pub fn pairs(&mut self) -> Vec<(i64, i64)> {
        let mut ints = || match self.0.next() {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let (first, second) = (ints(), ints());
        let pairs = first.iter().zip(&second);
        pairs.filter_map(|(one, two)| Some((one.as_i64()?, two.as_i64()?))).collect()
    }

    /// A histogram: an array of buckets and one of counts.
    pub fn histogram(&mut self) -> Histogram {
        let mut ints = || match self.0.next() {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        };
        let (buckets, counts) = (ints(), ints());
        let int = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let pairs = buckets.iter().zip(&counts);
        pairs.filter_map(|(bucket, count)| Some((u16::try_from(int(bucket)?).ok()?, int(count)?))).collect()
    }
}
