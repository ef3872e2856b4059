//! Asks the store for what an impact is made of: what was there in the window and its control, then what their people did besides.

use super::facts::Facts;
use super::statements::{Cohort, begins, orders, page_steps};
use super::{JOURNEYS_MAX, ROWS_MAX, STEPS_LEARNT_MS};
use crate::calls::Question;
use crate::grammar::MINUTE_MS;
use crate::journeys::definition::{self, Known};
use crate::planner::Window;
use crate::planner::scope::Statement;
use crate::state::QueryState;
use felt_http::Problem;
use felt_schema::impact::{Orders, Spans};
use felt_schema::journey::Reach;
use felt_store::JsonRow;
use futures::{StreamExt, TryStreamExt};
use http::StatusCode;
use serde_json::Value;
use std::ops::Range;

/// Statements of one question that run at once: a site's other questions need places too.
const AT_ONCE: usize = 4;

/// All that an impact is made of.
#[derive(Debug)]
pub struct Reading {
    /// The times it is told over.
    pub spans: Spans,
    /// The journeys it tells of.
    pub journeys: Vec<Known>,
    /// The place of the one that money and losses are told by: the one asked for, or with the most orders.
    pub main: Option<usize>,
    /// Journey and step of each page that is one.
    pub page_steps: Vec<(usize, u8)>,
    /// Who did what.
    pub facts: Facts,
    /// Orders of the week before, of that journey.
    pub orders: Orders,
    /// Their currency; empty where none is told.
    pub currency: String,
    /// Other currencies that were paid in.
    pub other_currencies: Vec<String>,
    /// Rows of [`Cohort::segments`].
    pub segments: Vec<JsonRow>,
    /// Page views of the busiest minute after; none while it is not over.
    pub herd_views: Option<i64>,
    /// Whether the day of recovery is over.
    pub journeys_settled: bool,
    /// Whether the days in which people come back are over.
    pub lost_settled: bool,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

impl Reading {
    /// When the last of the days begins in which people may come back.
    pub fn lost_at_ms(spans: &Spans) -> i64 {
        spans.window.end + spans.washout_ms + spans.return_ms
    }

    /// Reads everything for a question.
    pub async fn of(question: &Question) -> Result<Self, Problem> {
        let Question { state, site, query, window, mark, now_ms, .. } = question;
        let mut spans = Spans::around(window.from_ms..window.to_ms);
        let mut warnings = Vec::new();
        let journeys = journeys(question, &mut warnings).await?;
        let fresh_ms = mark.fresh_to_ms.unwrap_or(0).min(*now_ms);
        let cohort = |span: &Range<i64>| Cohort { site, filters: &query.filters, span: of_span(span) };
        let (hurt, control) = (cohort(&spans.window), cohort(&spans.control));
        let history = Window { from_ms: spans.window.start - spans.history_ms, to_ms: spans.window.start };

        let steps = page_steps(&journeys);
        let patterns: Vec<&str> = steps.iter().map(|(.., pattern)| *pattern).collect();
        let asker = Asker { state, site };
        let mut facts = Facts::default();
        let (seen, taken) = (|cohort: Cohort<'_>| cohort.seen(&patterns), |cohort: Cohort<'_>| cohort.steps(&journeys));
        let there = vec![seen(hurt), seen(control), taken(hurt), taken(control)];
        let there = asker.several(there).await?;
        for rows in &there[..2] {
            facts.add_seen(rows);
        }
        for rows in &there[2..] {
            facts.add_steps(rows, &journeys);
        }
        drop(there);
        let beside =
            vec![orders(site, history, &journeys), hurt.segments(), hurt.herd(), begins(site, of_span(&spans.reach()))];
        let mut beside = asker.several(beside).await?;
        let (first_days, herd) = (beside.pop().unwrap_or_default(), beside.pop().unwrap_or_default());
        let (segments, ordered) = (beside.pop().unwrap_or_default(), beside.pop().unwrap_or_default());

        let whole = first_days.first().and_then(|row| row.first()?.as_i64()).unwrap_or(0) > 0;
        let lost_settled = Self::lost_at_ms(&spans) < fresh_ms;
        if facts.any_recognised() {
            let recover =
                |cohort: Cohort<'_>| Window { from_ms: cohort.span.to_ms, to_ms: cohort.span.to_ms + spans.recover_ms };
            let back = |cohort: Cohort<'_>| Window {
                from_ms: cohort.span.to_ms + spans.washout_ms + 1,
                to_ms: cohort.span.to_ms + spans.washout_ms + spans.return_ms + 1,
            };
            let before = |cohort: Cohort<'_>| Window {
                from_ms: cohort.span.from_ms - spans.history_ms,
                to_ms: cohort.span.from_ms,
            };
            let mut visits = vec![hurt.visits_in(recover(hurt)), control.visits_in(recover(control))];
            if lost_settled {
                for cohort in [hurt, control] {
                    visits.push(cohort.visits_in(back(cohort)));
                    if whole {
                        visits.push(cohort.visits_in(before(cohort)));
                    }
                }
            }
            // What the control's people spend while coming back counts too.
            let spent = Window { to_ms: back(control).to_ms, ..recover(control) };
            let later = vec![hurt.steps_in(recover(hurt), &journeys), control.steps_in(spent, &journeys)];
            let pages = match patterns.is_empty() {
                true => Vec::new(),
                false => vec![hurt.pages_in(recover(hurt), &patterns), control.pages_in(recover(control), &patterns)],
            };
            for rows in asker.several(visits).await? {
                facts.add_visits(&rows);
            }
            for rows in asker.several(later).await? {
                facts.add_later_steps(&rows, &journeys);
            }
            let places: Vec<(usize, u8)> = steps.iter().map(|(journey, step, _)| (*journey, *step)).collect();
            for rows in asker.several(pages).await? {
                facts.add_later_pages(&rows, &places);
            }
        }
        if !whole {
            spans.history_ms = 0;
            warnings.push(
                "page views of the week before the control are not all there: new and returning people are not told apart".into(),
            );
        }
        let paid = Paid::of(&ordered, &journeys, &query.currency);
        let main = paid.journey.or((!journeys.is_empty()).then_some(0));
        let minute = |row: &JsonRow| row.get(1).and_then(Value::as_i64);
        let page_steps = steps.iter().map(|(journey, step, _)| (*journey, *step)).collect();
        Ok(Self {
            herd_views: (spans.window.end + super::HERD_MS <= fresh_ms)
                .then(|| herd.iter().filter_map(minute).max().unwrap_or(0)),
            journeys_settled: spans.window.end + spans.recover_ms < fresh_ms,
            lost_settled,
            spans,
            page_steps,
            journeys,
            facts,
            main,
            orders: paid.orders,
            currency: paid.currency,
            other_currencies: paid.others,
            segments,
            warnings,
        })
    }
}

fn of_span(span: &Range<i64>) -> Window {
    Window { from_ms: span.start, to_ms: span.end }
}

/// Asks about one site.
struct Asker<'a> {
    state: &'a QueryState,
    site: &'a str,
}

impl Asker<'_> {
    /// As many rows as fit into an answer.
    async fn some(&self, statement: Statement) -> Result<Vec<JsonRow>, Problem> {
        let rows = self.state.rows("impact", self.site, &statement).await?;
        if rows.len() <= ROWS_MAX as usize {
            return Ok(rows);
        }
        let detail = format!(
            "an impact is told of at most {ROWS_MAX} page views with all that their people did besides: ask for a shorter window, or add a \
             filter such as the page or the country that was hit"
        );
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-expensive", "The question costs too much")
            .detail(detail)
            .field("limit", "views"))
    }

    async fn several(&self, statements: Vec<Statement>) -> Result<Vec<Vec<JsonRow>>, Problem> {
        futures::stream::iter(statements).map(|statement| self.some(statement)).buffered(AT_ONCE).try_collect().await
    }
}

/// The journeys to tell of: the one that was asked for, or those that people defined and then those that events tell.
async fn journeys(question: &Question, warnings: &mut Vec<String>) -> Result<Vec<Known>, Problem> {
    let Question { state, site, query, window, .. } = question;
    let learnt = Window { from_ms: (window.from_ms - STEPS_LEARNT_MS) / MINUTE_MS * MINUTE_MS, ..*window };
    let only = Some(query.journey.as_str()).filter(|id| !id.is_empty());
    let mut known = definition::defined(state, site).await?;
    known.retain(|known| only.is_none_or(|id| known.id == id));
    for told in definition::told(state, site, query, learnt, only).await? {
        if known.iter().all(|known| known.id != told.id) {
            known.push(told);
        }
    }
    if let (Some(id), true) = (only, known.is_empty()) {
        let id: String = id.chars().take(64).collect();
        warnings.push(format!(
            "nobody defined a journey `{id}`, and nobody took a step of one in the day before or in the window"
        ));
    }
    if known.len() > JOURNEYS_MAX {
        warnings.push(format!("{JOURNEYS_MAX} of {} journeys are told of: name one by `journey`", known.len()));
        known.truncate(JOURNEYS_MAX);
    }
    Ok(known)
}

/// What was paid in the week before.
#[derive(Debug, Default)]
struct Paid {
    journey: Option<usize>,
    orders: Orders,
    currency: String,
    others: Vec<String>,
}

impl Paid {
    /// The orders at the last step of the journey that has most of them, in the currency asked for or the most usual one.
    fn of(rows: &[JsonRow], journeys: &[Known], asked: &str) -> Self {
        let mut all: Vec<(usize, String, Orders)> = Vec::new();
        for row in rows {
            let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default();
            let int = |index: usize| row.get(index).and_then(Value::as_i64).unwrap_or(0);
            let Some(journey) = journeys.iter().position(|known| known.id == text(0)) else { continue };
            let of = &journeys[journey].journey;
            let is_last = of.steps.get(of.last()).is_some_and(|step| step.reach == Reach::Step(text(1).into()));
            if is_last {
                all.push((journey, text(2).to_owned(), Orders { count: int(3), paid: int(4) }));
            }
        }
        let wanted = |(_, currency, _): &&(usize, String, Orders)| asked.is_empty() || currency == asked;
        let most =
            all.iter().filter(wanted).max_by_key(|(journey, _, orders)| (orders.count, std::cmp::Reverse(*journey)));
        let Some((journey, currency, orders)) = most.cloned() else {
            return Self { currency: asked.to_owned(), ..Self::default() };
        };
        let other = |(of, other, _): &&(usize, String, Orders)| *of == journey && *other != currency;
        let mut others: Vec<String> = all.iter().filter(other).map(|(_, other, _)| other.clone()).collect();
        others.sort();
        Self { journey: Some(journey), orders, currency, others }
    }
}
