//! `breakdown`: a row for each group and metric, the groups in order, page by page.
//!
//! Groups are found and ordered by their counters alone; histograms are read only for the groups that are shown, unless
//! the order itself is a percentile's.

use super::cursor::Cursor;
use super::{Question, respond, summary};
use crate::answer::{Answer, Data, echo};
use crate::figures::{COUNT_TO_JUDGE, LevelStyle, figures, percentile};
use crate::grammar::{Call, Dimension, Measure, OrderKey, Query, Stat};
use crate::planner::{Ask, Cell, Group, SourceKind};
use crate::record::{Record, share};
use crate::state::QueryState;
use crate::words::grouped;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::happiness::LevelCounts;
use felt_schema::limits::OTHER;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Rows by one or two dimensions: a row per group and metric, in the order asked for, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/breakdown", tag = "metrics", operation_id = "breakdown",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::BreakdownParameters),
    responses((status = 200, description = "A row per group and metric", body = crate::openapi::Breakdown,
        headers(("ETag" = String, description = "Send it back as If-None-Match"),
            ("Link" = String, description = "The next page, where there is one: rel=next"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn breakdown(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Breakdown, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, .. } = &question;
        let ordering = GroupOrder::of(query);
        let measures = ordering.measures(query);
        let ask = Ask {
            eras: question.eras(&measures).await?,
            measures,
            by: query.by.clone(),
            histograms: ordering.percentile().is_some(),
            ..Ask::counts(&query.filters, query.who)
        };
        let plan = question.plan(&ask).await?;
        // Of a sample there is little enough to read everything at once.
        let at_once = matches!(plan.kind(), SourceKind::Sample(_)) && summary::needs_histograms(query);
        let ask = Ask { histograms: ask.histograms || at_once, ..ask };
        let cells = state.cells("breakdown", site, &ask, &plan).await?;
        let (views, rate) = (cells.views(), cells.sample_rate());
        let mut groups = cells.groups;
        let others = others(&question, &groups);
        groups.retain(|group| group.all_views() >= i64::try_from(query.min).unwrap_or(i64::MAX).max(1));
        ordering.sort(&mut groups, &ask.measures);

        let total = groups.len();
        let skip = Cursor::skip_of(query);
        let shown: Vec<Group> = groups.into_iter().skip(skip).take(query.limit as usize).collect();
        let end = skip + shown.len();
        let shown = detailed(&question, &ask, &plan, shown).await?;
        let next = (end < total).then(|| Cursor::next(query, end, *window));
        let mut warnings = question.warnings(&plan).await?;
        warnings.extend(others);
        let small = shown.iter().filter(|group| group.views < COUNT_TO_JUDGE).count();
        if small > 0 {
            warnings.push(format!(
                "{small} of {} groups have fewer than {COUNT_TO_JUDGE} views, too few to judge",
                shown.len()
            ));
        }
        Ok(Answer {
            query: echo(query, plan.window, None),
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, rate).await,
            views,
            warnings,
            groups: Some(total),
            next,
            more: serde_json::Map::new(),
            data: Data::Rows(rows(query, &shown, views)),
        })
    }
    .boxed()
}

/// A sentence for each dimension of the question of which some groups are several taken together.
fn others(question: &Question, groups: &[Group]) -> Vec<String> {
    let site = question.state.sites.get(&question.site);
    let told = question.query.by.iter().enumerate().filter_map(|(index, dimension)| {
        let of = groups.iter().filter(|group| group.names.get(index).is_some_and(|name| name == OTHER));
        let views: i64 = of.map(Group::all_views).sum();
        let whose = match (dimension, site) {
            (Dimension::Page, Some(site)) => {
                format!("on pages beyond the day's {}", grouped(site.pages_max_per_day.into()))
            }
            (Dimension::Release, Some(site)) => {
                format!("of releases beyond the day's {}", grouped(site.releases_max_per_day.into()))
            }
            (Dimension::Tag(name), Some(site)) => {
                format!(
                    "with values of the tag {name} beyond the day's {}",
                    grouped(site.tag_values_max_per_day.into())
                )
            }
            (dimension, _) => format!("with rarer values of {}", dimension.name()),
        };
        let (views_word, are) = if views == 1 { ("page view", "is") } else { ("page views", "are") };
        (views > 0).then(|| format!("{} {views_word} {whose} {are} together as {OTHER}", grouped(views)))
    });
    told.collect()
}

/// The groups with everything that is shown of them.
async fn detailed(
    question: &Question,
    counted: &Ask,
    plan: &crate::planner::Plan,
    groups: Vec<Group>,
) -> Result<Vec<Group>, Problem> {
    let query = &question.query;
    // The metrics that are shown come first among those that were counted.
    if counted.histograms || !summary::needs_histograms(query) || groups.is_empty() {
        return Ok(groups);
    }
    let names = groups.iter().map(|group| group.names.clone()).collect();
    let eras = counted.eras.clone();
    let ask = Ask { by: query.by.clone(), groups: Some(names), eras, ..summary::ask(query) };
    let plan = question.state.plan(&ask, question.window).unwrap_or_else(|_| plan.clone());
    let cells = question.state.cells("breakdown", &question.site, &ask, &plan).await?;
    let mut by_names: HashMap<Vec<String>, Group> =
        cells.groups.into_iter().map(|group| (group.names.clone(), group)).collect();
    let empty = |group: Group| Group { cells: vec![Cell::default(); query.metrics.len()], ..group };
    Ok(groups.into_iter().map(|group| by_names.remove(&group.names).unwrap_or_else(|| empty(group))).collect())
}

fn rows(query: &Query, groups: &[Group], views: i64) -> Vec<Record> {
    let none = Cell::default();
    let mut rows = Vec::with_capacity(groups.len() * query.metrics.len());
    for group in groups {
        for (index, measure) in query.metrics.iter().enumerate() {
            let mut row = Record::new();
            for (dimension, name) in query.by.iter().zip(&group.names) {
                // A view that has no value for it: null.
                row.push(dimension.name(), Some(name.clone()).filter(|name| !name.is_empty()));
            }
            row.push("views", group.all_views());
            row.push("share", share(group.all_views(), views));
            row.extend(figures(measure, group.cells.get(index).unwrap_or(&none), &query.stats, LevelStyle::Columns));
            rows.push(row);
        }
    }
    rows
}

/// What groups are ordered by, with the metric that it needs.
struct GroupOrder {
    descending: bool,
    key: OrderKey,
    measure: Option<Measure>,
    /// Which of the group's names orders, where one does.
    name_index: Option<usize>,
}

impl GroupOrder {
    fn of(query: &Query) -> Self {
        let first_value = || query.metrics.iter().find(|measure| measure.has_values()).cloned();
        let measure = match &query.order.key {
            OrderKey::Views | OrderKey::Name(_) | OrderKey::Started => None,
            OrderKey::Happiness | OrderKey::Unhappy | OrderKey::Lost => Some(Measure::Happiness),
            OrderKey::Apdex => Some(Measure::Apdex),
            OrderKey::Figure(Some(measure), _) => Some(measure.clone()),
            OrderKey::Figure(None, _) => first_value().or(Some(Measure::Happiness)),
        };
        let named = |dimension| OrderKey::Name(Clone::clone(dimension)) == query.order.key;
        let name_index = query.by.iter().position(named);
        Self { descending: query.order.descending, key: query.order.key.clone(), measure, name_index }
    }

    /// The metrics to count before ordering: those of the question, so that one statement is enough where no
    /// percentile is shown, and the one that orders.
    fn measures(&self, query: &Query) -> Vec<Measure> {
        let missing = self.measure.iter().filter(|measure| !query.metrics.contains(measure));
        query.metrics.iter().chain(missing).cloned().collect()
    }

    fn percentile(&self) -> Option<u8> {
        match self.key {
            OrderKey::Figure(_, stat) if self.measure != Some(Measure::Happiness) => stat.percentile(),
            _ => None,
        }
    }

    fn sort(&self, groups: &mut [Group], measures: &[Measure]) {
        if let Some(index) = self.name_index {
            let name = |group: &Group| group.names.get(index).cloned();
            groups.sort_by(|a, b| self.directed(name(a).cmp(&name(b))).then_with(|| a.names.cmp(&b.names)));
            return;
        }
        let mut keyed: Vec<(Option<f64>, usize)> =
            groups.iter().enumerate().map(|(index, group)| (self.value(group, measures), index)).collect();
        keyed.sort_by(|(a, i), (b, j)| {
            let values = match (a, b) {
                (Some(a), Some(b)) => self.directed(a.total_cmp(b)),
                // What has no figure comes last, whichever way.
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            values.then_with(|| groups[*i].names.cmp(&groups[*j].names))
        });
        let ordered: Vec<Group> = keyed.into_iter().map(|(_, index)| std::mem::take(&mut groups[index])).collect();
        groups.iter_mut().zip(ordered).for_each(|(place, group)| *place = group);
    }

    fn directed(&self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }

    fn value(&self, group: &Group, measures: &[Measure]) -> Option<f64> {
        let measure = self.measure.as_ref();
        let cell = measure.and_then(|measure| group.cell(measures, measure));
        let score = || cell.map(|cell| LevelCounts(cell.levels).score());
        match (&self.key, cell) {
            (OrderKey::Views, _) => Some(group.views as f64),
            (OrderKey::Happiness, _) => score()?.value,
            (OrderKey::Unhappy, _) => score()?.unhappiness,
            (OrderKey::Apdex, _) => cell?.apdex.score(),
            (OrderKey::Lost, _) => score().and_then(|score| Some(score.unhappiness? * score.count as f64)),
            (OrderKey::Figure(_, stat), Some(cell)) => figure(measure?, cell, *stat),
            (OrderKey::Figure(..), None) | (OrderKey::Name(_) | OrderKey::Started, _) => None,
        }
    }
}

fn figure(measure: &Measure, cell: &Cell, stat: Stat) -> Option<f64> {
    if *measure == Measure::Happiness {
        let score = LevelCounts(cell.levels).score();
        return if stat == Stat::Count { Some(score.count as f64) } else { score.value };
    }
    let part = |part: i64| (cell.valid > 0).then(|| part as f64 / cell.valid as f64);
    match (stat, stat.percentile()) {
        (_, Some(percent)) => percentile(measure, cell, percent).map(|(value, _, _)| value),
        (Stat::Count, _) => Some(cell.valid as f64),
        (Stat::Mean, _) => part(cell.total_micro),
        (Stat::Good, _) => part(cell.good),
        (Stat::Fair, _) => part(cell.fair),
        (Stat::Poor, _) => part(cell.poor),
        _ => None,
    }
}
