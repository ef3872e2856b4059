//! `GET /metrics/sites/{site}`: a site's totals for a Prometheus to scrape.
//!
//! A total counts what *arrived*: a late page view adds to it when it comes, not where it belongs in time. It never falls: the store's own
//! counters do, when a snapshot replaces another or a rollup expires, so what is told is, for each day of arrival, the largest figure that
//! was ever told of it (the [`ledger`]), summed over all days. Nothing of it is held in a process: after a restart, or from another process,
//! the same totals are told. docs/decisions/0093-totals-that-never-fall.md has the reasons.

mod counts;
mod ledger;
mod render;

pub use counts::{OTHER, totals_of};
pub use ledger::COUNT;

use super::series_text::CONTENT_TYPE;
use crate::slos::Promise;
use crate::state::{QueryState, store_problem};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use counts::{Day, PAGES_MAX, VIEWS_NAME};
use felt_http::{Problem, Scope};
use felt_schema::clock::day_of;
use felt_schema::rows::ExportedTotalRow;
use felt_schema::site::Sites;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a text is good for whoever else scrapes the site.
const TEXT_AGE_MAX: Duration = Duration::from_secs(1);
/// Days that are counted by one statement: an answer has at most so many times the tracked pages, devices and metrics rows.
const DAYS_PER_STATEMENT: usize = 20;
/// Days back that promises are looked at again: a page view comes at most a day late, and its replacement a day after that.
const PROMISE_DAYS: i64 = 3;
/// Days back whose rows are held in memory: the others seldom change.
const WRITTEN_DAYS: u16 = 3;
const DAY_S: i64 = 86_400;

/// Day, name, subject and part of a row.
type RowKey = (u16, String, String, String);

/// What is known of each site between two scrapes; all of it can be found again in the store.
#[derive(Debug, Default)]
pub struct Exports(HashMap<String, tokio::sync::Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The marks of the days as they were written down.
    marks: Option<HashMap<u16, u64>>,
    /// The rows of the last days that this process wrote, so that it does not write them again.
    written: HashMap<RowKey, Vec<(u16, i64)>>,
    text: Option<(Arc<str>, Instant)>,
}

impl Known {
    /// Writes down those of the rows that say anything new. Says whether there were any.
    async fn write(&mut self, state: &QueryState, mut rows: Vec<ExportedTotalRow>) -> Result<bool, Problem> {
        let key =
            |row: &ExportedTotalRow| -> RowKey { (row.day, row.name.clone(), row.subject.clone(), row.part.clone()) };
        // A row with a mark is new by its mark.
        rows.retain(|row| row.mark != 0 || self.written.get(&key(row)) != Some(&row.totals));
        ledger::write(state, &rows).await?;
        let any = !rows.is_empty();
        let since = day_of(state.clock.now_ms()).saturating_sub(WRITTEN_DAYS);
        let recent = rows.into_iter().filter(|row| row.mark == 0 && row.day >= since);
        self.written.extend(recent.map(|row| (key(&row), row.totals)));
        self.written.retain(|(day, ..), _| *day >= since);
        Ok(any)
    }
}

impl Exports {
    /// For these sites.
    pub fn of(sites: &Sites) -> Self {
        Self(sites.iter().map(|site| (site.key.clone(), tokio::sync::Mutex::default())).collect())
    }
}

/// A site's totals in Prometheus' text format.
#[utoipa::path(
    get, path = "/metrics/sites/{site}", tag = "prometheus", operation_id = "site_metrics",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "Totals that only grow", content_type = "text/plain; version=0.0.4", body = String), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn site_metrics(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let text = text(&state, &site).await?;
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text.to_string()).into_response())
}

async fn text(state: &QueryState, site: &str) -> Result<Arc<str>, Problem> {
    let Some(known) = state.exports.0.get(site) else { return Err(Problem::not_found("there is no such site")) };
    // One scrape counts, the others wait for it and take what it found.
    let mut known = known.lock().await;
    if let Some((text, _)) = known.text.as_ref().filter(|(_, since)| since.elapsed() < TEXT_AGE_MAX) {
        return Ok(text.clone());
    }
    count_days(state, site, &mut known).await?;
    let promises = Promise::of_site(state, site).await.map_err(store_problem)?;
    let before = ledger::series(state, site).await?;
    let counted = count_promises(state, site, &promises, &before, &mut known).await?;
    let series = if counted { ledger::series(state, site).await? } else { before };
    let text: Arc<str> = render::text(&series, &promises).into();
    known.text = Some((text.clone(), Instant::now()));
    Ok(text)
}

/// Writes down what changed since the last scrape, day by day.
async fn count_days(state: &QueryState, site: &str, known: &mut Known) -> Result<(), Problem> {
    if known.marks.is_none() {
        known.marks = Some(ledger::marks(state, site).await?);
    }
    let days = counts::days(state, site).await?;
    let marks = known.marks.get_or_insert_default();
    let changed: Vec<&Day> = days.iter().filter(|day| marks.get(&day.day) != Some(&day.mark)).collect();
    let (Some(first), Some(last)) = (changed.first(), changed.last()) else { return Ok(()) };
    let numbers: Vec<u16> = changed.iter().map(|day| day.day).collect();
    let before = ledger::pages(state, site, &numbers).await?;
    let largest = counts::largest_pages(state, site, (first.day, last.day)).await?;
    // Days with the same pages are counted together.
    let mut groups: BTreeMap<BTreeSet<String>, Vec<&Day>> = BTreeMap::new();
    for day in changed {
        groups.entry(tracked(before.get(&day.day), &largest)).or_default().push(day);
    }
    for (pages, days) in groups {
        for days in days.chunks(DAYS_PER_STATEMENT) {
            let numbers: Vec<u16> = days.iter().map(|day| day.day).collect();
            let mut rows = counts::histograms(state, site, &numbers, &pages).await?;
            // In the same insert: the mark stands for all that was counted with it.
            rows.extend(days.iter().map(|day| views_row(site, day)));
            known.write(state, rows).await?;
            known.marks.get_or_insert_default().extend(days.iter().map(|day| (day.day, day.mark)));
        }
    }
    Ok(())
}

/// The pages of a day that have series of their own: those that had, and while there is room, the largest others. A page that was counted
/// among the others only stays there for the day, or it would be counted twice.
fn tracked(before: Option<&BTreeSet<String>>, largest: &[String]) -> BTreeSet<String> {
    let mut pages: BTreeSet<String> = before.cloned().unwrap_or_default();
    if pages.contains(OTHER) && before.is_some() {
        return pages;
    }
    for page in largest {
        if pages.len() >= PAGES_MAX {
            break;
        }
        pages.insert(page.clone());
    }
    pages
}

fn views_row(site: &str, day: &Day) -> ExportedTotalRow {
    let totals = (0_u16..).zip(day.levels.map(|count| count.max(0))).collect();
    let name = VIEWS_NAME.to_owned();
    ExportedTotalRow { site: site.into(), day: day.day, name, totals, mark: day.mark, ..ExportedTotalRow::default() }
}

/// Writes down what was counted for promises lately, and for new ones from their beginning. Says whether there was anything.
async fn count_promises(
    state: &QueryState,
    site: &str,
    promises: &[Promise],
    before: &[ledger::Series],
    known: &mut Known,
) -> Result<bool, Problem> {
    let since_s = state.clock.now_ms().div_euclid(1_000) - PROMISE_DAYS * DAY_S;
    let (mut settled, mut rows) = (Vec::new(), Vec::new());
    for promise in promises {
        let version = promise.version.to_string();
        let of_it =
            || before.iter().filter(|series| series.name == counts::SLO_NAME && series.subject == promise.slo.id);
        let changed = of_it().any(|series| series.part != version);
        // By another definition only what comes after it is counted: the past was told as it was counted then.
        let from_s = if changed { promise.version.div_euclid(60_000) * 60 + 60 } else { 0 };
        if from_s <= since_s && of_it().any(|series| series.part == version) {
            settled.push(promise);
        } else {
            rows.extend(counts::promises(state, site, &[promise], from_s).await?);
        }
    }
    rows.extend(counts::promises(state, site, &settled, since_s.div_euclid(DAY_S) * DAY_S).await?);
    known.write(state, rows).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_had_a_series_keeps_it_for_the_day_and_none_moves_out_of_the_others() {
        let set = |pages: &[&str]| pages.iter().map(|page| (*page).to_owned()).collect::<BTreeSet<_>>();
        let largest: Vec<String> = ["/a", "/b"].map(str::to_owned).to_vec();
        assert_eq!(tracked(None, &largest), set(&["/a", "/b"]));
        assert_eq!(tracked(Some(&set(&["/z"])), &largest), set(&["/a", "/b", "/z"]));
        assert_eq!(tracked(Some(&set(&["/z", OTHER])), &largest), set(&["/z", OTHER]));
        let many: Vec<String> = (0..PAGES_MAX + 5).map(|n| format!("/{n}")).collect();
        assert_eq!(tracked(None, &many).len(), PAGES_MAX);
    }
}
