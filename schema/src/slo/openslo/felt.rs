//! From OpenSLO to Felt: metric sources of the type `felt`, whose `spec` says what the interface's JSON says.
//!
//! The spec holds the indicator's fields (`kind`, `metric`, …), or the whole of the JSON with `sli`, `objective`, `window`,
//! `budgeting`; what the document says as well must then be the same.

use super::super::finding::Findings;
use super::super::promise::{self, default_window, is_id};
use super::super::sli::{self, Outer};
use super::super::tree::At;
use super::super::{
    Budgeting, Checks, Empty, ID_CHARS_MAX, PROMISE_CHARS_MAX, Share, Sli, SliKind, Slo, Window, window,
};
use super::indicator::Indicator;
use super::objective::{Method, Objective, Operator, Target};
use super::time_window::Given;
use crate::slo::finding::quoted;

/// What an SLO says about all of its objectives.
pub struct Around<'a> {
    /// `metadata.name`
    pub name: &'a str,
    /// In plain words, if it has any.
    pub promise: Option<String>,
    /// `timeWindow`
    pub window: Given,
    /// `budgetingMethod`
    pub method: Option<Method>,
    /// Objectives have indicators of their own.
    pub composite: bool,
}

/// What a source of the type `felt` says.
struct Said {
    sli: Sli,
    promise: Option<String>,
    objective: Option<Share>,
    window: Option<Window>,
    budgeting: Option<Budgeting>,
}

/// Makes Felt's SLO of an objective; `None` when the source is another's, or with a fault.
pub fn slo(
    around: &Around<'_>,
    suffix: Option<usize>,
    objective: &Objective<'_>,
    indicator: &Indicator<'_>,
    checks: Checks<'_>,
    out: &mut Findings,
) -> Option<Slo> {
    let Some(at) = source(indicator, out) else {
        if indicator.felt.is_empty() && suffix.unwrap_or(1) == 1 {
            indicator
                .at
                .warning(out, "no metric source is of the type `felt`: Felt checks this SLO but cannot measure it");
        }
        return None;
    };
    if around.composite && suffix.unwrap_or(1) == 1 {
        objective
            .at
            .warning(out, "Felt measures the objectives of a composite SLO one by one, not their weighted whole");
    }
    let threshold = indicator.is_threshold();
    let said = read(at, Outer { threshold, at_most: objective.value.filter(|_| threshold) }, checks, out);
    let direction = direction(objective, threshold, said.as_ref(), out);
    let target = match objective.target? {
        Target::Share(share) => Some(share),
        Target::Nothing => {
            objective.at.error(out, "a target of 0 cannot be measured against: promise something");
            None
        }
    };
    let (said, target) = (said?, target?);
    direction?;
    if said.objective.is_some_and(|said| said != target) {
        at.error(out, format!("says another objective than the document, which says {target}"));
        return None;
    }
    let window = match (&around.window, said.window) {
        (Given::Faulty, _) => return None,
        (Given::Absent, said) => said.unwrap_or_else(default_window),
        (Given::Window(window), Some(said)) if said != *window => {
            at.error(out, "says another window than the document's `timeWindow`");
            return None;
        }
        (Given::Window(window), _) => window.clone(),
    };
    let budgeting = budgeting(around.method?, objective, said.budgeting, at, out)?;
    let id = match suffix {
        Some(number) => format!("{}-{number}", around.name),
        None => around.name.to_owned(),
    };
    if !is_id(&id) {
        let detail = format!(
            "`{}` cannot be an id in Felt: at most {ID_CHARS_MAX} letters, digits, `.`, `_` and `-`",
            quoted(&id)
        );
        out.error(objective.at.line(), "metadata.name", detail);
        return None;
    }
    let words = said.promise.or_else(|| around.promise.clone()).unwrap_or_else(|| around.name.to_owned());
    let words = match &objective.display_name {
        Some(name) if suffix.is_some() => format!("{words}: {name}"),
        _ => words,
    };
    let promise = words.chars().take(PROMISE_CHARS_MAX).collect();
    Some(Slo { id, promise, objective: target, sli: said.sli, window, budgeting })
}

/// Reads the source of an SLI that stands alone: its faults belong to it, not to the SLOs that name it.
pub fn check_alone(indicator: &Indicator<'_>, checks: Checks<'_>, out: &mut Findings) {
    if let Some(at) = source(indicator, out) {
        let threshold = indicator.is_threshold();
        // The objective may bring the threshold along.
        let says = !threshold || indicator.says_threshold();
        read(at, Outer { threshold, at_most: (!says).then_some(1.0) }, checks, out);
    }
}

/// The one source that says what is measured.
fn source<'i, 'n>(indicator: &'i Indicator<'n>, out: &mut Findings) -> Option<&'i At<'n>> {
    let (_, first) = indicator.felt.first()?;
    if indicator.foreign > 0 {
        indicator.at.error(out, "mixes a source of the type `felt` with others: Felt counts good and valid itself");
        return None;
    }
    if indicator.failures {
        indicator
            .at
            .warning(out, "Felt counts good and valid itself: `bad` and `failure` change nothing about its kinds");
    }
    // `good` and `total` may both be given: they say the same, or `total` says nothing.
    let same = |other: &At<'_>| super::super::tree::same(other.node, first.node) || is_empty(other);
    if let Some((_, other)) = indicator.felt[1..].iter().find(|(_, other)| !same(other)) {
        other.error(out, "must say the same as the other source of the type `felt`, or nothing (`{}`)");
        return None;
    }
    Some(first)
}

fn is_empty(at: &At<'_>) -> bool {
    matches!(&at.node.value, super::Value::Map(entries) if entries.is_empty())
}

fn read(at: &At<'_>, outer: Outer, checks: Checks<'_>, out: &mut Findings) -> Option<Said> {
    let mut fields = at.fields(out)?;
    let sli = match fields.get("sli") {
        Some(at) => {
            let mut fields = at.fields(out)?;
            let sli = sli::read(&mut fields, outer, checks, out);
            fields.refuse_others(out);
            sli
        }
        None => sli::read(&mut fields, outer, checks, out),
    };
    let promise = fields.get("promise").and_then(|at| promise::promise(&at, out));
    let objective = fields.get("objective").and_then(|at| promise::objective(&at, out));
    let window = fields.get("window").and_then(|at| window::read(&at, out));
    let budgeting = fields.get("budgeting").and_then(|at| window::budgeting(&at, out));
    fields.refuse_others(out);
    Some(Said { sli: sli?, promise, objective, window, budgeting })
}

/// Less is better for everything that Felt compares with a threshold.
fn direction(objective: &Objective<'_>, threshold: bool, said: Option<&Said>, out: &mut Findings) -> Option<()> {
    if !threshold {
        return Some(());
    }
    match &objective.op {
        Some((Operator::Gt | Operator::Gte, at)) => {
            at.error(out, "good is at most the threshold for every metric of Felt: write `lte`");
            return None;
        }
        Some((Operator::Lt, at)) => {
            at.warning(out, "Felt counts a value at the threshold as good: it is taken as `lte`")
        }
        Some((Operator::Lte, _)) | None => {}
    }
    if said.is_some_and(|said| !matches!(said.sli.kind, SliKind::Fast { .. })) {
        objective.at.error(out, "only the kind `fast` has a threshold: put the others under `ratioMetric`");
        return None;
    }
    Some(())
}

fn budgeting(
    method: Method,
    objective: &Objective<'_>,
    said: Option<Budgeting>,
    at: &At<'_>,
    out: &mut Findings,
) -> Option<Budgeting> {
    // OpenSLO has no word for empty slices; the source may have one.
    let empty = match said {
        Some(Budgeting::Timeslices { empty, .. } | Budgeting::RatioTimeslices { empty, .. }) => empty,
        _ => Empty::Ignore,
    };
    let budgeting = match method {
        Method::Occurrences => Budgeting::Occurrences,
        Method::Timeslices => {
            Budgeting::Timeslices { slice: objective.slice?, slice_objective: objective.slice_target?, empty }
        }
        Method::RatioTimeslices => Budgeting::RatioTimeslices { slice: objective.slice?, empty },
    };
    if said.is_some_and(|said| said != budgeting) {
        at.error(out, "says another budgeting than the document's `budgetingMethod` and objective");
        return None;
    }
    Some(budgeting)
}
