//! `slo_minutes`: counted from raw page views, and read back as a series.

use super::counting::{HUMANS, sums};
use super::promise::Promise;
use crate::planner::scope::{Scope, SiteTable};
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::budget::{Counts, Series};
use felt_schema::rows::SloMinuteRow;
use felt_store::{Param, StoreError};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

/// Promises that are counted by one statement: more would make its text long.
const PROMISES_PER_STATEMENT: usize = 40;
/// Recent time that is read by the minute: a day of the longest alert window, three days. What is older is read by the hour.
const BY_MINUTE_S: i64 = 4 * 86_400 + 3_600;
const HOUR_S: i64 = 3_600;

/// The minutes of a site of which anything was received since `since_ms`, each with a number that is another once a page view of
/// that time has come, or was replaced. Merges of the table leave it as it is.
pub async fn prints(state: &QueryState, site: &str, since_ms: i64) -> Result<BTreeMap<u32, i64>, StoreError> {
    let mut scope = Scope::of(site);
    let day = scope.bind("Int64", Param::Int(since_ms.div_euclid(86_400_000)));
    let since = scope.bind("Int64", Param::Int(since_ms));
    let conditions = [format!("day >= toDate({day})"), format!("toUnixTimestamp64Milli(received_at) >= {since}")];
    let rows = scope.rows(SiteTable::PageViews, "started_at, view, seq, sign", &conditions);
    // So many bits that millions of them do not overflow.
    let select = "toUnixTimestamp(toStartOfMinute(started_at)) AS minute, \
                  sum(sign * toInt64(bitShiftRight(cityHash64(view, seq), 24)))";
    let statement = scope.statement(select, rows, "GROUP BY minute");
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    let print = |row: &felt_store::JsonRow| Some((u32::try_from(integer(row.first()?)?).ok()?, integer(row.get(1)?)?));
    Ok(rows.iter().filter_map(print).collect())
}

/// Counts minutes of a site for some of its promises, and keeps the counts. `counted_to_ms` is until when everything received was
/// there to be counted.
pub async fn count(
    state: &QueryState,
    site: &str,
    promises: &[&Promise],
    which: Which<'_>,
    counted_to_ms: i64,
) -> Result<(), StoreError> {
    for promises in promises.chunks(PROMISES_PER_STATEMENT) {
        let mut scope = Scope::of(site);
        let span = which.span();
        let from = scope.bind("Int64", Param::Int(span.start));
        let to = scope.bind("Int64", Param::Int(span.end));
        let mut conditions = vec![
            HUMANS.to_owned(),
            format!("started_at >= toDateTime64({from}, 3) AND started_at < toDateTime64({to}, 3)"),
        ];
        if let Which::Minutes(minutes) = which {
            let minutes = scope.bind("Array(UInt32)", Param::UInts(minutes.iter().copied().map(u64::from).collect()));
            conditions.push(format!("toUnixTimestamp(toStartOfMinute(started_at)) IN {minutes}"));
        }
        let columns: Vec<String> = promises
            .iter()
            .map(|promise| {
                let sums = sums(&mut scope, promise);
                format!("{}, {}", sums.good, sums.valid)
            })
            .collect();
        let select = format!("toUnixTimestamp(toStartOfMinute(started_at)) AS minute, {}", columns.join(", "));
        let rows = scope.rows(SiteTable::PageViews, "*", &conditions);
        let statement = scope.statement(&select, rows, "GROUP BY minute");
        let counted = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
        let counted_at = later_than_before(state.clock.now_ms());
        let rows: Vec<SloMinuteRow> = counted
            .iter()
            .filter_map(|row| Some((u32::try_from(row.first()?.as_u64()?).ok()?, row)))
            .flat_map(|(minute, row)| {
                promises.iter().enumerate().filter_map(move |(index, promise)| {
                    let number = |column: usize| integer(row.get(column)?);
                    Some(SloMinuteRow {
                        site: promise.site.clone(),
                        slo: promise.slo.id.clone(),
                        version: promise.version,
                        minute,
                        good: number(1 + 2 * index)?,
                        valid: number(2 + 2 * index)?,
                        counted_to: counted_to_ms,
                        counted_at,
                    })
                })
            })
            .collect();
        if !rows.is_empty() {
            state.store.insert_rows("slo_minutes", &rows, None).await?;
        }
    }
    Ok(())
}

/// The time of the last count.
static LAST_MS: AtomicI64 = AtomicI64::new(0);

/// The time of a count, later than that of any count before, whatever the clock says: the newest count of a minute is the one that holds.
pub(super) fn later_than_before(now_ms: i64) -> i64 {
    let next = |last_ms: i64| now_ms.max(last_ms + 1);
    match LAST_MS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last_ms| Some(next(last_ms))) {
        Ok(last_ms) | Err(last_ms) => next(last_ms),
    }
}

/// Which minutes to count.
#[derive(Debug, Clone, Copy)]
pub enum Which<'m> {
    /// These, in order; at least one.
    Minutes(&'m [u32]),
    /// All that start in `[from, to)`, in Unix seconds.
    Span(i64, i64),
}

impl Which<'_> {
    fn span(&self) -> Range<i64> {
        match self {
            Self::Minutes(minutes) => {
                let second = |minute: Option<&u32>| minute.copied().map_or(0, i64::from);
                second(minutes.first())..second(minutes.last()) + 60
            }
            Self::Span(from_s, to_s) => *from_s..*to_s,
        }
    }
}

/// Until when what a site received was counted for any of some promises, in Unix ms; `None` before anything was. Whatever is counted
/// from here on is newer, also where the clock of whoever counted was ahead.
pub async fn counted_to(state: &QueryState, site: &str, promises: &[&Promise]) -> Result<Option<i64>, StoreError> {
    let mut scope = Scope::of(site);
    let ids = scope.texts(promises.iter().map(|promise| promise.slo.id.clone()).collect());
    let rows = scope.rows(SiteTable::SloMinutes, "counted_to, counted_at", &[format!("slo IN {ids}")]);
    let select = "toUnixTimestamp64Milli(max(counted_to)), count(), toUnixTimestamp64Milli(max(counted_at))";
    let statement = scope.statement(select, rows, "");
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    let Some(row) = rows.first().filter(|row| row.get(1).and_then(integer).unwrap_or(0) > 0) else { return Ok(None) };
    LAST_MS.fetch_max(row.get(2).and_then(integer).unwrap_or(0), Ordering::Relaxed);
    Ok(row.first().and_then(integer))
}

/// What was counted for a promise in `span`, in Unix seconds: the last days by the minute, what is older by the hour where the span
/// holds the whole hour.
pub async fn series(state: &QueryState, promise: &Promise, span: Range<i64>) -> Result<Series, Problem> {
    series_by_minute(state, promise, span, BY_MINUTE_S).await
}

/// The same with the last `fine_s` seconds by the minute.
pub async fn series_by_minute(
    state: &QueryState,
    promise: &Promise,
    span: Range<i64>,
    fine_s: i64,
) -> Result<Series, Problem> {
    let excluded = super::corrections::spans(state, &promise.site, &promise.slo.id).await.map_err(store_problem)?;
    let mut scope = Scope::of(&promise.site);
    let mut seconds = |value: i64| scope.bind("Int64", Param::Int(value));
    let (from, to) = (seconds(span.start), seconds(span.end));
    let (fine_from, fine_to) = (seconds(span.start + HOUR_S), seconds(span.end - fine_s));
    let version = scope.bind("Int64", Param::Int(promise.version));
    let id = scope.text(&promise.slo.id);
    let conditions = [
        format!("slo = {id} AND version = {version}"),
        format!("minute >= toDateTime({from}, 'UTC') AND minute < toDateTime({to}, 'UTC')"),
    ];
    let rows = scope.rows(SiteTable::SloMinutes, "*", &conditions);
    let coarse = format!("minute >= toDateTime({fine_from}, 'UTC') AND minute < toDateTime({fine_to}, 'UTC')");
    let select =
        format!("toUnixTimestamp(if({coarse}, toStartOfHour(minute), minute)) AS bucket, sum(good), sum(valid)");
    // The newest count of each minute first: the table forgets older ones only in its own time.
    let newest = rows.newest_by("minute", "counted_at");
    let statement = scope.statement(&select, newest, "GROUP BY bucket ORDER BY bucket");
    let rows = state.rows("slo_minutes", &promise.site, &statement).await?;
    let bucket = |row: &felt_store::JsonRow| {
        Some((integer(row.first()?)?, Counts { good: integer(row.get(1)?)?, valid: integer(row.get(2)?)? }))
    };
    Ok(Series::new(rows.iter().filter_map(bucket), excluded))
}

/// What was counted for a promise by the minute in `span`, in Unix seconds: good and valid.
pub async fn written(
    state: &QueryState,
    promise: &Promise,
    span: &Range<i64>,
) -> Result<BTreeMap<u32, (i64, i64)>, StoreError> {
    let mut scope = Scope::of(&promise.site);
    let mut number = |value: i64| scope.bind("Int64", Param::Int(value));
    let (from, to, version) = (number(span.start), number(span.end), number(promise.version));
    let id = scope.text(&promise.slo.id);
    let conditions = [
        format!("slo = {id} AND version = {version}"),
        format!("minute >= toDateTime({from}, 'UTC') AND minute < toDateTime({to}, 'UTC')"),
    ];
    let newest = scope.rows(SiteTable::SloMinutes, "*", &conditions).newest_by("minute", "counted_at");
    let statement = scope.statement("toUnixTimestamp(minute), good, valid", newest, "");
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    Ok(rows.iter().filter_map(of_row).collect())
}

/// Minute, good and valid in a row.
pub fn of_row(row: &felt_store::JsonRow) -> Option<(u32, (i64, i64))> {
    let number = |index: usize| integer(row.get(index)?);
    Some((u32::try_from(number(0)?).ok()?, (number(1)?, number(2)?)))
}

fn integer(value: &serde_json::Value) -> Option<i64> {
    value.as_i64()
}
