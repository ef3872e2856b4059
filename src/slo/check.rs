//! `felt slo check FILE…`: every fault of every OpenSLO document, with file, line and field. Needs no server.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use felt_schema::slo::FILE_BYTES_MAX;
use felt_schema::slo::openslo::{self, Import};
use felt_schema::slo::{Finding, Severity};
use serde_json::{Value, json};

use crate::cli::SloCheck;

/// Checks the files together and says what it found; 0 when nothing is refused, else 1.
pub fn run(args: &SloCheck) -> ExitCode {
    let files: Vec<(String, io::Result<Vec<u8>>)> =
        args.files.iter().map(|path| (path.display().to_string(), read(path))).collect();
    let mut readable = Vec::new();
    let mut unreadable = Vec::new();
    for (name, content) in &files {
        match content {
            Ok(content) => readable.push(openslo::File { name, content }),
            Err(error) => unreadable.push(Finding {
                severity: Severity::Error,
                file: name.clone(),
                line: None,
                object: String::new(),
                field: String::new(),
                detail: format!("cannot be read: {error}"),
                did_you_mean: None,
            }),
        }
    }
    let mut import = if readable.is_empty() { Import::default() } else { openslo::read(&readable, super::checks()) };
    import.findings.splice(0..0, unreadable);
    let told = if args.json { tell_json(&import) } else { tell(&import, files.len()) };
    // Whoever reads may go away early, as `head` does; the verdict stays.
    match io::stdout().write_all(told.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("felt: standard output cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ if import.is_valid() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// A file, or standard input for `-`; not more of it than the reader takes, and one byte so that it can tell.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let most = FILE_BYTES_MAX as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut content)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut content)?;
    }
    Ok(content)
}

fn tell(import: &Import, files: usize) -> String {
    let mut text: String = import.findings.iter().map(|finding| format!("{finding}\n")).collect();
    let count = |severity| import.findings.iter().filter(|finding| finding.severity == severity).count();
    text += &format!(
        "{}, {}, {} that Felt measures: {}, {}\n",
        counted(files, "file"),
        counted(import.documents.len(), "document"),
        counted(import.slos.len(), "SLO"),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
    );
    text
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn tell_json(import: &Import) -> String {
    let documents: Vec<Value> = import
        .documents
        .iter()
        .map(|document| {
            json!({
                "file": document.file, "line": document.line, "version": document.version.name(),
                "kind": document.kind.name(), "name": document.name,
            })
        })
        .collect();
    let slos: Vec<&felt_schema::slo::Slo> = import.slos.iter().map(|imported| &imported.slo).collect();
    let answer = json!({"valid": import.is_valid(), "documents": documents, "slos": slos, "findings": import.findings});
    format!("{answer:#}\n")
}
