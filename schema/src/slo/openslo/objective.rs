//! One objective: how much is promised, over which threshold, in which slices.

use super::super::finding::Findings;
use super::super::tree::At;
use super::super::{Duration, Share, window};
use super::Version;
use super::indicator::{self, Indicator, One};
use super::references::Registry;

/// How good and bad are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Good events of all.
    Occurrences,
    /// Good slices of all.
    Timeslices,
    /// The mean of the slices' ratios.
    RatioTimeslices,
}

/// Reads `budgetingMethod`.
pub fn method(at: &At<'_>, out: &mut Findings) -> Option<Method> {
    let words = [
        ("Occurrences", Method::Occurrences),
        ("Timeslices", Method::Timeslices),
        ("RatioTimeslices", Method::RatioTimeslices),
    ];
    at.one_of(out, &words)
}

/// On which side of the threshold good is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// At most.
    Lte,
    /// At least.
    Gte,
    /// Below.
    Lt,
    /// Above.
    Gt,
}

impl Operator {
    /// All of them, by name.
    pub const NAMES: [(&'static str, Self); 4] =
        [("lte", Self::Lte), ("gte", Self::Gte), ("lt", Self::Lt), ("gt", Self::Gt)];
}

/// How much is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This share.
    Share(Share),
    /// 0, which OpenSLO allows and which promises nothing.
    Nothing,
}

/// One objective.
#[derive(Debug)]
pub struct Objective<'n> {
    /// Where it stands.
    pub at: At<'n>,
    /// What people call it.
    pub display_name: Option<String>,
    /// `target` or `targetPercent`.
    pub target: Option<Target>,
    /// `op`, with where it stands.
    pub op: Option<(Operator, At<'n>)>,
    /// `value`
    pub value: Option<f64>,
    /// `timeSliceTarget`
    pub slice_target: Option<Share>,
    /// `timeSliceWindow`
    pub slice: Option<Duration>,
    /// Its own indicator: then the SLO is a composite.
    pub own: One<'n>,
}

/// Reads an objective.
pub fn read<'n>(
    at: &At<'n>,
    (inline, by_name): (&'static str, &'static str),
    method: Option<Method>,
    top: Option<&Indicator<'_>>,
    version: Version,
    registry: &Registry<'_, 'n>,
    out: &mut Findings,
) -> Option<Objective<'n>> {
    let mut fields = at.fields(out)?;
    let display_name = fields.get("displayName").and_then(|at| at.text(out).map(str::to_owned));
    if version == Version::V2Alpha {
        fields.has("labels");
    }
    let own = indicator::one(&mut fields, inline, by_name, version, registry, out);
    let indicator = own.indicator.as_ref().or(top);
    let op = fields.get("op").map(|at| (at.one_of(out, &Operator::NAMES), at));
    let value = fields.get("value").map(|at| (at.number(out), at));
    match indicator {
        Some(indicator) if indicator.is_threshold() => {
            for (name, missing) in [("op", op.is_none()), ("value", value.is_none())] {
                // Felt's own source may say both itself.
                if missing && !indicator.says_threshold() {
                    out.error(at.line(), &fields.path_of(name), "is required with a thresholdMetric");
                }
            }
        }
        Some(_) => {
            for at in [op.as_ref().map(|(_, at)| at), value.as_ref().map(|(_, at)| at)].into_iter().flatten() {
                at.warning(out, "means nothing with a ratioMetric and is passed over; others may refuse it");
            }
        }
        None => {}
    }
    let target = match (fields.get("target"), fields.get("targetPercent")) {
        (Some(_), Some(_)) => {
            at.error(out, "has both `target` and `targetPercent`: leave one of them out");
            None
        }
        (None, None) => {
            at.error(out, "needs `target` or `targetPercent`");
            None
        }
        (Some(at), None) => target(&at, 1.0, out),
        (None, Some(at)) => target(&at, 100.0, out),
    };
    let sliced = matches!(method, Some(Method::Timeslices | Method::RatioTimeslices));
    let slice_target = match fields.get("timeSliceTarget") {
        Some(at) => window::slice_objective(&at, out),
        None => {
            if method == Some(Method::Timeslices) {
                fields.required("timeSliceTarget", out);
            }
            None
        }
    };
    let slice = match fields.get("timeSliceWindow") {
        Some(at) => window::slice(&at, out),
        None => {
            if sliced {
                fields.required("timeSliceWindow", out);
            }
            None
        }
    };
    if let Some(at) = fields.get("compositeWeight")
        && at.number(out).is_some_and(|weight| weight <= 0.0)
    {
        at.error(out, "must be more than 0");
    }
    fields.refuse_others(out);
    Some(Objective {
        at: at.clone(),
        display_name,
        target,
        op: op.and_then(|(op, at)| op.map(|op| (op, at))),
        value: value.and_then(|(value, _)| value),
        slice_target,
        slice,
        own,
    })
}

fn target(at: &At<'_>, whole: f64, out: &mut Findings) -> Option<Target> {
    let number = at.number(out)?;
    if number == 0.0 {
        at.warning(out, "promises nothing");
        return Some(Target::Nothing);
    }
    let share = if whole == 1.0 { Share::of_ratio(number) } else { Share::of_percent(number) };
    match share.filter(|share| *share < Share::ONE) {
        Some(share) => Some(Target::Share(share)),
        None => {
            let meant = if whole == 1.0 && number > 1.0 && number < 100.0 { ": is it a `targetPercent`?" } else { "" };
            at.error(out, format!("must be at least 0 and less than {whole}{meant}"));
            None
        }
    }
}
