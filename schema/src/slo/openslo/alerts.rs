//! Alert policies, conditions and targets.

use super::super::finding::Findings;
use super::super::tree::At;
use super::super::{Duration, window};
use super::document::description;
use super::objective::Operator;
use super::references::Registry;
use super::{Kind, Version, spec};
use crate::slo::finding::quoted;

/// When to tell whom.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertPolicy {
    /// Its name.
    pub name: String,
    /// Tell when the condition is breached.
    pub when_breaching: bool,
    /// Tell when it no longer is.
    pub when_resolved: bool,
    /// Tell when there is nothing to judge.
    pub when_no_data: bool,
    /// The condition; `None` when it is in a file that was not given.
    pub condition: Option<AlertCondition>,
    /// Whom to tell, as far as the files say it.
    pub targets: Vec<AlertTarget>,
}

/// A burn rate over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertCondition {
    /// Its name.
    pub name: String,
    /// Such as `page`.
    pub severity: String,
    /// The burn rate.
    pub threshold: f64,
    /// Over how long it is taken.
    pub lookback: Duration,
    /// For how long it must hold; none for at once.
    pub after: Option<Duration>,
}

/// Somebody to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTarget {
    /// Its name.
    pub name: String,
    /// Such as `slack`; what it means is the reader's.
    pub target: String,
}

/// Reads the spec of an alert policy.
pub fn policy(
    name: &str,
    at: &At<'_>,
    version: Version,
    registry: &Registry<'_, '_>,
    out: &mut Findings,
) -> Option<AlertPolicy> {
    let mut fields = at.fields(out)?;
    description(&mut fields, out);
    let mut when = |name| fields.get(name).and_then(|at| at.boolean(out)).unwrap_or_default();
    let (when_breaching, when_resolved, when_no_data) =
        (when("alertWhenBreaching"), when("alertWhenResolved"), when("alertWhenNoData"));
    if !(when_breaching || when_resolved || when_no_data) {
        at.warning(
            out,
            "never alerts: one of `alertWhenBreaching`, `alertWhenResolved`, `alertWhenNoData` must be true",
        );
    }
    let conditions = list(&mut fields, "conditions", out);
    if conditions.len() > 1 {
        let field = fields.path_of("conditions");
        out.error(fields.line(), &field, format!("must hold exactly one condition, not {}", conditions.len()));
    }
    let mut condition_of = |at: &At<'_>| {
        let kind = Kind::AlertCondition;
        either(at, "conditionRef", kind, version, registry, out, condition)
    };
    let condition = conditions.iter().map(&mut condition_of).collect::<Vec<_>>().into_iter().flatten().next();
    let targets = list(&mut fields, "notificationTargets", out);
    let mut target_of = |at: &At<'_>| {
        let kind = Kind::AlertNotificationTarget;
        either(at, "targetRef", kind, version, registry, out, target)
    };
    let targets = targets.iter().filter_map(&mut target_of).collect();
    fields.refuse_others(out);
    Some(AlertPolicy { name: name.to_owned(), when_breaching, when_resolved, when_no_data, condition, targets })
}

/// The items of a list that must have one at least.
fn list<'n>(fields: &mut super::super::tree::Fields<'n>, name: &'static str, out: &mut Findings) -> Vec<At<'n>> {
    let Some(at) = fields.required(name, out) else { return Vec::new() };
    let items = at.items(out).unwrap_or_default();
    if items.is_empty() {
        at.error(out, "must not be empty");
    }
    items
}

/// Reads a reference, or what stands inline in its place.
fn either<T>(
    at: &At<'_>,
    by_name: &'static str,
    kind: Kind,
    version: Version,
    registry: &Registry<'_, '_>,
    out: &mut Findings,
    read: impl Fn(&str, &At<'_>, &mut Findings) -> Option<T>,
) -> Option<T> {
    let mut fields = at.fields(out)?;
    let found = if let Some(at) = fields.get(by_name) {
        for other in ["kind", "metadata", "spec"] {
            if let Some(at) = fields.get(other) {
                at.error(out, format!("is either inline or a `{by_name}`, not both"));
            }
        }
        registry.resolve(kind, &at, out).and_then(|head| {
            // Its own faults are told where it stands.
            let mut told_elsewhere = Findings::new();
            read(&head.document.name, head.spec.as_ref()?, &mut told_elsewhere)
        })
    } else if fields.has("spec") || fields.has("metadata") {
        spec::inline(&mut fields, kind, version, out).and_then(|(name, spec)| read(&name, &spec, out))
    } else {
        at.error(out, format!("needs `{by_name}`, or a {} inline", kind.name()));
        fields.has("kind");
        None
    };
    fields.refuse_others(out);
    found
}

/// Reads the spec of an alert condition.
pub fn condition(name: &str, at: &At<'_>, out: &mut Findings) -> Option<AlertCondition> {
    let mut fields = at.fields(out)?;
    description(&mut fields, out);
    let severity = fields.required("severity", out).and_then(|at| at.text(out).map(str::to_owned));
    let condition = fields.required("condition", out);
    fields.refuse_others(out);
    let mut fields = condition?.fields(out)?;
    match fields.get("kind") {
        Some(at) => drop(at.one_of(out, &[("burnrate", ())])),
        None => out.warning(fields.line(), &fields.path_of("kind"), "others may refuse it without: it is `burnrate`"),
    }
    if let Some(at) = fields.get("op")
        && let Some(Operator::Lt | Operator::Lte) = at.one_of(out, &Operator::NAMES)
    {
        at.warning(out, "a burn rate below the threshold is no reason to alert: Felt alerts above it");
    }
    let threshold = fields.required("threshold", out).and_then(|at| {
        let number = at.number(out)?;
        if number <= 0.0 {
            at.error(out, "must be more than 0");
            return None;
        }
        Some(number)
    });
    let lookback = fields.required("lookbackWindow", out).and_then(|at| window::duration(&at, out));
    let after = fields.get("alertAfter").map(|at| at_once_or(&at, out));
    fields.refuse_others(out);
    let after = match after {
        Some(after) => after?,
        None => None,
    };
    Some(AlertCondition {
        name: name.to_owned(),
        severity: severity?,
        threshold: threshold?,
        lookback: lookback?,
        after,
    })
}

/// Reads a duration that may be nothing: then it is `Some(None)`.
fn at_once_or(at: &At<'_>, out: &mut Findings) -> Option<Option<Duration>> {
    let text = at.text(out)?;
    match Duration::parse_or_zero(text) {
        Ok(duration) => Some((duration.count > 0).then_some(duration)),
        Err(error) => {
            at.error(out, format!("`{}` {error}", quoted(text)));
            None
        }
    }
}

/// Reads the spec of a notification target.
pub fn target(name: &str, at: &At<'_>, out: &mut Findings) -> Option<AlertTarget> {
    let mut fields = at.fields(out)?;
    description(&mut fields, out);
    let target = fields.required("target", out).and_then(|at| at.text(out).map(str::to_owned));
    fields.refuse_others(out);
    Some(AlertTarget { name: name.to_owned(), target: target? })
}
