//! What is wrong with a document, where, and the nearest thing that would have been right.

use std::fmt;

use serde::Serialize;

/// Most findings of one reading: a hostile document must not be answered by a longer one.
pub const FINDINGS_MAX: usize = 500;

/// Bytes of a foreign word that are repeated in a finding.
const QUOTED_BYTES_MAX: usize = 64;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document cannot be taken.
    Error,
    /// It is taken, but not quite as it was written, or others may refuse it.
    Warning,
}

impl Severity {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something to mend, or to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether the document is refused for it.
    pub severity: Severity,
    /// The file, as it was named; empty for the body of a request.
    pub file: String,
    /// The line, from 1; none where the text has no lines, as in JSON.
    pub line: Option<u32>,
    /// The document it is about, such as `SLO/checkout-fast`; empty before that is known.
    pub object: String,
    /// The field, such as `spec.objectives[0].target`; empty for the document as a whole.
    pub field: String,
    /// What is wrong and what to do, as a sentence without capital and full stop.
    pub detail: String,
    /// The nearest thing that would have been accepted, where the fault is an unknown word.
    pub did_you_mean: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}: ", self.severity.name())?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{}", self.detail)?;
        match &self.did_you_mean {
            Some(word) => write!(f, "; did you mean `{word}`?"),
            None => Ok(()),
        }
    }
}

/// Collects findings; knows in which file and document the reader is.
#[derive(Debug, Default)]
pub struct Findings {
    file: String,
    object: String,
    list: Vec<Finding>,
    /// Counted beyond the limit too.
    errors: usize,
}

impl Findings {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is added from here on is about this file.
    pub fn in_file(&mut self, file: &str) {
        self.file = file.to_owned();
        self.object.clear();
    }

    /// What is added from here on is about this document.
    pub fn in_object(&mut self, object: String) {
        self.object = object;
    }

    /// Adds an error.
    pub fn error(&mut self, line: u32, field: &str, detail: impl Into<String>) {
        self.add(Severity::Error, line, field, detail.into(), None);
    }

    /// Adds a warning.
    pub fn warning(&mut self, line: u32, field: &str, detail: impl Into<String>) {
        self.add(Severity::Warning, line, field, detail.into(), None);
    }

    /// Adds one about an unknown word.
    pub fn unknown<'k>(
        &mut self,
        severity: Severity,
        (line, field): (u32, &str),
        detail: impl Into<String>,
        word: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let nearest = nearest(word, known);
        self.add(severity, line, field, detail.into(), nearest);
    }

    fn add(&mut self, severity: Severity, line: u32, field: &str, detail: String, did_you_mean: Option<String>) {
        let first_error = severity == Severity::Error && self.errors == 0;
        self.errors += usize::from(severity == Severity::Error);
        // An error must not be lost among warnings: it is what decides.
        let full = self.list.len() >= FINDINGS_MAX && !first_error;
        if full {
            return;
        }
        self.list.push(Finding {
            severity,
            file: self.file.clone(),
            line: (line > 0).then_some(line),
            object: self.object.clone(),
            field: field.to_owned(),
            detail,
            did_you_mean,
        });
    }

    /// Whether anything is refused.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many errors were found, those beyond the limit too.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in the order of their lines within each file.
    pub fn into_list(self) -> Vec<Finding> {
        let mut files: Vec<String> = Vec::new();
        for finding in &self.list {
            if !files.contains(&finding.file) {
                files.push(finding.file.clone());
            }
        }
        let mut list = self.list;
        list.sort_by_key(|finding| (files.iter().position(|file| *file == finding.file), finding.line));
        list
    }
}

/// The known word that is nearest to what was written, if any is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let word = quoted(word).to_ascii_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&word, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 4).min(name.len().saturating_sub(1)))
        .min()
        .map(|(_, name)| name.to_owned())
}

/// As much of a foreign word as is repeated in a finding.
pub fn quoted(word: &str) -> &str {
    let end = word.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|end| *end <= QUOTED_BYTES_MAX);
    &word[..end.last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_met_by_the_nearest() {
        assert_eq!(nearest("targt", ["target", "targetPercent"]).as_deref(), Some("target"));
        assert_eq!(nearest("Target", ["target"]).as_deref(), Some("target"));
        assert_eq!(nearest("colour", ["target", "op"]), None);
        assert_eq!(nearest("", ["op"]), None);
    }

    #[test]
    fn findings_are_bounded_and_an_error_is_never_lost() {
        let mut findings = Findings::new();
        (0..2 * FINDINGS_MAX).for_each(|_| findings.warning(1, "", "again"));
        assert_eq!((findings.len(), findings.has_errors()), (FINDINGS_MAX, false));
        findings.error(2, "", "at last");
        assert!(findings.has_errors());
    }
}
