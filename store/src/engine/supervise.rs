//! Keeps an engine process running beside this one: starts it, waits until it answers, starts it again when it dies,
//! and takes it along at the end.
//!
//! The engine dies with this process in three ways, whichever comes first: the order to stop, the end of its standard
//! input, and on Linux a SIGKILL from the kernel when its parent thread is gone.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::instance::io;
use super::process::{Orders, check_free};
use super::{EngineError, SpawnConfig, locate};
use crate::events;

const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// A process that lived this long failed for a new reason: the wait begins anew.
const STEADY: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(20);

#[derive(Debug, Default)]
struct State {
    /// The running process; none between two.
    pid: Option<u32>,
    starts: u64,
    /// Some process has answered. Until then a death is a fault of the configuration, which no restart mends.
    answered: bool,
    stopping: bool,
    /// Why the last process ended.
    last_exit: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// An engine process kept running by this one. Dropping it stops the engine without waiting.
pub struct EngineHandle {
    address: SocketAddr,
    url: String,
    drain: Duration,
    shared: Arc<Shared>,
    supervisor: Option<JoinHandle<()>>,
}

/// Starts an engine in a child process and waits until it answers.
///
/// # Errors
/// When the library is missing, the data directory is taken, or the engine does not become ready in time.
pub async fn spawn(config: SpawnConfig) -> Result<EngineHandle, EngineError> {
    let address = config.engine.listen;
    if !address.ip().is_loopback() {
        let reason = format!("it has no authentication and may only listen on loopback, not on {address}");
        return Err(EngineError::NotReady { reason });
    }
    // Told here, where the caller sees it, and not only by a child that ends at once.
    locate::library(&config.engine)?;
    check_free(&config.engine.data_dir)?;
    let listener = TcpListener::bind(address).map_err(io(format!("listen on {address}")))?;
    let address = listener.local_addr().map_err(io("use its socket"))?;
    let shared = Arc::new(Shared::default());
    let drain = Duration::from_millis(config.engine.drain_ms);
    let ready = config.ready;
    // A thread of its own that lives as long as the child: the kernel's signal follows the thread, not the process.
    let supervisor = thread::Builder::new().name("engine-supervisor".into());
    let seen = Arc::clone(&shared);
    let supervisor = supervisor.spawn(move || supervise(&config, &listener, &seen)).map_err(io("start a thread"))?;
    let handle =
        EngineHandle { address, url: format!("http://{address}"), drain, shared, supervisor: Some(supervisor) };
    handle.wait_until_ready(ready).await?;
    Ok(handle)
}

impl EngineHandle {
    /// Address of the engine's HTTP interface; stays the same when the engine is restarted.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Process id of the engine that runs now.
    pub fn pid(&self) -> Option<u32> {
        self.shared.state.lock().pid
    }

    /// How often a process was started.
    pub fn starts(&self) -> u64 {
        self.shared.state.lock().starts
    }

    /// Waits until the engine answers, for at most `patience`.
    ///
    /// # Errors
    /// When it does not, or when its first process ends before it ever answers.
    pub async fn wait_until_ready(&self, patience: Duration) -> Result<(), EngineError> {
        let deadline = Instant::now() + patience;
        loop {
            if tokio::time::timeout(Duration::from_secs(1), ping(self.address)).await.is_ok_and(|answer| answer) {
                self.shared.state.lock().answered = true;
                return Ok(());
            }
            let (answered, last_exit) = {
                let state = self.shared.state.lock();
                (state.answered, state.last_exit.clone())
            };
            match last_exit {
                Some(reason) if !answered => return Err(EngineError::NotReady { reason }),
                last_exit if Instant::now() >= deadline => {
                    let reason = last_exit.unwrap_or_else(|| format!("it did not answer within {patience:?}"));
                    return Err(EngineError::NotReady { reason });
                }
                _ => tokio::time::sleep(READY_POLL).await,
            }
        }
    }

    /// Lets running queries finish, stops the engine and waits until its process is gone.
    pub async fn shutdown(mut self) {
        self.stop();
        let Some(supervisor) = self.supervisor.take() else { return };
        let patience = self.drain + Duration::from_secs(10);
        let (done, joined) = tokio::sync::oneshot::channel();
        let joiner = thread::Builder::new().name("engine-join".into()).spawn(move || {
            let _ = supervisor.join();
            let _ = done.send(());
        });
        if joiner.is_err() || tokio::time::timeout(patience, joined).await.is_err() {
            tracing::error!("the engine does not stop, it is killed");
            self.signal(libc::SIGKILL);
        }
    }

    /// As [`EngineHandle::shutdown`], for places that cannot wait asynchronously.
    #[cfg(feature = "testing")]
    pub(crate) fn shutdown_blocking(mut self) {
        self.stop();
        if let Some(supervisor) = self.supervisor.take() {
            let _ = supervisor.join();
        }
    }

    fn stop(&self) {
        self.shared.state.lock().stopping = true;
        self.shared.changed.notify_all();
        self.signal(libc::SIGTERM);
    }

    fn signal(&self, signal: i32) {
        // The lock is held so that the supervisor cannot reap the process, and its number cannot become another's.
        let state = self.shared.state.lock();
        if let Some(pid) = state.pid {
            // SAFETY: a plain system call on a child that is not reaped yet.
            unsafe { libc::kill(pid as libc::pid_t, signal) };
        }
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether the engine answers `/ping`.
async fn ping(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /ping HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.take(4096).read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    ask.await.is_ok_and(|answer| answer.ends_with(b"Ok.\n"))
}

fn supervise(config: &SpawnConfig, listener: &TcpListener, shared: &Shared) {
    let mut backoff = BACKOFF_MIN;
    loop {
        let started = Instant::now();
        let reason = match start(config, listener) {
            Ok(child) => watch(child, shared),
            Err(error) => error.to_string(),
        };
        let mut state = shared.state.lock();
        if state.stopping {
            return;
        }
        if !state.answered {
            state.last_exit = Some(reason);
            return;
        }
        events::EngineDied { reason: &reason, retry_ms: backoff.as_millis() as u64 }.emit();
        state.last_exit = Some(reason);
        if started.elapsed() > STEADY {
            backoff = BACKOFF_MIN;
        }
        shared.changed.wait_for(&mut state, backoff);
        if state.stopping {
            return;
        }
        backoff = (backoff * 2).min(config.backoff_max);
    }
}

fn start(config: &SpawnConfig, listener: &TcpListener) -> std::io::Result<Child> {
    let socket = listener.as_raw_fd();
    let parent = std::process::id() as libc::pid_t;
    let mut command = Command::new(&config.command);
    // A group of its own: Ctrl-C in a terminal is for us, and our last batch still needs the engine.
    command.args(&config.args).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    // SAFETY: between fork and exec only async-signal-safe calls are made.
    unsafe {
        command.pre_exec(move || {
            #[cfg(target_os = "linux")]
            {
                if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                    return Err(std::io::Error::last_os_error());
                }
                // The parent may have ended before the kernel knew what to do.
                if libc::getppid() != parent {
                    return Err(std::io::Error::from_raw_os_error(libc::ECHILD));
                }
            }
            // Sockets are closed on exec; this one is handed over.
            if libc::fcntl(socket, libc::F_SETFD, 0) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    let mut orders = serde_json::to_vec(&Orders { engine: config.engine.clone(), listener: socket })?;
    orders.push(b'\n');
    if let Some(input) = child.stdin.as_mut()
        && let Err(error) = input.write_all(&orders)
    {
        // It ended before it read; its exit tells more than a broken pipe.
        tracing::warn!(%error, "the engine did not take its orders");
    }
    Ok(child)
}

/// Waits for the child's end and says how it ended.
fn watch(mut child: Child, shared: &Shared) -> String {
    {
        let mut state = shared.state.lock();
        state.pid = Some(child.id());
        state.starts += 1;
        if state.stopping {
            // SAFETY: the child was just started and is not reaped yet.
            unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGTERM) };
        }
    }
    // `Child::wait` would close the pipe by which the engine knows that we live.
    let input = child.stdin.take();
    wait_without_reaping(child.id());
    let mut state = shared.state.lock();
    state.pid = None;
    drop(input);
    match child.wait() {
        Ok(status) => format!("the engine process ended with {status} (its own words are on standard error)"),
        Err(error) => format!("the engine process cannot be waited for: {error}"),
    }
}

/// Returns when the process has ended but still owns its number.
fn wait_without_reaping(pid: u32) {
    loop {
        // SAFETY: `info` is plain memory for the call to fill.
        let result = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            libc::waitid(libc::P_PID, pid as libc::id_t, &mut info, libc::WEXITED | libc::WNOWAIT)
        };
        let interrupted = || std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
        if result == 0 || !interrupted() {
            return;
        }
    }
}
