//! What a run is told: by the test that starts it, and by the environment (`CHAOS_SEED`, `CHAOS_SECONDS`, `CHAOS_RATE`,
//! `CHAOS_SESSIONS`), which wins.

use anyhow::{Context, Result};

/// What is between ingest and the processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// `felt serve`: everything in one process.
    Local,
    /// The roles apart.
    Kafka,
}

/// A fault of the machine itself, which only the long version has the means for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Nothing is wrong with it.
    Sound,
    /// The disk is full now and then.
    SmallDisk,
    /// The wall clock jumps now and then.
    JumpingClock,
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The log under test.
    pub log: Log,
    /// Decides the faults and the page views; printed at the start.
    pub seed: u64,
    /// How long faults come, in seconds.
    pub seconds: u64,
    /// Snapshots a second at most; 0 follows what the processors keep up with.
    pub rate: u64,
    /// Visitors at once.
    pub sessions: usize,
    /// What is wrong with the machine.
    pub machine: Machine,
}

impl Settings {
    /// A run of so many seconds, as the environment changes it.
    ///
    /// # Errors
    /// When a variable is not a number.
    pub fn new(log: Log, seed: u64, seconds: u64) -> Result<Self> {
        let settings = Self { log, seed, seconds, rate: 0, sessions: 24, machine: Machine::Sound };
        Ok(Self {
            seed: from_env("CHAOS_SEED")?.unwrap_or(settings.seed),
            seconds: from_env("CHAOS_SECONDS")?.unwrap_or(settings.seconds),
            rate: from_env("CHAOS_RATE")?.unwrap_or(settings.rate),
            sessions: from_env("CHAOS_SESSIONS")?.map_or(settings.sessions, |sessions| sessions as usize),
            ..settings
        })
    }
}

/// A number from the environment.
///
/// # Errors
/// When it is not one.
pub fn from_env(name: &str) -> Result<Option<u64>> {
    match text_from_env(name) {
        Some(text) => Ok(Some(text.trim().parse().with_context(|| format!("{name}={text} is not a number"))?)),
        None => Ok(None),
    }
}

/// A text from the environment, unless it is empty.
#[allow(clippy::disallowed_methods, reason = "which run to repeat is the caller's affair, not configuration")]
pub fn text_from_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Seeds of runs that once failed, for this log, from `tests/chaos/seeds.txt`: a line is `local 123` or `kafka 123`, then why.
///
/// # Errors
/// When the file cannot be read or a line is not like that.
pub fn failing_seeds(log: Log) -> Result<Vec<u64>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/chaos/seeds.txt");
    let text = std::fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
    let mut seeds = Vec::new();
    for line in text.lines().map(|line| line.trim()).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let of = match words.next() {
            Some("local") => Log::Local,
            Some("kafka") => Log::Kafka,
            _ => anyhow::bail!("{path}: a line begins with `local` or `kafka`, not: {line}"),
        };
        let seed =
            words.next().and_then(|word| word.parse().ok()).with_context(|| format!("{path}: no seed: {line}"))?;
        if of == log {
            seeds.push(seed);
        }
    }
    Ok(seeds)
}
