//! The roles: what each needs, how it reports its health, and how it stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use axum::Router;
use felt_eventlog::{EventLog, KafkaConfig, KafkaConsumer, KafkaLog, LogConsumer};
use felt_http::health::{Check, Readiness};
use felt_http::{Authorize, OpenAccess, ServerLimits};
use felt_ingest::{IngestConfig, IngestState, Spool, SpoolConfig};
use felt_processor::{Processor, ProcessorError, Status};
use felt_query::QueryState;
use felt_schema::clock::{SharedClock, SystemClock};
use felt_schema::site::Sites;
use felt_store::Store;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access;
use crate::cli;
use crate::config::{Config, Faults};
use crate::shutdown;

/// Where a role listens when neither flag nor configuration says.
const INGEST_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8090);
const QUERY_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8091);
const PROCESSOR_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8092);

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// How long ingest's last counts, and then the log, may take to be written. With the server's own drain it bounds the exit.
const INGEST_DRAIN: Duration = Duration::from_secs(4);

/// `felt ingest`: takes beacons and makes them durable in Kafka, or in its spool while Kafka does not take them.
pub async fn ingest(args: cli::Role, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    let kafka = configured_kafka(config)?;
    let settings = config.ingest.settings.clone();
    let clock: SharedClock = Arc::new(SystemClock);
    // Before the port is open: a file that must be recovered first should not keep clients waiting.
    let spool = spool(&settings.spool, kafka, &clock).await?;
    let listener = bind(args.listen.or(config.ingest.listen), INGEST_LISTEN, settings.reuse_port).await?;
    // Starts while Kafka is away: beacons wait in the spool.
    let log: Arc<dyn EventLog> = Arc::new(KafkaLog::lazy(kafka.clone()));
    let sites = Arc::new(config.sites.clone());
    // Imports need a token; tokens are in ClickHouse. Without one, imports are refused on an open address.
    let address = listener.local_addr()?;
    let authorize: Arc<dyn Authorize> = match &config.clickhouse {
        Some(clickhouse) => {
            let store = Store::connect(clickhouse.clone());
            access::of_imports(access::of_queries(&store, config, address), &store, &clock)
        }
        None if address.ip().is_loopback() => Arc::new(OpenAccess),
        None => {
            let missing = "imports need API tokens, which are kept in ClickHouse: add `[clickhouse]`";
            return Err(Faults::one(&config.source, "clickhouse", missing).into());
        }
    };
    let reuse_port = settings.reuse_port;
    let ingest = make_ingest(settings, log.clone(), spool, sites, clock, authorize)?;
    let router = health(Checks::default().ingest(&ingest).build())?.merge(felt_ingest::router(ingest.clone()));
    announce("ingest", &listener)?;
    let told = shutdown.cancelled_owned();
    if reuse_port {
        felt_http::serve_beside_others(listener, router, config.server.clone(), told).await?;
    } else {
        felt_http::serve(listener, router, config.server.clone(), told).await?;
    }
    close_ingest(&ingest, &log).await
}

/// The spool in front of Kafka, unless the configuration wants none.
pub async fn spool(config: &SpoolConfig, kafka: &KafkaConfig, clock: &SharedClock) -> Result<Option<Spool>> {
    if config.bytes_max == 0 {
        return Ok(None);
    }
    Ok(Some(Spool::open(config.clone(), kafka.entry_bytes_max, clock.clone()).await?))
}

/// The ingest role over this log, with a spool where there is one.
pub fn make_ingest(
    settings: IngestConfig,
    log: Arc<dyn EventLog>,
    spool: Option<Spool>,
    sites: Arc<Sites>,
    clock: SharedClock,
    authorize: Arc<dyn Authorize>,
) -> Result<IngestState> {
    Ok(match spool {
        Some(spool) => IngestState::with_spool(settings, log, spool, sites, clock, authorize)?,
        None => IngestState::new(settings, log, sites, clock, authorize)?,
    })
}

/// After the last request was answered: what is under way is finished, or lies in the spool.
pub async fn close_ingest(ingest: &IngestState, log: &Arc<dyn EventLog>) -> Result<()> {
    ingest.drain_within(INGEST_DRAIN).await;
    if ingest.has_spool() && !ingest.log_answers() {
        return Ok(());
    }
    match tokio::time::timeout(INGEST_DRAIN, log.close()).await {
        Ok(Ok(())) => Ok(()),
        // Whatever was acknowledged to a sender is in the log, or in the spool.
        Ok(Err(_)) | Err(_) if ingest.has_spool() => {
            tracing::warn!("the event log did not close in time");
            Ok(())
        }
        Ok(Err(error)) => Err(error).context("the event log did not close cleanly"),
        Err(_) => bail!("the event log did not close in time"),
    }
}

/// `felt processor`: turns the log into rows.
pub async fn processor(args: cli::Role, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    let (kafka, store) = match (configured_kafka(config), configured_store(config)) {
        (Ok(kafka), Ok(store)) => (kafka, store),
        (kafka, store) => {
            let missing = kafka.err().into_iter().chain(store.err());
            return Err(Faults(missing.flat_map(|faults| faults.0).collect()).into());
        }
    };
    let listener = bind(args.listen.or(config.processor.listen), PROCESSOR_LISTEN, false).await?;
    prepare(&store).await?;
    let consumer = kafka_consumer(kafka).await?;
    let stop = CancellationToken::new();
    let clock: SharedClock = Arc::new(SystemClock);
    let sites = Arc::new(config.sites.clone());
    let processor = Processor::new(config.processor.settings.clone(), consumer.clone(), store.clone(), sites, clock);
    let router = health(Checks::default().processor(&processor).store(store).build())?;
    let processor = tokio::spawn(processor.run(stop.clone()));
    announce("processor", &listener)?;
    listen(listener, router, config.server.clone(), shutdown, processor, stop).await?;
    consumer.close().await.context("Kafka did not take the last position")
}

/// `felt query`: the API and the dashboard.
pub async fn query(args: cli::Role, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    let store = configured_store(config)?;
    let listener = bind(args.listen.or(config.query.listen), QUERY_LISTEN, false).await?;
    prepare(&store).await?;
    let sites = Arc::new(config.sites.clone());
    let authorize = access::of_queries(&store, config, listener.local_addr()?);
    let state = QueryState::new(config.query.settings.clone(), store.clone(), sites, Arc::new(SystemClock), authorize);
    tokio::spawn(felt_query::erase::run(state.clone(), shutdown.clone().cancelled_owned()));
    tokio::spawn(felt_query::sample::run(state.clone(), shutdown.clone().cancelled_owned()));
    felt_query::slos::ship(&state).await;
    tokio::spawn(felt_query::slos::run(state.clone(), shutdown.clone().cancelled_owned()));
    tokio::spawn(felt_query::alerts::run(state.clone(), shutdown.clone().cancelled_owned()));
    let router = health(Checks::default().store(store).build())?.merge(felt_query::router(state));
    announce("query", &listener)?;
    felt_http::serve(listener, router, config.server.clone(), shutdown.cancelled_owned()).await?;
    Ok(())
}

/// Serves until told to stop, then lets the processor count what was acknowledged. A processor that ends by itself ends the
/// process: one that serves without counting would lie.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: CancellationToken,
    mut processor: JoinHandle<Result<(), ProcessorError>>,
    stop_processor: CancellationToken,
) -> Result<()> {
    let told = shutdown.clone();
    let served = felt_http::serve(listener, router, limits, told.cancelled_owned());
    tokio::pin!(served);
    tokio::select! {
        served = &mut served => {
            served?;
            stop_processor.cancel();
            processor.await.context("the processor panicked")?.context("the processor stopped")
        }
        ended = &mut processor => {
            shutdown.cancel();
            served.await?;
            ended.context("the processor panicked")?.context("the processor stopped")?;
            bail!("the processor ended without being told to")
        }
    }
}

/// Brings the tables up to date and checks that this ClickHouse keeps what exact counts rest on.
pub async fn prepare(store: &Store) -> Result<()> {
    for name in store.migrate().await.context("the ClickHouse schema cannot be brought up to date")? {
        tracing::info!(migration = name, "applied");
    }
    store.check_contract().await.context("this ClickHouse cannot be used")
}

/// The writing half of the configured Kafka.
pub async fn kafka_log(kafka: &KafkaConfig) -> Result<Arc<dyn EventLog>> {
    let log = KafkaLog::connect(kafka.clone()).await;
    Ok(Arc::new(log.with_context(|| format!("Kafka at {} cannot be used", kafka.brokers))?))
}

/// The reading half of the configured Kafka.
pub async fn kafka_consumer(kafka: &KafkaConfig) -> Result<Arc<dyn LogConsumer>> {
    let consumer = KafkaConsumer::connect(kafka.clone()).await;
    Ok(Arc::new(consumer.with_context(|| format!("Kafka at {} cannot be used", kafka.brokers))?))
}

fn configured_kafka(config: &Config) -> Result<&KafkaConfig, Faults> {
    let missing = "a role on its own needs Kafka: add `[kafka]` with `brokers = \"host:9092\"`, or run `felt serve`";
    config.kafka.as_ref().ok_or_else(|| Faults::one(&config.source, "kafka", missing))
}

fn configured_store(config: &Config) -> Result<Store, Faults> {
    let missing =
        "a role on its own needs ClickHouse: add `[clickhouse]` with `url = \"http://host:8123\"`, or run `felt serve`";
    let clickhouse = config.clickhouse.clone().ok_or_else(|| Faults::one(&config.source, "clickhouse", missing))?;
    Ok(Store::connect(clickhouse))
}

async fn bind(listen: Option<SocketAddr>, default: ([u8; 4], u16), reuse_port: bool) -> Result<TcpListener> {
    let address = listen.unwrap_or_else(|| SocketAddr::from(default));
    let bound = if reuse_port { bind_shared(address) } else { TcpListener::bind(address).await };
    Ok(bound.map_err(|error| cannot_listen(address, &error))?)
}

/// Nothing has been started by then: whoever reads this has an address to choose, and nothing to clean up.
pub fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Faults {
    Faults::one("--listen", address.to_string(), format!("this address cannot be listened on: {error}"))
}

/// Listens on an address that other processes of this user may listen on too: the kernel divides connections among them.
fn bind_shared(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn announce(role: &str, listener: &TcpListener) -> Result<()> {
    println!("felt {role} is at http://{}", listener.local_addr()?);
    Ok(())
}

/// `/livez`, `/readyz` and `/metrics`.
pub fn health(checks: felt_http::health::Checks) -> Result<Router> {
    Ok(felt_http::health::router(checks, felt_http::telemetry::install()?))
}

/// The health checks of a process, put together.
#[derive(Default)]
pub struct Checks(felt_http::health::Checks);

impl Checks {
    /// With ingest's: whether the log takes beacons.
    #[must_use]
    pub fn ingest(self, ingest: &IngestState) -> Self {
        Self(self.0.with(ingest.readiness()))
    }

    /// With the processor's.
    #[must_use]
    pub fn processor(self, processor: &Processor) -> Self {
        Self(self.0.with(Arc::new(ProcessorCheck(processor.health()))))
    }

    /// With the store's.
    #[must_use]
    pub fn store(self, store: Store) -> Self {
        Self(self.0.with(Arc::new(StoreCheck(store))))
    }

    /// All of them.
    pub fn build(self) -> felt_http::health::Checks {
        self.0
    }
}

struct ProcessorCheck(felt_processor::Health);

#[async_trait]
impl Check for ProcessorCheck {
    fn name(&self) -> &'static str {
        "processor"
    }

    async fn check(&self) -> Readiness {
        match self.0.status() {
            Status::Ready => Readiness::Ready,
            Status::Degraded(reason) => Readiness::Degraded(reason),
            Status::Stopped(reason) => Readiness::NotReady(reason),
        }
    }
}

struct StoreCheck(Store);

#[async_trait]
impl Check for StoreCheck {
    fn name(&self) -> &'static str {
        "store"
    }

    async fn check(&self) -> Readiness {
        match self.0.ping().await {
            Ok(()) => Readiness::Ready,
            // Beacons are still taken, and counted later: taking this process away would make it worse.
            Err(error) => Readiness::Degraded(format!("ClickHouse does not answer: {error}")),
        }
    }
}
