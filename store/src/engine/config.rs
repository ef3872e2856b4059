//! What an engine is given: where its data lies and how much of the machine it may take.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One engine process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Directory of the tables, of `engine.json` and of the lock; made when missing.
    pub data_dir: PathBuf,
    /// Address to listen on. There is no authentication, so anything but loopback is refused.
    pub listen: SocketAddr,
    /// The library; looked for beside the executable and in `cache_dir` when not given.
    pub libchdb: Option<PathBuf>,
    /// Where `scripts/fetch-libchdb.sh` puts its download (`$FELT_CACHE_DIR`, or `~/.cache/felt`).
    pub cache_dir: Option<PathBuf>,
    /// Most statements that run at once; further ones wait.
    pub queries_max: usize,
    /// Most statements that wait; further ones are refused with code 202.
    pub queue_max: usize,
    /// Most memory all statements and merges may take together.
    pub memory_bytes_max: u64,
    /// Memory for marks and primary indexes of parts that were read; a sixteenth of it for conditions that were asked.
    pub cache_bytes_max: u64,
    /// Threads that merge parts in the background.
    pub merge_threads: u32,
    /// Longest wait for running statements when told to stop.
    pub drain_ms: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data/engine"),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            libchdb: None,
            cache_dir: None,
            queries_max: 16,
            queue_max: 256,
            memory_bytes_max: 2 * 1024 * 1024 * 1024,
            cache_bytes_max: 128 * 1024 * 1024,
            merge_threads: 2,
            drain_ms: 10_000,
        }
    }
}

/// A supervised engine: the process and the command that starts it.
#[derive(Debug, Clone)]
pub struct SpawnConfig {
    /// Executable that calls [`super::run_supervised`], such as this very executable.
    pub command: PathBuf,
    /// Arguments that make it do so, such as `["engine", "--supervised"]`.
    pub args: Vec<OsString>,
    /// What the engine is given.
    pub engine: EngineConfig,
    /// Longest wait for the first answer.
    pub ready: Duration,
    /// Longest wait before an engine that died is started again; it begins at 100 ms and doubles.
    pub backoff_max: Duration,
}

impl SpawnConfig {
    /// An engine started by `command args`, given 30 s to become ready.
    pub fn new(command: PathBuf, args: impl IntoIterator<Item = impl Into<OsString>>, engine: EngineConfig) -> Self {
        Self {
            command,
            args: args.into_iter().map(Into::into).collect(),
            engine,
            ready: Duration::from_secs(30),
            backoff_max: Duration::from_secs(10),
        }
    }
}
