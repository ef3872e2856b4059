//! The roles: what each needs, how it reports its health, and how it stops.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use axum::Router;
use felt_eventlog::{EventLog, KafkaConfig, KafkaConsumer, KafkaLog, LogConsumer};
use felt_http::health::{Check, Readiness};
use felt_http::{Authorize, OpenAccess, ServerLimits};
use felt_ingest::IngestState;
use felt_processor::{Processor, ProcessorError, Status};
use felt_query::QueryState;
use felt_query::tokens::StoredTokens;
use felt_schema::clock::{SharedClock, SystemClock};
use felt_store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::config::Config;
use crate::shutdown;

/// Where a role listens when neither flag nor configuration says.
const INGEST_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8090);
const QUERY_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8091);
const PROCESSOR_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8092);

/// `felt ingest`: takes beacons and makes them durable in Kafka.
pub async fn ingest(args: cli::Role, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    let kafka = configured_kafka(config)?;
    let listener = bind(args.listen.or(config.ingest.listen), INGEST_LISTEN).await?;
    // Starts while Kafka is away: readiness says so, and browsers are told to come back.
    let log: Arc<dyn EventLog> = Arc::new(KafkaLog::lazy(kafka.clone()));
    let sites = Arc::new(config.sites.clone());
    // Imports need a token; tokens are in ClickHouse. Without one, imports are refused on an open address.
    let authorize: Arc<dyn Authorize> = match (&config.clickhouse, listener.local_addr()?.ip().is_loopback()) {
        (_, true) => Arc::new(OpenAccess),
        (Some(clickhouse), false) => Arc::new(StoredTokens::new(Store::connect(clickhouse.clone()))),
        (None, false) => bail!("imports need API tokens, which are kept in ClickHouse: add [clickhouse] to felt.toml"),
    };
    let ingest =
        IngestState::new(config.ingest.settings.clone(), log.clone(), sites, Arc::new(SystemClock), authorize)?;
    let router = health(Checks::default().ingest(&ingest).build())?.merge(felt_ingest::router(ingest.clone()));
    announce("ingest", &listener)?;
    felt_http::serve(listener, router, config.server.clone(), shutdown.cancelled_owned()).await?;
    ingest.drain().await;
    log.close().await.context("the event log did not close cleanly")
}

/// `felt processor`: turns the log into rows.
pub async fn processor(args: cli::Role, config: &Config) -> Result<()> {
    let shutdown = shutdown::on_signal()?;
    let kafka = configured_kafka(config)?;
    let store = configured_store(config)?;
    let listener = bind(args.listen.or(config.processor.listen), PROCESSOR_LISTEN).await?;
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
    let listener = bind(args.listen.or(config.query.listen), QUERY_LISTEN).await?;
    prepare(&store).await?;
    let sites = Arc::new(config.sites.clone());
    let authorize: Arc<dyn Authorize> = if listener.local_addr()?.ip().is_loopback() {
        Arc::new(OpenAccess)
    } else {
        Arc::new(StoredTokens::new(store.clone()))
    };
    let state = QueryState::new(config.query.settings.clone(), store.clone(), sites, Arc::new(SystemClock), authorize);
    tokio::spawn(felt_query::erase::run(state.clone(), shutdown.clone().cancelled_owned()));
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

fn configured_kafka(config: &Config) -> Result<&KafkaConfig> {
    config.kafka.as_ref().context(
        "a role on its own needs Kafka: add `[kafka]` with `brokers = \"host:9092\"` to felt.toml, or run `felt serve`",
    )
}

fn configured_store(config: &Config) -> Result<Store> {
    let clickhouse = config.clickhouse.clone().context(
        "a role on its own needs ClickHouse: add `[clickhouse]` with `url = \"http://host:8123\"` to felt.toml, or run \
         `felt serve`",
    )?;
    Ok(Store::connect(clickhouse))
}

async fn bind(listen: Option<SocketAddr>, default: ([u8; 4], u16)) -> Result<TcpListener> {
    let address = listen.unwrap_or_else(|| SocketAddr::from(default));
    TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))
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
