//! Which site an origin or URL is of, among those that the caller may read, and which of its page views are meant.
//!
//! A site that is configured for this one origin is meant as a whole; else the hosts of its page views tell. Whoever may not read a
//! site is told no more than that there are no data.

use super::fault::CruxFault;
use super::place::Place;
use crate::grammar::DAY_MS;
use crate::grammar::{Dimension, Filter, Op, Who};
use crate::planner::scope::{Scope, SiteTable};
use crate::planner::{Ask, Row, VIEWS_KEPT_DAYS, Window, window_conditions};
use crate::state::QueryState;
use felt_http::{Denied, Scope as Permission};
use felt_schema::site::Site;

/// Whose page views are meant.
#[derive(Debug)]
pub(super) struct Whose {
    pub site: String,
    /// The host, where the site has others too.
    pub host: Option<String>,
    pub filters: Vec<Filter>,
}

impl Whose {
    /// Finds the site.
    pub async fn find(
        state: &QueryState,
        bearer: Option<&str>,
        place: &Place,
        window: Window,
    ) -> Result<Whose, CruxFault> {
        let mut best: Option<(i64, Whose)> = None;
        for site in readable(state, bearer).await? {
            if is_only_origin(site, &place.origin) {
                best = Some((0, Whose { site: site.key.clone(), host: None, filters: Vec::new() }));
                break;
            }
            if !site.origins.is_empty() && !site.allows_origin(&place.origin) {
                continue;
            }
            let hosts = hosts(state, &site.key, window.to_ms).await?;
            let Some(views) = hosts.iter().find(|(host, _)| *host == place.host).map(|(_, views)| *views) else {
                continue;
            };
            if best.as_ref().is_none_or(|(most, _)| views > *most) {
                let host = (hosts.len() > 1).then(|| place.host.clone());
                best = Some((views, Whose { site: site.key.clone(), host, filters: Vec::new() }));
            }
        }
        let (_, mut whose) = best.ok_or(CruxFault::NoData)?;
        if let Some(path) = &place.path {
            whose.filters.push(whose.page(state, path, window).await?);
        }
        Ok(whose)
    }

    /// A path that is the name of a page is all of that page, which rollups know; any other path is itself.
    async fn page(&self, state: &QueryState, path: &str, window: Window) -> Result<Filter, CruxFault> {
        let is = |dimension| Filter { dimension, op: Op::Is, values: vec![path.to_owned()] };
        let ask = Ask::counts(&[is(Dimension::Page)], Who::Humans);
        let plan = state.plan(&ask, window)?;
        let views = state.cells("crux", &self.site, &ask, &plan).await?.views();
        Ok(is(if views > 0 { Dimension::Page } else { Dimension::Path }))
    }
}

/// May the caller read anything at all?
pub(super) async fn readable<'a>(state: &'a QueryState, bearer: Option<&str>) -> Result<Vec<&'a Site>, CruxFault> {
    let mut sites = Vec::new();
    let mut refused = None;
    for site in state.sites.iter() {
        match state.authorize.authorize(bearer, &site.key, Permission::ReadMetrics).await {
            Ok(()) => sites.push(site),
            Err(denied @ Denied::NotGranted(_)) => refused = Some(denied),
            Err(denied) => return Err(CruxFault::Other(denied.into())),
        }
    }
    match refused {
        Some(denied) if sites.is_empty() => Err(CruxFault::Other(denied.into())),
        _ => Ok(sites),
    }
}

fn is_only_origin(site: &Site, origin: &str) -> bool {
    site.origins.len() == 1 && site.origins.iter().all(|own| !own.contains('*')) && site.allows_origin(origin)
}

/// The hosts of a site's page views of the last weeks, with how many there are of each.
async fn hosts(state: &QueryState, site: &str, to_ms: i64) -> Result<Vec<(String, i64)>, CruxFault> {
    let mut scope = Scope::of(site);
    let window = Window { from_ms: to_ms - VIEWS_KEPT_DAYS * DAY_MS, to_ms };
    let conditions = window_conditions(&mut scope, window);
    let rows = scope.rows(SiteTable::PageViews, "host, sign", &conditions);
    let rest = format!("WHERE host != '' GROUP BY host HAVING sum(sign) > 0 ORDER BY sum(sign) DESC LIMIT {HOSTS_MAX}");
    let rows = state.rows("crux", site, &scope.statement("toString(host), sum(sign)", rows, &rest)).await?;
    let read = |row| {
        let mut row = Row::new(row);
        (row.text(), row.int())
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Hosts of one site that are told apart.
const HOSTS_MAX: usize = 1_000;
