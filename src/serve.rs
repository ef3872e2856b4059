//! `felt serve`: every role in one process, over the embedded log and engine unless the configuration names others.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use felt_eventlog::{EventLog, LocalLog, LogConsumer};
use felt_processor::Processor;
use felt_query::QueryState;
use felt_schema::clock::{SharedClock, SystemClock};
use felt_store::engine::{self, EngineHandle, SpawnConfig};
use felt_store::{Store, StoreConfig};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::access;
use crate::cli;
use crate::config::Config;
use crate::roles;
use crate::shutdown;

/// Runs until told to stop.
pub async fn run(args: cli::Serve, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    if config.sites_are_example {
        tracing::warn!("no [[sites]] are configured: the example site `shop` takes beacons from any origin");
    }
    serve(&args, config, Router::new(), shutdown, |url| println!("The dashboard is at {url}/")).await
}

/// Runs all roles until `shutdown`; `extra` is served beside them, and `ready` is called with the address once they are.
pub async fn serve(
    args: &cli::Serve,
    config: &Config,
    extra: Router,
    shutdown: CancellationToken,
    ready: impl FnOnce(&str),
) -> Result<()> {
    let listener = TcpListener::bind(args.listen).await.map_err(|error| roles::cannot_listen(args.listen, &error))?;
    let address = listener.local_addr()?;
    std::fs::create_dir_all(&args.data).with_context(|| format!("{} cannot be made", args.data.display()))?;
    let (store, engine) = store(config, &args.data).await?;
    roles::prepare(&store).await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let (log, consumer) = log(config, &args.data, &clock).await?;

    let sites = Arc::new(config.sites.clone());
    access::require_somebody(&store, config, address).await?;
    let authorize = access::of_queries(&store, config, address);
    let imports = access::of_imports(authorize.clone(), &store, &clock);
    let query = QueryState::new(config.query.settings.clone(), store.clone(), sites.clone(), clock.clone(), authorize);
    tokio::spawn(felt_query::erase::run(query.clone(), shutdown.clone().cancelled_owned()));
    tokio::spawn(felt_query::sample::run(query.clone(), shutdown.clone().cancelled_owned()));
    felt_query::slos::ship(&query).await;
    tokio::spawn(felt_query::slos::run(query.clone(), shutdown.clone().cancelled_owned()));
    tokio::spawn(felt_query::alerts::run(query.clone(), shutdown.clone().cancelled_owned()));
    let settings = config.ingest.settings.clone();
    // The embedded log takes beacons whatever is away; Kafka may not.
    let spool = match &config.kafka {
        Some(kafka) => roles::spool(&settings.spool.clone().below(&args.data), kafka, &clock).await?,
        None => None,
    };
    let ingest = roles::make_ingest(settings, log.clone(), spool, sites.clone(), clock.clone(), imports)?;
    let processor = Processor::new(config.processor.settings.clone(), consumer.clone(), store.clone(), sites, clock);
    let checks = roles::Checks::default().ingest(&ingest).processor(&processor).store(store);
    let router = roles::health(checks.build())?
        .merge(felt_ingest::router(ingest.clone()))
        .merge(extra)
        .merge(felt_query::router(query));

    // The processor outlives the listener, so that a batch under way is finished before the process ends.
    let stop_processor = CancellationToken::new();
    let processor = tokio::spawn(processor.run(stop_processor.clone()));
    ready(&format!("http://{}", reachable(address)));
    let served = roles::listen(listener, router, config.server.clone(), shutdown, processor, stop_processor).await;
    let given_up = consumer.close().await;
    let closed = roles::close_ingest(&ingest, &log).await;
    if let Some(engine) = engine {
        engine.shutdown().await;
    }
    served?;
    given_up.context("the event log's reader did not close cleanly")?;
    closed.context("the event log did not close cleanly")
}

/// The configured ClickHouse, else the embedded engine over `data/engine`.
async fn store(config: &Config, data: &Path) -> Result<(Store, Option<EngineHandle>)> {
    if let Some(clickhouse) = &config.clickhouse {
        return Ok((Store::connect(clickhouse.clone()), None));
    }
    let (url, engine) = spawn_engine(config, data).await?;
    Ok((Store::connect(StoreConfig { url, ..StoreConfig::default() }), Some(engine)))
}

/// Starts the embedded engine over `data/engine` as a child of this process.
pub async fn spawn_engine(config: &Config, data: &Path) -> Result<(String, EngineHandle)> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let this = std::env::current_exe().context("the path of this binary cannot be found")?;
    let engine = config.engine(data.join("engine"), loopback);
    let handle = engine::spawn(SpawnConfig::new(this, ["engine", "--supervised"], engine)).await?;
    Ok((handle.url().to_owned(), handle))
}

/// The configured Kafka, else the embedded log in `data/log`.
async fn log(config: &Config, data: &Path, clock: &SharedClock) -> Result<(Arc<dyn EventLog>, Arc<dyn LogConsumer>)> {
    if let Some(kafka) = &config.kafka {
        return Ok((roles::kafka_log(kafka).await?, roles::kafka_consumer(kafka).await?));
    }
    let log = LocalLog::open(config.local_log(data.join("log")), clock.clone())?;
    Ok((Arc::new(log.clone()), Arc::new(log.consumer())))
}

/// The address as a browser on this machine can open it.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}
