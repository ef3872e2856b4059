//! What happened in some sessions: errors, steps, timings, requests, clicks in vain, long frames, feedback; each as the last
//! snapshot of its view told it.

use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Row, Window};
use felt_schema::snapshot::EventKind;
use felt_store::{JsonRow, Param};

/// Something that happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Happened {
    pub at_ms: i64,
    pub view: String,
    pub session: String,
    pub n: i64,
    pub page: String,
    pub kind: String,
    /// Of a timing its name, of a step its journey.
    pub name: String,
    pub step: String,
    pub currency: String,
    pub message: String,
    pub stack: String,
    pub source: String,
    pub url: String,
    pub target: String,
    pub script: String,
    pub text: String,
    pub country: String,
    pub device: String,
    pub release: String,
    pub status: i64,
    pub value: Option<f64>,
    pub duration: Option<f64>,
    pub blocking: Option<f64>,
    pub score: Option<f64>,
    pub of: Option<f64>,
}

/// Texts, in the order of the fields.
const TEXTS: [&str; 15] = [
    "page", "type", "name", "step", "currency", "message", "stack", "source", "url", "target", "script", "text",
    "country", "device", "release",
];
/// Numbers that may be missing, in the order of the fields.
const NUMBERS: [&str; 5] = ["value", "duration", "blocking", "score", "`of`"];

impl Happened {
    /// The conditions on the time of what happened.
    pub fn within(scope: &mut Scope, window: Window) -> Vec<String> {
        let mut ms = |value: i64| scope.bind("Int64", Param::Int(value));
        let (from, to, day) = (ms(window.from_ms), ms(window.to_ms), ms(window.from_ms - crate::grammar::DAY_MS));
        vec![
            format!("at >= fromUnixTimestamp64Milli({from}, 'UTC')"),
            format!("at < fromUnixTimestamp64Milli({to}, 'UTC')"),
            // Nothing arrives long before it happened, so older partitions need not be opened.
            format!("day >= toDate(fromUnixTimestamp64Milli({day}, 'UTC'))"),
        ]
    }

    /// The condition that lets only these kinds through.
    pub fn only(kinds: &[EventKind]) -> String {
        let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
        format!("type IN ({})", names.join(", "))
    }

    /// The statement for what happened under `conditions`; `rest` orders and limits it.
    pub fn statement(scope: Scope, conditions: &[String], rest: &str) -> Statement {
        let columns = TEXTS.into_iter().chain(["status"]).chain(NUMBERS);
        let told: String = columns.map(|column| format!(", argMaxIf({column}, seq, sign = 1)")).collect();
        let select = format!(
            "argMaxIf(toUnixTimestamp64Milli(at), seq, sign = 1) AS happened, any(view) AS of_view, \
             any(session) AS person, any(n) AS nth{told}"
        );
        let rows = scope.rows(SiteTable::Events, &select, conditions).collapsed_by("cityHash64(view), n");
        scope.statement("*", rows, rest)
    }

    /// What happened, from a row of [`Happened::statement`].
    pub fn read(row: JsonRow) -> Self {
        let mut row = Row::new(row);
        let (at_ms, view, session, n) = (row.int(), row.text(), row.text(), row.int());
        let [
            page,
            kind,
            name,
            step,
            currency,
            message,
            stack,
            source,
            url,
            target,
            script,
            text,
            country,
            device,
            release,
        ] = std::array::from_fn(|_| row.text());
        let status = row.int();
        let [value, duration, blocking, score, of] = std::array::from_fn(|_| row.float());
        Self {
            at_ms,
            view,
            session,
            n,
            page,
            kind,
            name,
            step,
            currency,
            message,
            stack,
            source,
            url,
            target,
            script,
            text,
            country,
            device,
            release,
            status,
            value,
            duration,
            blocking,
            score,
            of,
        }
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: EventKind) -> bool {
        self.kind == kind.name()
    }
}
