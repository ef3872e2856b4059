//! `POST /api/v1/sites/{site}/import`: history, as lines of JSON of any number, streamed into the log.
//!
//! What is read is bounded by what the log takes: no more than a few batches are on their way at once, and meanwhile nothing is
//! read. An import that breaks off may be sent again as a whole: each view counts once.

mod line;
mod lines;
mod report;

use crate::body::{self, BodyFault, Encoding};
use crate::durable::NotDurable;
use crate::events;
use crate::state::{IngestState, Shared};
use axum::Extension;
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};

use felt_eventlog::Entry;
use felt_http::{Problem, ProblemResult, RequestContext, Scope, bearer};
use felt_schema::outcome::RefuseReason;
use felt_schema::site::Site;
use futures::stream::{FuturesUnordered, StreamExt};
use lines::{Line, Lines, StreamFault};
use report::{LineFault, Report};
use std::time::{Duration, Instant};

/// Bytes of one line, its snapshot included.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// A batch is appended when it has so many bytes, however few its entries.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An import.
pub(crate) async fn post(
    State(state): State<IngestState>,
    Path(site): Path<String>,
    context: Option<Extension<RequestContext>>,
    request: Request,
) -> ProblemResult<Response> {
    let shared = &*state.0;
    let (head, mut body) = request.into_parts();
    shared.authorize.authorize(bearer(&head.headers), &site, Scope::Admin).await?;
    let site = shared.sites.get(&site).ok_or_else(|| Problem::not_found(format!("there is no site `{site}`")))?;
    let encoding = Encoding::of(&head.headers)?;
    if let Some(Extension(context)) = context {
        context.patience.lift_deadlines();
    }

    let begin = Instant::now();
    let idle = Duration::from_millis(shared.config.import_idle_timeout_ms);
    let mut import = Import::new(shared, site);
    let mut lines = Lines::new(LINE_BYTES_MAX, encoding == Encoding::Gzip);
    let read = loop {
        match tokio::time::timeout(idle, body::next_piece(&mut body)).await {
            Err(_) => break Err(Interrupted::Body(BodyFault::TooSlow)),
            Ok(Err(fault)) => break Err(Interrupted::Body(fault)),
            Ok(Ok(None)) => break lines.finish(|line| import.line(line)).map_err(Interrupted::Stream),
            Ok(Ok(Some(piece))) => {
                if let Err(fault) = lines.push(&piece, |line| import.line(line)) {
                    break Err(Interrupted::Stream(fault));
                }
            }
        }
        import.append_full_batches().await?;
    };
    import.append_rest().await?;
    let report = import.finish(begin);
    match read {
        Ok(()) if report.accepted > 0 => Ok(Json(report).into_response()),
        Ok(()) => Err(with_report(
            Problem::bad_request("no-valid-line", "no line of it could be taken, see `faults`"),
            &report,
        )),
        Err(interrupted) => Err(with_report(interrupted.into(), &report)),
    }
}

/// Why the body could not be read to its end.
enum Interrupted {
    Body(BodyFault),
    Stream(StreamFault),
}

impl From<Interrupted> for Problem {
    fn from(interrupted: Interrupted) -> Problem {
        match interrupted {
            Interrupted::Body(fault) => fault.into(),
            Interrupted::Stream(fault) => Problem::bad_request("bad-gzip", fault.to_string()),
        }
    }
}

/// Says how far it came: what is counted as accepted is durable, whatever happened after.
fn with_report(mut problem: Problem, report: &Report) -> Problem {
    if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(report) {
        for (name, value) in fields {
            problem = problem.field(&name, value);
        }
    }
    problem
}

/// Lines on their way to the log together.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// The line of each entry.
    lines: Vec<u64>,
    bytes: usize,
}

struct Import<'a, F> {
    shared: &'a Shared,
    site: &'a Site,
    received_at_ms: i64,
    report: Report,
    line: u64,
    batch: Batch,
    full: Vec<Batch>,
    appending: FuturesUnordered<F>,
    append: fn(&'a Shared, Batch) -> F,
}

type Appended = (Batch, Result<(), NotDurable>);

impl<'a> Import<'a, futures::future::BoxFuture<'a, Appended>> {
    fn new(shared: &'a Shared, site: &'a Site) -> Self {
        Self {
            shared,
            site,
            received_at_ms: shared.clock.now_ms(),
            report: Report::default(),
            line: 0,
            batch: Batch::default(),
            full: Vec::new(),
            appending: FuturesUnordered::new(),
            append: |shared, batch| Box::pin(append(shared, batch)),
        }
    }

    fn line(&mut self, line: Line<'_>) {
        self.line += 1;
        let result = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => return,
            Line::Whole(bytes) => line::entry(self.shared, self.site, self.received_at_ms, bytes),
            Line::TooLong => Err(LineFault {
                name: "line_too_long",
                detail: "a line has at most 1 MiB".into(),
                reason: RefuseReason::TooLarge,
            }),
        };
        self.report.received += 1;
        match result {
            Ok(entry) => {
                self.batch.bytes += entry.key.len() + entry.value.len();
                self.batch.entries.push(entry);
                self.batch.lines.push(self.line);
                let is_full = self.batch.entries.len() >= self.shared.config.import_batch_entries.max(1);
                if is_full || self.batch.bytes >= BATCH_BYTES_MAX {
                    self.full.push(std::mem::take(&mut self.batch));
                }
            }
            Err(fault) => self.refuse(self.line, fault),
        }
    }

    fn refuse(&mut self, line: u64, fault: LineFault) {
        self.shared.ledger.refuse(&self.site.key, self.received_at_ms, fault.reason, 1);
        self.report.refuse(line, fault);
    }

    async fn append_full_batches(&mut self) -> Result<(), Problem> {
        for batch in std::mem::take(&mut self.full) {
            while self.appending.len() >= self.shared.config.import_appends_max.max(1) {
                self.settle_next().await?;
            }
            self.appending.push((self.append)(self.shared, batch));
        }
        Ok(())
    }

    async fn append_rest(&mut self) -> Result<(), Problem> {
        let rest = std::mem::take(&mut self.batch);
        if !rest.entries.is_empty() {
            self.full.push(rest);
        }
        self.append_full_batches().await?;
        while !self.appending.is_empty() {
            self.settle_next().await?;
        }
        Ok(())
    }

    /// Waits for one of the appends.
    async fn settle_next(&mut self) -> Result<(), Problem> {
        let Some((batch, result)) = self.appending.next().await else { return Ok(()) };
        match result {
            Ok(()) => {
                self.report.accepted += batch.entries.len() as u64;
                Ok(())
            }
            // One line spoils its batch: the others go again, the largest is told.
            Err(NotDurable::TooLarge) => {
                self.retry_without_largest(batch);
                Ok(())
            }
            Err(error) => {
                let detail = format!("the log takes nothing ({error}); send the import again, each view counts once");
                let problem = Problem::unavailable("not-durable", detail, Duration::from_secs(30));
                Err(with_report(problem, &self.report))
            }
        }
    }

    fn retry_without_largest(&mut self, mut batch: Batch) {
        let sizes = batch.entries.iter().map(|entry| entry.value.len());
        if let Some((largest, _)) = sizes.enumerate().max_by_key(|&(_, bytes)| bytes) {
            batch.entries.swap_remove(largest);
            let line = batch.lines.swap_remove(largest);
            let detail = "the snapshot is larger than the log takes".into();
            self.refuse(line, LineFault { name: "too_large", detail, reason: RefuseReason::TooLarge });
        }
        if !batch.entries.is_empty() {
            self.appending.push((self.append)(self.shared, batch));
        }
    }

    fn finish(self, begin: Instant) -> Report {
        let (received, accepted) = (self.report.received, self.report.accepted);
        self.shared.ledger.metrics.import_accepted.increment(accepted);
        self.shared.ledger.metrics.import_refused.increment(received - accepted);
        events::import_finished(&self.site.key, received, accepted, begin.elapsed().as_millis() as u64);
        self.report
    }
}

async fn append(shared: &Shared, batch: Batch) -> Appended {
    let entries: Vec<Entry> = batch.entries.clone();
    let patience = Duration::from_millis(shared.config.import_wait_ms);
    let result = shared.durable.append_patiently(entries, patience).await;
    (batch, result)
}
