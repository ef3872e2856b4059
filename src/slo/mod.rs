//! `felt slo`: promises on the command line.

mod check;

use std::process::ExitCode;

use felt_query::grammar::Filter;
use felt_schema::slo::{Checks, FilterFault};

use crate::cli::Slo;

/// Runs a subcommand that needs neither configuration nor store.
pub fn run(command: &Slo) -> ExitCode {
    match command {
        Slo::Check(args) => check::run(args),
    }
}

/// Filters are the query grammar's.
fn checks() -> Checks<'static> {
    fn filter(text: &str) -> Result<(), FilterFault> {
        let fault =
            |fault: felt_query::grammar::Fault| FilterFault { detail: fault.detail, did_you_mean: fault.did_you_mean };
        Filter::parse(text).map(drop).map_err(fault)
    }
    Checks { filter: &filter }
}
