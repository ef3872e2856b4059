//! A `felt` process: started on a free port, waited for by its readiness, stopped by its process id, gone when dropped.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The longest wait for a process to become ready; a slow machine compiles beside us.
const READY: Duration = Duration::from_secs(120);

/// The `felt` binary that the workspace built.
///
/// # Panics
/// When it is not there: the run fails with what to do.
pub fn felt_binary() -> PathBuf {
    let mut path = std::env::current_exe().expect("a test knows where it is");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let binary = path.join("felt");
    assert!(
        binary.exists(),
        "the felt binary is missing beside the tests: run `cargo build --workspace --bins` first (make test-rust does)"
    );
    binary
}

/// `felt ARGS` in this folder, without the benches' own settings, which it would refuse as ones that it does not know.
fn build_command(binary: &Path, args: &[&str], work_dir: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(args).current_dir(work_dir).env_remove("FELT_BENCH_DATA").env_remove("FELT_BENCH_BEFORE");
    command
}

/// A running `felt`.
pub struct Felt {
    child: Child,
    /// Address it listens on, such as `http://127.0.0.1:40123`.
    pub url: String,
    log: PathBuf,
}

impl Felt {
    /// Starts `felt ARGS` and waits until `/readyz` says 200. The arguments must make it listen on a port of its own choice
    /// and it must print its address.
    ///
    /// # Errors
    /// When it ends or does not become ready; the message holds what it printed.
    pub fn start(args: &[&str], work_dir: &Path) -> Result<Self> {
        let felt = Self::start_unready(args, work_dir)?;
        felt.wait_ready()?;
        Ok(felt)
    }

    /// Starts `felt ARGS` and waits until it has printed its address only.
    ///
    /// # Errors
    /// When it ends before; the message holds what it printed.
    pub fn start_unready(args: &[&str], work_dir: &Path) -> Result<Self> {
        Self::start_unready_with(args, work_dir, &[])
    }

    /// The same, with these variables in its environment.
    ///
    /// # Errors
    /// As [`start_unready`](Self::start_unready).
    pub fn start_unready_with(args: &[&str], work_dir: &Path, environment: &[(String, String)]) -> Result<Self> {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let n = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let log = work_dir.join(format!("felt-{n}.log"));
        Self::start_logging_to(&log, args, work_dir, environment)
    }

    /// The same, with its standard error in this file.
    ///
    /// # Errors
    /// As [`start_unready`](Self::start_unready).
    pub fn start_logging_to(
        log: &Path,
        args: &[&str],
        work_dir: &Path,
        environment: &[(String, String)],
    ) -> Result<Self> {
        Self::spawn(&felt_binary(), log, args, work_dir, environment)
    }

    fn spawn(
        binary: &Path,
        log: &Path,
        args: &[&str],
        work_dir: &Path,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let log = log.to_owned();
        let mut child = build_command(binary, args, work_dir)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()
            .context("felt cannot be started")?;
        let stdout = child.stdout.take().context("felt has no standard output")?;
        // Its own thread reads, so that a process that prints nothing fails the test instead of hanging it, and one that prints
        // more later never blocks on a full pipe.
        let (told, address) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                if let Some(at) = line.find("http://127.0.0.1:") {
                    let url = line[at..].split_whitespace().next().unwrap_or_default();
                    let _ = told.try_send(url.trim_end_matches('/').to_owned());
                }
            }
        });
        let mut felt = Self { child, url: String::new(), log };
        match address.recv_timeout(READY) {
            Ok(url) => felt.url = url,
            Err(_) => bail!("felt {args:?} ended or said nothing before it was ready:\n{}", felt.printed()),
        }
        Ok(felt)
    }

    /// As [`start`](Self::start), with another build's binary, to measure the two beside each other.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_build(binary: &Path, args: &[&str], work_dir: &Path) -> Result<Self> {
        let felt = Self::spawn(binary, &work_dir.join("felt-build.log"), args, work_dir, &[])?;
        felt.wait_ready()?;
        Ok(felt)
    }

    fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY;
        loop {
            let last = match crate::api::get_blocking(&format!("{}/readyz", self.url)) {
                Ok((200, _)) => return Ok(()),
                Ok((status, body)) => format!("{status}: {body}"),
                Err(error) => error.to_string(),
            };
            if Instant::now() > deadline {
                bail!("felt is not ready: {last}\n{}", self.printed());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it printed on standard error so far.
    pub fn printed(&self) -> String {
        // A device may have no end.
        if self.log.is_file() { std::fs::read_to_string(&self.log).unwrap_or_default() } else { String::new() }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name: `TERM`, `KILL`, `STOP`, `CONT`.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// Tells it to stop (SIGTERM) and waits until it is gone.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn stop(mut self) -> Result<ExitStatus> {
        self.signal("TERM");
        Ok(self.child.wait()?)
    }

    /// Most memory that the process itself and its children have had resident, in bytes: (felt, engine).
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn memory_peak_bytes(&self) -> Result<(u64, u64)> {
        let own = peak_bytes(self.pid())?;
        let children = children_of(self.pid())?;
        Ok((own, children.into_iter().map(|pid| peak_bytes(pid).unwrap_or(0)).max().unwrap_or(0)))
    }
}

impl Drop for Felt {
    fn drop(&mut self) {
        // A process that already ended is fine; one that has not must not outlive its test.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Sends a signal to a process.
///
/// # Panics
/// When there is no such process.
pub fn signal(pid: u32, name: &str) {
    assert!(try_signal(pid, name), "process {pid} cannot be sent SIG{name}");
}

/// Sends a signal to a process that may be gone already; whether it was there.
///
/// # Panics
/// When `kill` cannot be run.
pub fn try_signal(pid: u32, name: &str) -> bool {
    let kill = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).stderr(Stdio::null()).status();
    kill.expect("kill runs").success()
}

/// Runs `felt ARGS` to its end: exit code, standard output, standard error.
///
/// # Errors
/// When it cannot be started.
pub fn run_felt(args: &[&str], work_dir: &Path) -> Result<(i32, String, String)> {
    let output = build_command(&felt_binary(), args, work_dir).stdin(Stdio::null()).output()?;
    Ok((
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

/// Process ids of the children of a process.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn children_of(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(text.split_whitespace().filter_map(|t| t.parse::<u32>().ok()));
    }
    Ok(children)
}

fn peak_bytes(pid: u32) -> Result<u64> {
    let mut text = String::new();
    File::open(format!("/proc/{pid}/status"))?.read_to_string(&mut text)?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:")).context("no VmHWM")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kib * 1024)
}
