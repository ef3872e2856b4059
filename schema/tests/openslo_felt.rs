//! OpenSLO over Felt's own measurements: what the interface's JSON says, said in YAML.

use felt_schema::slo::openslo::{File, Import, read};
use felt_schema::slo::{Checks, FilterFault, Severity, Slo, read_json};

fn import(yaml: &str) -> Import {
    read(&[File { name: "slo.yaml", content: yaml.as_bytes() }], Checks::NONE)
}

fn only(yaml: &str) -> Slo {
    let mut import = import(yaml);
    assert!(import.is_valid(), "{:#?}", import.findings);
    assert_eq!(import.slos.len(), 1, "{:#?}", import.findings);
    import.slos.remove(0).slo
}

fn json(id: &str, body: &str) -> Slo {
    read_json(id, body.as_bytes(), Checks::NONE).expect("a good SLO").0
}

/// An SLO around an indicator, an objective and more lines of the spec.
fn document(indicator: &str, objective: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: checkout-fast, displayName: Checkout feels fast}}
spec:
  service: web-shop
  indicator: {{metadata: {{name: x}}, spec: {indicator}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{objective}]
"
    )
}

const THRESHOLD: &str =
    "{thresholdMetric: {metricSource: {type: felt, spec: {metric: lcp, filters: ['page:glob:/checkout/*']}}}}";

#[test]
fn yaml_and_json_say_the_same() {
    let expected = json(
        "checkout-fast",
        r#"{"promise": "Checkout feels fast", "objective": 0.95,
            "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "of": "views", "filters": ["page:glob:/checkout/*"]},
            "window": {"rolling": "28d"}, "budgeting": {"method": "occurrences"}}"#,
    );
    assert_eq!(only(&document(THRESHOLD, "{op: lte, value: 2500, target: 0.95}")), expected);
    assert_eq!(only(&document(THRESHOLD, "{op: lte, value: 2500, targetPercent: 95}")), expected);
    let fields = "kind: fast, metric: lcp, at_most: 2500, of: views, filters: ['page:glob:/checkout/*']";
    let ratio = format!(
        "{{ratioMetric: {{counter: true, good: {{metricSource: {{type: felt, spec: {{{fields}}}}}}}, total: {{metricSource: {{type: felt, spec: {{}}}}}}}}}}"
    );
    assert_eq!(only(&document(&ratio, "{target: 0.95}")), expected);
    let raw =
        format!("{{ratioMetric: {{rawType: success, raw: {{metricSource: {{type: felt, spec: {{{fields}}}}}}}}}}}");
    assert_eq!(only(&document(&raw, "{target: 0.95}")), expected);
    let whole = format!(
        "{{ratioMetric: {{rawType: success, raw: {{metricSource: {{type: felt, spec: {{sli: {{{fields}}}, objective: 0.95, window: {{rolling: 28d}}}}}}}}}}}}"
    );
    assert_eq!(only(&document(&whole, "{target: 0.95}")), expected);
}

#[test]
fn a_calendar_window_and_slices_come_through() {
    let slo = only(
        "apiVersion: openslo/v1
kind: SLO
metadata: {name: happy}
spec:
  description: People are happy
  service: web-shop
  indicator:
    metadata: {name: x}
    spec: {ratioMetric: {rawType: success, raw: {metricSource: {type: felt, spec: {kind: happy, score: true}}}}}
  timeWindow:
    - duration: 1M
      calendar: {startTime: 2026-01-01 00:00:00, timeZone: europe/berlin}
  budgetingMethod: Timeslices
  objectives:
    - target: 0.9
      timeSliceTarget: 0.85
      timeSliceWindow: 5
",
    );
    let expected = json(
        "happy",
        r#"{"promise": "People are happy", "objective": 0.9, "sli": {"kind": "happy", "score": true},
            "window": {"calendar": "1M", "start": "2026-01-01T00:00:00", "tz": "Europe/Berlin"},
            "budgeting": {"method": "timeslices", "slice": "5m", "slice_objective": 0.85, "empty": "ignore"}}"#,
    );
    assert_eq!(slo, expected);
}

#[test]
fn v2alpha_has_its_own_words() {
    let slo = only(
        "apiVersion: openslo.com/v2alpha
kind: DataSource
metadata: {name: rum}
spec: {type: felt}
---
apiVersion: openslo.com/v2alpha
kind: SLI
metadata: {name: checkout-works}
spec: {ratioMetric: {rawType: success, raw: {dataSourceRef: rum, spec: {kind: works, of: sessions}}}}
---
apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: checkout-works}
spec:
  service: web-shop
  sliRef: checkout-works
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: Good, target: 0.999}]
",
    );
    assert_eq!(slo.to_json()["sli"], serde_json::json!({"kind": "works", "of": "sessions"}));
    assert_eq!(slo.window.to_json(), serde_json::json!({"rolling": "4w"}));
}

#[test]
fn a_composite_is_measured_objective_by_objective() {
    let works = "{metadata: {name: a}, spec: {ratioMetric: {rawType: success, raw: {metricSource: {type: felt, spec: {kind: works}}}}}}";
    let import = import(&format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: all}}
spec:
  service: web-shop
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives:
    - {{displayName: works, target: 0.99, indicator: {works}, compositeWeight: 2}}
    - {{displayName: still works, target: 0.9, indicator: {works}}}
"
    ));
    assert!(import.is_valid(), "{:#?}", import.findings);
    let ids: Vec<_> =
        import.slos.iter().map(|imported| (imported.slo.id.as_str(), imported.slo.promise.as_str())).collect();
    assert_eq!(ids, [("all-1", "all: works"), ("all-2", "all: still works")]);
    assert!(import.findings.iter().any(|finding| finding.detail.contains("one by one")));
}

#[test]
fn what_contradicts_itself_is_refused_where_it_does() {
    let ratio = |spec: &str| {
        format!("{{ratioMetric: {{rawType: success, raw: {{metricSource: {{type: felt, spec: {spec}}}}}}}}}")
    };
    for (indicator, objective, fault) in [
        (THRESHOLD.to_owned(), "{op: gte, value: 2500, target: 0.9}", "good is at most the threshold"),
        (THRESHOLD.to_owned(), "{target: 0.9}", "spec.objectives[0].value: is required"),
        (THRESHOLD.to_owned(), "{op: lte, value: 0, target: 0.9}", "must be more than 0"),
        (THRESHOLD.to_owned(), "{op: lte, value: 2500, target: 0}", "a target of 0 cannot be measured"),
        (
            ratio("{kind: fast, metric: lcp}"),
            "{target: 0.9}",
            "spec.indicator.spec.ratioMetric.raw.metricSource.spec.at_most: is required",
        ),
        (ratio("{kind: works, objective: 0.8}"), "{target: 0.9}", "another objective"),
        (ratio("{kind: works, window: {rolling: 7d}}"), "{target: 0.9}", "another window"),
        (ratio("{kind: works, metrc: lcp}"), "{target: 0.9}", "did you mean `metric`?"),
        (ratio("{}"), "{target: 0.9}", "spec.kind: is required"),
    ] {
        let import = import(&document(&indicator, objective));
        assert!(!import.is_valid() && import.slos.is_empty(), "{indicator}: {:#?}", import.findings);
        let found: Vec<String> = import.findings.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|found| found.contains(fault)), "{indicator}: no `{fault}` in {found:#?}");
    }
}

#[test]
fn filters_are_checked_by_whoever_knows_the_grammar() {
    let checks = Checks {
        filter: &|text| {
            let fault = FilterFault { detail: "no such dimension".into(), did_you_mean: Some("page".into()) };
            if text.starts_with("page:") { Ok(()) } else { Err(fault) }
        },
    };
    let body = r#"{"promise": "x", "objective": 0.9, "sli": {"kind": "works", "filters": ["page:is:/", "pge:is:/"]}}"#;
    let findings = read_json("x", body.as_bytes(), checks).expect_err("one of them is wrong");
    assert_eq!(findings[0].field, "sli.filters[1]");
    assert_eq!(findings[0].did_you_mean.as_deref(), Some("page"));
}

#[test]
fn two_documents_of_one_name_and_one_id_are_refused() {
    let one = document(THRESHOLD, "{op: lte, value: 2500, target: 0.95}");
    let import = import(&format!("{one}---\n{one}"));
    let errors = import.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    assert_eq!(errors, 2, "{:#?}", import.findings);
    assert!(import.findings[0].detail.contains("in slo.yaml on line 1"), "{:#?}", import.findings);
}

#[test]
fn what_is_no_document_at_all_is_told_once() {
    for (yaml, fault) in [
        ("", "holds no document"),
        ("# nothing\n---\n---\n", "holds no document"),
        ("- 1\n- 2\n", "must be a map of fields"),
        ("a: [1, 2\n", "is not YAML"),
        (
            "apiVersion: openslo/v1alpha\nkind: SLO\nmetadata: {name: x}\nspec: {}\n",
            "there is no version `openslo/v1alpha`",
        ),
        ("apiVersion: openslo/v1\nkind: SLOO\nmetadata: {name: x}\nspec: {}\n", "did you mean `SLO`?"),
    ] {
        let import = import(yaml);
        let found: Vec<String> = import.findings.iter().map(ToString::to_string).collect();
        assert!(!import.is_valid() && found.iter().any(|found| found.contains(fault)), "{yaml}: {found:#?}");
    }
}
