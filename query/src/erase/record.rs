//! Where an erasure stands, as it is kept in the store: one row, replaced as it goes on.

use super::subject::{Kind, Subject};
use crate::planner::scope::{Scope, ServiceTable, SiteTable, Statement};
use crate::state::QueryState;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use felt_schema::rows::{ErasureRow, ErasureTargetRow};
use felt_store::{JsonRow, Param, StoreError};
use serde::{Deserialize, Serialize};

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// What was received before the request is not all visible yet.
    Waiting,
    /// Rows are being deleted.
    Erasing,
    /// Nothing is left, and what still comes is looked for.
    Erased,
    /// Nothing is left and nothing can come; the ids are being forgotten here too.
    Closing,
    /// Over.
    Complete,
    /// It has to be asked for again.
    Failed,
}

impl Status {
    const ALL: [Status; 6] =
        [Status::Waiting, Status::Erasing, Status::Erased, Status::Closing, Status::Complete, Status::Failed];

    /// The name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Erasing => "erasing",
            Status::Erased => "erased",
            Status::Closing => "closing",
            Status::Complete => "complete",
            Status::Failed => "failed",
        }
    }

    /// Whether there is more to do.
    pub fn is_open(self) -> bool {
        !matches!(self, Status::Complete | Status::Failed)
    }
}

/// Rows of each table that holds visits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    /// Rows of single page views.
    pub page_views: u64,
    /// Of those, rows in the sample of page views.
    #[serde(default)]
    pub page_view_sample: u64,
    /// Rows of errors, steps, timings, requests, feedback and clicks.
    pub events: u64,
    /// Last states of page views; their ids are blanked out.
    pub view_states: u64,
    /// Records that were put aside because they could not be read.
    pub dead_letters: u64,
}

impl Counts {
    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Together with others.
    #[must_use]
    pub fn plus(self, other: Counts) -> Counts {
        self.zip(other, u64::saturating_add)
    }

    /// Without those.
    #[must_use]
    pub fn minus(self, other: Counts) -> Counts {
        self.zip(other, u64::saturating_sub)
    }

    fn zip(self, other: Counts, with: fn(u64, u64) -> u64) -> Counts {
        Counts {
            page_views: with(self.page_views, other.page_views),
            page_view_sample: with(self.page_view_sample, other.page_view_sample),
            events: with(self.events, other.events),
            view_states: with(self.view_states, other.view_states),
            dead_letters: with(self.dead_letters, other.dead_letters),
        }
    }
}

/// What the search of one table found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Searched {
    /// The table.
    pub table: String,
    /// Rows that are the person's.
    pub rows: u64,
    /// Rows in which some text has one of the ids in it, whoever's they are: a page's address, for example. Null where
    /// the table was too large to search like this.
    #[schema(required)]
    pub mentions: Option<u64>,
}

/// What was found, deleted and proved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rows deleted so far.
    pub erased: Counts,
    /// Rows that a pass under way deletes.
    #[serde(default)]
    pub erasing: Counts,
    /// When a search first found nothing.
    pub erased_at_ms: Option<i64>,
    /// When the last search was.
    pub checked_at_ms: Option<i64>,
    /// What it found.
    pub proof: Vec<Searched>,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The site's key.
    pub site: String,
    /// Its public id.
    pub id: String,
    /// What kind of id was named.
    pub kind: Kind,
    /// [`Subject::hash`].
    pub subject_hash: String,
    /// When it was asked for.
    pub requested_at_ms: i64,
    /// How far it is.
    pub status: Status,
    /// What was found, deleted and proved.
    pub report: Report,
    /// Which process wrote this.
    pub owner: String,
    /// When.
    pub updated_at_ms: i64,
}

const COLUMNS: &str = "site, id, kind, subject_hash, toUnixTimestamp64Milli(requested_at), status, report, owner, \
                       toUnixTimestamp64Milli(updated_at)";
/// Rows of one erasure are versions of each other.
const NEWEST: &str = "ORDER BY updated_at DESC LIMIT 1 BY site, id";
/// Most erasures that are listed.
const LISTED_MAX: u32 = 1_000;

impl Erasure {
    /// An erasure that begins now.
    pub fn new(site: &str, subject: &Subject, now_ms: i64) -> Self {
        Self {
            site: site.into(),
            id: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>()),
            kind: subject.kind,
            subject_hash: subject.hash(site),
            requested_at_ms: now_ms,
            status: Status::Waiting,
            report: Report::default(),
            owner: String::new(),
            updated_at_ms: 0,
        }
    }

    /// Keeps where it stands.
    pub async fn save(&mut self, state: &QueryState, owner: &str) -> Result<(), StoreError> {
        // Later than the row before, whatever the clock says.
        self.updated_at_ms = state.clock.now_ms().max(self.updated_at_ms + 1);
        self.owner = owner.into();
        let row = ErasureRow {
            site: self.site.clone(),
            id: self.id.clone(),
            kind: self.kind.name().into(),
            subject_hash: self.subject_hash.clone(),
            requested_at: self.requested_at_ms,
            status: self.status.name().into(),
            report: serde_json::to_string(&self.report).unwrap_or_default(),
            owner: self.owner.clone(),
            updated_at: self.updated_at_ms,
        };
        state.store.insert_rows("erasures", &[row], None).await
    }

    /// Remembers ids to look for.
    pub async fn aim(&self, state: &QueryState, kind: &str, ids: Vec<String>) -> Result<(), StoreError> {
        let target = |id| ErasureTargetRow { erasure: self.id.clone(), site: self.site.clone(), kind: kind.into(), id };
        let rows: Vec<ErasureTargetRow> = ids.into_iter().map(target).collect();
        state.store.insert_rows("erasure_targets", &rows, None).await
    }

    /// The erasure of that id on that site.
    pub async fn find(state: &QueryState, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let mut scope = Scope::of(site);
        let condition = format!("id = {}", scope.text(id));
        let rows = scope.rows(SiteTable::Erasures, "*", &[condition]);
        Ok(read(state, scope.statement(COLUMNS, rows, NEWEST)).await?.pop())
    }

    /// The site's erasures, the newest first.
    pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<Self>, StoreError> {
        let scope = Scope::of(site);
        let rows = scope.rows(SiteTable::Erasures, "*", &[]);
        let mut list = read(state, scope.statement(COLUMNS, rows, &format!("{NEWEST} LIMIT {LISTED_MAX}"))).await?;
        list.sort_by_key(|erasure| (std::cmp::Reverse(erasure.requested_at_ms), erasure.id.clone()));
        Ok(list)
    }

    /// Erasures of any site that are not over.
    pub async fn open(state: &QueryState) -> Result<Vec<Self>, StoreError> {
        let statement = Statement::service(ServiceTable::Erasures, COLUMNS, &format!("{NEWEST} LIMIT {LISTED_MAX}"));
        let mut list = read(state, statement).await?;
        list.retain(|erasure| erasure.status.is_open());
        Ok(list)
    }
}

async fn read(state: &QueryState, statement: Statement) -> Result<Vec<Erasure>, StoreError> {
    let params: Vec<(&str, Param)> = statement.params();
    let rows = state.store.query_json(statement.sql(), &params, state.config.limits()).await?;
    Ok(rows.into_iter().filter_map(of_row).collect())
}

fn of_row(row: JsonRow) -> Option<Erasure> {
    let text = |index: usize| row.get(index)?.as_str();
    let number = |index: usize| row.get(index)?.as_i64();
    let status = text(5)?;
    Some(Erasure {
        site: text(0)?.to_owned(),
        id: text(1)?.to_owned(),
        kind: Kind::from_name(text(2)?)?,
        subject_hash: text(3)?.to_owned(),
        requested_at_ms: number(4)?,
        status: Status::ALL.into_iter().find(|known| known.name() == status)?,
        report: serde_json::from_str(text(6)?).unwrap_or_default(),
        owner: text(7)?.to_owned(),
        updated_at_ms: number(8)?,
    })
}
