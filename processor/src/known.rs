//! Loads the values that the store already holds, so that a new owner of a partition keeps the pages, releases, timings and
//! browsers that the one before had admitted, and several processors admit the same ones.
//!
//! Yesterday's are loaded as well: what was known then goes before what nobody has seen ([`crate::budget`]).

use std::time::Duration;

use clickhouse::Row;
use felt_schema::clock::day_of;
use felt_schema::grouping::Grouping;
use felt_schema::metric::{HAPPINESS, TIMING_PREFIX};
use felt_store::StoreError;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::budget::Dimension;
use crate::events::{BudgetsNotRefreshed, InsertRetried};
use crate::partition::Ended;
use crate::pipeline::{ProcessorError, Shared};
use crate::write::Backoff;

/// Most values loaded; budgets of hundreds of sites fit.
const VALUES_MAX: u64 = 1_000_000;

#[derive(Row, Deserialize)]
struct KnownValue {
    site: String,
    day: u16,
    /// A place in [`LOADED`].
    kind: u8,
    known: String,
}

/// The dimensions whose values make rollup rows.
const LOADED: [Dimension; 4] = [Dimension::Page, Dimension::Release, Dimension::Browser, Dimension::Timing];

/// Answers that break off this often in a row are no accident of the network.
const BROKEN_OFF_MAX: u32 = 10;

/// Whether a question that failed so may be answered later. Without a code it was not ClickHouse that refused: an answer that
/// broke off looks like this, but so does one that we cannot read, and that stays so.
pub(crate) fn may_pass(error: &StoreError, broken_off: &mut u32) -> bool {
    if error.is_transient() {
        return true;
    }
    *broken_off += 1;
    error.code().is_none() && *broken_off <= BROKEN_OFF_MAX
}

/// Loads the values of all sites into the shared budgets, however long the store is away.
pub(crate) async fn load(shared: &Shared, partition: u32, stop: &CancellationToken) -> Result<(), Ended> {
    let mut backoff = Backoff::new(shared.config.retry_wait_ms_max);
    let mut broken_off = 0;
    loop {
        match shared.until_stopped(stop, values(shared)).await? {
            Ok(values) => {
                remember(shared, values);
                shared.health.well(partition);
                return Ok(());
            }
            Err(error) if may_pass(&error, &mut broken_off) => {
                let wait = backoff.next();
                InsertRetried { table: "rollup_hour", error: error.message(), wait }.emit();
                shared.health.trouble(partition, &error.to_string());
                shared.until_stopped(stop, tokio::time::sleep(wait)).await?;
            }
            Err(error) => return Err(Ended::Stop(ProcessorError::Lookup(error))),
        }
    }
}

/// Loads again and again, until told to stop, what others admit meanwhile.
pub(crate) async fn refresh(shared: &Shared, stop: &CancellationToken) {
    let every = Duration::from_millis(shared.config.budgets_refresh_ms.max(1));
    while shared.until_stopped(stop, tokio::time::sleep(every)).await.is_ok() {
        match values(shared).await {
            Ok(values) => remember(shared, values),
            Err(error) => BudgetsNotRefreshed { error: error.message() }.emit(),
        }
    }
}

fn remember(shared: &Shared, values: Vec<KnownValue>) {
    let mut budgets = shared.budgets.lock();
    for KnownValue { site, day, kind, known } in values {
        if let Some(dimension) = LOADED.get(usize::from(kind)) {
            budgets.remember(day, &site, *dimension, &known);
        }
    }
}

async fn values(shared: &Shared) -> Result<Vec<KnownValue>, StoreError> {
    let query = shared.store.client().query(
        "SELECT site, day, toUInt8(multiIf(metric != {happiness:String}, 3, grouping = 'page', 0, grouping = 'release', 1, \
         2)) AS kind, if(kind = 3, substring(metric, {prefix:UInt8} + 1), if(kind = 0, page, value)) AS known \
         FROM rollup_hour WHERE day >= toDate({day:UInt16}) AND (metric = {happiness:String} \
         AND grouping IN {groupings:Array(String)} OR startsWith(metric, {timing:String}) AND grouping = 'site') \
         GROUP BY site, day, kind, known ORDER BY day DESC LIMIT {most:UInt64}",
    );
    let groupings = [Grouping::Page, Grouping::Release, Grouping::Browser].map(Grouping::name);
    let query = query
        .param("day", day_of(shared.clock.now_ms()).saturating_sub(1))
        .param("happiness", HAPPINESS)
        .param("groupings", groupings.to_vec())
        .param("timing", TIMING_PREFIX)
        .param("prefix", TIMING_PREFIX.len() as u8)
        .param("most", VALUES_MAX);
    Ok(query.fetch_all().await?)
}
