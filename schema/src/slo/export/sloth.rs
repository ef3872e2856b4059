//! Sloth's `prometheus/v1`: <https://sloth.dev/specs/default/>.

use super::super::Slo;
use super::yaml::Yaml;
use super::{GOOD, VALID, label, percent, selector};

/// One service with the promises as its SLOs. Sloth chooses windows and rules itself.
pub fn sloth(service: &str, slos: &[Slo]) -> String {
    let labels = Yaml::Map(vec![("owner", Yaml::text("felt"))]);
    Yaml::Map(vec![
        ("version", Yaml::text("prometheus/v1")),
        ("service", Yaml::text(label(service))),
        ("labels", labels),
        ("slos", Yaml::List(slos.iter().map(one).collect())),
    ])
    .document()
}

fn one(slo: &Slo) -> Yaml {
    let selector = selector(&slo.id);
    let total = format!("sum(rate({VALID}{selector}[{{{{.window}}}}]))");
    let errors = format!("{total} - sum(rate({GOOD}{selector}[{{{{.window}}}}]))");
    let events = vec![("error_query", Yaml::text(errors)), ("total_query", Yaml::text(total))];
    let severity = |name| Yaml::Map(vec![("labels", Yaml::Map(vec![("severity", Yaml::text(name))]))]);
    let annotations = Yaml::Map(vec![("summary", Yaml::text(format!("The promise is being broken: {}", slo.promise)))]);
    let alerting = vec![
        ("name", Yaml::text("FeltBudgetBurns")),
        ("annotations", annotations),
        ("page_alert", severity("page")),
        ("ticket_alert", severity("ticket")),
    ];
    Yaml::Map(vec![
        ("name", Yaml::text(&slo.id)),
        ("objective", Yaml::plain(percent(slo.objective))),
        ("description", Yaml::text(&slo.promise)),
        ("sli", Yaml::Map(vec![("events", Yaml::Map(events))])),
        ("alerting", Yaml::Map(alerting)),
    ])
}
