//! The record of writes: who did what to which site, when and from where. Rows are only ever added.
//!
//! A write is recorded before it is done, as `accepted`; when it cannot be recorded, it is not done. When it comes to
//! nothing, another row with the same request id says `failed` or `refused`. Of the client, the network is kept and
//! not the address.

mod calls;
mod imports;
mod layer;

#[doc(hidden)]
pub use calls::__path_audit;
pub use calls::{AuditEntry, AuditList, AuditParameters, audit};
pub use imports::RecordImports;
pub(crate) use layer::record_writes;

use crate::events;
use crate::people::Whence;
use crate::secrets::random_text;
use crate::state::store_problem;
use felt_http::{Caller, Problem};
use felt_schema::clock::SharedClock;
use felt_schema::rows::AuditRow;
use felt_store::{Store, StoreError};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest text of a field; an id or an address is shorter.
const FIELD_CHARS_MAX: usize = 300;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was allowed, and is done unless another row says otherwise.
    Accepted,
    /// It was not allowed.
    Refused,
    /// It was allowed and could not be done.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 3] = [Outcome::Accepted, Outcome::Refused, Outcome::Failed];

    /// The name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// One thing to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    row: AuditRow,
}

impl Entry {
    /// What a request's sender does.
    pub fn of(caller: &Caller, whence: &Whence, action: &str) -> Self {
        Self::by(caller.kind.name(), &caller.name, action).from(whence)
    }

    /// What somebody does at a terminal of the machine itself.
    pub fn of_command_line(user: &str, action: &str) -> Self {
        Self::by("command_line", user, action)
    }

    /// What somebody does who is not known, such as failing to sign in.
    pub(crate) fn of_stranger(whence: &Whence, action: &str) -> Self {
        Self::by("anyone", "", action).from(whence)
    }

    fn by(kind: &str, actor: &str, action: &str) -> Self {
        let (actor_kind, actor, action) = (kind.to_owned(), cut(actor), cut(action));
        Self { row: AuditRow { actor_kind, actor, action, outcome: "accepted".into(), ..AuditRow::default() } }
    }

    fn from(mut self, whence: &Whence) -> Self {
        self.row.client = whence.network();
        self.row.request.clone_from(&whence.request);
        self
    }

    /// The site that it is about.
    #[must_use]
    pub fn site(mut self, site: &str) -> Self {
        self.row.site = cut(site);
        self
    }

    /// The site, where `sites` is one.
    #[must_use]
    pub fn sites(self, sites: &[String]) -> Self {
        match sites {
            [site] => self.site(site),
            _ => self,
        }
    }

    /// What it is done to.
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.row.subject = cut(subject);
        self
    }

    /// What became of it.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.row.outcome = outcome.name().into();
        self
    }

    /// More, in words.
    #[must_use]
    pub fn detail(mut self, detail: &str) -> Self {
        self.row.detail = cut(detail);
        self
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(FIELD_CHARS_MAX).collect()
}

/// Where writes are recorded.
#[derive(Clone)]
pub struct Trail {
    store: Store,
    clock: SharedClock,
}

impl Trail {
    /// The record in that store.
    pub fn new(store: Store, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    /// Records.
    ///
    /// # Errors
    /// When the store does not take it: then what was to be recorded must not be done.
    pub async fn record(&self, entry: Entry) -> Result<(), StoreError> {
        let Entry { mut row } = entry;
        // What one process records in the same millisecond stays in its order.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        (row.at, row.id) = (self.clock.now_ms(), format!("{count:08x}-{}", random_text::<6>()));
        events::Written { action: &row.action, outcome: &row.outcome, actor_kind: &row.actor_kind }.emit();
        self.store.insert_rows("audit", &[row], None).await
    }

    /// Records what is about to be done, or says why it must not be.
    pub(crate) async fn before(&self, entry: &Entry) -> Result<(), Problem> {
        self.record(entry.clone()).await.map_err(|error| {
            events::not_recorded(&error);
            store_problem(error).detail("the write cannot be recorded at the moment, so it was not done; try again")
        })
    }

    /// Does what `entry` says: recorded first, and once more when it fails.
    pub(crate) async fn around<T>(
        &self,
        entry: Entry,
        write: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        self.before(&entry).await?;
        let done = write.await;
        if let Err(problem) = &done {
            self.after(entry.outcome(Outcome::Failed).detail(problem.slug())).await;
        }
        done
    }

    /// Records what became of it, as well as that goes.
    pub(crate) async fn after(&self, entry: Entry) {
        if let Err(error) = self.record(entry).await {
            events::not_recorded(&error);
        }
    }
}
