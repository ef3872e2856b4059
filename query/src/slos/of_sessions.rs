//! Promises about sessions: a session counts in the minute in which it began, by what is known of it so far.
//!
//! It is valid when one of its page views is, and good when none of those is bad; for the score it has its peak-end points, of 8. Sessions are
//! cut as everywhere ([`felt_schema::visit`]); of one that goes on for longer than [`SESSION_S_MAX`] the beginning counts.

use super::counting::{HUMANS, Judged, judged};
use super::promise::Promise;
use crate::grammar::Dimension;
use crate::planner::conditions::{dimension_sql, raw_column};
use crate::planner::scope::{Rows, Scope, SiteTable, Statement};
use crate::planner::{Window, window_conditions};
use crate::sessions::{BEFORE_MS, cut, peak_end};
use felt_schema::anchors::Level;
use felt_schema::metric::MISSING;
use felt_schema::slo::{Happy, SliKind};
use felt_schema::visit::LOOKED_MS_MAX;
use felt_store::Param;
use std::ops::Range;

/// How long a session is followed.
const SESSION_S_MAX: i64 = 4 * 3_600;
/// The most points of a session: four for its worst view, four for its last.
const POINTS_EACH: i64 = 8;

/// Minutes whose counts may change with a page view that began in the minute from `minute_s`: those of the session that it is part of,
/// and of the one that it joins to an earlier one.
pub fn reach(minute_s: i64) -> Range<i64> {
    minute_s - SESSION_S_MAX..minute_s + 60 + BEFORE_MS / 1_000
}

/// The statement for minute, good and valid of the sessions that began in `span`, in Unix seconds.
pub fn statement(promise: &Promise, span: &Range<i64>) -> Statement {
    let mut scope = Scope::of(&promise.site);
    let own = sessions(&mut scope, promise, span, None);
    let (good, valid) = match promise.slo.sli.kind {
        SliKind::Happy(Happy::Score) => (format!("sum({})", peak_end("levels")), format!("{POINTS_EACH} * count()")),
        _ => ("countIf(arrayAll(view -> view.5, own))".to_owned(), "count()".to_owned()),
    };
    let select = format!("intDiv(begun, 60000) * 60 AS minute, toInt64({good}), toInt64({valid})");
    scope.statement(&select, own, "GROUP BY minute")
}

/// The sessions that began in `span` as what they touched and spent, for [`spenders`](super::spenders).
///
/// A session counts for every value that one of its views has. It is bad by those that its bad views have; of the score, by that of its worst
/// view and that of its last, each with the points that were lost there.
pub fn spent(scope: &mut Scope, promise: &Promise, by: &Dimension, span: &Range<i64>) -> Rows {
    let own = sessions(scope, promise, span, Some(by));
    let touched = "arrayDistinct(arrayMap(view -> view.6, own)) AS touched";
    match promise.slo.sli.kind {
        SliKind::Happy(Happy::Score) => {
            let points = Level::ALL.map(|level| level.points().to_string()).join(", ");
            let most = POINTS_EACH / 2;
            let lost = |view: &str| format!("({view}.6, toInt64({most} - [{points}][1 + {view}.3]))");
            let worst = "arrayFirst(view -> view.3 = arrayMax(levels), own) AS worst, own[-1] AS last";
            own.select(&format!("own, levels, {worst}, {touched}, [{}, {}] AS spent", lost("worst"), lost("last")), "")
                .select(
                    &format!("touched, toInt64({POINTS_EACH}) AS each, spent, arraySum(part -> part.2, spent) AS lost"),
                    "",
                )
        }
        _ => {
            let bad = "arrayDistinct(arrayMap(view -> view.6, arrayFilter(view -> NOT view.5, own)))";
            own.select(&format!("{touched}, arrayMap(value -> (value, toInt64(1)), {bad}) AS spent"), "")
                .select("touched, toInt64(1) AS each, spent, toInt64(notEmpty(spent)) AS lost", "")
        }
    }
}

/// The sessions that began in `span` with `begun`, `own` (the views of each that count, as (begun, over, level, counts, good, value of `by`)) and
/// `levels`.
fn sessions(scope: &mut Scope, promise: &Promise, span: &Range<i64>, by: Option<&Dimension>) -> Rows {
    let window = Window { from_ms: span.start * 1_000 - BEFORE_MS, to_ms: (span.end + SESSION_S_MAX) * 1_000 };
    let mut conditions = window_conditions(scope, window);
    conditions.extend([HUMANS.to_owned(), "session != ''".to_owned()]);
    let Judged { good, valid } = judged(scope, promise);
    let value = by.map_or("''".to_owned(), |by| dimension_sql(scope, by, &raw_column));
    let columns = format!(
        "any(session) AS person, max(toUnixTimestamp64Milli(started_at)) AS begun, \
         argMaxIf(if(least(first_hidden_ms, left_ms) = {MISSING}, 0, least(first_hidden_ms, left_ms, {LOOKED_MS_MAX})), \
         seq, sign = 1) AS looked, argMaxIf(level, seq, sign = 1) AS felt, argMaxIf({valid}, seq, sign = 1) AS counts, \
         argMaxIf({good}, seq, sign = 1) AS kept, argMaxIf(toString({value}), seq, sign = 1) AS segment"
    );
    let views = scope.rows(SiteTable::PageViews, &columns, &conditions).collapsed_by("cityHash64(session, view)");
    let (from, to) = (ms(scope, span.start), ms(scope, span.end));
    let followed = SESSION_S_MAX * 1_000;
    cut(views, "felt, counts, kept, segment").select(
        &format!(
            "visit[1].1 AS begun, arrayFilter(view -> view.4 AND view.1 - begun < {followed}, visit) AS own, \
             arrayMap(view -> view.3, own) AS levels"
        ),
        &format!("WHERE begun >= {from} AND begun < {to} AND notEmpty(own)"),
    )
}

fn ms(scope: &mut Scope, second: i64) -> String {
    scope.bind("Int64", Param::Int(second * 1_000))
}
