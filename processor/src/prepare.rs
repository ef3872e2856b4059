//! Makes the rows of a range on a thread of its own, so that decoding keeps no other partition waiting: decode, ask memory
//! and store what came before, transform.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use felt_eventlog::LogRecord;
use felt_schema::clock::hour_of;
use felt_schema::rows::{PageViewRow, ViewStateRow};
use felt_schema::scale::KNOWN_WITHIN_MS;
use felt_store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::batch::{BatchRows, Draft, Source, TooWide, transform};
use crate::budget::Folder;
use crate::events::Transformed;
use crate::known::may_pass;
use crate::partition::Ended;
use crate::pipeline::{ProcessorError, Shared};
use crate::prior::lookup::{self, LookupError, Wanted};
use crate::prior::recent::{Known, Recent};
use crate::prior::{Priors, ViewKey};
use crate::route::Router;
use crate::settings::{self, Settings};
use crate::state::ViewRows;
use crate::user_agent::UserAgents;
use crate::view::Rules;
use crate::write::Backoff;

/// What a partition remembers from range to range. All of it only makes the next one cheaper.
pub(crate) struct Memory {
    pub recent: Recent,
    pub agents: UserAgents,
    pub router: Router,
}

/// A range to make rows of.
#[derive(Clone)]
pub(crate) struct Job {
    pub records: Arc<Vec<LogRecord>>,
    pub part: Range<usize>,
    pub source: Source,
    /// The range was found open: some of it may be written.
    pub replay: bool,
    /// The store refused these records for good.
    pub condemned: Option<String>,
}

impl Job {
    pub fn records(&self) -> &[LogRecord] {
        &self.records[self.part.clone()]
    }
}

/// The rows of a range and what is worth knowing about them.
pub(crate) struct Prepared {
    pub rows: BatchRows,
    pub latest_ms: Option<i64>,
    /// Offsets of the records that could not be read, in order.
    pub invalid: Vec<u64>,
}

pub(crate) enum PrepareError {
    TooWide(TooWide),
    Ended(Ended),
}

impl From<Ended> for PrepareError {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// Makes the rows of a job; the memory comes back with them.
pub(crate) async fn prepare(
    shared: Arc<Shared>,
    mut memory: Box<Memory>,
    job: Job,
    stop: CancellationToken,
) -> Result<(Box<Memory>, Result<Prepared, PrepareError>), Ended> {
    let handle = tokio::runtime::Handle::current();
    let work = move || {
        let asker = Asker { shared: &shared, partition: job.source.partition, stop: &stop, handle };
        let prepared = rows_of(&asker, &mut memory, &job);
        (memory, prepared)
    };
    tokio::task::spawn_blocking(work).await.map_err(|panic| Ended::Stop(ProcessorError::Panicked(panic)))
}

/// Whether the store has nothing of a range, so that it may be cut: its rows would come again under another token.
pub(crate) async fn is_unwritten(shared: Arc<Shared>, job: Job, stop: CancellationToken) -> Result<bool, Ended> {
    let handle = tokio::runtime::Handle::current();
    let work = move || {
        let asker = Asker { shared: &shared, partition: job.source.partition, stop: &stop, handle };
        let draft = Draft::decode(job.records());
        let views: HashMap<u64, &str> =
            draft.views.iter().map(|view| (view.offset, &*view.record.snapshot.view)).collect();
        let written = asker.written(&draft, &job)?;
        Ok(!written.iter().any(|row| views.get(&row.log_offset) == Some(&row.view.as_str())))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|panic| Ended::Stop(ProcessorError::Panicked(panic)))?
}

fn rows_of(asker: &Asker<'_>, memory: &mut Memory, job: &Job) -> Result<Prepared, PrepareError> {
    let started = Instant::now();
    let records = job.records();
    let draft = match &job.condemned {
        Some(reason) => Draft::condemn(records, reason),
        None => Draft::decode(records),
    };
    let (mut priors, wanted) = remembered(&draft, &memory.recent)?;
    for rows in asker.ask(|| lookup::states(&asker.shared.store, &wanted))? {
        priors.add(rows);
    }
    if job.replay {
        for row in asker.written(&draft, job)? {
            priors.add_written(row);
        }
    }
    let settings = asker.settings(draft.latest_ms())?;
    let mut rules = Rules {
        sites: &asker.shared.sites,
        folder: Folder::new(&asker.shared.budgets),
        agents: &mut memory.agents,
        router: &mut memory.router,
        settings: &settings,
    };
    let rows = transform(&draft, &priors, &job.source, &mut rules).map_err(PrepareError::TooWide)?;
    Transformed { lookups: wanted.len(), took: started.elapsed() }.emit();
    Ok(Prepared { rows, latest_ms: draft.latest_ms(), invalid: draft.invalid() })
}

/// What the memory knows of a range's views, and which ones the store must be asked for.
fn remembered(draft: &Draft<'_>, recent: &Recent) -> Result<(Priors, Vec<Wanted>), Ended> {
    let mut priors = Priors::default();
    let mut wanted = BTreeSet::new();
    for view in &draft.views {
        let (site, id) = (&*view.record.site, &*view.record.snapshot.view);
        let first = view.record.snapshot.seq == 0 && view.record.snapshot.attempt == 0;
        match recent.ask(ViewKey::new(site, id), view.started_at, first) {
            Known::New => {}
            Known::State(state) if priors.of(site, id).is_none() => {
                let rows = ViewRows::decode(state).map_err(|error| Ended::Stop(error.into()))?;
                priors.add(rows);
            }
            Known::State(_) => {}
            Known::Unknown => {
                let (hour, view_hash) = (hour_of(view.started_at), ViewStateRow::hash_of(id));
                wanted.insert(Wanted { site: site.to_owned(), hour, view_hash });
            }
        }
    }
    Ok((priors, wanted.into_iter().collect()))
}

/// Asks the store from a thread that may wait.
struct Asker<'a> {
    shared: &'a Shared,
    partition: u32,
    stop: &'a CancellationToken,
    handle: tokio::runtime::Handle,
}

impl Asker<'_> {
    /// The rows that the store has of a job's records.
    fn written(&self, draft: &Draft<'_>, job: &Job) -> Result<Vec<PageViewRow>, Ended> {
        let (Some(first), Some(last), false) = (job.records().first(), job.records().last(), draft.views.is_empty())
        else {
            return Ok(Vec::new());
        };
        let range = (first.offset, last.offset);
        self.ask(|| lookup::written(&self.shared.store, self.partition, range, draft.days()))
    }

    /// What sites set for themselves, read late enough for what arrived last.
    fn settings(&self, latest_ms: Option<i64>) -> Result<Arc<Settings>, Ended> {
        let needed_ms = latest_ms.map_or(i64::MIN, |latest_ms| latest_ms.saturating_sub(KNOWN_WITHIN_MS));
        if let Some(known) = self.shared.settings.read_after(needed_ms) {
            return Ok(known);
        }
        self.ask(async || Ok(settings::load(self.shared).await?))
    }

    /// Asks until there is an answer or nobody wants it any more.
    fn ask<T, F>(&self, question: impl Fn() -> F) -> Result<T, Ended>
    where
        F: Future<Output = Result<T, LookupError>>,
    {
        let mut backoff = Backoff::new(self.shared.config.retry_wait_ms_max);
        let mut broken_off = 0;
        loop {
            let answer = self.handle.block_on(self.shared.until_stopped(self.stop, question()))?;
            match answer {
                Ok(answer) => return Ok(answer),
                Err(LookupError::State(error)) => return Err(Ended::Stop(error.into())),
                Err(LookupError::Store(error)) if may_pass(&error, &mut broken_off) => {
                    self.wait(&error, backoff.next())?;
                }
                Err(LookupError::Store(error)) => return Err(Ended::Stop(ProcessorError::Lookup(error))),
            }
        }
    }

    fn wait(&self, error: &StoreError, wait: std::time::Duration) -> Result<(), Ended> {
        crate::events::InsertRetried { table: "view_states", error: error.message(), wait }.emit();
        self.shared.health.trouble(self.partition, &error.to_string());
        self.handle.block_on(self.shared.until_stopped(self.stop, tokio::time::sleep(wait)))
    }
}
