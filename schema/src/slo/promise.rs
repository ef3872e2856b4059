//! An SLO in the interface's own JSON.

use super::finding::{Finding, Findings, quoted};
use super::sli::{self, Outer};
use super::tree::{At, Node};
use super::{Budgeting, Checks, Duration, ID_CHARS_MAX, PROMISE_CHARS_MAX, Share, Slo, Unit, Window, json, window};

/// What an answer carries beside the promise itself; whoever sends one back means no harm by it.
const ANSWERED: [&str; 8] = ["good", "valid", "status", "budget", "burn", "coverage", "alerts", "unhappiness"];

/// Reads the body of `PUT …/slos/{id}`.
///
/// # Errors
/// With every finding, when one of them is an error; else the findings are warnings and come with the SLO.
pub fn read_json(id: &str, body: &[u8], checks: Checks<'_>) -> Result<(Slo, Vec<Finding>), Vec<Finding>> {
    let mut out = Findings::new();
    check_id(id, &mut out);
    let slo = json::document(body, &mut out).and_then(|node| read(id, &node, checks, &mut out));
    match slo {
        Some(slo) if !out.has_errors() => Ok((slo, out.into_list())),
        _ => Err(out.into_list()),
    }
}

fn check_id(id: &str, out: &mut Findings) {
    if !is_id(id) {
        let detail = format!(
            "`{}` is not an id: 1 to {ID_CHARS_MAX} letters, digits, `.`, `_` and `-`, the first and last a letter or digit",
            quoted(id)
        );
        out.error(0, "id", detail);
    }
}

/// Whether a text can be an SLO's id.
pub(super) fn is_id(id: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = id.as_bytes();
    bytes.len() <= ID_CHARS_MAX
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

fn read(id: &str, node: &Node, checks: Checks<'_>, out: &mut Findings) -> Option<Slo> {
    let mut fields = At::root(node).fields(out)?;
    if let Some(at) = fields.get("id")
        && at.text(out).is_some_and(|text| text != id)
    {
        at.error(out, format!("is not the id in the address, `{}`", quoted(id)));
    }
    let promise = fields.required("promise", out).and_then(|at| promise(&at, out));
    let objective = fields.required("objective", out).and_then(|at| objective(&at, out));
    let sli = fields.required("sli", out).and_then(|at| {
        let mut fields = at.fields(out)?;
        let sli = sli::read(&mut fields, Outer::default(), checks, out);
        fields.refuse_others(out);
        sli
    });
    let window = match fields.get("window") {
        Some(at) => window::read(&at, out),
        None => Some(default_window()),
    };
    let budgeting = match fields.get("budgeting") {
        Some(at) => window::budgeting(&at, out),
        None => Some(Budgeting::Occurrences),
    };
    for name in ANSWERED {
        if let Some(at) = fields.get(name) {
            at.warning(out, "is what Felt answers, not what a promise says: it is passed over");
        }
    }
    fields.refuse_others(out);
    Some(Slo {
        id: id.to_owned(),
        promise: promise?,
        objective: objective?,
        sli: sli?,
        window: window?,
        budgeting: budgeting?,
    })
}

/// Where none is named: four weeks, so that every weekday weighs the same.
pub(super) fn default_window() -> Window {
    Window::Rolling(Duration::new(28, Unit::Day))
}

/// Reads the words of a promise.
pub(super) fn promise(at: &At<'_>, out: &mut Findings) -> Option<String> {
    let text = at.text(out)?;
    if text.chars().count() > PROMISE_CHARS_MAX {
        at.error(out, format!("is longer than {PROMISE_CHARS_MAX} characters"));
        return None;
    }
    Some(text.trim().to_owned())
}

/// Reads an objective as a ratio.
pub(super) fn objective(at: &At<'_>, out: &mut Findings) -> Option<Share> {
    let number = at.number(out)?;
    let share = Share::of_ratio(number).filter(|share| *share < Share::ONE);
    if share.is_none() {
        let percent = if (1.0..100.0).contains(&number) { ": it is a ratio, not a percentage" } else { "" };
        at.error(out, format!("must be more than 0 and less than 1{percent}"));
    }
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Vec<String> {
        let read = read_json("checkout-fast", body.as_bytes(), Checks::NONE);
        read.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = r#"{ "promise": "Checkout feels fast", "objective": 0.95,
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views", "filters": ["page:glob:/checkout/*"]},
        "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"} }"#;

    #[test]
    fn the_interfaces_own_example_reads_and_writes() {
        let (slo, warnings) = read_json("checkout-fast", GOOD.as_bytes(), Checks::NONE).expect("it is good");
        assert_eq!((warnings.len(), slo.objective.billionths()), (0, 950_000_000));
        let again = read_json("checkout-fast", slo.to_json().to_string().as_bytes(), Checks::NONE);
        assert_eq!(again, Ok((slo, Vec::new())));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let found = faults(
            r#"{"promise": "", "objective": 95, "sli": {"kind": "fast", "metric": "lpc", "at_most": -1, "off": "views"},
                "window": {"calendar": "1M", "start": "2026-13-01", "tz": "Berlin"}, "budgeting": {"method": "timeslices"}, "windw": 1}"#,
        );
        for part in [
            "promise: must not be empty",
            "objective: must be more than 0 and less than 1: it is a ratio",
            "did you mean `lcp`",
            "sli.off: there is no field `off` here; did you mean `of`?",
            "window.start: `2026-13-01` is not a time",
            "did you mean `Europe/Berlin`?",
            "budgeting.slice: is required",
            "budgeting.slice_objective: is required",
            "windw: there is no field `windw` here; did you mean `window`?",
        ] {
            assert!(found.iter().any(|fault| fault.contains(part)), "no `{part}` in {found:#?}");
        }
    }

    #[test]
    fn indicators_hold_together() {
        for (sli, fault) in [
            (r#"{"kind": "happy"}"#, "level_at_least: is required"),
            (r#"{"kind": "happy", "level_at_least": "brutal"}"#, "at least brutal"),
            (r#"{"kind": "happy", "score": true, "level_at_least": "annoying"}"#, "not both"),
            (r#"{"kind": "available"}"#, "sli.journey: is required"),
            (r#"{"kind": "available", "journey": "checkout", "of": "views"}"#, "not counted of views"),
            (r#"{"kind": "fresh"}"#, "sli.within_s: is required"),
            (r#"{"kind": "works", "metric": "lcp"}"#, "does not belong"),
            (r#"{"kind": "fast", "metric": "timing:", "at_most": 1}"#, "a timing's name"),
            (r#"{"kind": "fast", "metric": "cls", "at_most": 2500}"#, "at most 100"),
            (r#"{"kind": "quick"}"#, "there is no `quick` here"),
            (r#"{"kind": "works", "filters": "page:is:/"}"#, "must be a list"),
        ] {
            let found = faults(&format!(r#"{{"promise": "x", "objective": 0.9, "sli": {sli}}}"#));
            assert!(found.iter().any(|found| found.contains(fault)), "{sli}: no `{fault}` in {found:#?}");
        }
    }

    #[test]
    fn ids_fit_into_addresses() {
        for id in ["a", "checkout-fast", "A.b_c-9"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "-a", "a-", "a/b", "a b", "ü", &"a".repeat(64)] {
            assert!(!is_id(id), "{id}");
        }
    }
}
