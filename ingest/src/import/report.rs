//! What an import answers: how many lines came, what became of them, and the first faults with what would mend them.

use felt_schema::outcome::RefuseReason;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Faults that are told one by one; the rest is in the counts.
const FAULTS_MAX: usize = 20;

/// Why a line was not taken. `name` is for programs and stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineFault {
    pub(crate) name: &'static str,
    pub(crate) detail: Cow<'static, str>,
    /// Under which reason the site's health counts it.
    pub(crate) reason: RefuseReason,
}

/// The answer to an import.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Lines that were not blank.
    pub(crate) received: u64,
    /// Lines whose snapshot is durable.
    pub(crate) accepted: u64,
    refused: BTreeMap<&'static str, u64>,
    faults: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct Fault {
    line: u64,
    reason: &'static str,
    detail: Cow<'static, str>,
}

impl Report {
    pub(crate) fn refuse(&mut self, line: u64, fault: LineFault) {
        *self.refused.entry(fault.name).or_default() += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { line, reason: fault.name, detail: fault.detail });
        }
    }
}
