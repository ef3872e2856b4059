//! Promises written for others: OpenSLO is read back as the same promise without a word of warning, the others say what they should.

use felt_schema::slo::export::{openslo, prometheus_rules, pyrra, sloth};
use felt_schema::slo::openslo::{File, read};
use felt_schema::slo::{Checks, Slo, read_json};
use serde_json::{Value, json};

fn slo(id: &str, body: &Value) -> Slo {
    read_json(id, body.to_string().as_bytes(), Checks::NONE).expect("a good SLO").0
}

/// One of each kind, window and budgeting.
fn all() -> Vec<Slo> {
    let long = "A promise that takes more words than a display name may have, which is sixty-three characters at most";
    let calendar = json!({"calendar": "1M", "start": "2026-01-01T00:00:00", "tz": "Europe/Berlin"});
    vec![
        slo(
            "checkout-fast",
            &json!({"promise": "Checkout: \"feels\" fast {{really}}", "objective": 0.9995,
            "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500, "filters": ["page:glob:/checkout/*", "device:is:mobile"]},
            "window": {"rolling": "28d"}}),
        ),
        slo(
            "jumps-little",
            &json!({"promise": long, "objective": 0.9, "sli": {"kind": "fast", "metric": "cls", "at_most": 0.1},
            "window": calendar, "budgeting": {"method": "timeslices", "slice": "5m", "slice_objective": 0.85, "empty": "good"}}),
        ),
        slo(
            "happy",
            &json!({"promise": "People are happy", "objective": 0.85, "sli": {"kind": "happy", "score": true},
            "window": {"rolling": "7d"}, "budgeting": {"method": "ratiotimeslices", "slice": "1h"}}),
        ),
        slo(
            "level",
            &json!({"promise": "yes", "objective": 0.75, "sli": {"kind": "happy", "level_at_least": "annoying", "of": "sessions"}}),
        ),
        slo(
            "pays",
            &json!({"promise": "Paying works", "objective": 0.99, "sli": {"kind": "available", "journey": "checkout", "within_s": 15}}),
        ),
        slo(
            "fresh",
            &json!({"promise": "Figures are fresh", "objective": 0.99, "sli": {"kind": "fresh", "within_s": 60}}),
        ),
    ]
}

#[test]
fn open_slo_is_read_back_as_the_same_promises_without_a_warning() {
    let text = openslo("The Shop", &all());
    let import = read(&[File { name: "export.yaml", content: text.as_bytes() }], Checks::NONE);
    assert!(import.findings.is_empty(), "{text}\n{:#?}", import.findings);
    let slos: Vec<Slo> = import.slos.into_iter().map(|imported| imported.slo).collect();
    assert_eq!(slos, all(), "{text}");
}

#[test]
fn an_id_that_others_refuse_is_told_beside_a_name_that_they_take() {
    let odd: Vec<Slo> = ["Checkout_fast", "checkout.fast"].map(|id| Slo { id: id.into(), ..all().remove(0) }).into();
    let text = openslo("shop", &odd);
    let import = read(&[File { name: "export.yaml", content: text.as_bytes() }], Checks::NONE);
    assert!(import.findings.is_empty(), "{text}\n{:#?}", import.findings);
    let names: Vec<&str> = import.documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["checkout-fast", "checkout-fast-2"]);
    assert!(text.contains(r#"felt.dev/id: Checkout_fast"#), "{text}");
}

#[test]
fn each_tool_is_told_the_same_counters() {
    let slos = &all()[..1];
    let sloth = sloth("shop", slos);
    assert!(sloth.starts_with("version: prometheus/v1\nservice: shop\n"), "{sloth}");
    assert!(sloth.contains("    objective: 99.95\n"), "{sloth}");
    let errors = r#"error_query: "sum(rate(felt_sli_valid_total{slo=\"checkout-fast\"}[{{.window}}])) - sum(rate(felt_sli_good_total{slo=\"checkout-fast\"}[{{.window}}]))""#;
    assert!(sloth.contains(errors), "{sloth}");
    let pyrra = pyrra("shop", slos);
    assert!(pyrra.contains("  target: \"99.95\"\n  window: \"28d\"\n") || pyrra.contains("  window: 28d\n"), "{pyrra}");
    assert!(pyrra.contains(r#"metric: "felt:sli_bad_total{slo=\"checkout-fast\"}""#), "{pyrra}");
    let rules = prometheus_rules("shop", slos);
    assert_eq!(rules.matches("- alert:").count(), 4, "{rules}");
    // At 75 % neither page can ever fire: such a rule is not written.
    let level = prometheus_rules("shop", &all()[3..4]);
    assert!(!level.contains("page_fast") && level.contains("ticket_fast"), "{level}");
}
