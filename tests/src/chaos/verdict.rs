//! What the judge found, in the words of the promises: missing, duplicated, spurious, corrupted, or tables that disagree.

use std::collections::BTreeMap;
use std::fmt;

/// Examples of each kind that are kept.
const EXAMPLES_MAX: usize = 6;

/// A kind of finding: how many, and a few of them.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// How many.
    pub count: u64,
    examples: Vec<String>,
}

/// All findings and what was judged.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    kinds: BTreeMap<&'static str, Kind>,
    facts: Vec<String>,
}

impl Verdict {
    /// A finding.
    pub fn found(&mut self, kind: &'static str, example: impl Into<String>) {
        let kind = self.kinds.entry(kind).or_default();
        kind.count += 1;
        if kind.examples.len() < EXAMPLES_MAX {
            kind.examples.push(example.into());
        }
    }

    /// Something worth knowing that is no finding.
    pub fn fact(&mut self, fact: impl Into<String>) {
        self.facts.push(fact.into());
    }

    /// How many of a kind.
    pub fn count(&self, kind: &str) -> u64 {
        self.kinds.get(kind).map_or(0, |kind| kind.count)
    }

    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.kinds.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fact in &self.facts {
            writeln!(f, "  {fact}")?;
        }
        let count = |kind| self.count(kind);
        writeln!(
            f,
            "  {} missing, {} duplicated, {} spurious, {} corrupted",
            count("missing"),
            count("duplicated"),
            count("spurious"),
            count("corrupted")
        )?;
        for (name, kind) in &self.kinds {
            writeln!(f, "  {name}: {}", kind.count)?;
            for example in &kind.examples {
                writeln!(f, "    {example}")?;
            }
        }
        Ok(())
    }
}
