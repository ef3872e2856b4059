//! Alerts and what is to be told of them, as they are kept in the store.

use super::limits::ALERTS_MAX;
use crate::planner::scope::{Scope, ServiceTable, SiteTable, Statement};
use crate::secrets::hash_hex;
use crate::state::QueryState;
use felt_schema::rows::{AlertDeliveryRow, AlertRow};
use felt_store::{JsonRow, StoreError};
use std::sync::atomic::{AtomicI64, Ordering};

const ALERT: &str = "site, id, slo, rule, severity, version, state, since, fired, resolved, promise, words, page, acknowledged_by, \
                     toUnixTimestamp64Milli(updated_at)";
const ALERT_NEWEST: &str = "ORDER BY updated_at DESC LIMIT 1 BY site, id";
const DELIVERY: &str = "site, alert, route, change, state, attempts, detail, toUnixTimestamp64Milli(made_at), \
                        toUnixTimestamp64Milli(updated_at)";
const DELIVERY_NEWEST: &str = "ORDER BY updated_at DESC LIMIT 1 BY site, alert, route, change";

/// The state of an alert that is told.
pub const FIRING: &str = "firing";
/// The state of an alert whose rule does not hold for long enough yet.
pub const PENDING: &str = "pending";
/// The state of an alert that is over.
pub const RESOLVED: &str = "resolved";

/// The id of an alert: the same for whoever works it out, so that a repetition is known by it.
pub fn id_of(site: &str, slo: &str, rule: &str, since: i64) -> String {
    hash_hex(&format!("{site}\n{slo}\n{rule}\n{since}")).chars().take(24).collect()
}

/// The alerts that are not over, of all sites.
pub async fn active(state: &QueryState) -> Result<Vec<AlertRow>, StoreError> {
    let statement = Statement::service(ServiceTable::Alerts, ALERT, ALERT_NEWEST);
    let mut found = alerts(state, &statement).await?;
    found.retain(|alert| alert.state != RESOLVED);
    Ok(found)
}

/// A site's alerts: those that go on first, then the latest.
pub async fn of_site(state: &QueryState, site: &str) -> Result<Vec<AlertRow>, StoreError> {
    let scope = Scope::of(site);
    let rows = scope.rows(SiteTable::Alerts, "*", &[]).newest_by("id", "updated_at");
    let order = format!("ORDER BY state = '{RESOLVED}', since DESC, id LIMIT {ALERTS_MAX}");
    alerts(state, &scope.statement(ALERT, rows, &order)).await
}

/// A site's alerts that were told and are not over.
pub(crate) async fn firing(state: &QueryState, site: &str) -> Result<Vec<AlertRow>, StoreError> {
    let mut found = of_site(state, site).await?;
    found.retain(|alert| alert.state == FIRING);
    Ok(found)
}

/// One alert of a site.
pub async fn find(state: &QueryState, site: &str, id: &str) -> Result<Option<AlertRow>, StoreError> {
    let mut scope = Scope::of(site);
    let condition = format!("id = {}", scope.text(id));
    let rows = scope.rows(SiteTable::Alerts, "*", &[condition]);
    Ok(alerts(state, &scope.statement(ALERT, rows, ALERT_NEWEST)).await?.pop())
}

/// Keeps an alert as it stands now.
pub async fn save(state: &QueryState, mut alert: AlertRow) -> Result<AlertRow, StoreError> {
    alert.updated_at = later_than_before(state.clock.now_ms().max(alert.updated_at + 1));
    state.store.insert_rows("alerts", std::slice::from_ref(&alert), None).await?;
    Ok(alert)
}

/// What is still to be told, of all sites, in the order in which it came.
pub async fn waiting(state: &QueryState) -> Result<Vec<AlertDeliveryRow>, StoreError> {
    // A delivery that is done never waits again, so the state of the newest row is asked for behind that of any.
    let rest = "WHERE (site, alert) IN (SELECT site, alert FROM alert_deliveries WHERE state = 'waiting')";
    let rest = format!("{rest} {DELIVERY_NEWEST}");
    let mut found = deliveries(state, &Statement::service(ServiceTable::AlertDeliveries, DELIVERY, &rest)).await?;
    found.retain(|delivery| delivery.state == "waiting");
    found.sort_by_key(|delivery| delivery.made_at);
    Ok(found)
}

/// Everything that was or is to be told of an alert.
pub async fn deliveries_of(state: &QueryState, site: &str, alert: &str) -> Result<Vec<AlertDeliveryRow>, StoreError> {
    let mut scope = Scope::of(site);
    let condition = format!("alert = {}", scope.text(alert));
    let rows = scope.rows(SiteTable::AlertDeliveries, "*", &[condition]);
    deliveries(state, &scope.statement(DELIVERY, rows, DELIVERY_NEWEST)).await
}

/// Keeps deliveries as they stand now.
pub async fn save_deliveries(state: &QueryState, rows: &mut [AlertDeliveryRow]) -> Result<(), StoreError> {
    for row in rows.iter_mut() {
        row.updated_at = later_than_before(state.clock.now_ms().max(row.updated_at + 1));
    }
    state.store.insert_rows("alert_deliveries", rows, None).await
}

/// The newest row of a thing holds, so each is newer than any before, whatever the clock says.
fn later_than_before(now_ms: i64) -> i64 {
    static LAST_MS: AtomicI64 = AtomicI64::new(0);
    let next = |last_ms: i64| now_ms.max(last_ms + 1);
    match LAST_MS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last_ms| Some(next(last_ms))) {
        Ok(last_ms) | Err(last_ms) => next(last_ms),
    }
}

async fn alerts(state: &QueryState, statement: &Statement) -> Result<Vec<AlertRow>, StoreError> {
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    Ok(rows.iter().filter_map(alert_of).collect())
}

async fn deliveries(state: &QueryState, statement: &Statement) -> Result<Vec<AlertDeliveryRow>, StoreError> {
    let rows = state.store.query_json(statement.sql(), &statement.params(), state.config.limits()).await?;
    Ok(rows.iter().filter_map(delivery_of).collect())
}

fn alert_of(row: &JsonRow) -> Option<AlertRow> {
    let text = |index: usize| Some(row.get(index)?.as_str()?.to_owned());
    let number = |index: usize| row.get(index)?.as_i64();
    Some(AlertRow {
        site: text(0)?,
        id: text(1)?,
        slo: text(2)?,
        rule: text(3)?,
        severity: text(4)?,
        version: number(5)?,
        state: text(6)?,
        since: number(7)?,
        fired: number(8)?,
        resolved: number(9)?,
        promise: text(10)?,
        words: text(11)?,
        page: text(12)?,
        acknowledged_by: text(13)?,
        updated_at: number(14)?,
    })
}

fn delivery_of(row: &JsonRow) -> Option<AlertDeliveryRow> {
    let text = |index: usize| Some(row.get(index)?.as_str()?.to_owned());
    let number = |index: usize| row.get(index)?.as_i64();
    Some(AlertDeliveryRow {
        site: text(0)?,
        alert: text(1)?,
        route: text(2)?,
        change: text(3)?,
        state: text(4)?,
        attempts: row.get(5)?.as_u64()?.try_into().ok()?,
        detail: text(6)?,
        made_at: number(7)?,
        updated_at: number(8)?,
    })
}
