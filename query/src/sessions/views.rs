//! The page views of some sessions, each as its last snapshot told it.

use crate::planner::scope::{Scope, Statement};
use crate::planner::{Row, Sample, Window, view_rows, window_conditions};
use felt_schema::anchors::Level;
use felt_schema::metric::{MISSING, Metric};
use felt_schema::visit::Span;
use felt_store::JsonRow;

/// A page view, with what sessions and feedback tell of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub view: String,
    pub session: String,
    pub started_ms: i64,
    pub page: String,
    pub path: String,
    pub title: String,
    pub nav: String,
    pub referrer: String,
    pub country: String,
    pub device: String,
    pub os: String,
    pub browser: String,
    pub release: String,
    pub cause: String,
    level: i64,
    pub status: i64,
    pub failed: bool,
    first_hidden_ms: u32,
    left_ms: u32,
    pub errors: i64,
    pub rage_clicks: i64,
    pub dead_clicks: i64,
    pub failed_requests: i64,
    values: Vec<u32>,
}

/// Texts, in the order of the fields.
const TEXTS: [&str; 11] =
    ["page", "path", "title", "nav", "referrer", "country", "device", "os", "browser", "release", "cause"];
/// Numbers, in the order of the fields.
const NUMBERS: [&str; 9] = [
    "level",
    "status",
    "failed",
    "first_hidden_ms",
    "left_ms",
    "errors",
    "rage_clicks",
    "dead_clicks",
    "failed_requests",
];
/// The metrics that are told of a single view.
pub(crate) const VALUES: [Metric; 7] =
    [Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Fcp, Metric::Ttfb, Metric::Usable, Metric::Load];

impl View {
    /// The statement for the page views in `window` for which `condition` holds.
    pub fn statement(mut scope: Scope, (window, sample): (Window, Option<&Sample>), condition: String) -> Statement {
        let mut conditions = window_conditions(&mut scope, window);
        conditions.push(condition);
        let columns = TEXTS.into_iter().chain(NUMBERS).chain(VALUES.map(Metric::name));
        let told: String = columns.map(|column| format!(", argMaxIf({column}, seq, sign = 1)")).collect();
        let select = format!("any(view), any(session), max(toUnixTimestamp64Milli(started_at)){told}");
        let rows = view_rows(&mut scope, sample, &select, &conditions).collapsed_by("cityHash64(session, view)");
        scope.statement("*", rows, "")
    }

    /// The page view in a row of [`View::statement`].
    pub fn read(row: JsonRow) -> Self {
        let mut row = Row::new(row);
        let (view, session, started_ms) = (row.text(), row.text(), row.int());
        let [page, path, title, nav, referrer, country, device, os, browser, release, cause] =
            std::array::from_fn(|_| row.text());
        let [level, status, failed, first_hidden, left, errors, rage_clicks, dead_clicks, failed_requests] =
            std::array::from_fn(|_| row.int());
        let whole = |number: i64| u32::try_from(number).unwrap_or(MISSING);
        let values = VALUES.iter().map(|_| whole(row.int())).collect();
        Self {
            view,
            session,
            started_ms,
            page,
            path,
            title,
            nav,
            referrer,
            country,
            device,
            os,
            browser,
            release,
            cause,
            level,
            status,
            failed: failed != 0,
            first_hidden_ms: whole(first_hidden),
            left_ms: whole(left),
            errors,
            rage_clicks,
            dead_clicks,
            failed_requests,
            values,
        }
    }

    /// How it felt, if that can be told.
    pub fn level(&self) -> Option<Level> {
        u8::try_from(self.level).ok().and_then(Level::from_u8)
    }

    /// When somebody looked at it.
    pub fn span(&self) -> Span {
        Span::of_view(self.started_ms, self.first_hidden_ms, self.left_ms)
    }

    /// When it was left, in ms from its beginning.
    pub fn left_ms(&self) -> Option<u32> {
        Some(self.left_ms).filter(|&left| left != MISSING)
    }

    /// A metric of it in its own unit.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let index = VALUES.iter().position(|known| *known == metric)?;
        self.values.get(index).filter(|&&micro| micro != MISSING).map(|&micro| metric.from_micro(micro))
    }
}
