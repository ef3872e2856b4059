//! `felt slo check`, as an editor or a pipeline runs it: no configuration, no server, a verdict by exit code.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use felt_tests::process::felt_binary;
use serde_json::Value;

fn vectors() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/openslo")
}

fn check(args: &[&str]) -> Output {
    let mut command = Command::new(felt_binary());
    // A folder whose felt.toml is broken: checking must not look at it.
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("felt.toml"), "nonsense = [").expect("a file");
    command.args(["slo", "check"]).args(args).current_dir(dir.path()).stdin(Stdio::null()).output().expect("felt runs")
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("felt writes UTF-8")
}

#[test]
fn the_exit_code_is_the_verdict_of_each_vector() {
    let manifest = std::fs::read(vectors().join("manifest.json")).expect("the vectors are there");
    let manifest: Value = serde_json::from_slice(&manifest).expect("and are JSON");
    for case in manifest["documents"].as_array().expect("documents") {
        let file = vectors().join(case["file"].as_str().expect("a file"));
        let output = check(&[file.to_str().expect("a plain path")]);
        let expected = if case["valid_per_spec_text"] == true { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(expected), "{}: {}", case["file"], text(&output));
        if expected == 1 {
            let place = format!("error: {}", case["error_path"].as_str().expect("a place"));
            assert!(text(&output).contains(&place), "no `{place}` in {}", text(&output));
        }
    }
}

#[test]
fn every_fault_of_every_file_is_told_with_its_line() {
    let files = ["20-bad-timezone-and-start.yaml", "11-both-targets.yaml"]
        .map(|file| vectors().join(file).display().to_string());
    let output = check(&[&files[0], &files[1], "/does/not/exist.yaml"]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "/does/not/exist.yaml: error: cannot be read",
        "20-bad-timezone-and-start.yaml:29: error: spec.timeWindow[0].calendar.startTime",
        "20-bad-timezone-and-start.yaml:30: error: spec.timeWindow[0].calendar.timeZone",
        "did you mean `Europe/Berlin`?",
        "11-both-targets.yaml:30: error: spec.objectives[0]: has both",
        "3 files, 2 documents",
    ] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }
}

#[test]
fn filters_are_held_to_the_query_grammar() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("slo.yaml");
    let yaml = |filter: &str| {
        format!(
            "apiVersion: openslo/v1
kind: SLO
metadata: {{name: checkout-fast}}
spec:
  service: web-shop
  indicator:
    metadata: {{name: x}}
    spec: {{thresholdMetric: {{metricSource: {{type: felt, spec: {{metric: lcp, filters: ['{filter}']}}}}}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{op: lte, value: 2500, target: 0.95}}]
"
        )
    };
    std::fs::write(&file, yaml("pge:glob:/checkout/*")).expect("a file");
    let output = check(&[file.to_str().expect("a plain path")]);
    assert!(output.status.code() == Some(1) && text(&output).contains("did you mean `page`?"), "{}", text(&output));

    std::fs::write(&file, yaml("page:glob:/checkout/*")).expect("a file");
    let output = check(&["--json", file.to_str().expect("a plain path")]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told["valid"], true);
    assert_eq!(told["slos"][0]["sli"]["filters"][0], "page:glob:/checkout/*");
    assert_eq!(told["documents"][0]["kind"], "SLO");
}
