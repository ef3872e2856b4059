//! Who of several processes judges now: a lease, kept as rows of the store.
//!
//! ClickHouse compares and swaps nothing, so a claim is made in two steps. Whoever finds the lease free writes a claim under the next
//! epoch, waits for [`SETTLE`], and reads all claims of that epoch: the smallest name has it. Another claim of the same epoch was made
//! by somebody who also found the lease free; it is either visible by then, or its maker took longer than [`CLAIM_MAX`] between
//! looking and writing and gives up by itself. A holder that was stopped for longer than its lease finds out before it acts.

use crate::planner::scope::{Service, ServiceTable};
use crate::secrets::random_text;
use crate::state::QueryState;
use felt_schema::rows::LeaseRow;
use felt_store::{Param, StoreError};
use std::time::{Duration, Instant};

/// How long a lease is good for without being renewed.
const LEASE: Duration = Duration::from_secs(90);
/// It is renewed when less than this is left.
const RENEW_BELOW: Duration = Duration::from_secs(60);
/// How long a claim waits for others.
const SETTLE: Duration = Duration::from_secs(2);
/// Longest time between looking and having written a claim.
const CLAIM_MAX: Duration = Duration::from_secs(1);

/// A lease that this process may hold.
#[derive(Debug)]
pub struct Lease {
    name: &'static str,
    holder: String,
    held: Option<Held>,
    /// When it wrote last: the newest row holds, so each is newer than the one before, whatever the clock says.
    wrote_ms: i64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    epoch: u64,
    /// Since when, by this process's own clock, which nobody sets.
    since: Instant,
}

/// The newest claim of an epoch.
struct Claim {
    epoch: u64,
    holder: String,
    until_ms: i64,
    reached: i64,
}

impl Lease {
    /// The lease of the work `name`.
    pub fn of(name: &'static str) -> Self {
        Self { name, holder: random_text::<12>(), held: None, wrote_ms: 0 }
    }

    /// Whether it is certainly this process's at this moment.
    pub fn is_held(&self) -> bool {
        self.held.is_some_and(|held| held.since.elapsed() < LEASE)
    }

    /// Takes the lease if it is free, and renews it if it is ours. Gives how far the work had come when it was taken just now, and
    /// nothing when it is another's or was ours before.
    ///
    /// # Errors
    /// When the store does not answer; a lease that is held stays so until it runs out.
    pub async fn take(&mut self, state: &QueryState, reached: i64) -> Result<Option<i64>, StoreError> {
        match self.held {
            Some(held) if held.since.elapsed() < LEASE => {
                if held.since.elapsed() >= LEASE - RENEW_BELOW {
                    self.renew(state, held.epoch, reached).await?;
                }
                Ok(None)
            }
            _ => {
                self.held = None;
                self.claim(state).await
            }
        }
    }

    /// Says how far the work has come.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn note(&mut self, state: &QueryState, reached: i64) -> Result<(), StoreError> {
        match self.held {
            Some(held) if held.since.elapsed() < LEASE => self.renew(state, held.epoch, reached).await,
            _ => Ok(()),
        }
    }

    /// Gives it back, so that another need not wait for its end.
    pub async fn give_back(&mut self, state: &QueryState, reached: i64) {
        if let Some(held) = self.held.take() {
            // Whoever waits finds out without it, later.
            let _ = self.write(state, held.epoch, state.clock.now_ms(), reached).await;
        }
    }

    async fn renew(&mut self, state: &QueryState, epoch: u64, reached: i64) -> Result<(), StoreError> {
        let since = Instant::now();
        let newest = claims(state, self.name, None).await?;
        if newest.iter().any(|claim| claim.epoch > epoch) {
            // Somebody found it run out: by their clock it was.
            self.held = None;
            return Ok(());
        }
        self.write(state, epoch, until(state), reached).await?;
        self.held = Some(Held { epoch, since });
        Ok(())
    }

    async fn claim(&mut self, state: &QueryState) -> Result<Option<i64>, StoreError> {
        let looked = Instant::now();
        let newest = claims(state, self.name, None).await?.pop();
        let (epoch, reached) = match &newest {
            Some(claim) if claim.until_ms > state.clock.now_ms() && claim.holder != self.holder => return Ok(None),
            Some(claim) => (claim.epoch + 1, claim.reached),
            None => (1, 0),
        };
        self.write(state, epoch, until(state), reached).await?;
        if looked.elapsed() > CLAIM_MAX {
            return Ok(None);
        }
        tokio::time::sleep(SETTLE).await;
        let others = claims(state, self.name, Some(epoch)).await?;
        let first = others.iter().map(|claim| claim.holder.as_str()).min();
        if first != Some(self.holder.as_str()) {
            return Ok(None);
        }
        self.held = Some(Held { epoch, since: looked });
        Ok(Some(reached))
    }

    async fn write(&mut self, state: &QueryState, epoch: u64, until: i64, reached: i64) -> Result<(), StoreError> {
        self.wrote_ms = state.clock.now_ms().max(self.wrote_ms + 1);
        let row = LeaseRow {
            name: self.name.into(),
            epoch,
            holder: self.holder.clone(),
            until,
            reached,
            updated_at: self.wrote_ms,
        };
        state.store.insert_rows("leases", &[row], None).await
    }
}

fn until(state: &QueryState) -> i64 {
    state.clock.now_ms() + i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

/// The claims of an epoch; of the newest one where none is named, what its holder said last at the end.
async fn claims(state: &QueryState, name: &str, epoch: Option<u64>) -> Result<Vec<Claim>, StoreError> {
    let mut service = Service::of(ServiceTable::Leases);
    let name = service.bind("String", Param::Text(name.into()));
    let of = match epoch {
        Some(epoch) => service.bind("UInt64", Param::UInt(epoch)),
        None => format!("(SELECT max(epoch) FROM leases WHERE name = {name})"),
    };
    let rest = format!("WHERE name = {name} AND epoch = {of} GROUP BY epoch, holder ORDER BY holder DESC");
    let select = "epoch, holder, toUnixTimestamp64Milli(argMax(until, updated_at)), argMax(reached, updated_at)";
    let statement = service.statement(select, &rest);
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    let claim = |row: &felt_store::JsonRow| {
        Some(Claim {
            epoch: row.first()?.as_u64()?,
            holder: row.get(1)?.as_str()?.to_owned(),
            until_ms: row.get(2)?.as_i64()?,
            reached: row.get(3)?.as_i64()?,
        })
    };
    Ok(rows.iter().filter_map(claim).collect())
}
