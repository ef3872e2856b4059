//! Promises about journeys: each attempt counts once it is decided, in the minute in which it fell due.
//!
//! An attempt begins when a session reaches the first step, unless it did so within [`AGAIN_S`] before. It is good when the last step is
//! reached in time, on a view that did not fail. It falls due when its deadline is over, and counts in that minute whichever way it went:
//! a minute is then as bad as the journey was, where counting completions when they come would make every beginning outage look good.

use super::promise::Promise;
use crate::documents::{Document, Kind};
use crate::grammar::{Call, Dimension, Query, Who};
use crate::journeys::definition::{Known, of_document, told_of, told_statement};
use crate::journeys::visits::taken;
use crate::planner::Window;
use crate::planner::scope::{Rows, Scope, Statement};
use crate::state::QueryState;
use felt_schema::journey::Reach;
use felt_schema::slo::SliKind;
use felt_store::{Param, StoreError};
use std::ops::Range;

const HOUR_S: i64 = 3_600;
/// Who comes to the first step again within this long goes on with the same attempt.
const AGAIN_S: i64 = 4 * HOUR_S;
/// Without a deadline an attempt falls due after as long as a session lasts without anything happening.
const DUE_S: i64 = HOUR_S / 2;
/// … and is good all the same when it is completed within this.
const COMPLETED_S_MAX: i64 = AGAIN_S;
/// No view lasts longer, so no event comes later after its beginning.
const VIEW_S_MAX: i64 = 24 * HOUR_S;
/// How long after an attempt fell due its last step may still be on its way: a browser tells a view when it is left.
pub const ON_ITS_WAY_S: i64 = 120;
/// How far back the events are looked at that tell a journey which nobody defined.
const TOLD_DAYS: i64 = 29;

/// When an attempt falls due, and until when it can be completed, in ms from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    due_ms: i64,
    completed_ms: i64,
}

impl Times {
    fn of(promise: &Promise) -> Self {
        match promise.slo.sli.kind {
            SliKind::Available { within_s: Some(within_s), .. } => {
                let within_ms = (within_s * 1e3).round() as i64;
                Self { due_ms: within_ms, completed_ms: within_ms }
            }
            _ => Self { due_ms: DUE_S * 1_000, completed_ms: COMPLETED_S_MAX * 1_000 },
        }
    }
}

/// The journey of a promise, if somebody defined it, with when that was, in Unix ms.
pub async fn defined(state: &QueryState, promise: &Promise) -> Result<Option<(Known, i64)>, StoreError> {
    let document = Document::find(state, Kind::Journey, &promise.site, promise.journey()).await?;
    Ok(document.and_then(|document| {
        let defined_ms = document.version_ms;
        of_document(document).map(|known| (known, defined_ms))
    }))
}

/// The journey of a promise as events tell it, if they do.
pub async fn told(state: &QueryState, promise: &Promise) -> Result<Option<Known>, StoreError> {
    let now_ms = state.clock.now_ms();
    let window = Window { from_ms: now_ms - TOLD_DAYS * 24 * HOUR_S * 1_000, to_ms: now_ms };
    let statement = told_statement(&promise.site, Who::Humans, window, Some(promise.journey()));
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    Ok(told_of(&rows).pop())
}

/// Minutes whose counts may change with a page view that began in the minute from `minute_s`.
pub fn reach(promise: &Promise, known: &Known, minute_s: i64) -> Range<i64> {
    let times = Times::of(promise);
    // It may complete what began before it, and be the beginning of what seemed to begin later.
    let back_s = (times.completed_ms - times.due_ms) / 1_000 + 60;
    let on_s = times.due_ms / 1_000 + AGAIN_S + if by_events(known) { VIEW_S_MAX } else { 0 };
    minute_s - back_s..minute_s + 120 + on_s
}

/// The statement for minute, good and valid of the attempts that fell due in `span`, in Unix seconds, and before `decided_ms`.
/// `None` where the promise's filters cannot be read any more.
pub fn statement(promise: &Promise, known: &Known, span: &Range<i64>, decided_ms: i64) -> Option<Statement> {
    let mut scope = Scope::of(&promise.site);
    let attempts = attempts(&mut scope, promise, known, (span, decided_ms), None)?;
    let select = "intDiv(fell_due, 60000) * 60 AS minute, toInt64(countIf(done)), toInt64(count())";
    Some(scope.statement(select, attempts, "GROUP BY minute"))
}

/// The same attempts as what they touched and spent, for [`spenders`](super::spenders).
///
/// An attempt counts for every value that the views of its steps have. One that was not completed is bad by that of the last of them: there
/// it went no further.
pub fn spent(
    scope: &mut Scope,
    promise: &Promise,
    known: &Known,
    by: &Dimension,
    decided: (&Range<i64>, i64),
) -> Option<Rows> {
    let attempts = attempts(scope, promise, known, decided, Some(by))?;
    let values = attempts.select(
        "arrayDistinct(arrayMap(touch -> touch.12, went)) AS touched, \
         if(done, [], [(went[-1].12, toInt64(1))]) AS spent",
        "",
    );
    Some(values.select("touched, toInt64(1) AS each, spent, toInt64(notEmpty(spent)) AS lost", ""))
}

/// The attempts that fell due in a span, in Unix seconds, and before a time, with `fell_due`, `done` and `went`, the touches until then.
fn attempts(
    scope: &mut Scope,
    promise: &Promise,
    known: &Known,
    (span, decided_ms): (&Range<i64>, i64),
    by: Option<&Dimension>,
) -> Option<Rows> {
    let query = Query { filters: promise.filters(), ..Query::parse(Call::Journeys, "").ok()? };
    let Times { due_ms, completed_ms } = Times::of(promise);
    let before_ms = (AGAIN_S + if by_events(known) { VIEW_S_MAX } else { 0 }) * 1_000;
    let window = Window {
        from_ms: span.start * 1_000 - due_ms - before_ms,
        to_ms: span.end * 1_000 + completed_ms - due_ms + 1,
    };
    let mut number = |value: i64| scope.bind("Int64", Param::Int(value));
    let (from, to) = (number(span.start * 1_000), number((span.end * 1_000).min(decided_ms)));
    let (due, completed, last) = (number(due_ms), number(completed_ms), number(known.journey.last() as i64));
    let again_ms = AGAIN_S * 1_000;
    let attempts = taken(scope, std::slice::from_ref(known), &query, window, by)
        .select("taken, arrayFilter(touch -> touch.2 = 0, taken) AS firsts", "")
        .select(
            &format!(
                "taken, arrayJoin(arrayFilter((touch, n) -> n = 1 OR touch.1 - firsts[n - 1].1 >= {again_ms}, \
                 firsts, arrayEnumerate(firsts))).1 AS begun"
            ),
            "",
        )
        .select(
            &format!(
                "begun + {due} AS fell_due, arrayExists(touch -> touch.2 = {last} AND touch.3 AND touch.1 >= begun \
                 AND touch.1 - begun <= {completed}, taken) AS done, \
                 arrayFilter(touch -> touch.1 >= begun AND touch.1 - begun <= {completed}, taken) AS went"
            ),
            &format!("WHERE fell_due >= {from} AND fell_due < {to}"),
        );
    Some(attempts)
}

fn by_events(known: &Known) -> bool {
    known.journey.steps.iter().any(|step| matches!(step.reach, Reach::Step(_)))
}
