//! A real engine for tests: its own process, its own scratch directory, gone when dropped.
//!
//! The process is `felt-engine` from this package. In this package's own tests cargo has built it; for other
//! packages' tests it is found beside the test's executable and built there when it is missing or older than its
//! sources. A missing libchdb fails the test with the way to get it; nothing is ever skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use crate::engine::{self, EngineConfig, EngineHandle, SpawnConfig};
use crate::{Store, StoreConfig};

/// An engine over a scratch directory.
pub struct TestEngine {
    handle: Option<EngineHandle>,
    scratch: tempfile::TempDir,
}

impl TestEngine {
    /// Starts an engine and waits until it answers.
    ///
    /// # Panics
    /// When it cannot be started; the text says how to mend that.
    pub async fn start() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory can be made");
        let handle = engine::spawn(spawn_config(scratch.path())).await;
        let handle = handle.unwrap_or_else(|error| panic!("the test engine does not start: {error}"));
        Self { handle: Some(handle), scratch }
    }

    /// Stops the engine in good order and starts another over the same data.
    ///
    /// # Panics
    /// When it cannot be started again.
    pub async fn restart(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.shutdown().await;
        }
        let handle = engine::spawn(spawn_config(self.scratch.path())).await;
        self.handle = Some(handle.unwrap_or_else(|error| panic!("the test engine does not start again: {error}")));
    }

    /// The running engine.
    pub fn handle(&self) -> &EngineHandle {
        self.handle.as_ref().expect("the engine runs until this is dropped")
    }

    /// Address of the engine's HTTP interface.
    pub fn url(&self) -> &str {
        self.handle().url()
    }

    /// The engine's data directory.
    pub fn data_dir(&self) -> &Path {
        self.scratch.path()
    }

    /// A store over `database`, whose tables are not made yet.
    pub fn store(&self, database: &str) -> Store {
        // A test's promise is about killed processes, not about power cuts; syncing each insert only slows it.
        Store::connect(StoreConfig {
            url: self.url().to_owned(),
            database: database.to_owned(),
            fsync: false,
            ..StoreConfig::default()
        })
    }

    /// A store over `database` with all tables.
    ///
    /// # Panics
    /// When the tables cannot be made.
    pub async fn migrated(&self, database: &str) -> Store {
        let store = self.store(database);
        store.migrate().await.expect("the tables can be made");
        store
    }
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.shutdown_blocking();
        }
    }
}

/// How tests start an engine over `data_dir`.
pub fn spawn_config(data_dir: &Path) -> SpawnConfig {
    let engine = EngineConfig {
        data_dir: data_dir.to_owned(),
        cache_dir: Some(cache_dir()),
        queries_max: 8,
        // A test program has a database of some thirty tables for each of its tests, all at once. What the engine counts as held grows by some
        // 25 MB with each of them, and passes 3 GiB; what it holds by the kernel's count stays below half a GiB.
        memory_bytes_max: 8 * 1024 * 1024 * 1024,
        drain_ms: 5_000,
        ..EngineConfig::default()
    };
    // Tests kill engines on purpose, again and again.
    let backoff_max = Duration::from_millis(100);
    SpawnConfig { backoff_max, ..SpawnConfig::new(executable().to_owned(), Vec::<String>::new(), engine) }
}

/// Where `scripts/fetch-libchdb.sh` put its download.
pub fn cache_dir() -> PathBuf {
    let given = std::env::var_os("FELT_CACHE_DIR").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/felt"));
    given.or_else(home).unwrap_or_default()
}

fn executable() -> &'static Path {
    static EXECUTABLE: OnceLock<PathBuf> = OnceLock::new();
    EXECUTABLE.get_or_init(|| {
        let test = std::env::current_exe().expect("a running test has an executable");
        // target/<profile>/deps/<test> -> target/<profile>/felt-engine
        let profile = test.ancestors().nth(2).expect("tests run from cargo's target directory");
        let path = profile.join("felt-engine");
        let built = path.metadata().and_then(|metadata| metadata.modified()).ok();
        if built.is_none_or(|built| newest_source() > Some(built)) {
            build(profile);
        }
        path
    })
}

fn build(profile: &Path) {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--bin", "felt-engine", "--manifest-path", manifest]);
    command.arg("--target-dir").arg(profile.parent().unwrap_or(profile));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "felt-engine cannot be built: run `cargo build -p felt-store --bin felt-engine`");
}

fn newest_source() -> Option<SystemTime> {
    fn newest(directory: &Path) -> Option<SystemTime> {
        let entries = std::fs::read_dir(directory).ok()?.flatten();
        entries
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                if metadata.is_dir() { newest(&entry.path()) } else { metadata.modified().ok() }
            })
            .max()
    }
    newest(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine")))
}
