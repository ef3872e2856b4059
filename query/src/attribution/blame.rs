//! Counting whom the poor page views name, and which phase of them took longest.

use super::anatomy::Anatomy;
use super::happened;
use crate::calls::Question;
use crate::grammar::{Query, Who};
use crate::planner::conditions::raw_column;
use crate::planner::scope::{Rows, Scope, Statement};
use crate::planner::{OneIn, Row, Sample, conditions, dimension_sql, view_rows, window_conditions};
use crate::record::{Record, number, share};
use crate::sessions::too_wide;
use felt_http::Problem;
use felt_schema::histogram::{Histogram, Limit, sql_bucket};
use felt_schema::metric::MISSING;
use serde_json::Value;
use std::cmp::Reverse;

/// A culprit in one group.
#[derive(Debug, Clone)]
pub(super) struct Blame {
    /// The values of the question's dimensions.
    pub names: Vec<String>,
    pub kind: String,
    pub value: String,
    /// Page views that name it.
    pub views: i64,
    /// Of those, the poor ones; of a phase, the poor ones of which it was the longest part.
    pub poor: i64,
    pub histogram: Histogram,
    /// Whether the histogram is of the metric, and not of a phase.
    pub of_metric: bool,
    /// The counts at the metric's limits.
    pub limits: Vec<Limit>,
    /// Sum and count of each phase.
    pub phases: Vec<(i64, i64)>,
}

impl Blame {
    /// The culprits that page views name, and those that happened in them.
    pub async fn of(question: &Question, anatomy: &Anatomy, sample: Option<&Sample>) -> Result<Vec<Blame>, Problem> {
        let mut blames = Vec::new();
        let named = (!anatomy.culprits.is_empty()).then(|| named(question, anatomy, sample));
        let told = anatomy.happened.then(|| happened::statement(question, anatomy, sample));
        for statement in named.into_iter().chain(told) {
            let rows = question.state.rows("attribution", &question.site, &statement).await.map_err(too_wide)?;
            blames.extend(rows.into_iter().map(|row| Self::read(&mut Row::new(row), question, anatomy)));
        }
        Ok(blames)
    }

    fn read(row: &mut Row, question: &Question, anatomy: &Anatomy) -> Self {
        let names = (0..question.query.by.len()).map(|_| row.text()).collect();
        let (kind, value) = (row.text(), row.text());
        let (views, poor, good, fair) = (row.int(), row.int(), row.int(), row.int());
        let histogram = row.histogram();
        let phases = anatomy.phases.iter().map(|_| (row.int(), row.int())).collect();
        let limits = Limit::of_counts(anatomy.limits, good, fair).to_vec();
        Self { names, kind, value, views, poor, histogram, of_metric: true, limits, phases }
    }

    /// The worst first, whom one can name before what took long, and always in the same order.
    pub fn rank(&self) -> impl Ord + use<> {
        let (poor, views) = (Reverse(self.poor), Reverse(self.views));
        (poor, !self.of_metric, views, self.names.clone(), self.kind.clone(), self.value.clone())
    }

    /// Its row.
    pub fn row(&self, query: &Query, anatomy: &Anatomy, wholes: &[Whole], one_in: OneIn) -> Record {
        let mut row = Record::new();
        for (dimension, name) in query.by.iter().zip(&self.names) {
            row.push(dimension.name(), Some(name.clone()).filter(|name| !name.is_empty()));
        }
        let poor = wholes.iter().find(|whole| whole.names == self.names).map_or(0, |whole| whole.poor);
        let per_unit = if self.of_metric { anatomy.metric.micro_per_unit() } else { 1e3 };
        let p75 = self.histogram.percentile(75, &self.limits).map(|(p75, _, _)| p75 / per_unit);
        row.push("kind", self.kind.as_str());
        row.push("value", self.value.as_str());
        row.push("views", one_in.times(self.views));
        row.push("poor", one_in.times(self.poor));
        row.push("share", share(self.poor, poor));
        row.push("p75", p75.map_or(Value::Null, number));
        for (phase, (sum, count)) in anatomy.phases.iter().zip(&self.phases) {
            let mean = (*count > 0).then(|| *sum as f64 / *count as f64 / 1e3);
            row.push(phase.name, mean.map_or(Value::Null, number));
        }
        row
    }
}

/// All page views of one group.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub names: Vec<String>,
    pub views: i64,
    /// Those that have the metric.
    pub valid: i64,
    pub poor: i64,
    /// Of each phase: sum, count, poor views of which it was the longest part, values.
    phases: Vec<(i64, i64, i64, Histogram)>,
}

impl Whole {
    /// The groups of the question.
    pub async fn of(question: &Question, anatomy: &Anatomy, sample: Option<&Sample>) -> Result<Vec<Whole>, Problem> {
        let rows = question.state.rows("attribution", &question.site, &whole(question, anatomy, sample)).await;
        let read = |row| {
            let mut row = Row::new(row);
            let names = (0..question.query.by.len()).map(|_| row.text()).collect();
            let (views, valid, poor) = (row.int(), row.int(), row.int());
            let phases = anatomy.phases.iter().map(|_| (row.int(), row.int(), row.int(), row.histogram())).collect();
            Whole { names, views, valid, poor, phases }
        };
        Ok(rows.map_err(too_wide)?.into_iter().map(read).collect())
    }

    /// Its phases as culprits.
    pub fn phases(&self, anatomy: &Anatomy) -> Vec<Blame> {
        let blame = |(index, (sum, count, longest, histogram)): (usize, &(i64, i64, i64, Histogram))| Blame {
            names: self.names.clone(),
            kind: "phase".into(),
            value: anatomy.phases[index].name.into(),
            views: *count,
            poor: *longest,
            histogram: histogram.clone(),
            of_metric: false,
            limits: Vec::new(),
            phases: (0..anatomy.phases.len())
                .map(|other| if other == index { (*sum, *count) } else { (0, 0) })
                .collect(),
        };
        self.phases.iter().enumerate().map(blame).collect()
    }
}

/// The conditions of the question on page views.
pub(super) fn asked(scope: &mut Scope, question: &Question) -> Vec<String> {
    let mut asked = window_conditions(scope, question.window);
    match question.query.who {
        Who::Humans => asked.push("bot = ''".into()),
        Who::Bots => asked.push("bot != ''".into()),
        Who::All => {}
    }
    asked.extend(conditions(scope, &question.query.filters, &raw_column));
    asked
}

/// The page views of the question.
pub(super) fn rows(scope: &mut Scope, question: &Question, sample: Option<&Sample>) -> Rows {
    let asked = asked(scope, question);
    view_rows(scope, sample, "*", &asked)
}

/// The expressions of the question's dimensions.
pub(super) fn names(scope: &mut Scope, query: &Query) -> Vec<String> {
    query.by.iter().map(|by| format!("toString({})", dimension_sql(scope, by, &raw_column))).collect()
}

fn list(expressions: &[String]) -> String {
    expressions.iter().map(|expression| format!("{expression}, ")).collect()
}

/// The buckets of a column and their counts, as two columns.
pub(super) fn buckets(column: &str, weight: &str) -> String {
    let map = format!("sumMapIf(map({}, toInt64({weight})), {column} != {MISSING})", sql_bucket(column));
    format!("mapKeys({map}), mapValues({map})")
}

/// Page views by whom they name.
fn named(question: &Question, anatomy: &Anatomy, sample: Option<&Sample>) -> Statement {
    let mut scope = Scope::of(&question.site);
    let rows = rows(&mut scope, question, sample);
    let names = list(&names(&mut scope, &question.query));
    let (column, (good, fair)) = (anatomy.metric.name(), anatomy.limits);
    let pairs: Vec<String> =
        anatomy.culprits.iter().map(|c| format!("('{}', toString({}))", c.kind, c.column)).collect();
    let phases: String = anatomy
        .phases
        .iter()
        .map(|phase| {
            let sql = &phase.sql;
            format!(", sumIf(toInt64({sql}) * sign, {sql} != {MISSING}), sumIf(sign, {sql} != {MISSING})")
        })
        .collect();
    let select = format!(
        "{names}blame.1 AS kind, blame.2 AS culprit, sum(sign) AS named, sumIf(sign, {column} > {fair}) AS poor, \
         sumIf(sign, {column} <= {good}), sumIf(sign, {column} > {good} AND {column} <= {fair}), {}{phases}",
        buckets(column, "sign")
    );
    let rest = format!(
        "ARRAY JOIN arrayFilter(pair -> pair.2 != '', [{}]) AS blame WHERE {column} != {MISSING} \
         GROUP BY {names}kind, culprit HAVING named > 0 ORDER BY poor DESC, named DESC, kind, culprit LIMIT {}",
        pairs.join(", "),
        question.query.limit
    );
    scope.statement(&select, rows, &rest)
}

/// All page views, and which of their phases was the longest.
fn whole(question: &Question, anatomy: &Anatomy, sample: Option<&Sample>) -> Statement {
    let mut scope = Scope::of(&question.site);
    let rows = rows(&mut scope, question, sample);
    let names = names(&mut scope, &question.query);
    let (column, (_, fair)) = (anatomy.metric.name(), anatomy.limits);
    let measured: Vec<String> =
        anatomy.phases.iter().map(|phase| format!("if({0} = {MISSING}, 0, {0})", phase.sql)).collect();
    let measured = format!("[{}]", measured.join(", "));
    let phases: String = anatomy
        .phases
        .iter()
        .enumerate()
        .map(|(index, phase)| {
            let known = format!("{} != {MISSING} AND {column} != {MISSING}", phase.sql);
            let longest = format!("indexOf({measured}, arrayMax({measured})) = {}", index + 1);
            // Only what belongs to a view with the metric is a part of it.
            let part = format!("if({column} = {MISSING}, {MISSING}, {})", phase.sql);
            format!(
                ", sumIf(toInt64({0}) * sign, {known}), sumIf(sign, {known}), \
                 sumIf(sign, {column} > {fair} AND {known} AND {longest} AND {0} > 0), {1}",
                phase.sql,
                buckets(&part, "sign")
            )
        })
        .collect();
    let select = format!(
        "{}sum(sign), sumIf(sign, {column} != {MISSING}), sumIf(sign, {column} > {fair} AND {column} != {MISSING}){phases}",
        list(&names)
    );
    let group = if names.is_empty() { String::new() } else { format!("GROUP BY {}", names.join(", ")) };
    scope.statement(&select, rows, &group)
}
