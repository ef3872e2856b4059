//! OpenSLO v1, strictly.

use super::super::openslo::{FELT, Version};
use super::super::{Budgeting, Empty, ID_CHARS_MAX, SliKind, Slo, Window};
use super::yaml::Yaml;
use super::{label, labels};

/// Characters of a `displayName` that the specification's SDK takes.
const DISPLAY_CHARS_MAX: usize = 63;

/// The promises as documents of one file, under the service `service`. Where an id is no name that everybody takes, the annotation
/// `felt.dev/id` tells it.
pub fn openslo(service: &str, slos: &[Slo]) -> String {
    let names = labels(slos.iter());
    slos.iter()
        .zip(names)
        .map(|(slo, name)| format!("---\n{}", document(&label(service), slo, name).document()))
        .collect()
}

fn document(service: &str, slo: &Slo, name: String) -> Yaml {
    let mut metadata = vec![("name", Yaml::text(&name))];
    // Whoever reads it back takes the display name for the promise, and the description where there is none.
    if slo.promise.chars().count() <= DISPLAY_CHARS_MAX {
        metadata.push(("displayName", Yaml::text(&slo.promise)));
    }
    if name != slo.id {
        metadata.push(("annotations", Yaml::Map(vec![("felt.dev/id", Yaml::text(&slo.id))])));
    }
    let spec = vec![
        ("description", Yaml::text(&slo.promise)),
        ("service", Yaml::text(service)),
        ("indicator", indicator(slo, &name)),
        ("timeWindow", Yaml::List(vec![window(&slo.window)])),
        ("budgetingMethod", Yaml::text(method(&slo.budgeting))),
        ("objectives", Yaml::List(vec![objective(slo)])),
    ];
    Yaml::Map(vec![
        ("apiVersion", Yaml::text(Version::V1.name())),
        ("kind", Yaml::text("SLO")),
        ("metadata", Yaml::Map(metadata)),
        ("spec", Yaml::Map(spec)),
    ])
}

fn indicator(slo: &Slo, name: &str) -> Yaml {
    let mut said = slo.sli.to_json();
    if let Some(fields) = said.as_object_mut() {
        // The objective says the threshold; OpenSLO has no word for empty slices.
        fields.remove("at_most");
        if matches!(slo.budgeting, Budgeting::Timeslices { empty, .. } | Budgeting::RatioTimeslices { empty, .. } if empty != Empty::Ignore)
        {
            fields.insert("budgeting".into(), slo.budgeting.to_json());
        }
    }
    let source = Yaml::Map(vec![("type", Yaml::text(FELT)), ("spec", Yaml::Json(said))]);
    let metric = vec![("metricSource", source)];
    let spec = match slo.sli.kind {
        SliKind::Fast { .. } => ("thresholdMetric", Yaml::Map(metric)),
        _ => ("ratioMetric", Yaml::Map(vec![("rawType", Yaml::text("success")), ("raw", Yaml::Map(metric))])),
    };
    let name: String = name.chars().take(ID_CHARS_MAX - 4).collect::<String>() + "-sli";
    Yaml::Map(vec![("metadata", Yaml::Map(vec![("name", Yaml::text(name))])), ("spec", Yaml::Map(vec![spec]))])
}

fn window(window: &Window) -> Yaml {
    match window {
        Window::Rolling(length) => {
            Yaml::Map(vec![("duration", Yaml::text(length.to_string())), ("isRolling", Yaml::plain(true))])
        }
        Window::Calendar { every, start, tz } => {
            let start = start.strftime("%Y-%m-%d %H:%M:%S").to_string();
            let calendar = vec![("startTime", Yaml::text(start)), ("timeZone", Yaml::text(tz))];
            Yaml::Map(vec![
                ("duration", Yaml::text(every.to_string())),
                ("isRolling", Yaml::plain(false)),
                ("calendar", Yaml::Map(calendar)),
            ])
        }
    }
}

fn method(budgeting: &Budgeting) -> &'static str {
    match budgeting {
        Budgeting::Occurrences => "Occurrences",
        Budgeting::Timeslices { .. } => "Timeslices",
        Budgeting::RatioTimeslices { .. } => "RatioTimeslices",
    }
}

fn objective(slo: &Slo) -> Yaml {
    let mut fields = Vec::new();
    if let SliKind::Fast { at_most, .. } = slo.sli.kind {
        fields.push(("op", Yaml::text("lte")));
        fields.push(("value", Yaml::plain(at_most)));
    }
    fields.push(("target", Yaml::plain(slo.objective)));
    match slo.budgeting {
        Budgeting::Occurrences => {}
        Budgeting::Timeslices { slice, slice_objective, .. } => {
            fields.push(("timeSliceTarget", Yaml::plain(slice_objective)));
            fields.push(("timeSliceWindow", Yaml::text(slice.to_string())));
        }
        Budgeting::RatioTimeslices { slice, .. } => fields.push(("timeSliceWindow", Yaml::text(slice.to_string()))),
    }
    Yaml::Map(fields)
}
