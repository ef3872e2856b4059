//! The embedded engine: ClickHouse's own code from libchdb, in a process of its own, behind ClickHouse's HTTP
//! interface on loopback.
//!
//! [`spawn`] keeps such a process running beside the caller; [`run`] is what that process does. The process ends
//! with its parent, however that ends.

mod blocks;
mod body;
mod cancel;
mod chdb;
mod config;
mod encode;
mod exception;
mod form;
mod front;
mod instance;
mod locate;
mod options;
mod pieces;
mod pool;
mod process;
mod statement;
mod supervise;
mod tokens;
mod work;

pub use config::{EngineConfig, SpawnConfig};
pub use instance::find;
pub use locate::library;
pub use process::{run, run_supervised};
pub use supervise::{EngineHandle, spawn};

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
