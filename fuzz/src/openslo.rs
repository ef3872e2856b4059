//! SLOs from outside: any bytes are read or refused with reasons, and what is read says the same when it is written.

use felt_schema::slo::openslo::{File, read};
use felt_schema::slo::{Checks, FINDINGS_MAX, FilterFault, Severity, read_json};

/// Separates the files of one input.
const SEPARATOR: u8 = 0x1e;

/// Refuses some filters, so that both ways are walked.
fn filter(text: &str) -> Result<(), FilterFault> {
    let fault = || FilterFault { detail: "no filter".into(), did_you_mean: Some("page:is:/".into()) };
    if text.contains(':') { Ok(()) } else { Err(fault()) }
}

/// Feeds the bytes to both readers.
pub fn run(data: &[u8]) {
    let checks = Checks { filter: &filter };
    let files: Vec<File<'_>> =
        data.split(|byte| *byte == SEPARATOR).take(3).map(|content| File { name: "f", content }).collect();
    let import = read(&files, checks);
    assert_eq!(read(&files, checks), import, "reading is pure");
    assert!(import.findings.len() <= FINDINGS_MAX + 1, "findings are bounded");
    let lines = data.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    for finding in &import.findings {
        assert!(finding.line.is_none_or(|line| line as usize <= lines + 1), "{finding} is on a line of the file");
        assert!(!finding.to_string().is_empty());
    }
    for imported in &import.slos {
        assert!(imported.document < import.documents.len(), "an SLO comes from a document");
        let json = imported.slo.to_json().to_string();
        let again = read_json(&imported.slo.id, json.as_bytes(), checks);
        assert_eq!(again.as_ref().map(|(slo, _)| slo), Ok(&imported.slo), "`{json}` says the same");
    }
    match read_json("any-id", data, checks) {
        Ok((slo, warnings)) => {
            assert!(
                warnings.iter().all(|finding| finding.severity == Severity::Warning),
                "what is taken has no errors"
            );
            let json = slo.to_json().to_string();
            assert_eq!(read_json("any-id", json.as_bytes(), checks), Ok((slo, Vec::new())), "`{json}` says the same");
        }
        Err(findings) => {
            assert!(findings.iter().any(|finding| finding.severity == Severity::Error), "a refusal says why");
        }
    }
}
