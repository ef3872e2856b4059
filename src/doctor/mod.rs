//! `felt doctor`: looks at everything that Felt stands on and says in plain words what is wrong and how to mend it. It changes nothing that
//! stays; ClickHouse's promises are tried in scratch tables, as at every start.

mod clickhouse;
mod disk;
mod kafka;
mod service;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli;
use crate::config::Config;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should know this.
    Warning,
    /// It does not work.
    Fault,
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// In words.
    pub words: String,
    /// What to do about it; empty where there is nothing to do.
    pub mend: String,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, words: impl Into<String>) -> Self {
        Self { check, state: State::Ok, words: words.into(), mend: String::new() }
    }

    /// It works, but.
    pub fn warning(check: &'static str, words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Warning, words: words.into(), mend: mend.into() }
    }

    /// It does not work.
    pub fn fault(check: &'static str, words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, state: State::Fault, words: words.into(), mend: mend.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Fault => "FAULT",
        };
        write!(f, "{state:<8} {:<14} {}", self.check, self.words)?;
        if !self.mend.is_empty() {
            write!(f, "\n{:24}mend: {}", "", self.mend)?;
        }
        Ok(())
    }
}

/// Looks at everything, tells it, and fails when anything is at fault.
pub async fn run(args: &cli::Doctor, config_file: Option<&Path>) -> ExitCode {
    let findings = examine(args, config_file).await;
    let healthy = findings.iter().all(|finding| finding.state != State::Fault);
    if args.json {
        println!("{}", serde_json::json!({"healthy": healthy, "findings": findings}));
    } else {
        for finding in &findings {
            println!("{finding}");
        }
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn examine(args: &cli::Doctor, config_file: Option<&Path>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = match Config::load(config_file) {
        Ok(config) => {
            findings.push(configuration(&config));
            Some(config)
        }
        Err(faults) => {
            // Every fault says itself how it is mended.
            let place = |fault: &crate::config::Fault| format!("{}: {}", fault.source, fault.key);
            findings.extend(
                faults.0.iter().map(|fault| Finding::fault("configuration", place(fault), fault.message.clone())),
            );
            None
        }
    };
    if let Some(config) = &config {
        findings.push(kafka::check(config.kafka.as_ref()).await);
        findings.extend(clickhouse::check(config, &args.data).await);
    }
    findings.push(disk::check(&args.data));
    findings.push(service::check(args.listen).await);
    findings
}

fn configuration(config: &Config) -> Finding {
    if config.sites_are_example {
        let words = "no site is configured: the example site `shop` stands in, open to every origin";
        return Finding::warning("configuration", words, "write [[sites]] with key, name and origins into felt.toml");
    }
    let sites: Vec<&str> = config.sites.iter().map(|site| site.key.as_str()).collect();
    let open: Vec<&str> = config
        .sites
        .iter()
        .filter(|site| site.origins.iter().any(|origin| origin == "*"))
        .map(|site| site.key.as_str())
        .collect();
    let words = format!("{} has {} sites: {}", config.source, sites.len(), sites.join(", "));
    if open.is_empty() {
        return Finding::ok("configuration", words);
    }
    let mend = "name the origins that may send beacons for it, such as [\"https://shop.example\"]";
    Finding::warning(
        "configuration",
        format!("{words}; beacons from any origin are taken for {}", open.join(", ")),
        mend,
    )
}
