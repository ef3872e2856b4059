//! Which document a name means. What is not among the files that were given may well be elsewhere, so that is a warning.

use std::collections::HashMap;

use super::super::finding::{Findings, Severity, quoted};
use super::super::tree::At;
use super::document::reference;
use super::{Head, Kind};

/// The documents of all files, by kind and name.
pub struct Registry<'h, 'n> {
    heads: &'h [Head<'n>],
    by_name: HashMap<(Kind, &'h str), usize>,
}

impl<'h, 'n> Registry<'h, 'n> {
    /// Of these documents; two of one kind and name are an error.
    pub fn of(heads: &'h [Head<'n>], out: &mut Findings) -> Self {
        let mut by_name = HashMap::new();
        for (index, head) in heads.iter().enumerate() {
            let document = &head.document;
            if document.name.is_empty() {
                continue;
            }
            if let Some(first) = by_name.insert((document.kind, document.name.as_str()), index) {
                let first = &heads[first].document;
                out.in_file(&document.file);
                out.in_object(head.label());
                let detail = format!(
                    "there is another {} `{}` already, in {} on line {}",
                    document.kind.name(),
                    quoted(&document.name),
                    first.file,
                    first.line
                );
                out.error(document.line, "metadata.name", detail);
            }
        }
        Self { heads, by_name }
    }

    /// The document that a reference means; a warning when it is not among these.
    pub fn resolve(&self, kind: Kind, at: &At<'_>, out: &mut Findings) -> Option<&'h Head<'n>> {
        let name = reference(at, out)?;
        if let Some(index) = self.by_name.get(&(kind, name.as_str())) {
            return self.heads.get(*index);
        }
        let known = self.by_name.keys().filter(|(known, _)| *known == kind).map(|(_, name)| *name);
        let detail = format!("there is no {} `{}` among the documents given", kind.name(), quoted(&name));
        // Sorted, so that of several equally near names it is always the same.
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        out.unknown(Severity::Warning, (at.line(), &at.path), detail, &name, known);
        None
    }
}
