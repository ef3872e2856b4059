//! What each visit made of each journey: one row a journey and visit that began it, from page views and their step events.
//!
//! First one row a view and version that counts, then what the view touched (a step by its page, or by its events), then the
//! touches of a visit in order of time. All of it is one statement, and only what is summed up comes back.

use super::definition::{Known, event_conditions};
use crate::grammar::{Dimension, Filter, Op, Query, Who};
use crate::planner::conditions::{conditions, dimension_sql, raw_column};
use crate::planner::scope::{Rows, Scope, SiteTable};
use crate::planner::{Window, window_conditions};
use felt_schema::journey::Reach;
use felt_schema::metric::MISSING;
use felt_store::Param;

/// Most touches of a visit that are looked at: a person takes fewer, a program may take any number.
const TOUCHES_MAX: u32 = 500;

/// How long the view kept its visitor waiting, in micro units: until it was usable or its largest thing was there, else as long as
/// somebody waited who gave up.
const WAIT: &str = "multiIf(usable != 4294967295, usable, lcp != 4294967295, lcp, cause = 'gave_up', \
                    toUInt32(least(toUInt64(least(first_hidden_ms, left_ms)) * 1000, 4294967294)), 4294967295)";

/// A touch of a step: journey, step, when, whether the step itself failed.
const TOUCH: &str = "Tuple(UInt8, UInt8, Int64, UInt8)";

/// One row for each journey and visit that began it, with these columns: `journey` its place among `journeys`, `device`, `country`,
/// `wait` of the first view, `lasted_ms` (-1 where it was not finished), `reached` (the furthest step), `failed` (whether a
/// view of it did), `touched` (the views as (hash, step, level, failed)), `gaps` (ms from each step to the next, -1 where there
/// are not both), `amount` and `currency` as they were last told (NaN where never).
pub fn visits(scope: &mut Scope, journeys: &[Known], query: &Query, window: Window) -> Rows {
    let steps_max = journeys.iter().map(|known| known.journey.steps.len()).max().unwrap_or(0);
    let lasts = journeys.iter().map(|known| known.journey.last() as u64).collect();
    let lasts = scope.bind("Array(UInt64)", Param::UInts(lasts));
    taken(scope, journeys, query, window, None).select(
        &format!(
            "journey, {lasts}[toUInt32(journey) + 1] AS last_step, arrayFirst(t -> t.2 = 0, taken) AS begun, \
             arrayFilter(t -> t.1 >= begun.1, taken) AS went, begun.7 AS wait, begun.8 AS device, begun.9 AS country, \
             arrayFirst(t -> t.2 = last_step AND t.3, went).1 AS done_ms, if(done_ms > 0, done_ms - begun.1, -1) AS lasted_ms, \
             arrayMax(arrayMap(t -> t.2, went)) AS reached, arrayExists(t -> t.6, went) AS failed, \
             arrayDistinct(arrayMap(t -> (t.4, t.2, t.5, t.6), went)) AS touched, \
             arrayMap(s -> arrayFirst(t -> t.2 = s, went).1, range({steps_max})) AS firsts, \
             arrayMap(s -> arrayFirst(t -> t.2 = s + 1 AND t.1 >= firsts[s + 1], went).1, range({steps_max})) AS nexts, \
             arrayMap((first, next) -> if(first > 0 AND next > 0, next - first, -1), firsts, nexts) AS gaps, \
             arrayLast(t -> NOT isNaN(t.10), went) AS paid, if(paid.1 = 0, nan, paid.10) AS amount, paid.11 AS currency"
        ),
        "WHERE begun.1 > 0",
    )
}

/// One row for each journey and session that touched it: `journey` its place among `journeys`, `session`, and `taken`, its touches in the
/// order of time as (ms, step, whether it was reached without a failure, view, level, failed, wait, device, country, amount, currency, the view's value of `by`).
pub fn taken(scope: &mut Scope, journeys: &[Known], query: &Query, window: Window, by: Option<&Dimension>) -> Rows {
    let views = views(scope, journeys, query, window, by);
    let touches = touches(scope, journeys);
    let last_amount = "arrayLast(told -> told.1 = ids[toUInt32(touch.1) + 1] AND NOT isNaN(told.4), told)";
    let ids = scope.texts(journeys.iter().map(|known| known.id.clone()).collect());
    let in_order = format!(
        "arraySort(groupArray({TOUCHES_MAX})((touch.3, touch.2, failed = 0 AND touch.4 = 0, hash, level, failed OR touch.4, wait, \
         device, country, amount, currency, segment)))"
    );
    views
        .select(&format!("seen.1 AS session, {ids} AS ids, arraySort(step -> step.3, steps) AS told, cityHash64(view) AS hash, \
              seen.2 AS device, seen.3 AS country, seen.4 AS failed, seen.5 AS level, seen.6 AS started_ms, seen.7 AS wait, \
              seen.8 AS page, seen.9 AS segment, {touches} AS touches"), "")
        .select(
            &format!(
                "touch.1 AS journey, session, hash, device, country, segment, failed, level, wait, touch, {last_amount} AS last_told, \
                 if(last_told.1 = '', nan, last_told.4) AS amount, last_told.5 AS currency"
            ),
            "ARRAY JOIN touches AS touch",
        )
        .select(&format!("journey, session, {in_order} AS taken"), "GROUP BY journey, session")
}

/// The views that touch any of the journeys, each as it counts, with its step events.
fn views(scope: &mut Scope, journeys: &[Known], query: &Query, window: Window, by: Option<&Dimension>) -> Rows {
    let segment = by.map_or("''".to_owned(), |by| dimension_sql(scope, by, &raw_column));
    let ids = scope.texts(journeys.iter().map(|known| known.id.clone()).collect());
    let mut of_events = event_conditions(scope, window, query.who);
    of_events.push(format!("name IN {ids}"));
    let touching = |columns: &str, scope: &Scope| scope.rows(SiteTable::Events, columns, &of_events).within();
    // The pages are named beside the views, because the table is in their order.
    let mut any =
        vec![format!("page IN {} AND view IN {}", touching("DISTINCT page", scope), touching("DISTINCT view", scope))];
    any.extend(patterns(journeys).flat_map(|(.., pattern)| page_condition(scope, pattern)));
    let mut of_views = window_conditions(scope, window);
    match query.who {
        Who::Humans => of_views.push("bot = ''".into()),
        Who::Bots => of_views.push("bot != ''".into()),
        Who::All => {}
    }
    of_views.extend(conditions(scope, &query.filters, &raw_column));
    of_views.push(any.iter().map(|condition| format!("({condition})")).collect::<Vec<_>>().join(" OR "));
    let steps = scope
        .rows(SiteTable::Events, "*", &of_events)
        .select(
            "view, argMaxIf((name, step, toUnixTimestamp64Milli(at), value, toString(currency), text = 'failed'), seq, sign = 1) \
             AS told_step",
            "GROUP BY view, n HAVING sum(sign) > 0",
        )
        .select("view, groupArray(told_step) AS steps", "GROUP BY view")
        .within();
    scope
        .rows(SiteTable::PageViews, "*", &of_views)
        .select(
            &format!(
                "view, argMaxIf((session, toString(device), toString(country), failed, level, \
                 toUnixTimestamp64Milli(started_at), {WAIT}, toString(page), toString({segment})), seq, sign = 1) AS seen"
            ),
            "GROUP BY view HAVING sum(sign) > 0",
        )
        .select("view, seen, steps", &format!("AS counted LEFT ANY JOIN {steps} AS of_view USING (view)"))
}

/// The expression for the touches of a view: of its page, then of its events.
fn touches(scope: &mut Scope, journeys: &[Known]) -> String {
    let mut parts = vec![format!("CAST([], 'Array({TOUCH})')")];
    for (journey, step, pattern) in patterns(journeys) {
        for condition in page_condition(scope, pattern) {
            let touch = format!("CAST([({journey}, {step}, started_ms, 0)], 'Array({TOUCH})')");
            parts.push(format!("if({condition}, {touch}, [])"));
        }
    }
    let (mut names, mut steps, mut places) = (Vec::new(), Vec::new(), (Vec::new(), Vec::new()));
    for (journey, known) in journeys.iter().enumerate() {
        for (step, place) in known.journey.steps.iter().zip(0_u64..) {
            if let Reach::Step(name) = &step.reach {
                names.push(known.id.clone());
                steps.push(name.clone());
                places.0.push(journey as u64);
                places.1.push(place);
            }
        }
    }
    if !names.is_empty() {
        let (names, steps) = (scope.texts(names), scope.texts(steps));
        let mut uints = |values| scope.bind("Array(UInt64)", Param::UInts(values));
        let (of_journey, of_step) = (uints(places.0), uints(places.1));
        let place = format!("indexOf(arrayZip({names}, {steps}), (s.1, s.2))");
        parts.push(format!(
            "arrayMap(s -> CAST(({of_journey}[{place}], {of_step}[{place}], s.3, s.6), '{TOUCH}'), \
             arrayFilter(s -> {place} > 0, told))"
        ));
    }
    format!("arrayConcat({})", parts.join(", "))
}

/// Journey, step and pattern of each step that is reached by a page.
fn patterns(journeys: &[Known]) -> impl Iterator<Item = (usize, usize, &str)> {
    journeys.iter().enumerate().flat_map(|(journey, known)| {
        let steps = known.journey.steps.iter().enumerate();
        steps.filter_map(move |(step, of)| match &of.reach {
            Reach::Page(pattern) => Some((journey, step, pattern.as_str())),
            Reach::Step(_) => None,
        })
    })
}

fn page_condition(scope: &mut Scope, pattern: &str) -> Vec<String> {
    let filter = Filter { dimension: Dimension::Page, op: Op::Glob, values: vec![pattern.to_owned()] };
    conditions(scope, &[filter], &raw_column)
}

/// Held against the number in the statements.
const _: () = assert!(MISSING == 4_294_967_295);
