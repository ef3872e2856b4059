//! Whether ClickHouse, or the engine that stands in for it, answers, has its tables, keeps its promises, and agrees about the time.

use std::path::Path;

use felt_schema::clock::{Clock, SystemClock};
use felt_store::{QueryLimits, Store, StoreConfig, engine};

use super::Finding;
use crate::config::Config;

const CHECK: &str = "clickhouse";
const CLOCK: &str = "clock";
/// A clock that differs by more is worth knowing: page views are placed by it.
const CLOCK_WARN_MS: i64 = 2_000;
/// One that differs by more puts them where nobody looks for them.
const CLOCK_FAULT_MS: i64 = 60_000;
/// No Felt ran before: 2026-01-01. A machine that starts with another year has lost its clock.
const CLOCK_MIN_MS: i64 = 1_767_225_600_000;

/// Looks at the configured ClickHouse, else at the engine of `data`; and at the clock by it.
pub async fn check(config: &Config, data: &Path) -> Vec<Finding> {
    let running = engine::find(&data.join("engine"));
    let (store, what) = match (&config.clickhouse, running) {
        (Some(clickhouse), _) => (Store::connect(clickhouse.clone()), clickhouse.url.clone()),
        (None, Some(running)) => {
            let what = format!("the engine of {} at {}", data.display(), running.url);
            (Store::connect(StoreConfig { url: running.url, ..StoreConfig::default() }), what)
        }
        (None, None) => return vec![library(config, data), clock_alone()],
    };
    let before_ms = SystemClock.now_ms();
    let limits = QueryLimits::default();
    let asked = store
        .query_json("SELECT version(), toUnixTimestamp64Milli(now64(3)), database() FROM system.one", &[], limits)
        .await;
    let between_ms = before_ms + (SystemClock.now_ms() - before_ms) / 2;
    match asked {
        Ok(rows) => {
            let row = rows.into_iter().next().unwrap_or_default();
            let version = row.first().and_then(|version| version.as_str()).unwrap_or("?").to_owned();
            let their_ms = row.get(1).and_then(|ms| ms.as_i64()).unwrap_or(between_ms);
            vec![tables(&store, &format!("{what}, version {version}")).await, clock(between_ms, their_ms)]
        }
        // The database itself may be missing, which is another thing than no answer.
        Err(error) if store.ping().await.is_ok() => {
            let words = format!("{what} answers, but not for the database `{}`: {error}", store.config().database);
            vec![Finding::warning(CHECK, words, "run `felt migrate`, which makes it"), clock_alone()]
        }
        Err(error) => {
            let mend = "start ClickHouse, and mend `url`, `user` and `password` under [clickhouse] if it is elsewhere";
            vec![Finding::fault(CHECK, format!("{what} does not answer: {error}"), mend), clock_alone()]
        }
    }
}

async fn tables(store: &Store, what: &str) -> Finding {
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => {}
        Ok(pending) => {
            let words = format!("{what} answers; it lacks {} migrations, {} first", pending.len(), pending[0]);
            return Finding::warning(CHECK, words, "run `felt migrate`; the roles do so when they start");
        }
        Err(error) => {
            return Finding::fault(CHECK, format!("{what}: {error}"), "run the newest felt, or restore a backup");
        }
    }
    match store.check_contract().await {
        Ok(()) => Finding::ok(CHECK, format!("{what} has every table and keeps what exact counts rest on")),
        Err(fault) => Finding::fault(
            CHECK,
            format!("{what}: {fault}"),
            "let no profile or proxy change Felt's settings, or take a newer ClickHouse",
        ),
    }
}

/// Nothing runs: whether the engine could.
fn library(config: &Config, data: &Path) -> Finding {
    let loopback = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    match engine::library(&config.engine(data.join("engine"), loopback)) {
        Ok(path) => Finding::ok(CHECK, format!("not configured: `felt serve` runs its own engine, {}", path.display())),
        Err(error) => {
            let mend = "run scripts/fetch-libchdb.sh, or name a ClickHouse under [clickhouse] url";
            Finding::fault(CHECK, format!("not configured, and the engine that stands in is missing: {error}"), mend)
        }
    }
}

fn clock_alone() -> Finding {
    let now_ms = SystemClock.now_ms();
    if now_ms < CLOCK_MIN_MS {
        return Finding::fault(
            CLOCK,
            format!("it says {}", crate::admin::time(now_ms)),
            "set it, and let it be kept by NTP",
        );
    }
    Finding::ok(CLOCK, format!("it says {}; there is nothing here to compare it with", crate::admin::time(now_ms)))
}

fn clock(our_ms: i64, their_ms: i64) -> Finding {
    let difference_ms = our_ms - their_ms;
    let words = format!(
        "it is {:.1} s {} ClickHouse's",
        difference_ms.abs() as f64 / 1e3,
        if difference_ms < 0 { "behind" } else { "before" }
    );
    let mend = "let both machines' clocks be kept by NTP";
    match difference_ms.abs() {
        _ if our_ms < CLOCK_MIN_MS => clock_alone(),
        CLOCK_FAULT_MS.. => Finding::fault(CLOCK, words, mend),
        CLOCK_WARN_MS.. => Finding::warning(CLOCK, words, mend),
        _ => Finding::ok(CLOCK, "it agrees with ClickHouse's"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_is_judged_by_how_far_off_it_is() {
        let now_ms = CLOCK_MIN_MS + 1_000_000_000;
        for (off_ms, state) in [(0, State::Ok), (-1_999, State::Ok), (2_000, State::Warning), (-60_000, State::Fault)] {
            assert_eq!(clock(now_ms + off_ms, now_ms).state, state, "{off_ms}");
        }
    }
}
