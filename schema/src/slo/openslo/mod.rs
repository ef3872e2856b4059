//! OpenSLO documents, v1 and v2alpha: read leniently. The specification's text and its own SDK disagree in places; what either
//! of them takes is taken, with a warning where the other would refuse it.
//!
//! Felt's own indicators are those whose metric source has `type: felt`: their `spec` says what the interface's JSON says. SLOs
//! over other sources are checked as far as OpenSLO goes, and a warning says that they cannot be measured here.

mod alerts;
mod document;
mod felt;
mod indicator;
mod objective;
mod references;
mod spec;
mod time_window;

pub use alerts::{AlertCondition, AlertPolicy, AlertTarget};

use super::finding::{Finding, Findings, Severity};
use super::tree::{At, Node, Value};
use super::{Checks, Slo, yaml};
use references::Registry;

/// The type of a metric source that Felt answers itself.
pub const FELT: &str = "felt";

/// Files of one reading.
pub const FILES_MAX: usize = 1_000;

/// A file to read.
#[derive(Debug, Clone, Copy)]
pub struct File<'t> {
    /// As findings shall name it.
    pub name: &'t str,
    /// What is in it.
    pub content: &'t [u8],
}

/// The version of the specification that a document follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// `openslo/v1`
    V1,
    /// `openslo.com/v2alpha`
    V2Alpha,
}

impl Version {
    /// As `apiVersion` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "openslo/v1",
            Self::V2Alpha => "openslo.com/v2alpha",
        }
    }
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the specification's own word")]
pub enum Kind {
    DataSource,
    Service,
    Sli,
    Slo,
    AlertPolicy,
    AlertCondition,
    AlertNotificationTarget,
    BudgetAdjustment,
}

impl Kind {
    const NAMES: [(&'static str, Self); 8] = [
        ("DataSource", Self::DataSource),
        ("Service", Self::Service),
        ("SLI", Self::Sli),
        ("SLO", Self::Slo),
        ("AlertPolicy", Self::AlertPolicy),
        ("AlertCondition", Self::AlertCondition),
        ("AlertNotificationTarget", Self::AlertNotificationTarget),
        ("BudgetAdjustment", Self::BudgetAdjustment),
    ];

    /// The specification's word for it.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file, as it was named.
    pub file: String,
    /// The line on which it begins.
    pub line: u32,
    /// Its version.
    pub version: Version,
    /// Its kind.
    pub kind: Kind,
    /// `metadata.name`
    pub name: String,
}

/// An SLO over Felt's own measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// What it promises.
    pub slo: Slo,
    /// The service it is grouped under.
    pub service: Option<String>,
    /// The alert policies it names, or holds.
    pub alert_policies: Vec<String>,
    /// The document it comes from, as an index into [`Import::documents`].
    pub document: usize,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Import {
    /// Every document that could be told apart, in the order of the files.
    pub documents: Vec<Document>,
    /// The SLOs that Felt can measure; those with faults are left out.
    pub slos: Vec<Imported>,
    /// The alert policies, inline ones too.
    pub alert_policies: Vec<AlertPolicy>,
    /// Everything to mend or to know.
    pub findings: Vec<Finding>,
}

impl Import {
    /// Whether no document is refused.
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Warning)
    }
}

/// Reads files together: documents may refer to each other across them.
pub fn read(files: &[File<'_>], checks: Checks<'_>) -> Import {
    let mut out = Findings::new();
    if files.len() > FILES_MAX {
        out.error(0, "", format!("more than {FILES_MAX} files at once: check them in parts"));
        return Import { findings: out.into_list(), ..Import::default() };
    }
    let trees: Vec<Vec<Node>> = files
        .iter()
        .map(|file| {
            out.in_file(file.name);
            let nodes = yaml::documents(file.content, &mut out);
            if nodes.iter().all(Node::is_null) && !out.has_errors() {
                out.error(0, "", "holds no document");
            }
            nodes
        })
        .collect();

    let mut found = Vec::new();
    for (file, nodes) in files.iter().zip(&trees) {
        out.in_file(file.name);
        for node in nodes.iter().flat_map(one_or_many).filter(|node| !node.is_null()) {
            found.extend(document::head(file.name, node, &mut out));
        }
    }
    let registry = Registry::of(&found, &mut out);
    let mut import = Import::default();
    for (index, head) in found.iter().enumerate() {
        out.in_file(&head.document.file);
        out.in_object(head.label());
        let (errors, slos) = (out.errors(), import.slos.len());
        spec::read(index, head, &registry, checks, &mut import, &mut out);
        if out.errors() > errors {
            import.slos.truncate(slos);
        }
    }
    import.documents = found.into_iter().map(|head| head.document).collect();
    ids_once(&mut import, &mut out);
    import.findings = out.into_list();
    import
}

/// A list of documents is as good as several.
fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// Several objectives of one SLO become several; their ids must not meet another SLO's.
fn ids_once(import: &mut Import, out: &mut Findings) {
    let mut seen = std::collections::HashSet::new();
    for Imported { slo, document, .. } in &import.slos {
        if !seen.insert(slo.id.clone()) {
            let document = &import.documents[*document];
            out.in_file(&document.file);
            out.in_object(format!("{}/{}", document.kind.name(), document.name));
            out.error(document.line, "metadata.name", format!("two SLOs would have the id `{}`", slo.id));
        }
    }
}

/// The header of a document, and where the rest of it is.
#[derive(Debug)]
struct Head<'n> {
    document: Document,
    /// `metadata.displayName`
    display_name: Option<String>,
    spec: Option<At<'n>>,
}

impl Head<'_> {
    fn label(&self) -> String {
        format!("{}/{}", self.document.kind.name(), self.document.name)
    }
}
