//! One process under fire: killed, frozen, told to stop, and started again on the same folder, as an orchestrator would. Whoever
//! speaks to it goes through a proxy that keeps its address.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as SyncMutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::sync::{Mutex, MutexGuard};

use super::journal::Journal;
use super::proxy::Proxy;
use crate::process::{Felt, try_signal};

/// Longest time that a role may need to be back: what it leans on may itself be away for a while.
const BACK: Duration = Duration::from_secs(240);

/// Longest time that SIGTERM may take; it drains for 15 s by default, twice where a processor drains after the server.
const DRAIN: Duration = Duration::from_secs(120);

/// How often an ended process is noticed.
const LOOK: Duration = Duration::from_millis(50);

/// Lines of a process's log that are kept with a finding.
const TAIL_LINES: usize = 12;

/// A role that is kept running.
pub struct Role {
    /// What it is called in the journal.
    pub name: &'static str,
    args: Vec<String>,
    dir: PathBuf,
    environment: Vec<(String, String)>,
    fronts: Vec<Arc<Proxy>>,
    journal: Arc<Journal>,
    process: Mutex<Option<Felt>>,
    /// Which life it is in, and where that one listens.
    at: SyncMutex<(usize, Option<String>)>,
    last_words: SyncMutex<String>,
}

impl Role {
    /// A role that `felt ARGS` plays in `dir`; the proxies follow it from life to life.
    pub fn new(name: &'static str, args: &[&str], dir: &Path, fronts: Vec<Arc<Proxy>>, journal: &Arc<Journal>) -> Self {
        Self {
            name,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            dir: dir.to_owned(),
            environment: Vec::new(),
            fronts,
            journal: journal.clone(),
            process: Mutex::default(),
            at: SyncMutex::default(),
            last_words: SyncMutex::default(),
        }
    }

    /// The same, with these variables in its environment.
    #[must_use]
    pub fn with_environment(mut self, environment: Vec<(String, String)>) -> Self {
        self.environment = environment;
        self
    }

    /// The number of its life and where it listens; `None` while it is down.
    pub fn at(&self) -> (usize, Option<String>) {
        self.lock_at().clone()
    }

    fn lock_at(&self) -> std::sync::MutexGuard<'_, (usize, Option<String>)> {
        self.at.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Starts it for the first time.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&self) -> Result<()> {
        let mut process = self.process.lock().await;
        self.rise(&mut process).await
    }

    /// Starts until it is up: a start may fail because what it leans on is away, and then it is tried again.
    async fn rise(&self, process: &mut Option<Felt>) -> Result<()> {
        let deadline = Instant::now() + BACK;
        loop {
            let (args, dir, environment) = (self.args.clone(), self.dir.clone(), self.environment.clone());
            let started = tokio::task::spawn_blocking(move || {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                Felt::start_unready_with(&args, &dir, &environment)
            });
            match started.await? {
                Ok(felt) => {
                    let address = felt.url.trim_start_matches("http://").parse().context("not an address")?;
                    self.fronts.iter().for_each(|front| front.set_upstream(address));
                    let mut at = self.lock_at();
                    *at = (at.0 + 1, Some(felt.url.clone()));
                    drop(at);
                    *process = Some(felt);
                    return Ok(());
                }
                Err(error) if Instant::now() > deadline => bail!("{} does not come up again: {error:#}", self.name),
                Err(error) => {
                    let text = error.to_string();
                    self.journal.note(format!("{} did not start: {}", self.name, tail(&text, 1)));
                }
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    fn fell(&self, process: &mut Option<Felt>) {
        self.lock_at().1 = None;
        if let Some(felt) = process.take() {
            *self.last_words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = tail(&felt.printed(), 40);
        }
    }

    /// `kill -9`, something while it is down, and up again.
    ///
    /// # Errors
    /// When it does not come up, or `meanwhile` fails.
    pub async fn kill(&self, meanwhile: impl Future<Output = Result<()>>) -> Result<()> {
        let mut process = self.process.lock().await;
        if let Some(felt) = process.as_mut() {
            felt.kill()?;
        }
        self.fell(&mut process);
        meanwhile.await?;
        self.rise(&mut process).await
    }

    /// SIGTERM, and up again after `down`. With nothing else wrong, which `calm` tells afterwards, it must end by itself, and with 0.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn term(&self, down: Duration, calm: impl Fn() -> bool) -> Result<()> {
        let mut process = self.process.lock().await;
        self.end(&mut process, calm).await?;
        tokio::time::sleep(down).await;
        self.rise(&mut process).await
    }

    /// SIGTERM for good.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub async fn stop(&self) -> Result<()> {
        let mut process = self.process.lock().await;
        self.end(&mut process, || true).await
    }

    async fn end(&self, process: &mut Option<Felt>, calm: impl Fn() -> bool) -> Result<()> {
        let Some(felt) = process.as_mut() else { return Ok(()) };
        try_signal(felt.pid(), "TERM");
        let deadline = Instant::now() + DRAIN;
        let status = loop {
            match felt.ended()? {
                Some(status) => break Some(status),
                None if Instant::now() > deadline => break None,
                None => tokio::time::sleep(LOOK).await,
            }
        };
        match status {
            Some(status) if status.success() => {}
            _ if !calm() => {
                self.journal.note(format!("{} ended with {status:?} on SIGTERM, beside other faults", self.name))
            }
            Some(status) => self.finding(felt, &format!("ended with {status} on SIGTERM")),
            None => self.finding(felt, "did not end on SIGTERM"),
        }
        self.fell(process);
        Ok(())
    }

    /// SIGSTOP, something meanwhile, SIGCONT. Nothing when it is down.
    ///
    /// # Errors
    /// What `meanwhile` says.
    pub async fn freeze(&self, meanwhile: impl Future<Output = Result<()>>) -> Result<()> {
        let process = self.process.lock().await;
        let Some(felt) = process.as_ref() else { return Ok(()) };
        try_signal(felt.pid(), "STOP");
        let result = meanwhile.await;
        try_signal(felt.pid(), "CONT");
        result
    }

    /// Does something with the process that is up now, which nobody else may fault meanwhile.
    pub async fn process(&self) -> MutexGuard<'_, Option<Felt>> {
        self.process.lock().await
    }

    /// Starts it again when it ended by itself, which is a finding: what passes is to be waited for.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn tend(&self) -> Result<()> {
        let Ok(mut process) = self.process.try_lock() else { return Ok(()) };
        let Some(felt) = process.as_mut() else { return Ok(()) };
        if let Some(status) = felt.ended()? {
            self.finding(felt, &format!("ended by itself with {status}"));
            self.fell(&mut process);
            self.rise(&mut process).await?;
        }
        Ok(())
    }

    fn finding(&self, felt: &Felt, what: &str) {
        self.journal.finding(format!("{} {what}; its last words:\n{}", self.name, tail(&felt.printed(), TAIL_LINES)));
    }

    /// The end of its log, of this life and of the one before.
    pub async fn last_words(&self) -> String {
        let before = self.last_words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        let now = self.process.lock().await.as_ref().map(|felt| tail(&felt.printed(), 40)).unwrap_or_default();
        format!("--- {} (the life before):\n{before}\n--- {} (now):\n{now}", self.name, self.name)
    }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
