//! The call: both sides as they are, then like for like.

use super::matched::{Finest, Matching, finest};
use super::row::{Figure, Pair};
use super::sides::Sides;
use super::{groups, releases};
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, Measure, Vs};
use crate::planner::{Ask, Cell, Cells, SourceKind};
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Two times or two releases, like compared with like: both values, the difference with its 95 % interval, and a verdict. With `by`, the
/// same for each group, those that moved most first. `vs=release` is the release before the one in `f`, or before the newest; with `by=release` each
/// against the one before it.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/compare", tag = "metrics", operation_id = "compare",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::CompareParameters),
    responses((status = 200, description = "A row per metric, or per group and metric", body = crate::openapi::Comparison,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn compare(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Compare, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    match question.query.vs {
        Vs::ReleaseBefore => releases::compared(question).boxed(),
        Vs::Prev | Vs::Week | Vs::Year | Vs::Release(_) | Vs::Between(..) => both(question),
    }
}

/// The answer about two sides that are known.
pub(super) fn both(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let query = &question.query;
        let sides = Sides::of(&question)?;
        let plain = sides.plans(&question, |ask| {
            let whole = query.by.is_empty();
            let measures = if whole { query.metrics.clone() } else { Vec::new() };
            let histograms = whole && measures.iter().any(|measure| *measure != Measure::Happiness);
            Ask { measures, histograms, ..ask.clone() }
        });
        let plain = plain.await?;
        // Where the finest strata are found is asked beside it: it takes as long as the figures themselves.
        let strata = async {
            match query.by.first() {
                Some(_) => Ok(None),
                None => finest(&question, &sides).await.map(Some),
            }
        };
        let (cells, finest) = futures::future::try_join(Sides::cells(&question, &plain), strata).await?;
        let views = [cells[0].views(), cells[1].views()];
        let (first, second) = (&plain[0].1, &plain[1].1);
        let mut warnings = question.warnings(first).await?;
        warnings.extend(second.warnings.iter().map(|warning| format!("of what is compared with: {warning}")));
        if views[1] == 0 && views[0] > 0 {
            warnings.push("there are no page views to compare with".into());
        }
        let singly = [first, second].into_iter().find(|plan| plan.kind() != SourceKind::Rollup);
        let mut source = singly.unwrap_or(first).kind();
        let (rows, groups) = match query.by.first() {
            Some(dimension) => {
                let compared = groups::compared(&question, &sides, dimension, views).await?;
                warnings.extend(compared.warnings);
                (compared.rows, Some(compared.groups))
            }
            None => {
                let (pairs, told, matched) = whole(&question, &sides, &cells, finest).await?;
                let anew: Vec<String> = told.into_iter().filter(|told| !warnings.contains(told)).collect();
                warnings.extend(anew);
                source = matched.unwrap_or(source);
                (pairs.iter().map(|pair| pair.record(pair.verdict())).collect(), None)
            }
        };
        let mut echo = echo(query, first.window, None);
        echo.insert("vs".into(), sides.echo(query, second));
        Ok(Answer {
            query: echo,
            source,
            sample_rate: question.sample_rate(first, cells[0].sample_rate()).await,
            views: views[0],
            warnings,
            groups,
            next: None,
            more: serde_json::Map::new(),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

/// Each metric of both sides, what the reader should know about that, and the sample that they were matched in, if it was one.
async fn whole(
    question: &Question,
    sides: &Sides,
    cells: &[Cells; 2],
    finest: Option<Finest>,
) -> Result<(Vec<Pair>, Vec<String>, Option<SourceKind>), Problem> {
    let metrics = &question.query.metrics;
    let views = [cells[0].views(), cells[1].views()];
    let matching = affordable(Matching::of(question, sides, (views, finest), metrics).await)?;
    let mut warnings = match &matching {
        Some(Some(matching)) => matching.warnings(),
        Some(None) => vec!["the mix of visitors is not evened out".to_owned()],
        None => vec![TOO_EXPENSIVE.to_owned()],
    };
    let matching = matching.flatten();
    let sample = matching.as_ref().map(Matching::source).filter(|source| matches!(source, SourceKind::Sample(_)));
    let none = Cell::default();
    let of = |index: usize, side: usize| {
        let cell = cells[side].groups.first().and_then(|group| group.cells.get(index));
        Figure::plain(&metrics[index], cell.unwrap_or(&none))
    };
    let plain: Vec<[Figure; 2]> = (0..metrics.len()).map(|index| [of(index, 0), of(index, 1)]).collect();
    let matched = match &matching {
        Some(matching) => affordable(matching.pairs(question, metrics, &plain).await)?,
        None => None,
    };
    if matching.is_some() {
        match &matched {
            Some(pairs) => {
                let unlike = pairs.iter().filter(|pair| pair.matched_on.is_none() && pair.enough());
                warnings.extend(unlike.map(|pair| {
                    let name = pair.measure.name();
                    format!("{name}: too little is alike on both sides, so they are compared as they are")
                }));
            }
            None => warnings.push(TOO_EXPENSIVE.to_owned()),
        }
    }
    let as_it_is = |(measure, plain): (&Measure, &[Figure; 2])| Pair {
        measure: measure.clone(),
        sides: *plain,
        plain: *plain,
        matched_on: None,
    };
    let pairs = matched.unwrap_or_else(|| metrics.iter().zip(&plain).map(as_it_is).collect());
    Ok((pairs, warnings, sample))
}

/// What is said instead of failing where strata cost too much: both sides as they are still tell something.
const TOO_EXPENSIVE: &str = "evening out the mix of visitors would cost more than one question may, so both sides are compared as they are: ask for a shorter range";

/// The result, or none where it cost too much.
fn affordable<T>(result: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(problem) if problem.slug() == "too-expensive" => Ok(None),
        Err(problem) => Err(problem),
    }
}
