//! The `spec` of each kind of document.

use jiff::Timestamp;

use super::super::finding::Findings;
use super::super::tree::At;
use super::super::{Checks, window};
use super::document::{description, metadata, name};
use super::indicator::{self, Indicator};
use super::references::Registry;
use super::{Head, Import, Imported, Kind, Version, alerts, felt, objective, time_window};

/// Reads the spec of a document into the import.
pub fn read(
    index: usize,
    head: &Head<'_>,
    registry: &Registry<'_, '_>,
    checks: Checks<'_>,
    import: &mut Import,
    out: &mut Findings,
) {
    let Some(spec) = &head.spec else { return };
    let version = head.document.version;
    match head.document.kind {
        Kind::Slo => slo(index, head, spec, registry, checks, import, out),
        Kind::Sli => {
            if let Some(indicator) = indicator::spec(spec, version, registry, out) {
                felt::check_alone(&indicator, checks, out);
            }
        }
        Kind::DataSource => data_source(spec, out),
        Kind::Service => service(spec, out),
        Kind::AlertPolicy => {
            import.alert_policies.extend(alerts::policy(&head.document.name, spec, version, registry, out));
        }
        Kind::AlertCondition => drop(alerts::condition(&head.document.name, spec, out)),
        Kind::AlertNotificationTarget => drop(alerts::target(&head.document.name, spec, out)),
        Kind::BudgetAdjustment => budget_adjustment(spec, registry, out),
    }
}

/// The words that changed between the versions: indicator, reference to one.
const fn words(version: Version) -> (&'static str, &'static str) {
    match version {
        Version::V1 => ("indicator", "indicatorRef"),
        Version::V2Alpha => ("sli", "sliRef"),
    }
}

fn slo(
    index: usize,
    head: &Head<'_>,
    spec: &At<'_>,
    registry: &Registry<'_, '_>,
    checks: Checks<'_>,
    import: &mut Import,
    out: &mut Findings,
) {
    let version = head.document.version;
    let Some(mut fields) = spec.fields(out) else { return };
    let description = description(&mut fields, out);
    let service = match (fields.get("service"), version) {
        (Some(at), _) => name(&at, out),
        // The SDK's first v2alpha called it so.
        (None, Version::V2Alpha) if fields.has("serviceRef") => fields.get("serviceRef").and_then(|at| name(&at, out)),
        (None, _) => {
            fields.required("service", out);
            None
        }
    };
    let (inline, by_name) = words(version);
    let top = indicator::one(&mut fields, inline, by_name, version, registry, out);
    let window = time_window::read(&mut fields, version, out);
    let method = fields.required("budgetingMethod", out).and_then(|at| objective::method(&at, out));
    let policies = fields.get("alertPolicies").map(|at| policies(&at, version, registry, import, out));
    let objectives = fields
        .required("objectives", out)
        .map(|at| {
            let items = at.items(out).unwrap_or_default();
            if items.is_empty() {
                at.error(out, "needs an objective at least");
            }
            items
        })
        .unwrap_or_default();
    fields.refuse_others(out);

    let objectives: Vec<_> = objectives
        .iter()
        .filter_map(|at| objective::read(at, (inline, by_name), method, top.indicator.as_ref(), version, registry, out))
        .collect();
    let composite = objectives.iter().any(|objective| objective.own.given);
    match (composite, top.given) {
        (false, false) => spec.error(out, format!("needs `{inline}` or `{by_name}`")),
        (true, true) => spec.error(
            out,
            format!("has `{inline}` or `{by_name}` both at the top and in an objective: a composite SLO has them in its objectives only"),
        ),
        (true, false) => {
            for objective in objectives.iter().filter(|objective| !objective.own.given) {
                objective.at.error(out, format!("needs `{inline}` or `{by_name}`, as the other objectives have"));
            }
        }
        (false, true) => {}
    }
    let threshold = top.indicator.as_ref().is_some_and(Indicator::is_threshold);
    if version == Version::V1 && threshold && objectives.len() > 1 {
        spec.warning(out, "others may refuse it: an SLO over a thresholdMetric has one objective");
    }

    let promise = head.display_name.clone().or(description);
    let around = felt::Around { name: &head.document.name, promise, window, method, composite };
    let many = objectives.len() > 1;
    for (number, objective) in objectives.iter().enumerate() {
        let Some(indicator) = objective.own.indicator.as_ref().or(top.indicator.as_ref()) else { continue };
        let suffix = many.then_some(number + 1);
        if let Some(slo) = felt::slo(&around, suffix, objective, indicator, checks, out) {
            import.slos.push(Imported {
                slo,
                service: service.clone(),
                alert_policies: policies.clone().unwrap_or_default(),
                document: index,
            });
        }
    }
}

/// Names of the alert policies; inline ones are taken into the import.
fn policies(
    at: &At<'_>,
    version: Version,
    registry: &Registry<'_, '_>,
    import: &mut Import,
    out: &mut Findings,
) -> Vec<String> {
    let mut names = Vec::new();
    for item in at.items(out).unwrap_or_default() {
        if let super::Value::Scalar { .. } = item.node.value {
            item.warning(out, "others may refuse it: write `alertPolicyRef:` before the name");
            registry.resolve(Kind::AlertPolicy, &item, out);
            names.extend(item.text(out).map(str::to_owned));
            continue;
        }
        let Some(mut fields) = item.fields(out) else { continue };
        if let Some(at) = fields.get("alertPolicyRef") {
            registry.resolve(Kind::AlertPolicy, &at, out);
            names.extend(at.text(out).map(str::to_owned));
            for other in ["kind", "metadata", "spec"] {
                if let Some(at) = fields.get(other) {
                    at.error(out, "an alert policy is either inline or a reference, not both");
                }
            }
        } else if let Some(inline) = inline(&mut fields, Kind::AlertPolicy, version, out)
            && let Some(policy) = alerts::policy(&inline.0, &inline.1, version, registry, out)
        {
            names.push(policy.name.clone());
            import.alert_policies.push(policy);
        }
        fields.refuse_others(out);
    }
    names
}

/// Reads what stands inline for a document: its kind, its name, its spec.
pub fn inline<'n>(
    fields: &mut super::super::tree::Fields<'n>,
    kind: Kind,
    version: Version,
    out: &mut Findings,
) -> Option<(String, At<'n>)> {
    match fields.get("kind") {
        Some(at) => {
            at.one_of(out, &[(kind.name(), ())]);
        }
        None => {
            out.warning(fields.line(), &fields.path_of("kind"), format!("others may want `kind: {}` here", kind.name()))
        }
    }
    fields.has("apiVersion");
    let name = match fields.required("metadata", out).and_then(|at| metadata(&at, Some(version), out)) {
        Some(metadata) => metadata.name,
        None => String::new(),
    };
    fields.required("spec", out).map(|spec| (name, spec))
}

fn data_source(spec: &At<'_>, out: &mut Findings) {
    let Some(mut fields) = spec.fields(out) else { return };
    description(&mut fields, out);
    fields.required("type", out).and_then(|at| at.text(out));
    // Anything that is YAML.
    fields.has("connectionDetails");
    fields.refuse_others(out);
}

fn service(spec: &At<'_>, out: &mut Findings) {
    let Some(mut fields) = spec.fields(out) else { return };
    description(&mut fields, out);
    fields.refuse_others(out);
}

fn budget_adjustment(spec: &At<'_>, registry: &Registry<'_, '_>, out: &mut Findings) {
    let Some(mut fields) = spec.fields(out) else { return };
    description(&mut fields, out);
    fields.required("service", out).and_then(|at| at.text(out));
    if let Some(at) = fields.required("indicatorRef", out) {
        registry.resolve(Kind::Sli, &at, out);
    }
    let start = fields.required("startTime", out).and_then(|at| instant(&at, out));
    let end = fields.get("endTime").map(|at| (instant(&at, out), at));
    let duration = fields.get("duration").map(|at| window::duration(&at, out));
    match (&end, &duration) {
        (None, None) => spec.error(out, "needs `endTime` or `duration`"),
        (Some(_), Some(_)) => spec.error(out, "has either `endTime` or `duration`, not both"),
        (Some((Some(end), at)), None) if start.is_some_and(|start| start >= *end) => {
            at.error(out, "must be later than `startTime`");
        }
        _ => {}
    }
    fields.refuse_others(out);
}

fn instant(at: &At<'_>, out: &mut Findings) -> Option<Timestamp> {
    let text = at.text(out)?;
    let parsed = text.parse::<Timestamp>().ok();
    if parsed.is_none() {
        at.error(out, "must be an instant as in RFC 3339, such as 2026-11-22T10:00:00Z");
    }
    parsed
}
