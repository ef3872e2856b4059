//! What is asked of the store. Every statement is about one site by [`Scope`], about people only (no bots), and of a view only about
//! what its latest snapshot says.

use super::{HERD_MS, HISTORY_BEGINS_MS, ROWS_MAX, SEGMENTS_MAX, SEGMENTS_ROWS_MAX, VISIT_REACH_MS};
use crate::grammar::{Dimension, Filter, Op, Who};
use crate::journeys::definition::{Known, event_conditions};
use crate::planner::conditions::raw_column;
use crate::planner::scope::{Rows, Scope, SiteTable, Statement};
use crate::planner::{Window, conditions, window_conditions};
use felt_schema::journey::Reach;
use felt_store::Param;

/// A view's hash of its visitor; 0 without consent.
const VISITOR: &str = "if(argMax(visitor, seq) = '', 0, sipHash64(argMax(visitor, seq)))";
/// What a view's rows come down to.
const ONE_VIEW: &str = "GROUP BY view HAVING sum(sign) > 0";

/// Those who were there in a span, as far as the filters reach.
#[derive(Debug, Clone, Copy)]
pub struct Cohort<'a> {
    /// The site's key.
    pub site: &'a str,
    /// Which views count.
    pub filters: &'a [Filter],
    /// When.
    pub span: Window,
}

impl Cohort<'_> {
    /// The conditions for views that count.
    fn present(&self, scope: &mut Scope) -> Vec<String> {
        let mut all = people(scope, self.span);
        all.extend(conditions(scope, self.filters, &raw_column));
        all
    }

    fn sessions(&self, scope: &mut Scope) -> String {
        let present = self.present(scope);
        scope.rows(SiteTable::PageViews, "session", &present).within()
    }

    /// Those who agreed to be recognised.
    fn visitors(&self, scope: &mut Scope) -> String {
        let mut present = self.present(scope);
        present.push("visitor != ''".into());
        scope.rows(SiteTable::PageViews, "visitor", &present).within()
    }

    /// The visits that touch the span, whole.
    fn visits(&self) -> Window {
        Window { from_ms: self.span.from_ms - VISIT_REACH_MS, to_ms: self.span.to_ms + VISIT_REACH_MS }
    }

    /// Every view of those visits: when, visit, visitor, page, failed, level, counts, view, and the places among `patterns` that its page
    /// matches.
    pub fn seen(&self, patterns: &[&str]) -> Statement {
        let mut scope = Scope::of(self.site);
        let counts = self.present(&mut scope).iter().map(|condition| format!("({condition})")).collect::<Vec<_>>();
        let mut of_visits = people(&mut scope, self.visits());
        of_visits.push(format!("session IN {}", self.sessions(&mut scope)));
        let columns = format!(
            "view, seq, sign, started_at, session, visitor, page, failed, level, {} AS counts, {} AS matching",
            counts.join(" AND "),
            matching(&mut scope, patterns)
        );
        let rows = scope.rows(SiteTable::PageViews, &columns, &of_visits);
        let select = format!(
            "toUnixTimestamp64Milli(any(started_at)), sipHash64(argMax(session, seq)), {VISITOR}, sipHash64(argMax(page, seq)), \
             argMax(failed, seq), argMax(level, seq), argMax(counts, seq), sipHash64(view), argMax(matching, seq)"
        );
        scope.statement(&select, rows, &format!("{ONE_VIEW} LIMIT {}", ROWS_MAX + 1))
    }

    /// The steps of those visits: visit, view, when, journey, step, amount, currency.
    pub fn steps(&self, journeys: &[Known]) -> Statement {
        let mut scope = Scope::of(self.site);
        let mut of_events = event_conditions(&mut scope, self.visits(), Who::Humans);
        of_events.push(format!("session IN {}", self.sessions(&mut scope)));
        steps(scope, of_events, journeys, "0")
    }

    /// The visits of the same people in another span: visitor, visit, and when its last view in it began.
    pub fn visits_in(&self, span: Window) -> Statement {
        let mut scope = Scope::of(self.site);
        let mut of_views = people(&mut scope, span);
        of_views.push(format!("visitor IN {}", self.visitors(&mut scope)));
        let rows = scope.rows(SiteTable::PageViews, "sign, started_at, session, visitor", &of_views);
        let select = "sipHash64(visitor), sipHash64(session), toUnixTimestamp64Milli(max(started_at))";
        let rest = format!("GROUP BY visitor, session HAVING sum(sign) > 0 LIMIT {}", ROWS_MAX + 1);
        scope.statement(select, rows, &rest)
    }

    /// The steps of the same people in a span after theirs, as [`Cohort::steps`] tells them, and whether the view failed.
    pub fn steps_in(&self, span: Window, journeys: &[Known]) -> Statement {
        let mut scope = Scope::of(self.site);
        let mut of_views = people(&mut scope, span);
        of_views.push(format!("visitor IN {}", self.visitors(&mut scope)));
        let sessions = scope.rows(SiteTable::PageViews, "session", &of_views).within();
        let failed = failed(&scope, &of_views);
        let mut of_events = event_conditions(&mut scope, span, Who::Humans);
        of_events.push(format!("session IN {sessions}"));
        steps(scope, of_events, journeys, &format!("view IN {failed}"))
    }

    /// The views of the same people in a span after theirs whose page matches any of `patterns`: visitor, visit, when, failed, view,
    /// matching.
    pub fn pages_in(&self, span: Window, patterns: &[&str]) -> Statement {
        let mut scope = Scope::of(self.site);
        let mut of_views = people(&mut scope, span);
        of_views.push(format!("visitor IN {}", self.visitors(&mut scope)));
        let matching = matching(&mut scope, patterns);
        of_views.push(format!("notEmpty({matching})"));
        let columns = format!("view, seq, sign, started_at, session, visitor, failed, {matching} AS matching");
        let rows = scope.rows(SiteTable::PageViews, &columns, &of_views);
        let select = format!(
            "{VISITOR}, sipHash64(argMax(session, seq)), toUnixTimestamp64Milli(any(started_at)), argMax(failed, seq), sipHash64(view), \
             argMax(matching, seq)"
        );
        scope.statement(&select, rows, &format!("{ONE_VIEW} LIMIT {}", ROWS_MAX + 1))
    }

    /// Who was hurt, by dimension and value: dimension, value, visitors, hurt hard, hurt soft, views, failed views.
    pub fn segments(&self) -> Statement {
        let mut scope = Scope::of(self.site);
        let present = self.present(&mut scope);
        let fixed = ["page", "country", "device", "release"].map(|name| format!("('{name}', argMax({name}, seq))"));
        let tags = "arrayMap((name, value) -> (concat('tag:', name), value), mapKeys(argMax(tags, seq)), mapValues(argMax(tags, seq)))";
        let rows = scope
            .rows(SiteTable::PageViews, "*", &present)
            .select(
                &format!(
                    "argMax(session, seq) AS visit, argMax(visitor, seq) AS known, argMax(failed, seq) AS failure, \
                     argMax(level, seq) IN (2, 3) AS pained, arrayConcat([{}], {tags}) AS places",
                    fixed.join(", ")
                ),
                ONE_VIEW,
            )
            // Who agrees in the middle of a visit is the same person all along.
            .select("*, max(known) OVER (PARTITION BY visit) AS visitor", "")
            .select(
                "place.1 AS dimension, place.2 AS value, if(visitor = '', visit, visitor) AS person, max(failure) AS hard, \
                 max(pained) AS soft, count() AS views, sum(failure) AS failures",
                "ARRAY JOIN places AS place GROUP BY dimension, value, person",
            );
        let select = "dimension, value, count() AS people, countIf(hard) AS hurt_hard, countIf(soft AND NOT hard) AS hurt_soft, \
                      sum(views), sum(failures)";
        let rest = format!(
            "GROUP BY dimension, value ORDER BY hurt_hard DESC, hurt_soft DESC, people DESC, value LIMIT {SEGMENTS_MAX} BY dimension \
             LIMIT {SEGMENTS_ROWS_MAX}"
        );
        scope.statement(select, rows, &rest)
    }

    /// Views that count in each minute after the span: minute from its end, views.
    pub fn herd(&self) -> Statement {
        let mut scope = Scope::of(self.site);
        let Window { to_ms, .. } = self.span;
        let after = Cohort { span: Window { from_ms: to_ms, to_ms: to_ms + HERD_MS }, ..*self };
        let present = after.present(&mut scope);
        let end = scope.bind("Int64", Param::Int(to_ms));
        let rows = scope.rows(SiteTable::PageViews, "sign, started_at", &present);
        let minute = format!("intDiv(toUnixTimestamp64Milli(started_at) - {end}, 60000) AS minute");
        scope.statement(&format!("{minute}, sum(sign)"), rows, "GROUP BY minute")
    }
}

/// The orders of a span, whoever made them: journey, step, currency, count, ten-thousandths.
pub fn orders(site: &str, span: Window, journeys: &[Known]) -> Statement {
    let mut scope = Scope::of(site);
    let of_views = people(&mut scope, span);
    let failed = failed(&scope, &of_views);
    let names = ids(&mut scope, journeys);
    let mut of_events = event_conditions(&mut scope, span, Who::Humans);
    let to = scope.bind("Int64", Param::Int(span.to_ms));
    of_events.extend([
        // Conditions for views end a day late for their events; here it is the order's own time that counts.
        format!("at < fromUnixTimestamp64Milli({to}, 'UTC')"),
        format!("name IN {names}"),
        "NOT isNaN(value)".into(),
        format!("view NOT IN {failed}"),
    ]);
    let rows = scope.rows(SiteTable::Events, "*", &of_events);
    let select = "name, step, currency, sum(sign), sum(sign * toInt64(round(value * 10000)))";
    scope.statement(select, rows, "GROUP BY name, step, currency HAVING sum(sign) > 0")
}

/// Whether anybody was there in the first days of a span: then hardly anything of it is missing, because the oldest go first.
pub fn begins(site: &str, span: Window) -> Statement {
    let mut scope = Scope::of(site);
    let first_days = Window { to_ms: span.from_ms + HISTORY_BEGINS_MS, ..span };
    let conditions = people(&mut scope, first_days);
    let rows = scope.rows(SiteTable::PageViews, "sign", &conditions).first(1);
    scope.statement("count()", rows, "")
}

/// The conditions for views of people in a span.
fn people(scope: &mut Scope, span: Window) -> Vec<String> {
    let mut all = window_conditions(scope, span);
    all.push("bot = ''".into());
    all
}

/// The failed ones among views.
fn failed(scope: &Scope, of_views: &[String]) -> String {
    let mut conditions = of_views.to_vec();
    conditions.push("failed = 1".into());
    scope.rows(SiteTable::PageViews, "view, sign", &conditions).select("view", ONE_VIEW).within()
}

fn steps(mut scope: Scope, mut of_events: Vec<String>, journeys: &[Known], failed: &str) -> Statement {
    of_events.push(format!("name IN {}", ids(&mut scope, journeys)));
    let rows: Rows = scope.rows(SiteTable::Events, "*", &of_events);
    let select = format!(
        "sipHash64(argMax(session, seq)), sipHash64(view), toUnixTimestamp64Milli(argMax(at, seq)), argMax(name, seq), \
         argMax(step, seq), argMax(value, seq), argMax(currency, seq), {failed}"
    );
    scope.statement(&select, rows, &format!("GROUP BY view, n HAVING sum(sign) > 0 LIMIT {}", ROWS_MAX + 1))
}

fn ids(scope: &mut Scope, journeys: &[Known]) -> String {
    scope.texts(journeys.iter().map(|known| known.id.clone()).collect())
}

/// The expression for the places among `patterns` that a view's page matches.
fn matching(scope: &mut Scope, patterns: &[&str]) -> String {
    let mut parts = vec!["CAST([], 'Array(UInt16)')".to_owned()];
    for (place, pattern) in patterns.iter().enumerate() {
        let filter = Filter { dimension: Dimension::Page, op: Op::Glob, values: vec![(*pattern).to_owned()] };
        let condition = conditions(scope, &[filter], &raw_column).join(" AND ");
        parts.push(format!("if({condition}, [toUInt16({place})], [])"));
    }
    if parts.len() == 1 { parts.remove(0) } else { format!("arrayConcat({})", parts.join(", ")) }
}

/// Journey, step and pattern of every step that is reached by a page.
pub fn page_steps(journeys: &[Known]) -> Vec<(usize, u8, &str)> {
    let mut all = Vec::new();
    for (journey, known) in journeys.iter().enumerate() {
        for (step, place) in known.journey.steps.iter().zip(0_u8..) {
            if let Reach::Page(pattern) = &step.reach {
                all.push((journey, place, pattern.as_str()));
            }
        }
    }
    all
}
