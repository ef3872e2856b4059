//! Which journeys a site has: those that people defined, and those that events tell.

use crate::documents::{Document, Kind};
use crate::fields::{Fields, Wrong};
use crate::grammar::{Query, Who};
use crate::planner::Window;
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::state::{QueryState, store_problem};
use felt_http::Problem;
use felt_schema::journey::{Journey, NAME_BYTES_MAX, Reach, STEPS_MAX, Step, WITHIN_S_MAX};
use felt_store::{JsonRow, Param};
use serde_json::Value;
use std::collections::BTreeMap;

/// Most journeys that a site defines, and most that are told by events alone.
pub const JOURNEYS_MAX: usize = 50;
/// Most bytes of a page pattern.
const PATTERN_BYTES_MAX: usize = 256;
/// Most pairs of journey and step that are looked at.
const STEPS_READ_MAX: usize = 5_000;

/// A journey of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its id; that of one which nobody defined is its name in events.
    pub id: String,
    /// What it is.
    pub journey: Journey,
    /// Whether somebody defined it.
    pub defined: bool,
}

/// Reads a definition.
///
/// # Errors
/// With every fault of it.
pub fn read(mut fields: Fields) -> Result<Journey, Problem> {
    let mut wrong = Wrong::default();
    let name = fields.required("name", NAME_BYTES_MAX, &mut wrong);
    let within_s = fields.whole("within_s", 1, WITHIN_S_MAX, &mut wrong);
    let mut steps: Vec<Step> = Vec::new();
    for (index, item) in fields.list("steps", 1, STEPS_MAX, &mut wrong).unwrap_or_default().into_iter().enumerate() {
        let Some(mut item) = fields.item("steps", index, item, &mut wrong) else { continue };
        let name = item.required("name", NAME_BYTES_MAX, &mut wrong);
        let step = item.text("step", NAME_BYTES_MAX, &mut wrong);
        let page = item.text("page", PATTERN_BYTES_MAX, &mut wrong);
        let reach = match (step, page) {
            (Some(step), None) => Some(Reach::Step(step)),
            (None, Some(page)) => Some(Reach::Page(page)),
            _ => {
                wrong.add(
                    item.name("step"),
                    "name either the event that reaches it, `step`, or a pattern of pages, `page`",
                );
                None
            }
        };
        if let Some(reach) = &reach
            && steps.iter().any(|step| step.reach == *reach)
        {
            wrong.add(item.name("step"), "an earlier step is reached in the same way");
        }
        item.end(&mut wrong);
        steps.extend(name.zip(reach).map(|(name, reach)| Step { name, reach }));
    }
    fields.end(&mut wrong);
    wrong.check(name.map(|name| Journey { name, steps, within_s }))
}

/// The journeys that people defined, by their ids. What a newer server wrote and this one cannot read is left alone.
pub async fn defined(state: &QueryState, site: &str) -> Result<Vec<Known>, Problem> {
    let documents = Document::of_site(state, Kind::Journey, site).await.map_err(store_problem)?;
    Ok(documents.into_iter().filter_map(of_document).collect())
}

/// The one of that id, as it was defined.
pub async fn find(state: &QueryState, site: &str, id: &str) -> Result<Option<Known>, Problem> {
    let document = Document::find(state, Kind::Journey, site, id).await.map_err(store_problem)?;
    Ok(document.and_then(of_document))
}

/// The journey that a document says.
pub fn of_document(document: Document) -> Option<Known> {
    let journey = serde_json::from_str(&document.body).ok()?;
    Some(Known { id: document.id, journey, defined: true })
}

/// The journeys that events tell, those with the most visits first; their steps in the order in which visits usually reach them.
pub async fn told(
    state: &QueryState,
    site: &str,
    query: &Query,
    window: Window,
    only: Option<&str>,
) -> Result<Vec<Known>, Problem> {
    let statement = told_statement(site, query.who, window, only);
    Ok(told_of(&state.rows("journeys", site, &statement).await?))
}

/// The statement for the journeys that events tell, with how often and how late visits reach each step.
pub fn told_statement(site: &str, who: Who, window: Window, only: Option<&str>) -> Statement {
    let mut scope = Scope::of(site);
    let mut conditions = event_conditions(&mut scope, window, who);
    if let Some(name) = only {
        conditions.push(format!("name = {}", scope.text(name)));
    }
    conditions.push("name != '' AND step != ''".into());
    let limit = scope.bind("UInt64", Param::UInt(STEPS_READ_MAX as u64));
    let rows = scope
        .rows(SiteTable::Events, "*", &conditions)
        .select(
            "name, session, step, minIf(at, sign = 1) AS first_at",
            "GROUP BY name, session, step HAVING sum(sign) > 0",
        )
        .select(
            "name, arrayMap(reached -> reached.2, arraySort(groupArray((first_at, step)))) AS steps",
            "GROUP BY name, session",
        );
    let select = "name, step, toInt64(count()) AS visits, avg(place) AS usual_place";
    let rest = format!(
        "ARRAY JOIN steps AS step, arrayEnumerate(steps) AS place GROUP BY name, step ORDER BY visits DESC, usual_place, step \
         LIMIT {limit}"
    );
    scope.statement(select, rows, &rest)
}

/// The journeys in the rows that [`told_statement`] gave.
pub fn told_of(found: &[JsonRow]) -> Vec<Known> {
    let mut journeys: BTreeMap<String, Vec<(f64, String, i64)>> = BTreeMap::new();
    for row in found {
        let text = |index: usize| row.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (visits, place) = (row.get(2).and_then(Value::as_i64), row.get(3).and_then(Value::as_f64));
        let steps = journeys.entry(text(0)).or_default();
        if steps.len() < STEPS_MAX {
            steps.push((place.unwrap_or(0.0), text(1), visits.unwrap_or(0)));
        }
    }
    let mut told: Vec<(i64, Known)> = Vec::new();
    for (name, mut steps) in journeys {
        steps.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
        let visits = steps.iter().map(|(.., visits)| *visits).max().unwrap_or(0);
        let journey = Journey::told(&name, steps.into_iter().map(|(_, step, _)| step));
        told.push((visits, Known { id: name, journey, defined: false }));
    }
    told.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.id.cmp(&other.1.id)));
    told.into_iter().map(|(_, known)| known).take(JOURNEYS_MAX).collect()
}

/// The conditions for the step events of views that began in `window`.
pub fn event_conditions(scope: &mut Scope, window: Window, who: Who) -> Vec<String> {
    let mut ms = |value: i64| scope.bind("Int64", Param::Int(value));
    let day_ms = crate::grammar::DAY_MS;
    let (from, to, day) = (ms(window.from_ms), ms(window.to_ms + day_ms), ms(window.from_ms - day_ms));
    let mut conditions = vec![
        "type = 'step'".to_owned(),
        format!("at >= fromUnixTimestamp64Milli({from}, 'UTC')"),
        // An event may come long after its view began, but no view lasts longer than a day.
        format!("at < fromUnixTimestamp64Milli({to}, 'UTC')"),
        format!("day >= toDate(fromUnixTimestamp64Milli({day}, 'UTC'))"),
    ];
    match who {
        Who::Humans => conditions.push("bot = ''".into()),
        Who::Bots => conditions.push("bot != ''".into()),
        Who::All => {}
    }
    conditions
}
