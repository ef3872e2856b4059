//! Indicators, as the interface writes them: `kind` and what belongs to it, `of`, `filters`.

use super::finding::{Findings, Severity, quoted};
use super::tree::{At, Fields};
use super::{Checks, FILTER_BYTES_MAX, FILTERS_MAX, Happy, Of, Sli, SliKind, WITHIN_S_MAX};
use crate::anchors::Level;
use crate::limits::NAME_BYTES_MAX;
use crate::metric::{Metric, TIMING_PREFIX};

/// Every field that an indicator may have.
pub const FIELDS: [&str; 9] =
    ["kind", "metric", "at_most", "level_at_least", "score", "journey", "within_s", "of", "filters"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fast,
    Happy,
    Works,
    Available,
    Fresh,
}

const KINDS: [(&str, Kind); 5] = [
    ("fast", Kind::Fast),
    ("happy", Kind::Happy),
    ("works", Kind::Works),
    ("available", Kind::Available),
    ("fresh", Kind::Fresh),
];

/// What a document around the indicator says about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outer {
    /// The threshold of the objective, which stands for `at_most`.
    pub at_most: Option<f64>,
    /// A threshold was promised at all, so the kind need not be told.
    pub threshold: bool,
}

/// Reads an indicator out of its fields. Whoever calls refuses what is left over.
pub fn read(fields: &mut Fields<'_>, outer: Outer, checks: Checks<'_>, out: &mut Findings) -> Option<Sli> {
    let kind = match fields.get("kind") {
        None if outer.threshold => Some(Kind::Fast),
        None => {
            fields.required("kind", out);
            None
        }
        Some(at) => at.one_of(out, &KINDS),
    };
    let of = match fields.get("of") {
        Some(at) => at.one_of(out, &Of::NAMES),
        None => Some(if kind == Some(Kind::Available) { Of::Journeys } else { Of::Views }),
    };
    let filters = fields.get("filters").map_or(Some(Vec::new()), |at| filters(&at, checks, out));
    let kind = match kind {
        Some(Kind::Fast) => fast(fields, outer, out),
        Some(Kind::Happy) => happy(fields, out),
        Some(Kind::Works) => Some(SliKind::Works),
        Some(Kind::Available) => available(fields, out),
        Some(Kind::Fresh) => fresh(fields, out),
        None => None,
    };
    only_its_own(fields, kind.as_ref(), out);
    let (kind, of, filters) = (kind?, of?, filters?);
    let fits = match kind {
        SliKind::Available { .. } => of == Of::Journeys,
        SliKind::Fresh { .. } => of == Of::Views,
        _ => of != Of::Journeys,
    };
    if !fits {
        let field = fields.path_of("of");
        out.error(fields.line(), &field, format!("`{}` is not counted of {}", kind.name(), of.name()));
        return None;
    }
    Some(Sli { kind, of, filters })
}

/// A field of another kind is known, but does not belong here.
fn only_its_own(fields: &mut Fields<'_>, kind: Option<&SliKind>, out: &mut Findings) {
    let Some(kind) = kind else {
        FIELDS.iter().for_each(|name| {
            fields.has(name);
        });
        return;
    };
    let own: &[&str] = match kind {
        SliKind::Fast { .. } => &["metric", "at_most"],
        SliKind::Happy(_) => &["level_at_least", "score"],
        SliKind::Works => &[],
        SliKind::Available { .. } => &["journey", "within_s"],
        SliKind::Fresh { .. } => &["within_s"],
    };
    for name in FIELDS {
        if !["kind", "of", "filters"].contains(&name)
            && !own.contains(&name)
            && let Some(at) = fields.get(name)
        {
            at.error(out, format!("`{name}` does not belong to an indicator of the kind `{}`", kind.name()));
        }
    }
}

fn fast(fields: &mut Fields<'_>, outer: Outer, out: &mut Findings) -> Option<SliKind> {
    let metric = fields.required("metric", out).and_then(|at| metric(&at, out));
    let at_most = match (fields.get("at_most"), outer.at_most) {
        (Some(at), outer) => {
            let number = at.number(out)?;
            if outer.is_some_and(|outer| outer != number) {
                at.error(out, "says another threshold than the objective's `value`: leave one of them out");
                return None;
            }
            Some((at.line(), at.path.clone(), number))
        }
        (None, Some(value)) => Some((fields.line(), fields.path_of("at_most"), value)),
        (None, None) => {
            fields.required("at_most", out);
            None
        }
    };
    let (metric, (line, path, at_most)) = (metric?, at_most?);
    let most = Metric::from_name(&metric).map_or(crate::limits::TIMING_MS_MAX, Metric::value_max);
    if !(at_most > 0.0 && at_most <= most) {
        out.error(line, &path, format!("must be more than 0 and at most {most} for `{}`", quoted(&metric)));
        return None;
    }
    Some(SliKind::Fast { metric, at_most })
}

fn metric(at: &At<'_>, out: &mut Findings) -> Option<String> {
    let text = at.text(out)?;
    let name = text.to_ascii_lowercase();
    if let Some(metric) = Metric::from_name(&name) {
        if name != text {
            at.warning(out, format!("metrics are in small letters: `{name}`"));
        }
        return Some(metric.name().to_owned());
    }
    if let Some(timing) = text.strip_prefix(TIMING_PREFIX) {
        return is_name(timing).then(|| text.to_owned()).or_else(|| {
            at.error(out, format!("a timing's name has 1 to {NAME_BYTES_MAX} bytes and no control characters"));
            None
        });
    }
    let detail = format!("there is no metric `{}`; custom timings are `timing:NAME`", quoted(text));
    let known = Metric::ALL.map(Metric::name);
    out.unknown(Severity::Error, (at.line(), &at.path), detail, text, known);
    None
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control)
}

fn happy(fields: &mut Fields<'_>, out: &mut Findings) -> Option<SliKind> {
    match (fields.get("level_at_least"), fields.get("score")) {
        (Some(at), None) => {
            let level = at.one_of(out, &Level::ALL.map(|level| (level.name(), level)))?;
            if level == Level::Brutal {
                at.error(out, "every page view is at least brutal: name a better level");
                return None;
            }
            Some(SliKind::Happy(Happy::LevelAtLeast(level)))
        }
        (None, Some(at)) => match at.boolean(out)? {
            true => Some(SliKind::Happy(Happy::Score)),
            false => {
                at.error(out, "is `true`, or left out for `level_at_least`; how high it must be is the objective");
                None
            }
        },
        (Some(at), Some(_)) => {
            at.error(out, "is either `level_at_least` or `score`, not both");
            None
        }
        (None, None) => {
            let field = fields.path_of("level_at_least");
            out.error(fields.line(), &field, "is required, unless `score` is `true`");
            None
        }
    }
}

fn available(fields: &mut Fields<'_>, out: &mut Findings) -> Option<SliKind> {
    let journey = fields.required("journey", out).and_then(|at| {
        let text = at.text(out)?;
        if !is_name(text) {
            at.error(out, format!("a journey's name has at most {NAME_BYTES_MAX} bytes and no control characters"));
            return None;
        }
        Some(text.to_owned())
    });
    let within_s = match fields.get("within_s") {
        Some(at) => Some(seconds(&at, out)?),
        None => None,
    };
    Some(SliKind::Available { journey: journey?, within_s })
}

fn fresh(fields: &mut Fields<'_>, out: &mut Findings) -> Option<SliKind> {
    let within_s = fields.required("within_s", out).and_then(|at| seconds(&at, out))?;
    Some(SliKind::Fresh { within_s })
}

fn seconds(at: &At<'_>, out: &mut Findings) -> Option<f64> {
    let number = at.number(out)?;
    if number > 0.0 && number <= WITHIN_S_MAX {
        return Some(number);
    }
    at.error(out, format!("must be more than 0 and at most {WITHIN_S_MAX} seconds"));
    None
}

fn filters(at: &At<'_>, checks: Checks<'_>, out: &mut Findings) -> Option<Vec<String>> {
    let items = at.items(out)?;
    if items.len() > FILTERS_MAX {
        at.error(out, format!("takes at most {FILTERS_MAX} filters"));
        return None;
    }
    let mut filters = Vec::with_capacity(items.len());
    let mut whole = true;
    for item in &items {
        match item.text(out) {
            Some(text) if text.len() > FILTER_BYTES_MAX => {
                item.error(out, format!("is longer than {FILTER_BYTES_MAX} bytes"));
                whole = false;
            }
            Some(text) => match (checks.filter)(text) {
                Ok(()) if filters.iter().any(|known| known == text) => {}
                Ok(()) => filters.push(text.to_owned()),
                Err(fault) => {
                    let known = fault.did_you_mean.as_deref();
                    let detail = format!("is not a filter: {}", fault.detail);
                    out.unknown(Severity::Error, (item.line(), &item.path), detail, known.unwrap_or_default(), known);
                    whole = false;
                }
            },
            None => whole = false,
        }
    }
    whole.then_some(filters)
}
