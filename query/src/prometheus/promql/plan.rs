//! From the text of an expression to the selectors that have to be read, and the refusal of what is not answered here.

use super::{DEPTH_MAX, PromqlError, QUERY_BYTES_MAX, SELECTORS_MAX};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{AggregateExpr, Call, Expr, LabelModifier, Offset, VectorSelector, token};
use std::collections::BTreeSet;

/// The aggregations that there are.
const AGGREGATIONS: [token::TokenId; 5] = [token::T_SUM, token::T_AVG, token::T_MIN, token::T_MAX, token::T_COUNT];

/// What of a series is wanted at a point of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Everything up to it.
    Total,
    /// What was added in so many milliseconds before it.
    Increase(i64),
}

/// What has to be read.
#[derive(Debug, Clone)]
pub struct Selector {
    /// Which series.
    pub matchers: Vec<Matcher>,
    /// What of them.
    pub window: Window,
    /// How much earlier, in milliseconds.
    pub offset_ms: i64,
    /// The labels that the answer depends on; `None` for all. Series that differ in others may be summed.
    pub labels: Option<BTreeSet<String>>,
}

impl Selector {
    /// Whether a label with that value fits.
    pub fn allows(&self, label: &str, value: &str) -> bool {
        self.matchers.iter().filter(|matcher| matcher.name == label).all(|matcher| matcher.is_match(value))
    }

    /// Whether series have to be told apart by this label.
    pub fn needs(&self, label: &str) -> bool {
        self.labels.as_ref().is_none_or(|labels| labels.contains(label))
            || self.matchers.iter().any(|matcher| matcher.name == label)
    }

    /// The values that a label is compared with for equality: to be there, and not to be there.
    pub fn compared(&self, label: &str) -> (Vec<&str>, Vec<&str>) {
        let (mut is, mut is_not) = (Vec::new(), Vec::new());
        for matcher in self.matchers.iter().filter(|matcher| matcher.name == label && !matcher.value.is_empty()) {
            match matcher.op {
                MatchOp::Equal => is.push(matcher.value.as_str()),
                MatchOp::NotEqual => is_not.push(matcher.value.as_str()),
                MatchOp::Re(_) | MatchOp::NotRe(_) => {}
            }
        }
        (is, is_not)
    }
}

/// An expression that can be answered.
#[derive(Debug)]
pub struct Plan {
    /// The expression.
    pub expr: Expr,
    /// What it reads, in the order in which it is written.
    pub selectors: Vec<Selector>,
}

impl Plan {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is no PromQL, or not of the part that is answered here.
    pub fn parse(text: &str) -> Result<Self, PromqlError> {
        let expr = parse(text)?;
        let mut selectors = Vec::new();
        visit(&expr, None, None, DEPTH_MAX, &mut selectors)?;
        if selectors.len() > SELECTORS_MAX {
            return Err(PromqlError::Execution(format!("an expression reads at most {SELECTORS_MAX} selectors")));
        }
        Ok(Self { expr, selectors })
    }
}

/// The selectors of a `match[]` parameter, which is one.
///
/// # Errors
/// When it is anything else.
pub fn selectors_of(text: &str, window: Window) -> Result<Selector, PromqlError> {
    match parse(text)? {
        Expr::VectorSelector(selector) => Ok(Selector { window, ..of(&selector, None)? }),
        _ => Err(PromqlError::Syntax(format!("`{text}` is no selector"))),
    }
}

fn parse(text: &str) -> Result<Expr, PromqlError> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(PromqlError::Syntax(format!("an expression has at most {QUERY_BYTES_MAX} bytes")));
    }
    // The parser itself is not bounded in depth: whatever opens is counted before it is asked.
    let mut open = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'{' | b'[' => open += 1,
            b')' | b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > DEPTH_MAX {
            return Err(too_deep());
        }
    }
    promql_parser::parser::parse(text).map_err(PromqlError::Syntax)
}

fn too_deep() -> PromqlError {
    PromqlError::Execution(format!("an expression is nested at most {DEPTH_MAX} deep"))
}

/// Looks for selectors in the order in which evaluation comes to them. `labels` are those that matter to whoever is above, `range_ms`
/// is the range of a matrix.
fn visit(
    expr: &Expr,
    labels: Option<&BTreeSet<String>>,
    range_ms: Option<i64>,
    depth: usize,
    found: &mut Vec<Selector>,
) -> Result<(), PromqlError> {
    let Some(depth) = depth.checked_sub(1) else { return Err(too_deep()) };
    match expr {
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => Ok(()),
        Expr::Paren(paren) => visit(&paren.expr, labels, range_ms, depth, found),
        Expr::Unary(unary) => visit(&unary.expr, None, None, depth, found),
        Expr::Binary(binary) => {
            super::binary::check(binary)?;
            visit(&binary.lhs, None, None, depth, found)?;
            visit(&binary.rhs, None, None, depth, found)
        }
        Expr::Aggregate(aggregate) => {
            let within = within(aggregate)?;
            visit(&aggregate.expr, within.as_ref(), None, depth, found)
        }
        Expr::VectorSelector(selector) => {
            found.push(of(selector, labels)?);
            Ok(())
        }
        Expr::MatrixSelector(_) if range_ms.is_none() => {
            Err(PromqlError::unsupported("a range without rate or increase"))
        }
        Expr::MatrixSelector(matrix) => {
            found.push(Selector { window: Window::Increase(range_ms.unwrap_or_default()), ..of(&matrix.vs, labels)? });
            Ok(())
        }
        Expr::Call(call) => visit_call(call, labels, depth, found),
        Expr::Subquery(_) => Err(PromqlError::unsupported("a subquery")),
        Expr::Extension(_) => Err(PromqlError::unsupported("this")),
    }
}

/// The labels that matter below an aggregation. Only sums may be taken of sums.
fn within(aggregate: &AggregateExpr) -> Result<Option<BTreeSet<String>>, PromqlError> {
    let op = aggregate.op.id();
    if !AGGREGATIONS.contains(&op) || aggregate.param.is_some() {
        return Err(PromqlError::unsupported(&format!("`{}`", aggregate.op)));
    }
    Ok(match (&aggregate.modifier, op) {
        (None, token::T_SUM) => Some(BTreeSet::new()),
        (Some(LabelModifier::Include(labels)), token::T_SUM) => Some(labels.labels.iter().cloned().collect()),
        _ => None,
    })
}

fn visit_call(
    call: &Call,
    labels: Option<&BTreeSet<String>>,
    depth: usize,
    found: &mut Vec<Selector>,
) -> Result<(), PromqlError> {
    match (call.func.name, call.args.args.as_slice()) {
        ("rate" | "increase", [arg]) => {
            let mut inner: &Expr = arg;
            while let Expr::Paren(paren) = inner {
                inner = &paren.expr;
            }
            let Expr::MatrixSelector(matrix) = inner else { return Err(PromqlError::unsupported("a subquery")) };
            let range_ms = i64::try_from(matrix.range.as_millis()).unwrap_or(i64::MAX);
            visit(inner, labels, Some(range_ms), depth, found)
        }
        ("time", []) => Ok(()),
        ("vector" | "scalar", [arg]) => visit(arg, None, None, depth, found),
        ("histogram_quantile", [quantile, buckets]) => {
            visit(quantile, None, None, depth, found)?;
            visit(buckets, None, None, depth, found)
        }
        (name, _) => Err(PromqlError::unsupported(&format!("`{name}`"))),
    }
}

fn of(selector: &VectorSelector, labels: Option<&BTreeSet<String>>) -> Result<Selector, PromqlError> {
    if selector.at.is_some() {
        return Err(PromqlError::unsupported("`@`"));
    }
    if !selector.matchers.or_matchers.is_empty() {
        return Err(PromqlError::unsupported("`or` between matchers"));
    }
    let offset_ms = |offset: &std::time::Duration| i64::try_from(offset.as_millis()).unwrap_or(i64::MAX / 4);
    let offset_ms = match &selector.offset {
        None => 0,
        Some(Offset::Pos(offset)) => offset_ms(offset),
        Some(Offset::Neg(offset)) => -offset_ms(offset),
    };
    let mut matchers = selector.matchers.matchers.clone();
    if let Some(name) = &selector.name {
        matchers.push(Matcher { op: MatchOp::Equal, name: super::value::NAME.into(), value: name.clone() });
    }
    Ok(Selector { matchers, window: Window::Total, offset_ms, labels: labels.cloned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(text: &str) -> Vec<Option<String>> {
        let plan = Plan::parse(text).unwrap();
        let joined = |labels: &BTreeSet<String>| labels.iter().cloned().collect::<Vec<_>>().join(",");
        plan.selectors.iter().map(|selector| selector.labels.as_ref().map(joined)).collect()
    }

    #[test]
    fn only_what_a_sum_keeps_has_to_be_told_apart() {
        assert_eq!(needs("sum by (le) (rate(felt_lcp_seconds_bucket[5m]))"), [Some("le".to_owned())]);
        assert_eq!(needs("sum(rate(a_total[5m]))"), [Some(String::new())]);
        for all in [
            "rate(a_total[5m])",
            "max by (le) (rate(a_total[5m]))",
            "sum(rate(a_total[5m]) > 1)",
            "sum without (le) (a_total)",
        ] {
            assert_eq!(needs(all), [None], "{all}");
        }
        assert_eq!(needs("histogram_quantile(0.75, sum by (le, page) (rate(b[5m])))"), [Some("le,page".to_owned())]);
    }

    #[test]
    fn what_is_not_of_this_part_is_refused_by_its_name() {
        for (text, word) in [
            ("topk(5, a_total)", "topk"),
            ("quantile(0.5, a_total)", "quantile"),
            ("max_over_time(a_total[5m])", "max_over_time"),
            ("irate(a_total[5m])", "irate"),
            ("rate(sum(a_total)[5m:1m])", "subquery"),
            ("a_total[5m]", "a range"),
            ("a_total @ 0", "@"),
            ("label_replace(a_total, \"a\", \"b\", \"c\", \"d\")", "label_replace"),
            ("a_total * on (site) group_left b_total", "group_left"),
            ("{site=\"a\" or site=\"b\"}", "or"),
        ] {
            let error = Plan::parse(text).unwrap_err();
            assert!(matches!(&error, PromqlError::Unsupported(message) if message.contains(word)), "{text}: {error}");
        }
    }

    #[test]
    fn texts_that_are_no_promql_or_without_end_are_refused() {
        for text in ["", "sum(", "a_total{", "rate(a_total)", "1 +", "nothing(1)"] {
            assert!(matches!(Plan::parse(text), Err(PromqlError::Syntax(_))), "{text}");
        }
        assert!(Plan::parse(&"(".repeat(8_000)).is_err());
        assert!(Plan::parse(&format!("{}a_total", "-".repeat(4_000))).is_err());
        assert!(Plan::parse(&vec!["1"; 4_000].join("+")).is_err());
        assert!(Plan::parse(&"1".repeat(QUERY_BYTES_MAX + 1)).is_err());
    }
}
