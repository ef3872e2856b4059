//! An SLO as it is kept in the store.

use crate::grammar::Filter;
use crate::planner::scope::{Scope, ServiceTable, SiteTable, Statement};
use crate::state::QueryState;
use felt_schema::rows::SloRow;
use felt_schema::slo::{Checks, FilterFault, Finding, SliKind, Slo, read_json};
use felt_store::{JsonRow, StoreError};

/// Most SLOs of one site.
pub const SLOS_MAX: usize = 1_000;
const COLUMNS: &str = "site, id, version, definition, counted, deleted, toUnixTimestamp64Milli(updated_at)";
const NEWEST: &str = "ORDER BY updated_at DESC LIMIT 1 BY site, id";

/// A promise of a site.
#[derive(Debug, Clone)]
pub struct Promise {
    /// The site's key.
    pub site: String,
    /// When this definition was made, in Unix ms.
    pub version: i64,
    /// What it says.
    pub slo: Slo,
    /// Whether the past was counted by it.
    pub counted: bool,
    updated_at_ms: i64,
}

/// Reads the body of a `PUT`: what it promises, and what the sender should know.
///
/// # Errors
/// With every finding.
pub fn read(id: &str, body: &[u8]) -> Result<(Slo, Vec<Finding>), Vec<Finding>> {
    let (slo, warnings) = read_json(id, body, Checks { filter: &check_filter })?;
    let fault = |field: &str, detail: &str| {
        let field = field.to_owned();
        let (file, object, line, did_you_mean) = (String::new(), String::new(), None, None);
        let severity = felt_schema::slo::Severity::Error;
        vec![Finding { severity, file, line, object, field, detail: detail.to_owned(), did_you_mean }]
    };
    if matches!(slo.sli.kind, SliKind::Fresh { .. }) && !slo.sli.filters.is_empty() {
        return Err(fault("sli.filters", "the pipeline is the same for all page views: leave the filters out"));
    }
    Ok((slo, warnings))
}

fn check_filter(text: &str) -> Result<(), FilterFault> {
    match Filter::parse(text) {
        Ok(_) => Ok(()),
        Err(fault) => Err(FilterFault { detail: fault.detail, did_you_mean: fault.did_you_mean }),
    }
}

impl Promise {
    /// A promise made now.
    pub fn new(site: &str, slo: Slo, now_ms: i64) -> Self {
        Self { site: site.into(), version: now_ms, slo, counted: false, updated_at_ms: now_ms }
    }

    /// The same counts, promised in other words or to another degree.
    #[must_use]
    pub fn saying(self, slo: Slo) -> Self {
        Self { slo, ..self }
    }

    /// Another indicator in its place, which is counted anew.
    #[must_use]
    pub fn counting(self, slo: Slo, now_ms: i64) -> Self {
        Self { version: now_ms.max(self.version + 1), counted: false, slo, ..self }
    }

    /// Keeps it; `deleted` takes it back.
    pub async fn save(&mut self, state: &QueryState, deleted: bool) -> Result<(), StoreError> {
        // Later than the row before, whatever the clock says.
        self.updated_at_ms = state.clock.now_ms().max(self.updated_at_ms + 1);
        let row = SloRow {
            site: self.site.clone(),
            id: self.slo.id.clone(),
            version: self.version,
            definition: self.slo.to_json().to_string(),
            counted: self.counted.into(),
            deleted: deleted.into(),
            updated_at: self.updated_at_ms,
        };
        state.store.insert_rows("slos", &[row], None).await
    }

    /// The promise of that id on that site.
    pub async fn find(state: &QueryState, site: &str, id: &str) -> Result<Option<Self>, StoreError> {
        let mut scope = Scope::of(site);
        let condition = format!("id = {}", scope.text(id));
        let rows = scope.rows(SiteTable::Slos, "*", &[condition]);
        Ok(load(state, scope.statement(COLUMNS, rows, NEWEST)).await?.pop())
    }

    /// Whether there is or was a promise of that id on that site.
    pub async fn was_ever(state: &QueryState, site: &str, id: &str) -> Result<bool, StoreError> {
        let mut scope = Scope::of(site);
        let condition = format!("id = {}", scope.text(id));
        let statement = scope.rows(SiteTable::Slos, "*", &[condition]);
        let statement = scope.statement("count()", statement, "");
        let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
        Ok(rows.first().and_then(|row| row.first()?.as_u64()) != Some(0))
    }

    /// The site's promises by their ids.
    pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<Self>, StoreError> {
        let scope = Scope::of(site);
        let rows = scope.rows(SiteTable::Slos, "*", &[]);
        let mut list = load(state, scope.statement(COLUMNS, rows, NEWEST)).await?;
        list.sort_by(|one, other| one.slo.id.cmp(&other.slo.id));
        Ok(list)
    }

    /// The promises of every site.
    pub async fn all(state: &QueryState) -> Result<Vec<Self>, StoreError> {
        load(state, Statement::service(ServiceTable::Slos, COLUMNS, NEWEST)).await
    }

    /// The journey that it is about, if it is about one.
    pub fn journey(&self) -> &str {
        match &self.slo.sli.kind {
            SliKind::Available { journey, .. } => journey,
            SliKind::Fast { .. } | SliKind::Happy(_) | SliKind::Works | SliKind::Fresh { .. } => "",
        }
    }

    /// The filters of its indicator. They were checked when it was made.
    pub fn filters(&self) -> Vec<Filter> {
        self.slo.sli.filters.iter().filter_map(|text| Filter::parse(text).ok()).collect()
    }
}

async fn load(state: &QueryState, statement: Statement) -> Result<Vec<Promise>, StoreError> {
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    Ok(rows.into_iter().filter_map(of_row).collect())
}

/// Deleted ones are none; what an older server wrote and this one cannot read is left alone.
fn of_row(row: JsonRow) -> Option<Promise> {
    let text = |index: usize| row.get(index)?.as_str();
    let number = |index: usize| row.get(index)?.as_i64();
    if number(5)? != 0 {
        return None;
    }
    let (slo, _) = read_json(text(1)?, text(3)?.as_bytes(), Checks::NONE).ok()?;
    Some(Promise {
        site: text(0)?.to_owned(),
        version: number(2)?,
        slo,
        counted: number(4)? != 0,
        updated_at_ms: number(6)?,
    })
}
