//! Asks the store for the earlier states of a batch's views: one question for all, only the columns needed, only the hours
//! in which the views began and their neighbours.
//!
//! The hashes travel as one literal of hexadecimal digits: an `IN` list of fifty thousand numbers would be parsed into as
//! many syntax nodes, and a parameter of the address ends at 64 kB. Site keys go as parameters.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use felt_schema::rows::PageViewRow;
use felt_store::{Store, StoreError};
use serde::Deserialize;

use crate::state::{StateError, ViewRows};

/// A view to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The site's key.
    pub site: String,
    /// Start of the hour in which it began, in seconds.
    pub hour: u32,
    /// Hash of its id.
    pub view_hash: u64,
}

/// Why the store could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// ClickHouse.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A state that cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Hours asked for one by one; beyond, the span between the first and the last is asked for.
const HOURS_LISTED_MAX: usize = 2_000;

/// Bytes of SQL that the server must read: fifty thousand hashes are 0.8 MB.
const SQL_BYTES_MAX: &str = "16777216";

#[derive(clickhouse::Row, Deserialize)]
struct Found {
    #[serde(with = "serde_bytes")]
    state: Vec<u8>,
}

/// The latest states of these views, as far as the store has any. Two states of one view may come back; the caller keeps
/// the higher `seq`.
pub async fn states(store: &Store, wanted: &[Wanted]) -> Result<Vec<ViewRows>, LookupError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sites: BTreeSet<&str> = wanted.iter().map(|view| view.site.as_str()).collect();
    let sql = format!(
        "SELECT state FROM view_states WHERE site IN {{sites:Array(String)}} AND {} AND view_hash IN ({})",
        hours_condition(wanted),
        hashes_subquery(wanted),
    );
    let query = store.client().query_raw(&sql).with_setting("max_query_size", SQL_BYTES_MAX);
    let found: Vec<Found> =
        query.param("sites", sites.into_iter().collect::<Vec<_>>()).fetch_all().await.map_err(StoreError::from)?;
    found.iter().map(|found| Ok(ViewRows::decode(&found.state)?)).collect()
}

/// The rows that an earlier try at a range wrote; `days` are those on which its records arrived. Offsets start anew when a
/// log is lost, so the caller compares views as well.
pub async fn written(
    store: &Store,
    partition: u32,
    (first, last): (u64, u64),
    days: RangeInclusive<u16>,
) -> Result<Vec<PageViewRow>, LookupError> {
    let query = store.client().query(
        "SELECT ?fields FROM page_views WHERE day BETWEEN toDate({from:UInt16}) AND toDate({to:UInt16}) \
         AND log_partition = {partition:UInt16} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64} AND sign = 1",
    );
    let query = query.param("from", *days.start()).param("to", *days.end());
    let partition = u16::try_from(partition).unwrap_or(u16::MAX);
    let rows = query.param("partition", partition).param("first", first).param("last", last).fetch_all().await;
    Ok(rows.map_err(StoreError::from)?)
}

/// The hours in which the views may have begun: a copy held up on its way seems to begin later.
fn hours_condition(wanted: &[Wanted]) -> String {
    let hours: BTreeSet<u32> = wanted
        .iter()
        .flat_map(|view| [view.hour.saturating_sub(3_600), view.hour, view.hour.saturating_add(3_600)])
        .collect();
    let (Some(first), Some(last)) = (hours.first(), hours.last()) else { return "0".into() };
    if hours.len() > HOURS_LISTED_MAX {
        return format!("hour BETWEEN toDateTime({first}, 'UTC') AND toDateTime({last}, 'UTC')");
    }
    let listed: Vec<String> = hours.iter().map(|hour| format!("toDateTime({hour}, 'UTC')")).collect();
    format!("hour IN ({})", listed.join(", "))
}

/// A subquery of all hashes, from one literal: 16 hexadecimal digits each, of the number's bytes in little-endian order.
fn hashes_subquery(wanted: &[Wanted]) -> String {
    let mut digits = String::with_capacity(wanted.len() * 16);
    for view in wanted {
        let _ = write!(digits, "{:016x}", view.view_hash.swap_bytes());
    }
    format!(
        "SELECT reinterpretAsUInt64(substring(unhex('{digits}'), 8 * number + 1, 8)) FROM numbers({})",
        wanted.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(hour: u32) -> Wanted {
        Wanted { site: "shop".into(), hour, view_hash: 0x0102_0304_0506_0708 }
    }

    #[test]
    fn hours_are_listed_with_their_neighbours() {
        let condition = hours_condition(&[wanted(7_200), wanted(7_200)]);
        let expected = "hour IN (toDateTime(3600, 'UTC'), toDateTime(7200, 'UTC'), toDateTime(10800, 'UTC'))";
        assert_eq!(condition, expected);
        let many: Vec<Wanted> = (0..5_000).map(|hour| wanted(hour * 3_600)).collect();
        assert!(hours_condition(&many).starts_with("hour BETWEEN"));
    }

    #[test]
    fn hashes_travel_in_the_order_of_memory() {
        assert!(hashes_subquery(&[wanted(0)]).contains("unhex('0807060504030201')"));
    }
}
