//! A Prometheus rule file: the burn of each promise recorded by window, and the four rules that Felt judges itself.

use super::super::Slo;
use super::super::standing::{objective, options, rules};
use super::yaml::Yaml;
use super::{GOOD, VALID, selector, span};
use crate::burn::Rule;
use std::collections::BTreeSet;

/// The recorded counter of what was bad.
pub(super) const BAD: &str = "felt:sli_bad_total";
/// The recorded share of what was bad, by window.
const SHARE: &str = "felt:sli_bad:ratio_rate";

/// One group of rules for each promise. A rule that could never fire is left out.
pub fn prometheus_rules(service: &str, slos: &[Slo]) -> String {
    let groups = slos.iter().map(|slo| {
        let mut all = vec![bad_total(slo)];
        let rules = reachable(slo);
        let windows: BTreeSet<u32> = rules.iter().flat_map(|rule| [rule.short_min, rule.long_min]).collect();
        all.extend(windows.into_iter().map(|minutes| share(slo, minutes)));
        all.extend(rules.iter().filter_map(|rule| alert(service, slo, rule)));
        Yaml::Map(vec![("name", Yaml::text(format!("felt/{service}/{}", slo.id))), ("rules", Yaml::List(all))])
    });
    Yaml::Map(vec![("groups", Yaml::List(groups.collect()))]).document()
}

fn reachable(slo: &Slo) -> Vec<Rule> {
    let reach = |rule: &Rule| objective(slo).is_some_and(|objective| rule.is_reachable(objective, &options(slo)));
    rules(slo).into_iter().filter(reach).collect()
}

fn record(name: String, expression: String) -> Yaml {
    Yaml::Map(vec![("record", Yaml::text(name)), ("expr", Yaml::text(expression))])
}

fn bad_total(slo: &Slo) -> Yaml {
    let selector = selector(&slo.id);
    record(BAD.into(), format!("sum by (slo) ({VALID}{selector}) - sum by (slo) ({GOOD}{selector})"))
}

fn share(slo: &Slo, minutes: u32) -> Yaml {
    let (selector, span) = (selector(&slo.id), span(minutes.into()));
    let sum = |name: &str| format!("sum by (slo) (rate({name}{selector}[{span}]))");
    record(format!("{SHARE}{span}"), format!("1 - {} / {}", sum(GOOD), sum(VALID)))
}

fn alert(service: &str, slo: &Slo, rule: &Rule) -> Option<Yaml> {
    let limit = rule.bad_share(objective(slo)?, &options(slo));
    let limit = format!("({} / {})", limit.numerator(), limit.denominator());
    let selector = selector(&slo.id);
    let over = |minutes: u32| format!("{SHARE}{}{selector} > {limit}", span(minutes.into()));
    let labels = vec![
        ("severity", Yaml::text(rule.severity.name())),
        ("rule", Yaml::text(&rule.name)),
        ("site", Yaml::text(service)),
    ];
    let summary = format!("The promise is being broken: {}", escaped(&slo.promise));
    let description = format!(
        "{{{{ $value | humanizePercentage }}}} of the last {} were bad: the budget burns more than {} times too fast.",
        span(rule.long_min.into()),
        (rule.factor.to_f64() * 100.0).round() / 100.0
    );
    let annotations = vec![("summary", Yaml::text(summary)), ("description", Yaml::text(description))];
    Some(Yaml::Map(vec![
        ("alert", Yaml::text("FeltBudgetBurns")),
        ("expr", Yaml::text(format!("{} and {}", over(rule.long_min), over(rule.short_min)))),
        ("labels", Yaml::Map(labels)),
        ("annotations", Yaml::Map(annotations)),
    ]))
}

/// Annotations are templates; what people wrote is text.
fn escaped(text: &str) -> String {
    text.replace("{{", "{ {")
}
