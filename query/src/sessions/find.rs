//! Which sessions a question is about, in its order: found from when, how and by whom each page was viewed, and nothing else.
//!
//! A session belongs to the window in which it began, and to a filter when any of its views does.

use super::{around, cut, peak_end};
use crate::calls::Question;
use crate::grammar::{HOUR_MS, OrderKey, Query, Who};
use crate::planner::conditions::raw_column;
use crate::planner::scope::{Rows, Scope, Statement};
use crate::planner::{Row, Sample, Window, conditions, view_rows, window_conditions};
use felt_http::Problem;
use felt_schema::anchors::LEVEL_NOT_JUDGED;
use felt_schema::metric::MISSING;
use felt_schema::visit::LOOKED_MS_MAX;
use felt_store::Param;

/// A session that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub session: String,
    pub from_ms: i64,
    pub to_ms: i64,
}

/// The sessions of one page of an answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub found: Vec<Found>,
    /// Whether there are more behind them.
    pub more: bool,
    /// All sessions of the window, where all of it was looked at.
    pub total: Option<usize>,
    /// The page views of all that were looked at.
    pub views: i64,
    /// The sessions that were looked at, where not all were.
    pub sample: Option<Sample>,
}

/// Page views that are put together into sessions at once; of more, only the latest hours first, where the newest are wanted.
const AT_ONCE: i64 = 1_000_000;
/// The hours that are looked at, one after the other, until there is a page.
const LATEST_HOURS: [i64; 3] = [1, 6, 24];

/// Finds the page of `question` that begins after `skip` sessions. `views` is how many page views its window has; of a whole window
/// that has too many, `sample` is looked at, which is not asked for where the latest hours are enough.
pub(super) async fn find(
    question: &Question,
    skip: usize,
    views: i64,
    sample: impl Future<Output = Result<Option<Sample>, Problem>>,
) -> Result<Page, Problem> {
    let Question { query, window, .. } = question;
    let newest_first = query.order == query.call.default_order();
    let end = skip + query.limit as usize;
    if newest_first && views > AT_ONCE {
        for hours in LATEST_HOURS {
            let from_ms = window.to_ms - hours * HOUR_MS;
            if from_ms <= window.from_ms {
                break;
            }
            let page = look(question, (Window { from_ms, ..*window }, None), skip).await?;
            if page.total.is_some_and(|total| total > end) {
                return Ok(Page { total: None, ..page });
            }
        }
    }
    let sample = sample.await?;
    let page = look(question, (*window, sample.as_ref()), skip).await?;
    Ok(Page { sample, ..page })
}

async fn look(question: &Question, read: (Window, Option<&Sample>), skip: usize) -> Result<Page, Problem> {
    let Question { state, site, .. } = question;
    let statement = statement(question, read, skip);
    let rows = state.rows("sessions", site, &statement).await.map_err(too_wide)?;
    let mut page = Page { total: Some(0), ..Page::default() };
    for row in rows {
        let mut row = Row::new(row);
        let (session, from_ms, to_ms) = (row.text(), row.int(), row.int());
        page.total = usize::try_from(row.int()).ok();
        page.views = row.int();
        page.found.push(Found { session, from_ms, to_ms });
    }
    page.more = page.total.is_some_and(|total| total > skip + page.found.len());
    Ok(page)
}

/// A question about single page views that costs too much, with what mends it here.
pub(crate) fn too_wide(problem: Problem) -> Problem {
    if problem.slug() != "too-expensive" {
        return problem;
    }
    problem.detail(
        "this is put together from single page views, and there are too many of them: ask for a shorter range such as \
         range=24h, or add a filter that most of them do not pass, such as f=page:is:/checkout",
    )
}

/// The conditions for the page views that sessions of `window` are put together from.
fn base(scope: &mut Scope, question: &Question, window: Window) -> Vec<String> {
    let mut base = window_conditions(scope, around(window, question.now_ms));
    match question.query.who {
        Who::Humans => base.push("bot = ''".into()),
        Who::Bots => base.push("bot != ''".into()),
        Who::All => {}
    }
    base.push("session != ''".into());
    base
}

/// The page views that the question's sessions are put together from.
pub(super) fn base_rows(scope: &mut Scope, question: &Question, sample: Option<&Sample>) -> Rows {
    let base = base(scope, question, question.window);
    view_rows(scope, sample, "sign", &base)
}

/// Every page view of a session, in the order of time: when it began, until when somebody looked, its level, whether the
/// question's filters let it through.
fn statement(question: &Question, (window, sample): (Window, Option<&Sample>), skip: usize) -> Statement {
    let Question { site, query, .. } = question;
    let mut scope = Scope::of(site);
    let mut base = base(&mut scope, question, window);
    let filters = conditions(&mut scope, &query.filters, &raw_column);
    let mut hit = "1".to_owned();
    if !filters.is_empty() {
        hit = filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(" AND ");
        // Whoever has no such view need not be put together. Of a sample it takes longer to find out who that is.
        if sample.is_none() {
            let some: Vec<String> = base.iter().chain(&filters).cloned().collect();
            base.push(format!("session IN {}", view_rows(&mut scope, None, "session", &some).within()));
        }
    }
    let columns = format!(
        "any(session) AS person, max(toUnixTimestamp64Milli(started_at)) AS begun, \
         argMaxIf(if(least(first_hidden_ms, left_ms) = {MISSING}, 0, least(first_hidden_ms, left_ms, {LOOKED_MS_MAX})), \
         seq, sign = 1) AS looked, argMaxIf(level, seq, sign = 1) AS felt, argMaxIf({hit}, seq, sign = 1) AS hit"
    );
    // A hash is a far smaller key than two texts, and two of millions do not meet in 64 bits.
    let views = view_rows(&mut scope, sample, &columns, &base).collapsed_by("cityHash64(session, view)");
    let visits = cut(views, "felt, hit");
    let (from, to) = (scope.bind("Int64", Param::Int(window.from_ms)), scope.bind("Int64", Param::Int(window.to_ms)));
    let min = scope.bind("UInt64", Param::UInt(query.min.max(1)));
    let judged = visits.select(
        &format!(
            "person, visit[1].1 AS begun, arrayMax(view -> view.2, visit) AS over, length(visit) AS views, \
             arrayFilter(felt -> felt != {LEVEL_NOT_JUDGED}, arrayMap(view -> view.3, visit)) AS felt, \
             if(empty(felt), NULL, {}) AS points",
            peak_end("felt")
        ),
        &format!(
            "WHERE begun >= {from} AND begun < {to} AND views >= {min} AND arrayExists(view -> view.4 = 1, visit)"
        ),
    );
    let (limit, skip) = (query.limit, scope.bind("UInt64", Param::UInt(skip as u64)));
    let order = order(query);
    scope.statement(
        "person, begun, over, count() OVER (), sum(views) OVER ()",
        judged,
        &format!("ORDER BY {order} LIMIT {limit} OFFSET {skip}"),
    )
}

/// Ties are broken by what comes last and by name, so that pages never overlap.
fn order(query: &Query) -> String {
    let direction = |descending: bool| if descending { "DESC" } else { "ASC" };
    let descending = query.order.descending;
    let first = match query.order.key {
        OrderKey::Views => format!("views {}, ", direction(descending)),
        // The fewest points are the unhappiest; who could not be judged comes last, whichever way.
        OrderKey::Unhappy => format!("points {} NULLS LAST, ", direction(!descending)),
        OrderKey::Happiness => format!("points {} NULLS LAST, ", direction(descending)),
        _ => return format!("begun {}, person", direction(descending)),
    };
    format!("{first}begun DESC, person")
}
