//! Pyrra's custom resource, `pyrra.dev/v1alpha1`: <https://github.com/pyrra-dev/pyrra>.

use super::super::Slo;
use super::super::standing::period_min;
use super::prometheus::BAD;
use super::yaml::Yaml;
use super::{VALID, label, labels, percent, selector, span};

/// One resource for each promise. Pyrra wants a counter of errors, which the file of Prometheus rules records.
pub fn pyrra(service: &str, slos: &[Slo]) -> String {
    let resources = slos.iter().zip(labels(slos.iter()));
    resources.map(|(slo, name)| format!("---\n{}", one(&label(service), slo, name).document())).collect()
}

fn one(service: &str, slo: &Slo, name: String) -> Yaml {
    let labels = vec![("pyrra.dev/service", Yaml::text(service))];
    let metric = |name: &str| Yaml::Map(vec![("metric", Yaml::text(format!("{name}{}", selector(&slo.id))))]);
    let ratio = vec![("errors", metric(BAD)), ("total", metric(VALID))];
    let spec = vec![
        ("target", Yaml::Json(percent(slo.objective).into())),
        ("window", Yaml::text(span(period_min(slo)))),
        ("description", Yaml::text(&slo.promise)),
        ("indicator", Yaml::Map(vec![("ratio", Yaml::Map(ratio))])),
    ];
    Yaml::Map(vec![
        ("apiVersion", Yaml::text("pyrra.dev/v1alpha1")),
        ("kind", Yaml::text("ServiceLevelObjective")),
        ("metadata", Yaml::Map(vec![("name", Yaml::text(name)), ("labels", Yaml::Map(labels))])),
        ("spec", Yaml::Map(spec)),
    ])
}
