//! The statements about feedback: how much there is, one page of it, and the page views in which it was given.

use crate::calls::Question;
use crate::grammar::{DAY_MS, Dimension, Filter, Who};
use crate::planner::conditions::raw_column;
use crate::planner::scope::{Scope, SiteTable};
use crate::planner::{Row, Window, conditions, window_conditions};
use crate::sessions::{Happened, View, too_wide};
use felt_http::Problem;
use felt_schema::snapshot::EventKind;
use std::collections::HashMap;

/// All feedback that a question is about.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub count: usize,
    /// That with a score on a scale.
    pub scored: i64,
    /// The mean share of the scale.
    pub mean: Option<f64>,
    /// Page views in which it was given.
    pub views: i64,
}

/// How much there is.
pub(super) async fn totals(question: &Question) -> Result<Totals, Problem> {
    let mut scope = Scope::of(&question.site);
    let asked = asked(&mut scope, question);
    let columns = "any(view) AS of_view, argMaxIf(score, seq, sign = 1) / argMaxIf(`of`, seq, sign = 1) AS of_scale";
    let rows = scope.rows(SiteTable::Events, columns, &asked).collapsed_by("cityHash64(view), n");
    let select = "count(), countIf(isFinite(of_scale)), avgIf(of_scale, isFinite(of_scale)), uniqExact(of_view)";
    let rows = question.state.rows("feedback", &question.site, &scope.statement(select, rows, "")).await;
    let Some(row) = rows.map_err(too_wide)?.into_iter().next() else { return Ok(Totals::default()) };
    let mut row = Row::new(row);
    let (count, scored, mean, views) = (row.int(), row.int(), row.float(), row.int());
    Ok(Totals { count: usize::try_from(count).unwrap_or(0), scored, mean, views })
}

/// One page of it, the newest first.
pub(super) async fn said(question: &Question, skip: usize) -> Result<Vec<Happened>, Problem> {
    let mut scope = Scope::of(&question.site);
    let asked = asked(&mut scope, question);
    let rest = format!("ORDER BY happened DESC, of_view, nth LIMIT {} OFFSET {skip}", question.query.limit);
    let statement = Happened::statement(scope, &asked, &rest);
    let rows = question.state.rows("feedback", &question.site, &statement).await.map_err(too_wide)?;
    Ok(rows.into_iter().map(Happened::read).collect())
}

/// The page views in which it was said, by their ids, as far as they are kept.
pub(super) async fn felt(question: &Question, said: &[Happened]) -> Result<HashMap<String, View>, Problem> {
    let first = said.iter().map(|said| said.at_ms).min();
    let last = said.iter().map(|said| said.at_ms).max();
    let (Some(first), Some(last)) = (first, last) else { return Ok(HashMap::new()) };
    // A view may have begun a day before something was said in it.
    let window = Window { from_ms: first - DAY_MS, to_ms: last + 1 };
    let mut scope = Scope::of(&question.site);
    let ours = format!("view IN {}", scope.texts(said.iter().map(|said| said.view.clone()).collect()));
    let statement = View::statement(scope, (window, None), ours);
    let rows = question.state.rows("feedback", &question.site, &statement).await.map_err(too_wide)?;
    Ok(rows.into_iter().map(View::read).map(|view| (view.view.clone(), view)).collect())
}

/// The conditions of the question on events. What an event does not know itself, its page view does.
fn asked(scope: &mut Scope, question: &Question) -> Vec<String> {
    let (window, query) = (question.window, &question.query);
    let mut asked = Happened::within(scope, window);
    asked.push(Happened::only(&[EventKind::Feedback]));
    match query.who {
        Who::Humans => asked.push("bot = ''".into()),
        Who::Bots => asked.push("bot != ''".into()),
        Who::All => {}
    }
    let (own, others): (Vec<Filter>, Vec<Filter>) =
        query.filters.iter().cloned().partition(|filter| is_of_events(&filter.dimension));
    asked.extend(conditions(scope, &own, &raw_column));
    if !others.is_empty() {
        let mut of_views = window_conditions(scope, Window { from_ms: window.from_ms - DAY_MS, ..window });
        // Few page views have feedback. Their pages are named beside them, because the table is in their order.
        let told = |columns: &str| scope.rows(SiteTable::Events, columns, &asked).within();
        of_views.push(format!("page IN {} AND view IN {}", told("DISTINCT page"), told("DISTINCT view")));
        of_views.extend(conditions(scope, &others, &raw_column));
        let views = scope.rows(SiteTable::PageViews, "any(view)", &of_views).collapsed_by("cityHash64(session, view)");
        asked.push(format!("view IN {}", views.within()));
    }
    asked
}

/// Whether events have the dimension in a column of the same name.
fn is_of_events(dimension: &Dimension) -> bool {
    matches!(dimension, Dimension::Page | Dimension::Country | Dimension::Device | Dimension::Release | Dimension::Bot)
}
