//! `values/{dimension}`: what a filter can be set to, the most frequent first.

use super::{Question, respond};
use crate::answer::{Answer, Data, echo};
use crate::grammar::{Call, Dimension};
use crate::planner::{Ask, Top};
use crate::record::Record;
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Values of a dimension with their page views, the most frequent first; for type-ahead.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/values/{dimension}", tag = "schema", operation_id = "values",
    params(("site" = String, Path, description = "The site's key"),
        ("dimension" = String, Path, description = "A dimension's name, such as `page` or `tag:plan`"),
        crate::openapi::ValuesParameters),
    responses((status = 200, description = "A row per value", body = crate::openapi::Values,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn values(
    State(state): State<QueryState>,
    Path((site, dimension)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Values, (site, dimension), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, path, .. } = &question;
        let dimension = Dimension::parse("dimension", path).map_err(fault_problem)?;
        let whole = Ask { by: vec![dimension.clone()], ..Ask::counts(&query.filters, query.who) };
        let top = Some(Top { contains: query.q.clone(), limit: query.limit });
        let ask = Ask { top, ..whole.clone() };
        let plan = question.plan(&ask).await?;
        let mut groups = state.cells("values", site, &ask, &plan).await?.groups;
        groups.sort_by(|a, b| b.views.cmp(&a.views).then_with(|| a.names.cmp(&b.names)));
        // How many views there are in all is a question of its own, by the same source.
        let all = state.cells("values", site, &Ask { by: Vec::new(), ..whole }, &plan).await?;
        let row = |group: &crate::planner::Group| {
            Record::new().with("value", group.names.first().cloned()).with("count", group.all_views())
        };
        let mut echo = echo(query, plan.window, None);
        echo.insert("dimension".into(), dimension.name().into());
        Ok(Answer {
            query: echo,
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, all.sample_rate()).await,
            views: all.views(),
            warnings: question.warnings(&plan).await?,
            groups: None,
            next: None,
            more: serde_json::Map::new(),
            data: Data::Rows(groups.iter().map(row).collect()),
        })
    }
    .boxed()
}
