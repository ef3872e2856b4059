//! One pass of an erasure: find the ids, count their rows, delete them, and search again until nothing is found.
//!
//! A pass that is broken off leaves at most changes that ClickHouse goes on with by itself; the next one counts what
//! is left and goes on.

use super::record::{Counts, Erasure, Report, Searched};
use super::statements::{self, Changes};
use crate::events::StoreAsked;
use crate::planner::scope::Statement;
use crate::state::QueryState;
use felt_store::{JsonRow, QueryLimits, StoreError};
use std::time::Duration;

/// Longest run of one search: it reads every page view of a site, and nobody waits for it.
const SEARCH_MAX: Duration = Duration::from_secs(300);
/// Rounds of one pass. More ids than fit into a round take another; rows that arrive meanwhile do too.
const ROUNDS_MAX: u32 = 100;

/// Why a pass did not end with nothing left.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// ClickHouse.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ids to look for are not there.
    #[error("the ids to look for are gone from the store, ask for the erasure again")]
    Aimless,
    /// Rows keep coming.
    #[error("rows were still found after {ROUNDS_MAX} rounds; the next pass goes on")]
    Unfinished,
}

/// Deletes everything that is found and proves that nothing is left. `save` keeps where the erasure stands.
pub async fn pass(state: &QueryState, erasure: &mut Erasure, owner: &str) -> Result<(), PassError> {
    if number(&ask(state, &statements::is_aimed(erasure)).await?) == 0 {
        return Err(PassError::Aimless);
    }
    for _ in 0..ROUNDS_MAX {
        let found = find(state, erasure).await?;
        let report = &mut erasure.report;
        // What an earlier try was about to delete and is no longer there has been deleted by it.
        report.erased = report.erased.plus(report.erasing.minus(found));
        report.erasing = found;
        if found.is_zero() {
            erasure.report.proof = search(state, erasure).await?;
            erasure.report.checked_at_ms = Some(state.clock.now_ms());
            return Ok(());
        }
        erasure.save(state, owner).await?;
        delete(state, erasure, found).await?;
    }
    Err(PassError::Unfinished)
}

/// Forgets the last states of views that no snapshot can replace any more, and the ids that were looked for.
pub async fn close(state: &QueryState, erasure: &Erasure) -> Result<(), StoreError> {
    let store = &state.store;
    let changes = Changes::of(erasure, &store.config().database);
    store.mutate("view_states", &changes.old_states()).await?;
    store.mutate("erasure_targets", &format!("DROP PARTITION '{}'", erasure.id)).await
}

/// Adds the ids that are not known yet, and counts the rows of all.
async fn find(state: &QueryState, erasure: &Erasure) -> Result<Counts, StoreError> {
    for (kind, statement) in [("session", statements::new_sessions(erasure)), ("view", statements::new_views(erasure))]
    {
        let rows = ask(state, &statement).await?;
        erasure.aim(state, kind, texts(rows)).await?;
    }
    let mut counts = [0; 5];
    for (count, statement) in counts.iter_mut().zip(statements::counts(erasure)) {
        *count = number(&ask(state, &statement).await?);
    }
    let [page_views, page_view_sample, events, view_states, dead_letters] = counts;
    Ok(Counts { page_views, page_view_sample, events, view_states, dead_letters })
}

async fn delete(state: &QueryState, erasure: &Erasure, found: Counts) -> Result<(), StoreError> {
    let store = &state.store;
    let changes = Changes::of(erasure, &store.config().database);
    // States first: while the views are still there, a pass that is broken off finds them again.
    for (table, rows, action) in [
        ("view_states", found.view_states, changes.view_states()),
        ("events", found.events, changes.events()),
        ("dead_letters", found.dead_letters, changes.dead_letters()),
        ("page_views", found.page_views, changes.page_views()),
        // After what it is copied from.
        ("page_view_sample", found.page_view_sample, changes.page_views()),
    ] {
        if rows > 0 {
            store.mutate(table, &action).await?;
        }
    }
    Ok(())
}

/// Searches every table of the database that belongs to sites.
async fn search(state: &QueryState, erasure: &Erasure) -> Result<Vec<Searched>, StoreError> {
    let ids = texts(ask(state, &statements::mentioned(erasure)).await?);
    let tables = state.store.query_json(statements::TEXT_COLUMNS, &[], limits(state)).await?;
    let Counts { page_views, page_view_sample, events, view_states, dead_letters } = erasure.report.erasing;
    let mut searched = Vec::with_capacity(tables.len());
    for row in tables {
        let Some(table) = row.first().and_then(|name| name.as_str()) else { continue };
        let columns: Vec<String> = row.get(1).map(texts_of).unwrap_or_default();
        let mentions = match statements::mentions(erasure, table, &columns, ids.clone()) {
            Some(statement) => match ask(state, &statement).await {
                Ok(rows) => Some(number(&rows)),
                Err(error) if error.is_transient() => return Err(error),
                // Too large for it: the search by columns above has been done all the same.
                Err(_) => None,
            },
            None => None,
        };
        let rows = match table {
            "page_views" => page_views,
            "page_view_sample" => page_view_sample,
            "events" => events,
            "view_states" => view_states,
            "dead_letters" => dead_letters,
            // Counts, without anybody's id.
            _ => 0,
        };
        searched.push(Searched { table: table.to_owned(), rows, mentions });
    }
    Ok(searched)
}

impl Report {
    /// Rows that the last search found.
    pub fn found(&self) -> u64 {
        self.proof.iter().map(|searched| searched.rows).sum()
    }
}

fn limits(state: &QueryState) -> QueryLimits {
    // Each site's rows are read as a whole, which questions of people may not do.
    QueryLimits { execution: SEARCH_MAX, rows_read_max: u64::MAX, bytes_read_max: u64::MAX, ..state.config.limits() }
}

async fn ask(state: &QueryState, statement: &Statement) -> Result<Vec<JsonRow>, StoreError> {
    let asked = StoreAsked::begin("erase");
    let rows = state.store.query_json(statement.sql(), &statement.params(), limits(state)).await;
    asked.end(rows.as_ref().err());
    rows
}

fn number(rows: &[JsonRow]) -> u64 {
    rows.first().and_then(|row| row.first()?.as_u64()).unwrap_or(0)
}

fn texts(rows: Vec<JsonRow>) -> Vec<String> {
    rows.iter().filter_map(|row| Some(row.first()?.as_str()?.to_owned())).collect()
}

fn texts_of(list: &serde_json::Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}
