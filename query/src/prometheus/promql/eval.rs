//! Works an expression out over all points at once, from what was read for its selectors. Pure.

use super::value::{Labels, NAME, Series, Value, nameless};
use super::{PromqlError, binary, quantile};
use promql_parser::parser::{AggregateExpr, Call, Expr, LabelModifier, token};
use std::collections::BTreeMap;

/// What the expression is worth at `times_ms`. `read` is what each selector gave, in the order of the plan.
///
/// # Errors
/// When series cannot be matched, or a text stands where a number has to.
pub fn evaluate(expr: &Expr, times_ms: &[i64], read: Vec<Vec<Series>>) -> Result<Value, PromqlError> {
    Evaluation { times_ms, read: read.into_iter() }.of(expr)
}

struct Evaluation<'a> {
    times_ms: &'a [i64],
    read: std::vec::IntoIter<Vec<Series>>,
}

impl Evaluation<'_> {
    fn of(&mut self, expr: &Expr) -> Result<Value, PromqlError> {
        match expr {
            Expr::NumberLiteral(number) => Ok(self.constant(number.val)),
            Expr::StringLiteral(text) => Ok(Value::Text(text.val.clone())),
            Expr::Paren(paren) => self.of(&paren.expr),
            Expr::Unary(unary) => match self.of(&unary.expr)? {
                Value::Scalar(numbers) => Ok(Value::Scalar(numbers.iter().map(|number| -number).collect())),
                Value::Vector(series) => Ok(Value::Vector(map(series, |value| -value))),
                Value::Text(_) => Err(PromqlError::Execution("a text has no sign".into())),
            },
            Expr::Binary(binary) => {
                let (left, right) = (self.of(&binary.lhs)?, self.of(&binary.rhs)?);
                binary::evaluate(binary.op.id(), binary.modifier.as_ref(), left, right)
            }
            Expr::Aggregate(aggregate) => {
                let series = self.vector(&aggregate.expr)?;
                Ok(Value::Vector(aggregated(aggregate, series, self.times_ms.len())))
            }
            Expr::VectorSelector(_) | Expr::MatrixSelector(_) => {
                Ok(Value::Vector(self.read.next().unwrap_or_default()))
            }
            Expr::Call(call) => self.call(call),
            Expr::Subquery(_) | Expr::Extension(_) => Err(PromqlError::unsupported("this")),
        }
    }

    fn constant(&self, number: f64) -> Value {
        Value::Scalar(vec![number; self.times_ms.len()])
    }

    fn vector(&mut self, expr: &Expr) -> Result<Vec<Series>, PromqlError> {
        match self.of(expr)? {
            Value::Vector(series) => Ok(series),
            _ => Err(PromqlError::Execution("series are needed where a number or a text stands".into())),
        }
    }

    fn scalar(&mut self, expr: &Expr) -> Result<Vec<f64>, PromqlError> {
        match self.of(expr)? {
            Value::Scalar(numbers) => Ok(numbers),
            _ => Err(PromqlError::Execution("a number is needed where series or a text stand".into())),
        }
    }

    fn call(&mut self, call: &Call) -> Result<Value, PromqlError> {
        match (call.func.name, call.args.args.as_slice()) {
            ("time", []) => Ok(Value::Scalar(self.times_ms.iter().map(|ms| *ms as f64 / 1e3).collect())),
            ("increase", [arg]) => self.vector(arg).map(|series| Value::Vector(map(series, |value| value))),
            ("rate", [arg]) => {
                let range_s = range_s(arg);
                self.vector(arg).map(|series| Value::Vector(map(series, |value| value / range_s)))
            }
            ("vector", [arg]) => {
                let values = self.scalar(arg)?.into_iter().map(Some).collect();
                Ok(Value::Vector(vec![Series { labels: Labels::new(), values }]))
            }
            ("scalar", [arg]) => {
                let series = self.vector(arg)?;
                let at = |index: usize| {
                    let mut values = series.iter().filter_map(|series| series.values.get(index).copied().flatten());
                    // Of several there is no one number.
                    values.next().filter(|_| values.next().is_none()).unwrap_or(f64::NAN)
                };
                Ok(Value::Scalar((0..self.times_ms.len()).map(at).collect()))
            }
            ("histogram_quantile", [quantile, buckets]) => {
                let quantile = self.scalar(quantile)?;
                Ok(Value::Vector(quantile::histogram_quantile(&quantile, self.vector(buckets)?)))
            }
            (name, _) => Err(PromqlError::unsupported(&format!("`{name}`"))),
        }
    }
}

fn range_s(expr: &Expr) -> f64 {
    match expr {
        Expr::MatrixSelector(matrix) => matrix.range.as_secs_f64(),
        Expr::Paren(paren) => range_s(&paren.expr),
        _ => f64::NAN,
    }
}

fn map(series: Vec<Series>, of: impl Fn(f64) -> f64) -> Vec<Series> {
    let one = |series: Series| Series {
        labels: nameless(&series.labels),
        values: series.values.into_iter().map(|value| value.map(&of)).collect(),
    };
    series.into_iter().map(one).collect()
}

/// A group's values at one point.
#[derive(Debug, Clone, Copy, Default)]
struct Fold {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Fold {
    fn add(&mut self, value: f64) {
        let first = self.count == 0.0;
        self.min = if first || value < self.min || self.min.is_nan() { value } else { self.min };
        self.max = if first || value > self.max || self.max.is_nan() { value } else { self.max };
        self.count += 1.0;
        self.sum += value;
    }

    fn finish(self, op: token::TokenId) -> Option<f64> {
        (self.count > 0.0).then_some(match op {
            token::T_AVG => self.sum / self.count,
            token::T_MIN => self.min,
            token::T_MAX => self.max,
            token::T_COUNT => self.count,
            _ => self.sum,
        })
    }
}

fn aggregated(aggregate: &AggregateExpr, series: Vec<Series>, points: usize) -> Vec<Series> {
    let keep = |name: &String| match &aggregate.modifier {
        None => false,
        Some(LabelModifier::Include(by)) => by.labels.contains(name),
        Some(LabelModifier::Exclude(without)) => name != NAME && !without.labels.contains(name),
    };
    let mut groups: BTreeMap<Labels, Vec<Fold>> = BTreeMap::new();
    for series in series {
        let labels =
            series.labels.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone()));
        let folds = groups.entry(labels.collect()).or_insert_with(|| vec![Fold::default(); points]);
        for (fold, value) in folds.iter_mut().zip(&series.values) {
            if let Some(value) = value {
                fold.add(*value);
            }
        }
    }
    let op = aggregate.op.id();
    let one = |(labels, folds): (Labels, Vec<Fold>)| Series {
        labels,
        values: folds.into_iter().map(|fold| fold.finish(op)).collect(),
    };
    groups.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::super::value::labels;
    use super::*;

    fn series(pairs: &[(&str, &str)], values: &[f64]) -> Series {
        Series { labels: labels(pairs.iter().copied()), values: values.iter().copied().map(Some).collect() }
    }

    fn worth(text: &str, read: Vec<Vec<Series>>) -> Result<Value, PromqlError> {
        evaluate(&Plan::parse(text).unwrap().expr, &[60_000, 120_000], read)
    }

    fn shown(text: &str, read: Vec<Vec<Series>>) -> String {
        let Value::Vector(series) = worth(text, read).unwrap() else { panic!("{text}") };
        let one = |series: &Series| {
            let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let values: Vec<String> =
                series.values.iter().map(|value| value.map_or("-".into(), |value| value.to_string())).collect();
            format!("{{{}}}{}", labels.join(","), values.join(","))
        };
        series.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_worked_out_as_written() {
        assert_eq!(worth("1+1", vec![]), Ok(Value::Scalar(vec![2.0, 2.0])));
        assert_eq!(worth("-2 ^ 2 * 3 % 5", vec![]), Ok(Value::Scalar(vec![-2.0, -2.0])));
        assert_eq!(worth("time() - 60", vec![]), Ok(Value::Scalar(vec![0.0, 60.0])));
        assert_eq!(worth("2 > bool 1", vec![]), Ok(Value::Scalar(vec![1.0, 1.0])));
        assert_eq!(shown("vector(7)", vec![]), "{}7,7");
    }

    #[test]
    fn series_are_summed_compared_and_matched_by_their_labels() {
        let a = || {
            vec![
                series(&[(NAME, "a"), ("x", "1"), ("y", "1")], &[1.0, 2.0]),
                series(&[(NAME, "a"), ("x", "1"), ("y", "2")], &[3.0, 4.0]),
            ]
        };
        let b = || vec![series(&[(NAME, "b"), ("x", "1")], &[2.0, 2.0])];
        assert_eq!(shown("sum by (x) (a)", vec![a()]), "{x=1}4,6");
        assert_eq!(shown("max without (y) (a)", vec![a()]), "{x=1}3,4");
        assert_eq!(shown("avg(a)", vec![a()]), "{}2,3");
        assert_eq!(shown("count(a > 2)", vec![a()]), "{}1,1");
        assert_eq!(shown("a > 2", vec![a()]), "{__name__=a,x=1,y=2}3,4");
        assert_eq!(shown("a >= bool 2", vec![a()]), "{x=1,y=1}0,1 {x=1,y=2}1,1");
        assert_eq!(shown("2 < a", vec![a()]), "{__name__=a,x=1,y=2}3,4");
        assert_eq!(shown("sum by (x) (a) / b", vec![a(), b()]), "{x=1}2,3");
        assert_eq!(shown("a{y=\"1\"} / ignoring (y) b", vec![a().drain(..1).collect(), b()]), "{x=1}0.5,1");
        assert_eq!(shown("b or vector(1)", vec![b()]), "{__name__=b,x=1}2,2 {}1,1");
        assert_eq!(shown("a unless on (x) b", vec![a(), b()]), "");
        assert_eq!(shown("a and on (x) b", vec![a(), b()]), "{__name__=a,x=1,y=1}1,2 {__name__=a,x=1,y=2}3,4");
        assert!(worth("a / on (x) b", vec![a(), b()]).is_err(), "two series on one side have the same labels");
    }
}
