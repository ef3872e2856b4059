//! Judges each minute once it is over and counted, and writes down what is to be told before anybody is.

use super::deliver;
use super::desk::{Desk, Turn};
use super::lease::Lease;
use super::record::{self, FIRING, RESOLVED};
use super::routes::Route;
use super::words::{self, Worst};
use crate::events;
use crate::grammar::Dimension;
use crate::slos::{Promise, spenders};
use crate::state::QueryState;
use felt_schema::burn::{CATCH_UP_MIN, Change};
use felt_schema::rows::{AlertDeliveryRow, AlertRow};
use felt_store::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Pause between two looks at whether a minute is over.
const PAUSE: Duration = Duration::from_secs(5);
/// How long after its end a minute is judged: what came in it is counted by then.
const GRACE_MS: i64 = 20_000;
/// How long judging waits for counts that do not come.
const PATIENCE: Duration = Duration::from_secs(120);
const MINUTE_MS: i64 = 60_000;

/// Judges, and tells, until `stop` resolves.
pub async fn run(state: QueryState, stop: impl Future<Output = ()>) {
    let mut lease = Lease::of("alerts");
    // Whoever tells looks at it before each: another process may judge by now.
    let ours = Arc::new(AtomicBool::new(false));
    let mut reached = 0;
    {
        let judge = judging(&state, &mut lease, &ours, &mut reached);
        let tell = deliver::telling(&state, &ours);
        tokio::select! {
            () = stop => {}
            () = judge => {}
            () = tell => {}
        }
    }
    lease.give_back(&state, reached).await;
}

async fn judging(state: &QueryState, lease: &mut Lease, ours: &AtomicBool, reached: &mut i64) {
    let mut desk = None;
    loop {
        if let Err(error) = round(state, lease, &mut desk, reached).await {
            events::alert_round_failed(&error);
            // What was judged and not written down is judged again.
            desk = None;
        }
        ours.store(lease.is_held(), Ordering::Relaxed);
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = state.alerts.judge.notified() => {}
        }
    }
}

/// One look: takes or keeps the lease, and judges the minutes that are over.
async fn round(
    state: &QueryState,
    lease: &mut Lease,
    desk: &mut Option<Desk>,
    reached: &mut i64,
) -> Result<(), StoreError> {
    if let Some(before) = lease.take(state, *reached).await? {
        *reached = before;
        *desk = None;
    }
    if !lease.is_held() {
        *desk = None;
        return Ok(());
    }
    let Some(end) = judged_by(state) else { return Ok(()) };
    let begin = if *reached == 0 { end - 1 } else { (*reached).max(end - CATCH_UP_MIN) };
    if begin >= end {
        return Ok(());
    }
    let promises = Promise::all(state).await?;
    let active = match desk {
        Some(desk) => {
            desk.lay(promises);
            None
        }
        None => {
            let active = record::active(state).await?;
            *desk = Some(Desk::with(&active, promises));
            Some(active)
        }
    };
    let Some(desk) = desk else { return Ok(()) };
    desk.read(state).await?;
    let turns = desk.judge(begin..end);
    // It may have taken long. Another who judges by now has the same to tell.
    if !lease.is_held() {
        return Ok(());
    }
    for turn in &turns {
        write_down(state, turn).await?;
    }
    for alert in active.unwrap_or(record::active(state).await?) {
        if !desk.judges(&alert) {
            close(state, alert, end, "the promise was taken back or judges otherwise now").await?;
        }
    }
    *reached = end;
    events::minutes_judged(end - begin);
    lease.note(state, end).await?;
    if !turns.is_empty() {
        state.alerts.tell.notify_one();
    }
    Ok(())
}

/// The minute before which everything can be judged; `None` while nothing was counted.
fn judged_by(state: &QueryState) -> Option<i64> {
    let over_ms = state.clock.now_ms() - GRACE_MS;
    let (counted_to_ms, found_out) = (*state.alerts.counted_to.lock())?;
    // Where counting fails, judging goes on without it after a while, and holds what it said: a minute of nothing changes nothing.
    let known_ms = if found_out.elapsed() > PATIENCE { over_ms } else { over_ms.min(counted_to_ms) };
    Some(known_ms.div_euclid(MINUTE_MS))
}

/// Keeps what changed, after what is to be told of it.
async fn write_down(state: &QueryState, turn: &Turn) -> Result<(), StoreError> {
    let (site, slo) = (&turn.promise.site, &turn.promise.slo);
    match turn.change {
        Change::Fired => {
            let worst = worst_page(state, turn).await;
            let alert = AlertRow {
                site: site.clone(),
                id: record::id_of(site, &slo.id, &turn.rule.name, turn.since),
                slo: slo.id.clone(),
                rule: turn.rule.name.clone(),
                severity: turn.rule.severity.name().into(),
                version: turn.promise.version,
                state: FIRING.into(),
                since: turn.since,
                fired: turn.minute,
                promise: slo.promise.clone(),
                words: words::fired(turn, worst.as_ref()),
                page: worst.map(|worst| worst.page).unwrap_or_default(),
                ..AlertRow::default()
            };
            announce(state, &alert, "fired").await?;
            events::alert_changed("fired", &alert.site, &alert.slo, &alert.rule);
            record::save(state, alert).await.map(drop)
        }
        Change::Resolved => {
            let mut active = record::active(state).await?;
            active.retain(|alert| alert.site == *site && alert.slo == slo.id && alert.rule == turn.rule.name);
            for alert in active {
                let words = words::resolved(slo, alert.fired, turn.minute + 1);
                close(state, alert, turn.minute + 1, &words).await?;
            }
            Ok(())
        }
    }
}

async fn close(state: &QueryState, alert: AlertRow, minute: i64, words: &str) -> Result<(), StoreError> {
    // What people said of it meanwhile stays.
    let alert = record::find(state, &alert.site, &alert.id).await?.unwrap_or(alert);
    let alert = AlertRow { state: RESOLVED.into(), resolved: minute, words: words.to_owned(), ..alert };
    announce(state, &alert, "resolved").await?;
    events::alert_changed("resolved", &alert.site, &alert.slo, &alert.rule);
    record::save(state, alert).await.map(drop)
}

/// Puts down for every route of the site that this is to be told. What was put down before stays as it is.
pub(super) async fn announce(state: &QueryState, alert: &AlertRow, change: &str) -> Result<(), StoreError> {
    let known = record::deliveries_of(state, &alert.site, &alert.id).await?;
    let is_new = |route: &Route| !known.iter().any(|known| known.route == route.id && known.change == change);
    let routes = Route::of_site(state, &alert.site).await?;
    let mut rows: Vec<AlertDeliveryRow> = routes
        .iter()
        .filter(|route| route.hears(change) && route.wants(&alert.severity) && is_new(route))
        .map(|route| AlertDeliveryRow {
            site: alert.site.clone(),
            alert: alert.id.clone(),
            route: route.id.clone(),
            change: change.to_owned(),
            state: "waiting".into(),
            made_at: state.clock.now_ms(),
            ..AlertDeliveryRow::default()
        })
        .collect();
    record::save_deliveries(state, &mut rows).await
}

/// The page with most bad ones in the rule's long window: page views, or visits and attempts that went wrong there. Without it the alert
/// is told all the same.
async fn worst_page(state: &QueryState, turn: &Turn) -> Option<Worst> {
    let end_s = (turn.minute + 1) * 60;
    let span = end_s - i64::from(turn.rule.long_min) * 60..end_s;
    let statement = spenders::statement(state, &turn.promise, &Dimension::Page, (span, 1)).await.ok()??;
    let rows = state.rows("worst_page", &turn.promise.site, &statement).await.ok()?;
    let row = rows.first()?;
    let (bad, all) = (row.get(2)?.as_f64()?, row.get(4)?.as_f64()?);
    (bad > 0.0 && all > 0.0).then(|| Some(Worst { page: row.first()?.as_str()?.to_owned(), share: bad / all }))?
}
