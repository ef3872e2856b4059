//! The call: both sides as they are, then like for like.

use super::groups;
use super::matched::Matching;
use super::row::{Figure, Pair};
use super::sides::Sides;
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, Measure};
use crate::planner::{Ask, Cell, SourceKind};
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Two times or two releases, like compared with like: both values, the difference with its 95 % interval, and a verdict. With `by`, the
/// same for each group, those that moved most first.
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
    async move {
        let query = &question.query;
        let sides = Sides::of(&question)?;
        let plain = sides.plans(&question, |ask| {
            let whole = query.by.is_empty();
            let measures = if whole { query.metrics.clone() } else { Vec::new() };
            let histograms = whole && measures.iter().any(|measure| *measure != Measure::Happiness);
            Ask { measures, histograms, ..ask.clone() }
        })?;
        let cells = Sides::cells(&question, &plain).await?;
        let views = [cells[0].views(), cells[1].views()];
        let (first, second) = (&plain[0].1, &plain[1].1);
        let mut warnings = question.warnings(first).await?;
        warnings.extend(second.warnings.iter().map(|warning| format!("of what is compared with: {warning}")));
        if views[1] == 0 && views[0] > 0 {
            warnings.push("there are no page views to compare with".into());
        }
        let (rows, groups) = match query.by.first() {
            Some(dimension) => {
                let compared = groups::compared(&question, &sides, dimension, views).await?;
                warnings.extend(compared.warnings);
                (compared.rows, Some(compared.groups))
            }
            None => {
                let matching = Matching::of(&question, &sides, views, &query.metrics).await?;
                warnings.extend(match &matching {
                    Some(matching) => matching.warnings(),
                    None => vec!["the mix of visitors is not evened out".to_owned()],
                });
                let of = |(index, measure)| {
                    let none = Cell::default();
                    let figures = [0, 1].map(|side: usize| {
                        let cell = cells[side].groups.first().and_then(|group| group.cells.get(index));
                        Figure::plain(measure, cell.unwrap_or(&none))
                    });
                    pair(&question, matching.as_ref(), (index, measure), figures)
                };
                let pairs = futures::future::try_join_all(query.metrics.iter().enumerate().map(of)).await?;
                warnings.extend(
                    pairs.iter().filter(|pair| matching.is_some() && pair.matched_on.is_none() && pair.enough()).map(
                        |pair| {
                            format!(
                                "{}: too little is alike on both sides, so they are compared as they are",
                                pair.measure.name()
                            )
                        },
                    ),
                );
                (pairs.iter().map(|pair| pair.record(pair.verdict())).collect(), None)
            }
        };
        let mut echo = echo(query, first.window, None);
        echo.insert("vs".into(), sides.echo(query, second));
        let raw = [first, second].into_iter().find(|plan| plan.kind() == SourceKind::Raw);
        Ok(Answer {
            query: echo,
            source: raw.unwrap_or(first).kind(),
            sample_rate: question.sample_rate(first, cells[0].sample_rate()).await,
            views: views[0],
            warnings,
            groups,
            next: None,
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

async fn pair(
    question: &Question,
    matching: Option<&Matching>,
    (index, measure): (usize, &Measure),
    plain: [Figure; 2],
) -> Result<Pair, Problem> {
    match matching {
        Some(matching) => matching.pair(question, (index, measure), plain).await,
        None => Ok(Pair { measure: measure.clone(), sides: plain, plain, matched_on: None }),
    }
}
