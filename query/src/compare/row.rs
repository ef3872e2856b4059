//! A pair of figures as a row: both values, the difference with its interval, the verdict.

use crate::figures::percentile;
use crate::grammar::Measure;
use crate::planner::{Cell, OneIn};
use crate::record::{Record, number, number_or_null};
use felt_schema::compare::weighted::{Weight, WeightedHistogram, score, whole};
use felt_schema::compare::{COUNT_TO_COMPARE, Estimate, Verdict, difference, z_score};
use felt_schema::happiness::Difference;

/// The percentile that value metrics are compared by.
const PERCENT: u8 = 75;

/// A figure of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figure {
    /// The figure, in micro units or as a score; none of nothing.
    pub estimate: Option<Estimate>,
    /// The values that it rests on, as they were read.
    pub count: i64,
    /// How many each of them stands for.
    pub one_in: OneIn,
    /// As how many of equal weight they count.
    pub effective: f64,
}

impl Figure {
    /// The figure of a cell as it is, without weights.
    pub fn plain(measure: &Measure, cell: &Cell) -> Self {
        if *measure == Measure::Happiness {
            let levels = cell.levels.map(|count| Weight::of(count, 1.0));
            return Self::of_levels(levels, (cell.levels.iter().sum(), cell.one_in));
        }
        let mut figure = Self::of_histogram(&WeightedHistogram::of(&cell.histogram, 1.0), (cell.valid, cell.one_in));
        // Beside a limit it is told as `summary` tells it.
        if let (Some(estimate), Some((value, _, _))) = (&mut figure.estimate, percentile(measure, cell, PERCENT)) {
            *estimate = Estimate { value, low: estimate.low.min(value), high: estimate.high.max(value) };
        }
        figure
    }

    /// The figure of weighted levels.
    pub fn of_levels(levels: [Weight; 4], (count, one_in): (i64, OneIn)) -> Self {
        Self { estimate: score(levels), count, one_in, effective: whole(levels).effective() }
    }

    /// The figure of weighted values.
    pub fn of_histogram(histogram: &WeightedHistogram, (count, one_in): (i64, OneIn)) -> Self {
        let effective = histogram.total().effective();
        Self { estimate: histogram.percentile(u32::from(PERCENT)), count, one_in, effective }
    }

    /// The values that it stands for.
    pub fn all(&self) -> i64 {
        self.one_in.times(self.count)
    }

    fn enough(&self) -> i64 {
        // Weights that differ much make few of many.
        self.count.min(self.effective.round() as i64)
    }
}

/// What is compared of one measure: both sides like for like, and as they are.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The measure.
    pub measure: Measure,
    /// Both sides, the second with the mix of the first where they could be matched.
    pub sides: [Figure; 2],
    /// Both sides as they are.
    pub plain: [Figure; 2],
    /// By what strata; none where they could not be matched.
    pub matched_on: Option<String>,
}

impl Pair {
    fn scale(&self) -> f64 {
        if self.measure == Measure::Happiness { 1.0 } else { self.measure.micro_per_unit() }
    }

    /// The difference of the two, where there is any.
    pub fn difference(&self) -> Option<Difference> {
        Some(difference(self.sides[0].estimate?, self.sides[1].estimate?))
    }

    /// Whether there is enough on both sides.
    pub fn enough(&self) -> bool {
        self.sides.iter().all(|side| side.enough() >= COUNT_TO_COMPARE)
    }

    /// How far the difference is from nothing, in standard errors.
    pub fn z(&self) -> f64 {
        self.difference().map_or(0.0, z_score)
    }

    /// How far it moved, as a part of what it was; happiness as a part of all that there is.
    pub fn move_share(&self) -> f64 {
        let (Some(difference), Some(vs)) = (self.difference(), self.sides[1].estimate) else { return 0.0 };
        let whole = if self.measure == Measure::Happiness { 100.0 } else { vs.value };
        if whole > 0.0 { difference.value.abs() / whole } else { 0.0 }
    }

    /// The verdict on it alone.
    pub fn verdict(&self) -> Verdict {
        let Some(difference) = self.difference() else { return Verdict::TooFew };
        let rising_is_better = self.measure == Measure::Happiness;
        Verdict::of(difference, rising_is_better, self.sides[0].enough(), self.sides[1].enough())
    }

    /// The row, with a verdict that may be more careful than that on it alone.
    pub fn record(&self, verdict: Verdict) -> Record {
        let happiness = self.measure == Measure::Happiness;
        let shown = |value: Option<f64>| number_or_null(value.map(|value| value / self.scale()));
        let value = |figure: &Figure| shown(figure.estimate.map(|estimate| estimate.value));
        let difference = self.difference();
        let plain = |side: usize| self.plain[side].estimate.map(|estimate| estimate.value);
        let mut record = Record::new()
            .with("metric", self.measure.name())
            .with("unit", self.measure.unit())
            .with("stat", if happiness { "score" } else { "p75" })
            .with("value", value(&self.sides[0]))
            .with("count", self.sides[0].all())
            .with("vs_value", value(&self.sides[1]))
            .with("vs_count", self.sides[1].all())
            .with("difference", shown(difference.map(|difference| difference.value)))
            .with("difference_low", shown(difference.map(|difference| difference.low)))
            .with("difference_high", shown(difference.map(|difference| difference.high)))
            .with("verdict", verdict.name())
            .with("matched", self.matched_on.is_some())
            .with("matched_on", self.matched_on.clone())
            .with("plain_value", value(&self.plain[0]))
            .with("plain_vs_value", value(&self.plain[1]))
            .with("plain_difference", shown(plain(0).zip(plain(1)).map(|(value, vs)| value - vs)));
        if happiness {
            let unhappiness =
                |figure: &Figure| figure.estimate.map_or(serde_json::Value::Null, |e| number(100.0 - e.value));
            record.push("unhappiness", unhappiness(&self.sides[0]));
            record.push("vs_unhappiness", unhappiness(&self.sides[1]));
        }
        record
    }
}
