//! What people say about a site, kept as documents: releases, annotations, incidents, journeys, scales, page rules, share links.
//!
//! A document is a small JSON text under a kind and an id. Each version is a row of its own, so that what held at any time can be
//! told afterwards; the newest version holds, and a deleted document ends with a headstone. What a kind's text means is that kind's
//! module's business.

pub(crate) mod calls;

use crate::planner::scope::{Scope, Service, ServiceTable, SiteTable, Statement};
use crate::state::QueryState;
use felt_schema::rows::DocumentRow;
use felt_store::{JsonRow, Param, QueryLimits, Store, StoreError};

const COLUMNS: &str = "site, id, toUnixTimestamp64Milli(version), deleted, body, author";
const NEWEST: &str = "ORDER BY version DESC LIMIT 1 BY site, id";
const ALL: &str = "ORDER BY site, id, version";

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A release of the site's software.
    Release,
    /// A remark at a moment.
    Annotation,
    /// A span in which something was wrong.
    Incident,
    /// A way through the site, by steps.
    Journey,
    /// An anchored scale.
    Scale,
    /// The rules that say which paths are one page.
    PageRules,
    /// A span that a promise does not count.
    Correction,
    /// Where alerts are sent.
    AlertRoute,
    /// A span or an alert that is not to be told.
    Silence,
    /// A link that shows the site to people without an account.
    Link,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Release => "release",
            Kind::Annotation => "annotation",
            Kind::Incident => "incident",
            Kind::Journey => "journey",
            Kind::Scale => "scale",
            Kind::PageRules => "page_rules",
            Kind::Correction => "correction",
            Kind::AlertRoute => "alert_route",
            Kind::Silence => "silence",
            Kind::Link => "link",
        }
    }
}

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The site's key.
    pub site: String,
    /// Its id among those of its kind on that site.
    pub id: String,
    /// When this version was written, in Unix ms.
    pub version_ms: i64,
    /// Whether it was taken back.
    pub deleted: bool,
    /// What it says, as JSON.
    pub body: String,
    /// Who wrote it; empty where anybody may.
    pub author: String,
}

impl Document {
    /// The document of that id, unless it was taken back.
    pub async fn find(state: &QueryState, kind: Kind, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        Ok(Self::newest(state, kind, site, id).await?.filter(|document| !document.deleted))
    }

    /// The site's documents of a kind that were not taken back, by their ids.
    pub async fn of_site(state: &QueryState, kind: Kind, site: &str) -> Result<Vec<Self>, StoreError> {
        let mut scope = Scope::of(site);
        let condition = format!("kind = {}", scope.text(kind.name()));
        let rows = scope.rows(SiteTable::Documents, "*", &[condition]);
        let mut found = load(state, &scope.statement(COLUMNS, rows, NEWEST)).await?;
        found.retain(|document| !document.deleted);
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    /// Every version of the site's documents of a kind, those that were taken back too, in the order in which they were written.
    pub async fn versions(state: &QueryState, kind: Kind, site: &str) -> Result<Vec<Self>, StoreError> {
        let mut scope = Scope::of(site);
        let condition = format!("kind = {}", scope.text(kind.name()));
        let rows = scope.rows(SiteTable::Documents, "*", &[condition]);
        load(state, &scope.statement(COLUMNS, rows, ALL)).await
    }

    /// The documents of a kind of every site that were not taken back.
    pub async fn everywhere(state: &QueryState, kind: Kind) -> Result<Vec<Self>, StoreError> {
        Self::of_kind(&state.store, kind, state.config.limits()).await
    }

    /// The same, for whoever has nothing but the store.
    pub(crate) async fn of_kind(store: &Store, kind: Kind, limits: QueryLimits) -> Result<Vec<Self>, StoreError> {
        let mut service = Service::of(ServiceTable::Documents);
        let kind = service.bind("String", Param::Text(kind.name().into()));
        let statement =
            service.statement(COLUMNS, &format!("WHERE kind = {kind} ORDER BY version DESC LIMIT 1 BY site, id"));
        let mut found = read(store, &statement, limits).await?;
        found.retain(|document| !document.deleted);
        Ok(found)
    }

    /// Writes a version that is newer than the one before, whatever the clock says.
    pub async fn put(
        state: &QueryState,
        kind: Kind,
        site: &str,
        id: &str,
        body: &str,
        author: &str,
    ) -> Result<Self, StoreError> {
        Self::write(state, kind, site, id, false, body, author).await
    }

    /// Takes a document back; `false` when there was none.
    pub async fn delete(
        state: &QueryState,
        kind: Kind,
        site: &str,
        id: &str,
        author: &str,
    ) -> Result<bool, StoreError> {
        let there = Self::find(state, kind, site, id).await?.is_some();
        if there {
            Self::write(state, kind, site, id, true, "", author).await?;
        }
        Ok(there)
    }

    async fn write(
        state: &QueryState,
        kind: Kind,
        site: &str,
        id: &str,
        deleted: bool,
        body: &str,
        author: &str,
    ) -> Result<Self, StoreError> {
        let before_ms = Self::newest(state, kind, site, id).await?.map_or(i64::MIN, |document| document.version_ms);
        let version_ms = state.clock.now_ms().max(before_ms.saturating_add(1));
        let row = DocumentRow {
            site: site.into(),
            kind: kind.name().into(),
            id: id.into(),
            version: version_ms,
            deleted: deleted.into(),
            body: body.into(),
            author: author.into(),
        };
        state.store.insert_rows("documents", &[row], None).await?;
        let (site, id, body, author) = (site.into(), id.into(), body.into(), author.into());
        Ok(Self { site, id, version_ms, deleted, body, author })
    }

    async fn newest(state: &QueryState, kind: Kind, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let mut scope = Scope::of(site);
        let conditions = [format!("kind = {}", scope.text(kind.name())), format!("id = {}", scope.text(id))];
        let rows = scope.rows(SiteTable::Documents, "*", &conditions);
        Ok(load(state, &scope.statement(COLUMNS, rows, NEWEST)).await?.pop())
    }
}

async fn load(state: &QueryState, statement: &Statement) -> Result<Vec<Document>, StoreError> {
    read(&state.store, statement, state.config.limits()).await
}

async fn read(store: &Store, statement: &Statement, limits: QueryLimits) -> Result<Vec<Document>, StoreError> {
    let rows = store.query_json(statement.sql(), &statement.params(), limits).await?;
    Ok(rows.iter().filter_map(of_row).collect())
}

fn of_row(row: &JsonRow) -> Option<Document> {
    let text = |index: usize| Some(row.get(index)?.as_str()?.to_owned());
    Some(Document {
        site: text(0)?,
        id: text(1)?,
        version_ms: row.get(2)?.as_i64()?,
        deleted: row.get(3)?.as_u64()? != 0,
        body: text(4)?,
        author: text(5)?,
    })
}
