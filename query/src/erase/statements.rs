//! The SQL of an erasure. Reads go through the planner's [`Scope`], which adds the site; changes name the site and the ids by
//! the erasure's targets, so that nothing of a person stands in a text that ClickHouse keeps beside its tables.

use super::record::Erasure;
use crate::planner::scope::{Scope, SiteTable, Statement};

/// Most ids of a kind that one round takes; a further round takes the rest.
pub const IDS_PER_ROUND_MAX: u32 = 50_000;
/// Most ids that the search for mentions looks for: ClickHouse takes 255 at once.
pub const MENTIONS_MAX: u32 = 200;

/// A site's rows as an erasure sees them.
struct Sight {
    scope: Scope,
    erasure: String,
}

impl Sight {
    fn of(erasure: &Erasure) -> Self {
        let mut scope = Scope::of(&erasure.site);
        let erasure = scope.text(&erasure.id);
        Self { scope, erasure }
    }

    /// The targets of these kinds, as a sub-select of `column`.
    fn targets(&self, column: &str, kinds: &[&str]) -> String {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
        let conditions = [format!("erasure = {}", self.erasure), format!("kind IN ({})", kinds.join(", "))];
        self.scope.rows(SiteTable::ErasureTargets, column, &conditions).within()
    }

    /// What of `page_views` is the person's. A row that takes another back carries blanked ids, and is found by its view.
    fn views(&self) -> String {
        let (visitors, sessions) = (self.targets("id", &["visitor"]), self.targets("id", &["session"]));
        format!("visitor IN {visitors} OR session IN {sessions} OR view IN {}", self.targets("id", &["view"]))
    }

    /// What of `events` is the person's.
    fn events(&self) -> String {
        format!("session IN {} OR view IN {}", self.targets("id", &["session"]), self.targets("id", &["view"]))
    }

    /// States of the person's views that still have an id in them.
    fn states(&self) -> String {
        let ids = self.blanked();
        format!(
            "view_hash IN {} AND arrayExists(id -> position(state, id) > 0, {ids})",
            self.targets("xxh3(id)", &["view"])
        )
    }

    /// The ids that are blanked out. A view without a session of its own has its own id as that: it stays, because the
    /// next snapshot is known by it.
    fn blanked(&self) -> String {
        let conditions = [
            format!("erasure = {}", self.erasure),
            "kind != 'view'".to_owned(),
            format!("kind = 'visitor' OR id NOT IN {}", self.targets("id", &["view"])),
        ];
        self.scope.rows(SiteTable::ErasureTargets, "groupUniqArray(id)", &conditions).within()
    }
}

/// Whether the subject itself is still among the targets: without it a search would find nothing and prove nothing.
pub fn is_aimed(erasure: &Erasure) -> Statement {
    let sight = Sight::of(erasure);
    let conditions = [format!("erasure = {}", sight.erasure), format!("kind = '{}'", erasure.kind.name())];
    let rows = sight.scope.rows(SiteTable::ErasureTargets, "1", &conditions);
    sight.scope.statement("count()", rows, "")
}

/// Sessions of the visitor that are not among the targets yet.
pub fn new_sessions(erasure: &Erasure) -> Statement {
    let sight = Sight::of(erasure);
    let known = sight.targets("id", &["session"]);
    let conditions = [format!("visitor IN {}", sight.targets("id", &["visitor"])), format!("session NOT IN {known}")];
    let rows = sight.scope.rows(SiteTable::PageViews, "session", &conditions);
    sight.scope.statement("DISTINCT session", rows, &format!("LIMIT {IDS_PER_ROUND_MAX}"))
}

/// Page views of the person that are not among the targets yet.
pub fn new_views(erasure: &Erasure) -> Statement {
    let sight = Sight::of(erasure);
    let unknown = format!("view NOT IN {}", sight.targets("id", &["view"]));
    let views = sight.scope.rows(SiteTable::PageViews, "view", &[sight.views(), unknown.clone()]);
    let events = sight.scope.rows(SiteTable::Events, "view", &[sight.events(), unknown]);
    sight.scope.statement("DISTINCT view", views.and(events), &format!("LIMIT {IDS_PER_ROUND_MAX}"))
}

/// How many rows of each table are the person's.
pub fn counts(erasure: &Erasure) -> [Statement; 5] {
    let of = |table: SiteTable, condition: fn(&Sight) -> String| {
        let sight = Sight::of(erasure);
        let rows = sight.scope.rows(table, "1", &[condition(&sight)]);
        sight.scope.statement("count()", rows, "")
    };
    let letters = {
        let sight = Sight::of(erasure);
        let ids = sight.targets("groupUniqArray(id)", &["visitor", "session", "view"]);
        let condition = format!("arrayExists(id -> position(value, concat('\"', id, '\"')) > 0, {ids})");
        let rows = sight.scope.letters("1", &condition);
        sight.scope.statement("count()", rows, "")
    };
    [
        of(SiteTable::PageViews, Sight::views),
        of(SiteTable::PageViewSample, Sight::views),
        of(SiteTable::Events, Sight::events),
        of(SiteTable::ViewStates, Sight::states),
        letters,
    ]
}

/// The ids whose mentions are searched for.
pub fn mentioned(erasure: &Erasure) -> Statement {
    let sight = Sight::of(erasure);
    let conditions = [
        format!("erasure = {}", sight.erasure),
        "kind != 'view'".to_owned(),
        format!("kind = 'visitor' OR id NOT IN {}", sight.targets("id", &["view"])),
    ];
    let rows = sight.scope.rows(SiteTable::ErasureTargets, "kind, id", &conditions);
    let rest = format!("GROUP BY id ORDER BY min(kind) DESC, id LIMIT {MENTIONS_MAX}");
    sight.scope.statement("id", rows, &rest)
}

/// Every table with a site, each with its columns that can hold text, as the database itself names them.
pub const TEXT_COLUMNS: &str = "SELECT table, groupArrayIf(name, type LIKE '%String%' AND name != 'site') FROM system.columns \
     WHERE database = currentDatabase() AND table NOT IN ('erasures', 'erasure_targets') \
     GROUP BY table HAVING countIf(name = 'site') > 0 OR table = 'dead_letters' ORDER BY table";

/// How many rows of `table` have one of `ids` in some text; `None` for what is no name of ours.
pub fn mentions(erasure: &Erasure, table: &str, columns: &[String], ids: Vec<String>) -> Option<Statement> {
    let mut scope = Scope::of(&erasure.site);
    let ids = scope.texts(ids);
    let ours = |column: &&String| column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let anywhere: Vec<String> =
        columns.iter().filter(ours).map(|column| format!("multiSearchAny(toString(`{column}`), {ids})")).collect();
    let anywhere = if anywhere.is_empty() { "0".to_owned() } else { anywhere.join(" OR ") };
    let rows = if table == "dead_letters" {
        scope.letters("1", &anywhere)
    } else {
        scope.rows_of_named(table, "1", &[anywhere])?
    };
    Some(scope.statement("count()", rows, ""))
}

/// The changes that delete the person's rows, each with its table. `database` is the configured one.
pub struct Changes<'a> {
    erasure: &'a Erasure,
    database: &'a str,
}

impl<'a> Changes<'a> {
    /// Changes for that erasure in that database.
    pub fn of(erasure: &'a Erasure, database: &'a str) -> Self {
        Self { erasure, database }
    }

    fn targets(&self, column: &str, more: &str) -> String {
        // Our own random id: letters, digits, `_` and `-`.
        format!(
            "(SELECT {column} FROM {}.erasure_targets WHERE erasure = '{}' AND {more})",
            self.database, self.erasure.id
        )
    }

    fn ids(&self, kind: &str) -> String {
        self.targets("id", &format!("kind = '{kind}'"))
    }

    fn of_site(&self) -> String {
        format!("site IN {}", self.targets("site", "1"))
    }

    /// Deletes from `page_views` and from its sample.
    pub fn page_views(&self) -> String {
        let (visitors, sessions, views) = (self.ids("visitor"), self.ids("session"), self.ids("view"));
        let whose = format!("visitor IN {visitors} OR session IN {sessions} OR view IN {views}");
        format!("DELETE WHERE {} AND ({whose})", self.of_site())
    }

    /// Deletes from `events`.
    pub fn events(&self) -> String {
        let whose = format!("session IN {} OR view IN {}", self.ids("session"), self.ids("view"));
        format!("DELETE WHERE {} AND ({whose})", self.of_site())
    }

    /// Blanks the ids in `view_states`, letter by letter, so that what is around them keeps its place. No id has a dot.
    pub fn view_states(&self) -> String {
        let others = format!("kind = 'session' AND id NOT IN {}", self.ids("view"));
        let ids = self.targets("groupUniqArray(id)", &format!("(kind = 'visitor' OR ({others}))"));
        let blank = "replaceAll(blanked, id, repeat('.', length(id)))";
        format!(
            "UPDATE state = arrayFold((blanked, id) -> {blank}, {ids}, state) WHERE {} AND view_hash IN {}",
            self.of_site(),
            self.targets("xxh3(id)", "kind = 'view'")
        )
    }

    /// Deletes the states of views that began before the request: no snapshot of them can come any more.
    pub fn old_states(&self) -> String {
        format!(
            "DELETE WHERE {} AND hour <= toDateTime({}, 'UTC') AND view_hash IN {}",
            self.of_site(),
            self.erasure.requested_at_ms / 1000,
            self.targets("xxh3(id)", "kind = 'view'")
        )
    }

    /// Deletes from `dead_letters` what names this site, or no site that can be read.
    pub fn dead_letters(&self) -> String {
        let sites = self.targets("groupUniqArray(site)", "1");
        let ids = self.targets("groupUniqArray(id)", "1");
        format!(
            "DELETE WHERE (arrayExists(site -> position(value, concat('\"site\":\"', site, '\"')) > 0, {sites}) \
             OR position(value, '\"site\":\"') = 0) \
             AND arrayExists(id -> position(value, concat('\"', id, '\"')) > 0, {ids})"
        )
    }
}
