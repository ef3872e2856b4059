//! The embedded engine: ClickHouse's own code from libchdb, in a process of its own, behind ClickHouse's HTTP
//! interface on loopback.
//!
//! [`spawn`] keeps such a process running beside the caller; [`run`] is what that process does. The process ends
//! with its parent, however that ends.

mod config;

use std::path::Path;

pub use config::{EngineConfig, SpawnConfig};

/// Why the engine could not be started or has to stop.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The library is not where it was looked for.
    #[error(
        "libchdb was not found (looked at {looked}): run scripts/fetch-libchdb.sh, or set the engine's `libchdb` path"
    )]
    LibraryMissing {
        /// The places, in order.
        looked: String,
    },
    /// The library is there but cannot be used.
    #[error("libchdb at {path} cannot be used: {reason}")]
    LibraryBroken {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Another engine holds the data directory.
    #[error("another engine uses {data_dir}: stop it, or choose another data directory")]
    Locked {
        /// The directory.
        data_dir: String,
    },
    /// The engine did not become ready, or went away and cannot be brought back.
    #[error("the engine is not ready: {reason}")]
    NotReady {
        /// What is known.
        reason: String,
    },
    /// The operating system refused something.
    #[error("the engine cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// A running engine as told by `engine.json` in its data directory.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Running {
    /// Process id of the engine.
    pub pid: u32,
    /// Address of its HTTP interface.
    pub url: String,
}

/// The engine that runs over `data_dir`, if one does.
pub fn find(data_dir: &Path) -> Option<Running> {
    let _ = data_dir;
    None
}

/// Runs the engine in this process until it is told to stop (SIGTERM, SIGINT, or the end of a supervising parent).
///
/// # Errors
/// When the library, the data directory or the address cannot be had.
pub fn run(config: EngineConfig) -> Result<(), EngineError> {
    let _ = config;
    Err(EngineError::NotReady { reason: "not built yet".into() })
}

/// Runs the engine as a supervised child: the configuration comes on standard input, whose end is the order to stop.
/// This is what the command given to [`spawn`] has to call.
///
/// # Errors
/// As [`run`].
pub fn run_supervised() -> Result<(), EngineError> {
    Err(EngineError::NotReady { reason: "not built yet".into() })
}

/// An engine process kept running by this one.
pub struct EngineHandle {
    url: String,
}

impl EngineHandle {
    /// Address of the engine's HTTP interface; stays the same when the engine is restarted.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Process id of the engine that runs now.
    pub fn pid(&self) -> Option<u32> {
        None
    }

    /// Lets running queries finish, stops the engine and waits until its process is gone.
    pub async fn shutdown(self) {}
}

/// Starts an engine in a child process and waits until it answers.
///
/// # Errors
/// When it does not become ready in time.
pub async fn spawn(config: SpawnConfig) -> Result<EngineHandle, EngineError> {
    let _ = config;
    Err(EngineError::NotReady { reason: "not built yet".into() })
}
