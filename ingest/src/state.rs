//! What every request of the ingest role shares.

use crate::IngestConfig;
use crate::client::Client;
use crate::durable::Durable;
use crate::events;
use crate::geo::{Geo, GeoError};
use crate::outcomes::Ledger;
use crate::rate::{Rate, RateTable, Verdict};
use crate::spool::Spool;
use crate::spool::drain::Drain;
use crate::spool::housekeeping::Housekeeping;
use felt_eventlog::EventLog;
use felt_http::Authorize;
use felt_http::health::Check;
use felt_http::telemetry;
use felt_schema::clock::SharedClock;
use felt_schema::site::{Site, Sites};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The ingest role. Cheap to clone.
#[derive(Clone)]
pub struct IngestState(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: IngestConfig,
    pub(crate) sites: Arc<Sites>,
    pub(crate) clock: SharedClock,
    pub(crate) authorize: Arc<dyn Authorize>,
    pub(crate) durable: Arc<Durable>,
    pub(crate) geo: Geo,
    pub(crate) ledger: Arc<Ledger>,
    background: Background,
    site_rates: RateTable,
    client_rates: RateTable,
    default_site_rate: u32,
}

impl IngestState {
    /// Makes the role ready to serve, and starts the task that writes counts of refusals to the log. Must be called within a
    /// Tokio runtime. Call [`drain`](Self::drain) after the last request was answered.
    pub fn new(
        config: IngestConfig,
        log: Arc<dyn EventLog>,
        sites: Arc<Sites>,
        clock: SharedClock,
        authorize: Arc<dyn Authorize>,
    ) -> Result<Self, GeoError> {
        Self::make(config, log, None, sites, clock, authorize)
    }

    /// As [`new`](Self::new), and what the log does not take in time goes to the spool.
    pub fn with_spool(
        config: IngestConfig,
        log: Arc<dyn EventLog>,
        spool: Spool,
        sites: Arc<Sites>,
        clock: SharedClock,
        authorize: Arc<dyn Authorize>,
    ) -> Result<Self, GeoError> {
        Self::make(config, log, Some(spool), sites, clock, authorize)
    }

    fn make(
        config: IngestConfig,
        log: Arc<dyn EventLog>,
        spool: Option<Spool>,
        sites: Arc<Sites>,
        clock: SharedClock,
        authorize: Arc<dyn Authorize>,
    ) -> Result<Self, GeoError> {
        // Metrics are looked up once, here: without a recorder by now they would count into the void. If somebody else's recorder is
        // installed, it gets them.
        let _ = telemetry::install();
        events::describe();
        let geo = Geo::open(config.country_database.as_deref())?;
        let durable = Arc::new(Durable::new(log, spool.map(Arc::new), &config));
        let ledger = Arc::new(Ledger::new());
        let shared = Arc::new(Shared {
            site_rates: RateTable::new(sites.len()),
            client_rates: RateTable::new(config.rate_clients_max),
            default_site_rate: Site::default().rate_per_second,
            background: Background::start(&durable, &ledger),
            durable,
            ledger,
            config,
            sites,
            clock,
            authorize,
            geo,
        });
        tokio::spawn(flush_outcomes(Arc::downgrade(&shared)));
        Ok(Self(shared))
    }

    /// Writes the last counts to the log and waits until everything that was appended is durable. With a spool, that is closed:
    /// the state takes no more beacons after it.
    pub async fn drain(&self) {
        self.drain_within(Duration::from_millis(self.0.config.append_timeout_ms)).await;
    }

    /// As [`drain`](Self::drain), in at most about this time. What a log that does not answer cannot take is in the spool.
    pub async fn drain_within(&self, time: Duration) {
        let (shared, deadline) = (&*self.0, tokio::time::Instant::now() + time);
        if tokio::time::timeout(time / 2, shared.background.stop()).await.is_err() {
            tracing::warn!("the spool's disk does not answer, leaving what is under way");
        }
        shared.ledger.flush_last(&shared.durable, time / 2).await;
        if let Some(spool) = &shared.durable.spool {
            if tokio::time::timeout_at(deadline, spool.close()).await.is_err() {
                tracing::warn!("the spool's disk does not answer, the next process will check its file");
            }
            // What the log has not acknowledged is in the spool.
            return;
        }
        match tokio::time::timeout_at(deadline, shared.durable.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot flush the log"),
            Err(_) => tracing::error!("the log was not flushed in time"),
        }
    }

    /// Whether beacons go to a spool when the log does not take them. Then closing the log is a courtesy, and nothing hangs on it.
    pub fn has_spool(&self) -> bool {
        self.0.durable.spool.is_some()
    }

    /// Whether the log is waited for now.
    pub fn log_answers(&self) -> bool {
        !self.0.durable.circuit.is_open()
    }

    /// Whether the log takes beacons, for [`felt_http::health`].
    pub fn readiness(&self) -> Arc<dyn Check> {
        self.0.durable.clone()
    }
}

/// Runs until the state is gone.
async fn flush_outcomes(shared: Weak<Shared>) {
    loop {
        let Some((interval_ms, wait_ms)) =
            shared.upgrade().map(|shared| (shared.config.outcomes_flush_ms, shared.config.append_timeout_ms))
        else {
            return;
        };
        tokio::time::sleep(Duration::from_millis(interval_ms.max(10))).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.ledger.flush(&shared.durable, Duration::from_millis(wait_ms)).await;
    }
}

/// What drains the spool; it ends with the state.
struct Background {
    stop: CancellationToken,
    tasks: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    fn start(durable: &Arc<Durable>, ledger: &Arc<Ledger>) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = Vec::new();
        if let Some(spool) = &durable.spool {
            let housekeeping = Housekeeping::new(durable.clone(), spool.clone());
            tasks.push(tokio::spawn(housekeeping.run(stop.clone())));
            let (durable, spool, ledger) = (durable.clone(), spool.clone(), ledger.clone());
            tasks.push(tokio::spawn(Drain { durable, spool, ledger, stop: stop.clone() }.run()));
        }
        Self { stop, tasks: parking_lot::Mutex::new(tasks) }
    }

    async fn stop(&self) {
        self.stop.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the spool ended badly");
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The buckets that one beacon draws on; none where it is not limited.
pub(crate) struct Allowance<'a> {
    shared: &'a Shared,
    site: Option<(u64, Rate)>,
    client: Option<(u64, Rate)>,
}

impl Shared {
    /// What limits this client on this site. A program on this machine is not limited as a client, nor by the site's rate unless
    /// somebody set that: load tests and the demo send a whole site's traffic from one address.
    pub(crate) fn allowance(&self, site: &Site, client: &Client) -> Allowance<'_> {
        let rate =
            |per_second: u32| Rate { per_second: f64::from(per_second), burst_seconds: self.config.rate_burst_seconds };
        let site_key = hash_of(&site.key);
        let is_site_free = client.is_local && site.rate_per_second == self.default_site_rate;
        Allowance {
            shared: self,
            site: (!is_site_free).then(|| (site_key, rate(site.rate_per_second))),
            // The same address may send for several sites, each with a rate of its own.
            client: (!client.is_local).then(|| (client.rate_key() ^ site_key, rate(site.client_rate_per_second))),
        }
    }
}

impl Allowance<'_> {
    /// Takes one snapshot's worth; the time to wait when there is none left.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        // The client first, lest one that floods uses up what its site may send.
        for (table, bucket) in self.buckets() {
            if let Some((key, rate)) = bucket
                && let Verdict::Wait(wait) = table.take(key, rate)
            {
                return Err(wait);
            }
        }
        Ok(())
    }

    /// Takes what the rest of the beacon is worth.
    pub(crate) fn charge(&self, snapshots: u32) {
        for (table, bucket) in self.buckets() {
            if let Some((key, rate)) = bucket {
                table.charge(key, rate, snapshots);
            }
        }
    }

    fn buckets(&self) -> [(&RateTable, Option<(u64, Rate)>); 2] {
        [(&self.shared.client_rates, self.client), (&self.shared.site_rates, self.site)]
    }
}

fn hash_of(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
