//! What every request of the ingest role shares.

use crate::IngestConfig;
use crate::client::Client;
use crate::durable::Durable;
use crate::events;
use crate::geo::{Geo, GeoError};
use crate::outcomes::Ledger;
use crate::rate::{Rate, RateTable, Verdict};
use felt_eventlog::EventLog;
use felt_http::Authorize;
use felt_http::health::Check;
use felt_http::telemetry;
use felt_schema::clock::SharedClock;
use felt_schema::site::{Site, Sites};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};
use std::time::Duration;

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
    pub(crate) ledger: Ledger,
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
        // Metrics are looked up once, here: without a recorder by now they would count into the void. If somebody else's recorder is
        // installed, it gets them.
        let _ = telemetry::install();
        events::describe();
        let geo = Geo::open(config.country_database.as_deref())?;
        let durable = Durable::new(log, config.append_bytes_max, Duration::from_millis(config.append_timeout_ms));
        let shared = Arc::new(Shared {
            site_rates: RateTable::new(sites.len()),
            client_rates: RateTable::new(config.rate_clients_max),
            default_site_rate: Site::default().rate_per_second,
            durable: Arc::new(durable),
            ledger: Ledger::new(),
            config,
            sites,
            clock,
            authorize,
            geo,
        });
        tokio::spawn(flush_outcomes(Arc::downgrade(&shared)));
        Ok(Self(shared))
    }

    /// Writes the last counts to the log and waits until everything that was appended is durable.
    pub async fn drain(&self) {
        self.0.ledger.flush(&self.0.durable).await;
        if let Err(error) = self.0.durable.flush().await {
            tracing::error!(%error, "cannot flush the log");
        }
    }

    /// Whether the log takes beacons, for [`felt_http::health`].
    pub fn readiness(&self) -> Arc<dyn Check> {
        self.0.durable.clone()
    }
}

/// Runs until the state is gone.
async fn flush_outcomes(shared: Weak<Shared>) {
    loop {
        let Some(interval_ms) = shared.upgrade().map(|shared| shared.config.outcomes_flush_ms) else { return };
        tokio::time::sleep(Duration::from_millis(interval_ms.max(10))).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.ledger.flush(&shared.durable).await;
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
