//! The OpenSLO vectors: documents whose verdict was worked out independently, by the specification's text and by its SDK.
//! What either of them takes is taken; what both refuse is refused at the field that is wrong.

use std::path::{Path, PathBuf};

use felt_schema::slo::openslo::{File, Import, read};
use felt_schema::slo::{Checks, Finding, Severity};
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    documents: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    file: String,
    valid_per_spec_text: bool,
    valid_per_go_sdk: bool,
    error_path: Option<String>,
    why: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/openslo")
}

fn cases() -> Vec<Case> {
    let text = std::fs::read(folder().join("manifest.json")).expect("the vectors are there");
    serde_json::from_slice::<Manifest>(&text).expect("and are JSON").documents
}

fn import(file: &str) -> Import {
    let content = std::fs::read(folder().join(file)).expect("the manifest names a file");
    read(&[File { name: file, content: &content }], Checks::NONE)
}

fn errors(import: &Import) -> Vec<&Finding> {
    import.findings.iter().filter(|finding| finding.severity == Severity::Error).collect()
}

#[test]
fn what_the_text_or_the_sdk_takes_is_taken_and_the_rest_is_refused() {
    let cases = cases();
    assert_eq!(cases.len(), 16, "every vector is looked at");
    for case in cases {
        let import = import(&case.file);
        let taken = case.valid_per_spec_text || case.valid_per_go_sdk;
        assert_eq!(import.is_valid(), taken, "{}: {}: {:#?}", case.file, case.why, import.findings);
    }
}

#[test]
fn each_fault_is_told_at_its_field_and_line() {
    for case in cases().into_iter().filter(|case| !case.valid_per_spec_text) {
        let import = import(&case.file);
        let path = case.error_path.expect("a fault has a place");
        let found = errors(&import);
        assert!(found.iter().any(|finding| finding.field == path), "{}: no {path} in {found:#?}", case.file);
        let content = std::fs::read_to_string(folder().join(&case.file)).expect("a file");
        for finding in found {
            let line = finding.line.unwrap_or_default() as usize;
            assert!((1..=content.lines().count()).contains(&line), "{finding} is on a line of the file");
            assert_eq!(finding.file, case.file);
        }
    }
}

#[test]
fn what_only_the_sdk_refuses_is_a_warning_at_that_field() {
    for case in cases().into_iter().filter(|case| case.valid_per_spec_text && !case.valid_per_go_sdk) {
        let import = import(&case.file);
        let path = case.error_path.expect("the SDK says where");
        assert!(import.findings.iter().any(|finding| finding.field == path), "{}: {:#?}", case.file, import.findings);
    }
}

#[test]
fn two_faults_of_one_window_are_both_told() {
    let import = import("20-bad-timezone-and-start.yaml");
    let places: Vec<_> = errors(&import).iter().map(|finding| (finding.field.as_str(), finding.line)).collect();
    assert_eq!(
        places,
        [("spec.timeWindow[0].calendar.startTime", Some(29)), ("spec.timeWindow[0].calendar.timeZone", Some(30))]
    );
}

#[test]
fn a_misspelt_field_is_met_by_the_one_that_was_meant() {
    let import = import("22-unknown-field-and-name.yaml");
    let meant = import.findings.iter().find_map(|finding| finding.did_you_mean.as_deref());
    assert_eq!(meant, Some("target"));
    // The name only has to be one that others support.
    assert!(errors(&import).iter().all(|finding| finding.field != "metadata.name"));
}

#[test]
fn all_vectors_together_refer_to_each_other() {
    let files: Vec<(String, Vec<u8>)> = [
        "02-valid-threshold-calendar.yaml",
        "04-valid-multi-document.yaml",
        "05-valid-raw-failure-ratiotimeslices.yaml",
    ]
    .map(|file| (file.to_owned(), std::fs::read(folder().join(file)).expect("a vector")))
    .into();
    let files: Vec<_> = files.iter().map(|(name, content)| File { name, content }).collect();
    let import = read(&files, Checks::NONE);
    assert_eq!((import.documents.len(), import.alert_policies.len()), (8, 1));
    let unresolved: Vec<_> =
        import.findings.iter().filter(|finding| finding.detail.starts_with("there is no")).collect();
    assert!(unresolved.is_empty(), "{unresolved:#?}");
    let policy = &import.alert_policies[0];
    let condition = policy.condition.as_ref().expect("the condition is in another document");
    assert_eq!((condition.threshold, condition.lookback.to_string().as_str()), (14.4, "1h"));
    assert_eq!(policy.targets[0].target, "webhook");
}
