//! `felt slo`: promises on the command line.

mod check;
mod status;

use std::process::ExitCode;

use anyhow::{Context, Result};
use felt_query::grammar::Filter;
use felt_schema::slo::{Checks, FilterFault};

use crate::cli::Slo;

/// Runs a subcommand. None needs a configuration or a store of its own.
///
/// # Errors
/// When a running Felt that is asked cannot be.
pub fn run(command: Slo) -> Result<ExitCode> {
    match command {
        Slo::Check(args) => Ok(check::run(&args)),
        Slo::Status(args) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.context("the async runtime cannot be started")?.block_on(status::run(args))
        }
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
