//! The `felt` command: reads the configuration and puts the roles together. No logic of its own.

mod access;
mod admin;
mod cli;
mod config;
mod demo;
mod doctor;
mod import;
mod load;
mod migrate;
mod person;
mod roles;
mod serve;
mod shutdown;
mod slo;
mod token;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use config::{Config, Faults};

/// The exit code for a configuration that cannot be used (`EX_USAGE`).
const EXIT_CONFIGURATION: u8 = 64;

/// The exit code after a panic in a part that the process cannot do without (`EX_SOFTWARE`). A panic in a request costs that request only.
const EXIT_PANIC: u8 = 70;

/// How long threads that are still busy when all is done may take.
const LAST_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The doctor says in its own words what it meets; lines of a log between them would help nobody.
    log_to_stderr(if matches!(cli.command, Command::Doctor(_)) { "off" } else { "info" });
    // The supervised engine takes its whole configuration from its parent, and needs no async runtime of ours.
    if let Command::Engine(engine) = &cli.command
        && engine.supervised
    {
        return exit(felt_store::engine::run_supervised().map_err(anyhow::Error::new));
    }
    // Promises need no configuration: they are checked by editors and in other repositories, and asked for by release gates.
    if let Command::Slo(command) = cli.command {
        return slo::run(command).unwrap_or_else(|error| exit(Err(error)));
    }
    // A doctor whom a broken configuration keeps away would help nobody, and load is sent from machines that have none.
    match cli.command {
        Command::Doctor(args) => return alone(doctor::run(&args, cli.config.as_deref())),
        Command::Load(args) => {
            return alone(async { load::run(args).await.unwrap_or_else(|error| exit(Err(error))) });
        }
        _ => {}
    }
    let config = match Config::load(cli.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return exit(Err(anyhow::Error::new(faults))),
    };
    if let Command::Engine(engine) = &cli.command {
        let engine = config.engine(engine.data.clone(), engine.listen);
        let ready = |url: &str| println!("felt engine is at {url}");
        return exit(felt_store::engine::run(engine, ready).map_err(anyhow::Error::new));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(anyhow::Error::new(error).context("the async runtime cannot be started"))),
    };
    let result = runtime.block_on(run(cli.command, config));
    // Everything that matters was waited for. A question to a broker that does not answer is not worth staying for.
    runtime.shutdown_timeout(LAST_WAIT);
    exit(result)
}

/// Runs a command that needs no configuration and has an exit code of its own.
fn alone(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(command);
            runtime.shutdown_timeout(LAST_WAIT);
            code
        }
        Err(error) => exit(Err(anyhow::Error::new(error).context("the async runtime cannot be started"))),
    }
}

async fn run(command: Command, config: Config) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::run(args, &config).await,
        Command::Demo(args) => demo::run(args, config).await,
        Command::Ingest(args) => roles::ingest(args, &config).await,
        Command::Processor(args) => roles::processor(args, &config).await,
        Command::Query(args) => roles::query(args, &config).await,
        Command::Migrate(args) => migrate::run(args, &config).await,
        Command::Import(args) => import::run(args, &config.cache_dir).await,
        Command::Token(command) => token::run(command, &config).await,
        Command::Person(command) => person::run(command, &config).await,
        // Done before.
        Command::Engine(_) | Command::Slo(_) | Command::Doctor(_) | Command::Load(_) => Ok(()),
    }
}

fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln`, which panics where standard error takes nothing.
            let _ = writeln!(std::io::stderr(), "felt: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// What tells a supervisor whether starting again can help: not before somebody mended the configuration.
fn exit_code(error: &anyhow::Error) -> u8 {
    let is_panic = |error: &(dyn std::error::Error + 'static)| {
        error.downcast_ref::<tokio::task::JoinError>().is_some_and(tokio::task::JoinError::is_panic)
    };
    if error.is::<Faults>() {
        EXIT_CONFIGURATION
    } else if error.chain().any(is_panic) {
        EXIT_PANIC
    } else {
        1
    }
}

fn log_to_stderr(level: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    // What cannot be written is lost. Complaining about it on the same standard error would panic, and end the thread that logged:
    // a disk that is full must not cost more than log lines.
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    lines.compact().init();
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[tokio::test]
    async fn the_exit_code_tells_faults_of_the_configuration_panics_and_the_rest_apart() {
        let faults = anyhow::Error::new(Faults::one("felt.toml", "kafka", "missing"));
        assert_eq!(exit_code(&faults.context("cannot start")), EXIT_CONFIGURATION);
        let ended = tokio::spawn(async { panic!("a part of the pipeline") }).await;
        assert_eq!(exit_code(&ended.context("the processor panicked").unwrap_err()), EXIT_PANIC);
        assert_eq!(exit_code(&anyhow::anyhow!("ClickHouse went away")), 1);
    }
}
