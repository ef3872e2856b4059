//! The engine's process: takes the data directory, opens the library, serves, and leaves without losing anything.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::fd::{FromRawFd, RawFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::cancel::Canceller;
use super::chdb::{Connection, Library};
use super::front::{self, Front};
use super::instance::{Instance, io};
use super::options::KnownSettings;
use super::pool::Pool;
use super::{EngineConfig, EngineError, Running, locate, tokens};

/// What a supervisor writes on the engine's standard input, as one line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub engine: EngineConfig,
    /// A listening socket that the engine inherits: connections wait in it while the engine is restarted.
    pub listener: RawFd,
}

/// Runs the engine in this process until it is told to stop (SIGTERM, SIGINT), then ends the process with status 0.
///
/// # Errors
/// When the library, the data directory or the address cannot be had.
pub fn run(config: EngineConfig, ready: impl FnOnce(&str)) -> Result<(), EngineError> {
    let address = config.listen;
    if !address.ip().is_loopback() {
        let reason = format!("it has no authentication and may only listen on loopback, not on {address}");
        return Err(EngineError::NotReady { reason });
    }
    let listener = TcpListener::bind(address).map_err(io(format!("listen on {address}")))?;
    let (_never, stop) = oneshot::channel();
    serve(&config, listener, stop, ready)
}

/// Runs the engine as a supervised child: the configuration comes on standard input, whose end is the order to stop.
/// This is what the command given to [`super::spawn`] has to call.
///
/// # Errors
/// As [`run`].
pub fn run_supervised() -> Result<(), EngineError> {
    let mut input = BufReader::new(std::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).map_err(io("read its orders"))?;
    let orders: Orders = serde_json::from_str(&line).map_err(|error| EngineError::NotReady {
        reason: format!("it is started by felt itself and got no orders on standard input: {error}"),
    })?;
    // SAFETY: the supervisor made this socket and left it to us; nothing else in this process knows the number.
    let listener = unsafe { TcpListener::from_raw_fd(orders.listener) };
    let (stop_now, stop) = oneshot::channel();
    let drain = Duration::from_millis(orders.engine.drain_ms);
    let watch = std::thread::Builder::new().name("parent".into()).spawn(move || {
        // The supervisor never writes again: any end of this read is the parent's end or its order.
        let _ = input.read_to_end(&mut Vec::new());
        let _ = stop_now.send(());
        // An engine that hangs must not outlive its parent either.
        std::thread::sleep(drain + Duration::from_secs(5));
        leave(1)
    });
    watch.map_err(io("watch its parent"))?;
    serve(&orders.engine, listener, stop, |_| ())
}

fn serve(
    config: &EngineConfig,
    listener: TcpListener,
    stop: oneshot::Receiver<()>,
    ready: impl FnOnce(&str),
) -> Result<(), EngineError> {
    let instance = Instance::take(&config.data_dir)?;
    let library = Library::open(&locate::library(config)?)?;
    let front = Arc::new(open(config, library)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("engine-http")
        .enable_all()
        .build()
        .map_err(io("start its runtime"))?;
    listener.set_nonblocking(true).map_err(io("use its socket"))?;
    let address = listener.local_addr().map_err(io("use its socket"))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(io("use its socket"))?;
        let mut terminate = signal(SignalKind::terminate()).map_err(io("wait for signals"))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(io("wait for signals"))?;
        // Before the first answer: whoever was answered can find the notice. Connections wait in the socket meanwhile.
        instance.publish(&Running { pid: std::process::id(), url: format!("http://{address}") })?;
        let (drain, draining) = oneshot::channel::<()>();
        let serving = axum::serve(listener, front::router(Arc::clone(&front)))
            .with_graceful_shutdown(async { _ = draining.await })
            .into_future();
        let serving = tokio::spawn(serving);
        tracing::info!(%address, libchdb = library.version(), "the engine serves");
        ready(&format!("http://{address}"));
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = stop => {}
        }
        let _ = drain.send(());
        let _ = tokio::time::timeout(Duration::from_millis(config.drain_ms), serving).await;
        Ok(())
    })?;
    // Answers that nobody reads any more may leave statements behind; they get the same bound.
    let deadline = Instant::now() + Duration::from_millis(config.drain_ms);
    while front.pool.open() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    instance.withdraw();
    // The keeping connection is still open on its thread, so this only says goodbye where it can: what was
    // acknowledged is on disk, and the library's threads end with the process.
    library.shutdown();
    leave(0)
}

/// Ends the process without running destructors of a library whose threads are still awake.
fn leave(status: i32) -> ! {
    // SAFETY: `_exit` takes the process away at once; nothing of ours waits to be written.
    unsafe { libc::_exit(status) }
}

fn open(config: &EngineConfig, library: &'static Library) -> Result<Front, EngineError> {
    let tables = config.data_dir.join("clickhouse");
    let settings = config.data_dir.join("engine.xml");
    fs::write(&settings, server_settings(config)).map_err(io(format!("write {}", settings.display())))?;
    tokens::forget_unfinished(&tables).map_err(io(format!("look for broken inserts in {}", tables.display())))?;
    let base = vec![format!("--path={}", tables.display())];
    let first = [base[0].clone(), format!("--config-file={}", settings.display())];
    let not_ready = |error: super::exception::Exception| EngineError::NotReady { reason: error.text };
    let mut keeper = library.connect(&first).map_err(|_| EngineError::NotReady {
        reason: format!("ClickHouse cannot open its tables in {}: see its message above", tables.display()),
    })?;
    let known = known_settings(&mut keeper).map_err(not_ready)?;
    Ok(Front { library, base, known, pool: Pool::start(config)?, canceller: Canceller::start(keeper)? })
}

fn known_settings(keeper: &mut Connection) -> Result<KnownSettings, super::exception::Exception> {
    let answer = keeper.query("SELECT name FROM system.settings", "TabSeparated", &[])?;
    Ok(String::from_utf8_lossy(answer.bytes()).lines().map(str::to_owned).collect())
}

/// A part below this keeps all its columns in one file. A laptop's days are small, and with a file for each of eighty columns a merge is
/// mostly the making of files.
const WIDE_PART_BYTES_MIN: u64 = 128 << 20;

/// Merges go behind inserts and queries on a busy machine, and still get a tenth of a core; beyond a thousand parts in a day ClickHouse
/// slows the inserts down.
const MERGE_NICE: i32 = 10;

/// ClickHouse takes most of a machine when it is not told otherwise: 90 % of its memory, 15 GB of caches.
fn server_settings(config: &EngineConfig) -> String {
    let EngineConfig { memory_bytes_max, cache_bytes_max, merge_threads, .. } = config;
    // Two jobs a merge thread; the checks below must not ask for more free places than that.
    let merge_threads = (*merge_threads).max(1);
    let (marks, indexes) = (cache_bytes_max / 2, cache_bytes_max / 4);
    // What it remembers of conditions takes three to four times what it says, and a filter that is never asked again is remembered too.
    let conditions = cache_bytes_max / 16;
    format!(
        "<clickhouse>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory_bytes_max}</max_server_memory_usage>
    <mark_cache_size>{marks}</mark_cache_size>
    <primary_index_cache_size>{indexes}</primary_index_cache_size>
    <index_mark_cache_size>{indexes}</index_mark_cache_size>
    <query_condition_cache_size>{conditions}</query_condition_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
    <background_pool_size>{merge_threads}</background_pool_size>
    <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
    <os_threads_nice_value_merge_mutate>{MERGE_NICE}</os_threads_nice_value_merge_mutate>
    <background_schedule_pool_size>4</background_schedule_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <max_thread_pool_size>1000</max_thread_pool_size>
    <max_thread_pool_free_size>16</max_thread_pool_free_size>
    <max_io_thread_pool_size>16</max_io_thread_pool_size>
    <max_io_thread_pool_free_size>0</max_io_thread_pool_free_size>
    <merge_tree>
        <min_bytes_for_wide_part>{WIDE_PART_BYTES_MIN}</min_bytes_for_wide_part>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>{merge_threads}</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    </merge_tree>
</clickhouse>
"
    )
}

/// Whether `data_dir` is free, without keeping it.
pub(super) fn check_free(data_dir: &Path) -> Result<(), EngineError> {
    Instance::take(data_dir).map(drop)
}
