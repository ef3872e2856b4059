//! The names and the writing of CrUX metrics: integers for milliseconds, text with two digits for layout shift.

use crate::figures::percentile;
use crate::grammar::Measure;
use crate::planner::Cell;
use felt_schema::metric::Metric;
use serde_json::{Value, json};

/// What can be asked for besides [`MEASURED`]: page views by device.
pub(super) const FORM_FACTORS: &str = "form_factors";

/// The metrics, in the order of the answer.
pub(super) const MEASURED: [(&str, Metric); 5] = [
    ("cumulative_layout_shift", Metric::Cls),
    ("experimental_time_to_first_byte", Metric::Ttfb),
    ("first_contentful_paint", Metric::Fcp),
    ("interaction_to_next_paint", Metric::Inp),
    ("largest_contentful_paint", Metric::Lcp),
];

/// A share with as many digits as CrUX tells.
pub(super) fn fraction(part: i64, whole: i64) -> Option<Value> {
    (whole > 0).then(|| json!((part as f64 / whole as f64 * 1e4).round() / 1e4))
}

/// A value in micro units as CrUX writes it.
fn written(metric: Metric, micro: f64) -> Value {
    let value = micro / metric.micro_per_unit();
    if metric == Metric::Cls { json!(format!("{value:.2}")) } else { json!(value.round() as i64) }
}

/// The 75th percentile.
pub(super) fn p75(metric: Metric, cell: &Cell) -> Option<Value> {
    percentile(&Measure::Value(metric), cell, 75).map(|(p75, _, _)| written(metric, p75))
}

/// The three bins of a metric: where each begins and ends, as CrUX writes it, and how much is in it.
pub(super) fn bins(metric: Metric, cell: &Cell) -> [(Value, Option<Value>, i64); 3] {
    let (good, fair) = metric.limits().unwrap_or_default();
    let edge = |micro: u32| written(metric, f64::from(micro));
    [(edge(0), Some(edge(good)), cell.good), (edge(good), Some(edge(fair)), cell.fair), (edge(fair), None, cell.poor)]
}

/// A bin without what is in it.
pub(super) fn bin(start: Value, end: Option<Value>) -> Value {
    match end {
        Some(end) => json!({"start": start, "end": end}),
        None => json!({"start": start}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_shift_is_text_and_everything_else_whole_milliseconds() {
        assert_eq!(written(Metric::Cls, 54_321.0), json!("0.05"));
        assert_eq!(written(Metric::Lcp, 2_500_400.0), json!(2500));
        let cell = Cell { good: 1, fair: 1, poor: 1, valid: 3, ..Cell::default() };
        let [first, .., last] = bins(Metric::Cls, &cell);
        assert_eq!((first.0, first.1), (json!("0.00"), Some(json!("0.10"))));
        assert_eq!((last.0, last.1), (json!("0.25"), None));
        assert_eq!(fraction(1, 3), Some(json!(0.3333)));
        assert_eq!(fraction(0, 0), None);
    }
}
