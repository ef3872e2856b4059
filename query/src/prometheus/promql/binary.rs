//! Operators between two expressions: arithmetic, comparisons, and sets of series.

use super::PromqlError;
use super::value::{Labels, NAME, Series, Value, nameless};
use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality, token};
use std::collections::HashMap;

/// Refuses operators and ways of matching that are not answered here.
pub fn check(binary: &BinaryExpr) -> Result<(), PromqlError> {
    if !known(binary.op.id()) {
        return Err(PromqlError::unsupported(&format!("`{}`", binary.op)));
    }
    let Some(modifier) = &binary.modifier else { return Ok(()) };
    match modifier.card {
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => {}
        VectorMatchCardinality::ManyToOne(_) => return Err(PromqlError::unsupported("`group_left`")),
        VectorMatchCardinality::OneToMany(_) => return Err(PromqlError::unsupported("`group_right`")),
    }
    if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
        return Err(PromqlError::unsupported("`fill`"));
    }
    Ok(())
}

fn known(op: token::TokenId) -> bool {
    is_set(op)
        || is_comparison(op)
        || matches!(op, token::T_ADD | token::T_SUB | token::T_MUL | token::T_DIV | token::T_MOD | token::T_POW)
}

fn is_set(op: token::TokenId) -> bool {
    matches!(op, token::T_LAND | token::T_LOR | token::T_LUNLESS)
}

fn is_comparison(op: token::TokenId) -> bool {
    matches!(op, token::T_EQLC | token::T_NEQ | token::T_GTR | token::T_LSS | token::T_GTE | token::T_LTE)
}

/// Works out `left op right`.
///
/// # Errors
/// When series cannot be matched one to one.
pub fn evaluate(
    op: token::TokenId,
    modifier: Option<&BinModifier>,
    left: Value,
    right: Value,
) -> Result<Value, PromqlError> {
    let as_bool = modifier.is_some_and(|modifier| modifier.return_bool);
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            let of = |(left, right): (&f64, &f64)| apply(op, *left, *right, true).unwrap_or(f64::NAN);
            Ok(Value::Scalar(left.iter().zip(&right).map(of).collect()))
        }
        (Value::Vector(left), Value::Scalar(right)) => {
            Ok(Value::Vector(with_scalar(left, &right, op, as_bool, |value, number| apply(op, value, number, as_bool))))
        }
        (Value::Scalar(left), Value::Vector(right)) => {
            Ok(Value::Vector(with_scalar(right, &left, op, as_bool, |value, number| {
                // A comparison keeps the series' value, on whichever side it stands.
                let kept = apply(op, number, value, as_bool)?;
                Some(if is_comparison(op) && !as_bool { value } else { kept })
            })))
        }
        (Value::Vector(left), Value::Vector(right)) if is_set(op) => Ok(Value::Vector(sets(op, modifier, left, right))),
        (Value::Vector(left), Value::Vector(right)) => matched(op, modifier, as_bool, left, right).map(Value::Vector),
        _ => Err(PromqlError::Execution("a text has no operators".into())),
    }
}

fn with_scalar(
    series: Vec<Series>,
    scalar: &[f64],
    op: token::TokenId,
    as_bool: bool,
    apply: impl Fn(f64, f64) -> Option<f64>,
) -> Vec<Series> {
    let keeps_name = is_comparison(op) && !as_bool;
    let one = |series: Series| Series {
        labels: if keeps_name { series.labels } else { nameless(&series.labels) },
        values: series.values.iter().zip(scalar).map(|(value, number)| apply((*value)?, *number)).collect(),
    };
    some(series.into_iter().map(one))
}

/// Series that have a value somewhere.
fn some(series: impl Iterator<Item = Series>) -> Vec<Series> {
    series.filter(|series| series.values.iter().any(Option::is_some)).collect()
}

/// The value of `left op right`; of a comparison that does not hold there is none.
fn apply(op: token::TokenId, left: f64, right: f64, as_bool: bool) -> Option<f64> {
    let holds = match op {
        token::T_ADD => return Some(left + right),
        token::T_SUB => return Some(left - right),
        token::T_MUL => return Some(left * right),
        token::T_DIV => return Some(left / right),
        token::T_MOD => return Some(left % right),
        token::T_POW => return Some(left.powf(right)),
        token::T_EQLC => left == right,
        token::T_NEQ => left != right,
        token::T_GTR => left > right,
        token::T_LSS => left < right,
        token::T_GTE => left >= right,
        token::T_LTE => left <= right,
        _ => return None,
    };
    if as_bool { Some(f64::from(u8::from(holds))) } else { holds.then_some(left) }
}

/// The labels by which series of both sides are matched.
fn key(modifier: Option<&BinModifier>, labels: &Labels) -> Labels {
    let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
    let keep = |name: &String| match matching {
        Some(LabelModifier::Include(on)) => on.labels.contains(name),
        Some(LabelModifier::Exclude(ignoring)) => name != NAME && !ignoring.labels.contains(name),
        None => name != NAME,
    };
    labels.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn by_key(
    modifier: Option<&BinModifier>,
    series: Vec<Series>,
    side: &str,
) -> Result<HashMap<Labels, Series>, PromqlError> {
    let mut map = HashMap::with_capacity(series.len());
    for series in series {
        let key = key(modifier, &series.labels);
        if map.insert(key, series).is_some() {
            let how = "make labels unique with `sum by`, or name more of them with `on`";
            return Err(PromqlError::Execution(format!(
                "several series on the {side} side have the same labels to match by: {how}"
            )));
        }
    }
    Ok(map)
}

fn matched(
    op: token::TokenId,
    modifier: Option<&BinModifier>,
    as_bool: bool,
    left: Vec<Series>,
    right: Vec<Series>,
) -> Result<Vec<Series>, PromqlError> {
    let mut right = by_key(modifier, right, "right")?;
    let left = by_key(modifier, left, "left")?;
    let keeps_name = is_comparison(op) && !as_bool;
    let on = matches!(modifier.and_then(|modifier| modifier.matching.as_ref()), Some(LabelModifier::Include(_)));
    let mut pairs: Vec<(Labels, Series)> = left.into_iter().collect();
    pairs.sort_by(|(_, one), (_, other)| one.labels.cmp(&other.labels));
    let join = |(key, left): (Labels, Series)| {
        let right = right.remove(&key)?;
        let labels = match (on, keeps_name) {
            (true, false) => key,
            (_, true) => left.labels,
            (false, false) => match modifier.and_then(|modifier| modifier.matching.as_ref()) {
                Some(LabelModifier::Exclude(_)) => key,
                _ => nameless(&left.labels),
            },
        };
        let value = |(left, right): (&Option<f64>, &Option<f64>)| apply(op, (*left)?, (*right)?, as_bool);
        Some(Series { labels, values: left.values.iter().zip(&right.values).map(value).collect() })
    };
    Ok(some(pairs.into_iter().filter_map(join)))
}

fn sets(op: token::TokenId, modifier: Option<&BinModifier>, left: Vec<Series>, right: Vec<Series>) -> Vec<Series> {
    let there = |series: &[Series]| {
        let mut there: HashMap<Labels, Vec<bool>> = HashMap::new();
        for series in series {
            let points = there.entry(key(modifier, &series.labels)).or_insert_with(|| vec![false; series.values.len()]);
            points.iter_mut().zip(&series.values).for_each(|(there, value)| *there |= value.is_some());
        }
        there
    };
    let keep = |series: Series, there: &HashMap<Labels, Vec<bool>>, wanted: bool| {
        let points = there.get(&key(modifier, &series.labels));
        let is_there = |index: usize| points.is_some_and(|points| points.get(index) == Some(&true));
        let values = series
            .values
            .iter()
            .enumerate()
            .map(|(index, value)| value.filter(|_| is_there(index) == wanted))
            .collect();
        Series { values, ..series }
    };
    if op == token::T_LOR {
        let of_left = there(&left);
        let more = right.into_iter().map(|series| keep(series, &of_left, false));
        return some(left.into_iter().chain(more));
    }
    let of_right = there(&right);
    some(left.into_iter().map(|series| keep(series, &of_right, op == token::T_LAND)))
}
