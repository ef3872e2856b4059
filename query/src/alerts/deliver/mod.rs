//! Tells: what waits is sent to its route until it took it, each route at its own pace, and Alertmanagers hear each minute what goes on.
//!
//! A delivery is a row that waits. It is sent at least once, and always under the same key, so that a receiver knows a repetition. What a
//! silence or quiet hours hold back is dropped when it is over before they are.

mod guard;
mod messages;
mod send;

pub use guard::check;
pub use messages::link;

use super::limits::{RESOLVED_TOLD_MIN, ROUTES_AT_ONCE, WAIT_MS_MAX};
use super::pace::Pace;
use super::record::{self, FIRING, RESOLVED};
use super::routes::{Receiver, Route};
use super::silences::{self, Silence};
use crate::events;
use crate::state::QueryState;
use felt_schema::rows::{AlertDeliveryRow, AlertRow};
use felt_store::StoreError;
use futures::StreamExt;
use parking_lot::Mutex;
use send::{Message, SendError};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Pause between two looks at what waits.
const PAUSE: Duration = Duration::from_secs(10);
/// How often an Alertmanager hears what goes on.
const REFRESH: Duration = Duration::from_secs(60);

/// Everything of one site that telling needs to know.
#[derive(Default)]
struct OfSite {
    routes: Vec<Route>,
    silences: Vec<Silence>,
}

/// Tells for as long as it is polled, while `ours` says that it is this process's to do.
pub async fn telling(state: &QueryState, ours: &AtomicBool) {
    let pace = Mutex::new(Pace::default());
    let mut refreshed: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = state.alerts.tell.notified() => refreshed.clear(),
        }
        if !ours.load(Ordering::Relaxed) {
            continue;
        }
        if let Err(error) = tell(state, ours, &pace, &mut refreshed).await {
            events::alert_round_failed(&error);
        }
    }
}

async fn tell(
    state: &QueryState,
    ours: &AtomicBool,
    pace: &Mutex<Pace>,
    refreshed: &mut BTreeMap<String, Instant>,
) -> Result<(), StoreError> {
    let mut sites: BTreeMap<String, OfSite> = BTreeMap::new();
    for (site, route) in Route::everywhere(state).await? {
        sites.entry(site).or_default().routes.push(route);
    }
    if sites.is_empty() {
        return Ok(());
    }
    for (site, silence) in Silence::everywhere(state).await? {
        if let Some(of_site) = sites.get_mut(&site) {
            of_site.silences.push(silence);
        }
    }
    // In the order in which it came, route by route.
    let mut waiting: BTreeMap<(String, String), Vec<AlertDeliveryRow>> = BTreeMap::new();
    for delivery in record::waiting(state).await? {
        waiting.entry((delivery.site.clone(), delivery.route.clone())).or_default().push(delivery);
    }
    let one_by_one = futures::stream::iter(waiting).map(|((site, route), deliveries)| {
        let of_site = sites.get(&site);
        async move {
            let route = of_site.and_then(|of_site| of_site.routes.iter().find(|known| known.id == route));
            let silences = of_site.map_or(&[][..], |of_site| &of_site.silences);
            queue(state, ours, pace, route, silences, deliveries).await
        }
    });
    let failures: Vec<Result<(), StoreError>> = one_by_one.buffer_unordered(ROUTES_AT_ONCE).collect().await;
    let mut managers: Vec<(&str, &Route, &[Silence])> = Vec::new();
    for (site, of_site) in &sites {
        for route in of_site.routes.iter().filter(|route| route.receiver == Receiver::Alertmanager) {
            managers.push((site, route, &of_site.silences));
        }
    }
    for (site, route, silences) in managers {
        let key = format!("{site}/{}", route.id);
        let due = refreshed.get(&key).is_none_or(|last| last.elapsed() >= REFRESH);
        if due && pace.lock().may(&key) && ours.load(Ordering::Relaxed) {
            refresh(state, pace, (site, route, &key), silences).await?;
            refreshed.insert(key, Instant::now());
        }
    }
    failures.into_iter().collect()
}

/// Sends what waits for one route, until it fails.
async fn queue(
    state: &QueryState,
    ours: &AtomicBool,
    pace: &Mutex<Pace>,
    route: Option<&Route>,
    silences: &[Silence],
    deliveries: Vec<AlertDeliveryRow>,
) -> Result<(), StoreError> {
    for mut delivery in deliveries {
        let Some(alert) = record::find(state, &delivery.site, &delivery.alert).await? else {
            // It is written right after what is to be told of it.
            continue;
        };
        let Some(route) = route else {
            done(state, &mut delivery, "dropped", "the route was taken away").await?;
            continue;
        };
        let now_ms = state.clock.now_ms();
        match fate(route, silences, &delivery, &alert, now_ms) {
            Fate::Wait => continue,
            Fate::Drop(why) => {
                done(state, &mut delivery, "dropped", why).await?;
                continue;
            }
            Fate::Send => {}
        }
        if delivery.change == "resolved" && !was_told(state, &delivery).await? {
            done(state, &mut delivery, "dropped", "it was over before anybody was told").await?;
            continue;
        }
        let key = format!("{}/{}", delivery.site, route.id);
        if !pace.lock().may(&key) || !ours.load(Ordering::Relaxed) {
            return Ok(());
        }
        let url = link(state.config.public_url.as_deref(), &alert.site, &alert.slo);
        let message = messages::message(route, &alert, &delivery.change, &url, now_ms);
        let sent = post(state, route, message).await;
        delivery.attempts += 1;
        match sent {
            Ok(()) => {
                pace.lock().took(&key);
                done(state, &mut delivery, "sent", "").await?;
            }
            Err(error) => {
                pace.lock().failed(&key, error.retry_after());
                delivery.detail = error.to_string();
                record::save_deliveries(state, std::slice::from_mut(&mut delivery)).await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What is to become of a delivery now.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Send,
    Wait,
    Drop(&'static str),
}

fn fate(route: &Route, silences: &[Silence], delivery: &AlertDeliveryRow, alert: &AlertRow, now_ms: i64) -> Fate {
    if now_ms - delivery.made_at > WAIT_MS_MAX {
        return Fate::Drop("it could not be told for three days");
    }
    let held = silences::until_ms(silences, alert, now_ms).or(route.quiet_until_ms(&alert.severity, now_ms)).is_some();
    let is_news = delivery.change == "fired";
    match (held, alert.state == RESOLVED) {
        // Nobody wanted to know while it went on.
        (true, true) if is_news && delivery.attempts == 0 => {
            Fate::Drop("it was over before the silence or the quiet hours")
        }
        // Whoever was told that it began is told that it is over.
        (true, _) if is_news => Fate::Wait,
        _ => Fate::Send,
    }
}

/// Whether the route took the news that this is the end of.
async fn was_told(state: &QueryState, delivery: &AlertDeliveryRow) -> Result<bool, StoreError> {
    let all = record::deliveries_of(state, &delivery.site, &delivery.alert).await?;
    Ok(all.iter().any(|told| told.route == delivery.route && told.change == "fired" && told.state == "sent"))
}

async fn done(state: &QueryState, row: &mut AlertDeliveryRow, how: &'static str, why: &str) -> Result<(), StoreError> {
    (row.state, row.detail) = (how.into(), why.to_owned());
    events::alert_told(how);
    record::save_deliveries(state, std::slice::from_mut(row)).await
}

async fn post(state: &QueryState, route: &Route, message: Message) -> Result<(), SendError> {
    let sent = send::post(&route.url, &state.config.alert_targets_allowed, message).await;
    events::alert_posted(route.receiver.name(), &route.id, sent.as_ref().err());
    sent
}

/// Tells an Alertmanager everything that goes on, and what is over since a short while.
async fn refresh(
    state: &QueryState,
    pace: &Mutex<Pace>,
    (site, route, key): (&str, &Route, &str),
    silences: &[Silence],
) -> Result<(), StoreError> {
    let now_ms = state.clock.now_ms();
    let over_since = now_ms.div_euclid(60_000) - RESOLVED_TOLD_MIN;
    let mut alerts = record::of_site(state, site).await?;
    alerts.retain(|alert| {
        let told = alert.state == FIRING || (alert.state == RESOLVED && alert.resolved >= over_since);
        let quiet = alert.state == FIRING
            && (silences::until_ms(silences, alert, now_ms).is_some()
                || route.quiet_until_ms(&alert.severity, now_ms).is_some());
        told && !quiet && route.wants(&alert.severity)
    });
    if alerts.is_empty() {
        return Ok(());
    }
    let link = |alert: &AlertRow| link(state.config.public_url.as_deref(), &alert.site, &alert.slo);
    let body = messages::alertmanager(&alerts, link, now_ms).to_string();
    let url = format!("{}/api/v2/alerts", route.url.trim_end_matches('/'));
    let addressed = Route { url, ..route.clone() };
    match post(state, &addressed, Message { body, headers: Vec::new() }).await {
        Ok(()) => pace.lock().took(key),
        Err(error) => pace.lock().failed(key, error.retry_after()),
    }
    Ok(())
}
