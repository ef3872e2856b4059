//! Loads the values that the store already holds today, so that a new owner of a partition keeps the pages and releases that
//! the one before had admitted.

use clickhouse::Row;
use felt_schema::clock::day_of;
use felt_schema::grouping::Grouping;
use felt_schema::metric::HAPPINESS;
use felt_store::StoreError;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::budget::Dimension;
use crate::events::InsertRetried;
use crate::partition::Ended;
use crate::pipeline::{ProcessorError, Shared};
use crate::write::Backoff;

/// Most values loaded; budgets of hundreds of sites fit.
const VALUES_MAX: u64 = 1_000_000;

#[derive(Row, Deserialize)]
struct KnownValue {
    site: String,
    day: u16,
    is_page: u8,
    known: String,
}

/// Loads today's pages and releases of all sites into the shared budgets.
pub(crate) async fn load(shared: &Shared, partition: u32, stop: &CancellationToken) -> Result<(), Ended> {
    let mut backoff = Backoff::new(shared.config.retry_wait_ms_max);
    loop {
        match shared.until_stopped(stop, values(shared)).await? {
            Ok(values) => {
                let mut budgets = shared.budgets.lock();
                for KnownValue { site, day, is_page, known } in values {
                    let dimension = if is_page == 1 { Dimension::Page } else { Dimension::Release };
                    budgets.remember(day, &site, dimension, &known);
                }
                shared.health.well(partition);
                return Ok(());
            }
            Err(error) if error.is_transient() => {
                let wait = backoff.next();
                InsertRetried { table: "rollup_hour", error: error.message(), wait }.emit();
                shared.health.trouble(partition, &error.to_string());
                shared.until_stopped(stop, tokio::time::sleep(wait)).await?;
            }
            Err(error) => return Err(Ended::Stop(ProcessorError::Lookup(error))),
        }
    }
}

async fn values(shared: &Shared) -> Result<Vec<KnownValue>, StoreError> {
    let query = shared.store.client().query(
        "SELECT site, day, toUInt8(grouping = 'page') AS is_page, if(grouping = 'page', page, value) AS known \
         FROM rollup_hour WHERE day >= toDate({day:UInt16}) AND metric = {metric:String} \
         AND grouping IN {groupings:Array(String)} GROUP BY site, day, is_page, known LIMIT {most:UInt64}",
    );
    let query = query
        .param("day", day_of(shared.clock.now_ms()))
        .param("metric", HAPPINESS)
        .param("groupings", vec![Grouping::Page.name(), Grouping::Release.name()])
        .param("most", VALUES_MAX);
    Ok(query.fetch_all().await?)
}
