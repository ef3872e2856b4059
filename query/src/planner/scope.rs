//! The one way to SQL: every statement about a site's data is made here, and here the site is added.
//!
//! A [`Statement`] needs [`Rows`], and only [`Scope::rows`] makes those, always with `site = {site:String}` inside the
//! same sub-select as the table's name. Values become server-side parameters by [`Scope::bind`]; what is formatted into
//! the text are identifiers of ours.

use felt_store::Param;

/// A table with a `site` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteTable {
    /// One row a page view and version.
    PageViews,
    /// Of those, one in eight sessions.
    PageViewSample,
    /// Counters and histograms by the minute.
    RollupMinute,
    /// Counters and histograms by the hour.
    RollupHour,
    /// Counters and histograms by the UTC day.
    RollupDay,
    /// Outcomes of snapshots.
    Outcomes,
    /// One row an event and version.
    Events,
    /// Last states of page views.
    ViewStates,
    /// What was asked to be erased.
    Erasures,
    /// The ids that erasures under way look for.
    ErasureTargets,
    /// What was promised.
    Slos,
    /// What was counted for promises.
    SloMinutes,
    /// What people say about the site.
    Documents,
    /// What Prometheus was told.
    ExportedTotals,
    /// What burns too fast, or did.
    Alerts,
    /// Who is told of it.
    AlertDeliveries,
}

impl SiteTable {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            SiteTable::PageViews => "page_views",
            SiteTable::PageViewSample => "page_view_sample",
            SiteTable::RollupMinute => "rollup_minute",
            SiteTable::RollupHour => "rollup_hour",
            SiteTable::RollupDay => "rollup_day",
            SiteTable::Outcomes => "outcomes",
            SiteTable::Events => "events",
            SiteTable::ViewStates => "view_states",
            SiteTable::Erasures => "erasures",
            SiteTable::ErasureTargets => "erasure_targets",
            SiteTable::Slos => "slos",
            SiteTable::SloMinutes => "slo_minutes",
            SiteTable::Documents => "documents",
            SiteTable::ExportedTotals => "exported_totals",
            SiteTable::Alerts => "alerts",
            SiteTable::AlertDeliveries => "alert_deliveries",
        }
    }
}

/// A table of the service itself, which belongs to no site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceTable {
    /// How far each partition of the log is visible.
    Progress,
    /// API tokens.
    Tokens,
    /// What was asked to be erased, on whatever site.
    Erasures,
    /// Accounts of people.
    People,
    /// Sessions of people.
    Sessions,
    /// The record of writes.
    Audit,
    /// What was promised, on whatever site.
    Slos,
    /// What people say, about whatever site.
    Documents,
    /// What burns too fast, on whatever site.
    Alerts,
    /// Who is told of it.
    AlertDeliveries,
    /// Who does what only one process does at a time.
    Leases,
    /// Days of arrival that are in the sample of page views.
    SampledDays,
}

impl ServiceTable {
    fn name(self) -> &'static str {
        match self {
            ServiceTable::Progress => "progress",
            ServiceTable::Tokens => "tokens",
            ServiceTable::Erasures => "erasures",
            ServiceTable::People => "people",
            ServiceTable::Sessions => "sessions",
            ServiceTable::Audit => "audit",
            ServiceTable::Slos => "slos",
            ServiceTable::Documents => "documents",
            ServiceTable::Alerts => "alerts",
            ServiceTable::AlertDeliveries => "alert_deliveries",
            ServiceTable::Leases => "leases",
            ServiceTable::SampledDays => "page_view_sample_days",
        }
    }
}

/// A question to the store: text and parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    sql: String,
    params: Vec<(String, Param)>,
}

impl Statement {
    /// The text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters, as the store takes them.
    pub fn params(&self) -> Vec<(&str, Param)> {
        self.params.iter().map(|(name, param)| (name.as_str(), param.clone())).collect()
    }

    /// The same with what ClickHouse says of it instead of its answer.
    pub fn explained(mut self, how: &'static str) -> Statement {
        self.sql = format!("EXPLAIN {how} {}", self.sql);
        self
    }

    /// A statement about the service's own tables.
    pub fn service(table: ServiceTable, select: &str, rest: &str) -> Statement {
        Statement { sql: format!("SELECT {select} FROM {} {rest}", table.name()), params: Vec::new() }
    }
}

/// A statement about one of the service's own tables, with values.
#[derive(Debug)]
pub struct Service {
    table: ServiceTable,
    params: Vec<(String, Param)>,
}

impl Service {
    /// About `table`.
    pub fn of(table: ServiceTable) -> Self {
        Self { table, params: Vec::new() }
    }

    /// Binds a value and gives the placeholder that stands for it. `kind` is its ClickHouse type.
    pub fn bind(&mut self, kind: &'static str, value: Param) -> String {
        let name = format!("p{}", self.params.len());
        let placeholder = format!("{{{name}:{kind}}}");
        self.params.push((name, value));
        placeholder
    }

    /// The statement `SELECT select FROM table rest`.
    pub fn statement(self, select: &str, rest: &str) -> Statement {
        Statement { params: self.params, ..Statement::service(self.table, select, rest) }
    }
}

/// One site's part of the store, from which a statement is built.
#[derive(Debug)]
pub struct Scope {
    params: Vec<(String, Param)>,
}

/// A sub-select of one site's rows.
#[derive(Debug)]
pub struct Rows(String);

impl Scope {
    /// The part of `site`.
    pub fn of(site: &str) -> Self {
        Scope { params: vec![("site".into(), Param::Text(site.into()))] }
    }

    /// Binds a value and gives the placeholder that stands for it. `kind` is its ClickHouse type.
    pub fn bind(&mut self, kind: &'static str, value: Param) -> String {
        let name = format!("p{}", self.params.len());
        let placeholder = format!("{{{name}:{kind}}}");
        self.params.push((name, value));
        placeholder
    }

    /// Binds a text.
    pub fn text(&mut self, value: &str) -> String {
        self.bind("String", Param::Text(value.into()))
    }

    /// Binds texts.
    pub fn texts(&mut self, values: Vec<String>) -> String {
        self.bind("Array(String)", Param::Texts(values))
    }

    /// The site's rows of `table` for which all `conditions` hold.
    pub fn rows(&self, table: SiteTable, columns: &str, conditions: &[String]) -> Rows {
        let more: String = conditions.iter().map(|condition| format!(" AND ({condition})")).collect();
        Rows(format!("SELECT {columns} FROM {} WHERE site = {{site:String}}{more}", table.name()))
    }

    /// The site's rows of a table that the database's own catalogue names, for searches of all tables; `None` for what is
    /// no name of a table of ours.
    pub fn rows_of_named(&self, table: &str, columns: &str, conditions: &[String]) -> Option<Rows> {
        let ours = table.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let more: String = conditions.iter().map(|condition| format!(" AND ({condition})")).collect();
        ours.then(|| Rows(format!("SELECT {columns} FROM {table} WHERE site = {{site:String}}{more}")))
    }

    /// The records that were put aside of this site, or of none that can be read: what they are is told by their text.
    pub fn letters(&self, columns: &str, condition: &str) -> Rows {
        let of_site =
            "position(value, concat('\"site\":\"', {site:String}, '\"')) > 0 OR position(value, '\"site\":\"') = 0";
        Rows(format!("SELECT {columns} FROM dead_letters WHERE ({of_site}) AND ({condition})"))
    }

    /// The statement `SELECT select FROM rows rest`.
    pub fn statement(self, select: &str, rows: Rows, rest: &str) -> Statement {
        Statement { sql: format!("SELECT {select} FROM ({}) {rest}", rows.0), params: self.params }
    }
}

impl Rows {
    /// So many of these rows, whichever come first.
    pub fn first(self, count: u32) -> Rows {
        Rows(format!("{} LIMIT {count}", self.0))
    }

    /// Of rows that are versions of each other, those with the highest `version`.
    pub fn newest_by(self, key: &'static str, version: &'static str) -> Rows {
        Rows(format!("{} ORDER BY {version} DESC LIMIT 1 BY {key}", self.0))
    }

    /// One row for each `key` of these rows, of which `select` says the columns.
    pub fn per(self, select: &str, key: &str) -> Rows {
        Rows(format!("SELECT {select} FROM ({}) GROUP BY {key}", self.0))
    }

    /// Of the versions of a thing, what its last one says: `columns` have aggregated each `key`, and what was taken back is gone.
    pub fn collapsed_by(self, key: &'static str) -> Rows {
        Rows(format!("{} GROUP BY {key} HAVING sum(sign) > 0", self.0))
    }

    /// `select` of these rows.
    pub fn select(self, select: &str, rest: &str) -> Rows {
        Rows(format!("SELECT {select} FROM ({}) {rest}", self.0))
    }

    /// These rows as a sub-select of another's condition.
    pub fn within(&self) -> String {
        format!("({})", self.0)
    }

    /// These rows and those.
    pub fn and(self, other: Rows) -> Rows {
        Rows(format!("{} UNION ALL {}", self.0, other.0))
    }
}
