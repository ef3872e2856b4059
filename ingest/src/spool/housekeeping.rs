//! Once a second: the bound follows the measured latency, the gauges are set, and a Kafka that nobody tries any more is asked.

use super::Spool;
use super::latency::Mark;
use super::pace::{SAMPLES_MIN, WATCHED};
use crate::durable::Durable;
use crate::events;
use felt_eventlog::Health;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(1);

/// The bound looks back this long, and at most twice as long.
const BOUND_WINDOW: Duration = Duration::from_secs(5);

/// The bound is this many times the 99th percentile, if there are enough acknowledgements to speak of one.
const BOUND_FACTOR: f64 = 4.0;
const BOUND_SAMPLES_MIN: u32 = 50;

/// What is usual follows a new look by this much.
const NORMAL_WEIGHT: f64 = 0.3;

/// Seconds in which the drain tried nothing before somebody else asks whether Kafka is back.
const UNTRIED_MAX: u32 = 2;

pub(crate) struct Housekeeping {
    durable: Arc<Durable>,
    spool: Arc<Spool>,
    before: Mark,
    since: Mark,
    turned: Instant,
    quiet: Option<Mark>,
    untried: u32,
}

impl Housekeeping {
    pub(crate) fn new(durable: Arc<Durable>, spool: Arc<Spool>) -> Self {
        let mark = durable.latencies.mark();
        Self { durable, spool, before: mark, since: mark, turned: Instant::now(), quiet: None, untried: 0 }
    }

    /// Runs until told to stop.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            self.follow_latency();
            self.learn_normal();
            self.ask_if_nobody_tries().await;
            let oldest_seconds = self.durable.oldest_age_seconds(&self.spool);
            events::spool_is(self.spool.stored_bytes().await, self.spool.records(), oldest_seconds);
            events::bound_is(self.durable.bound(), self.durable.circuit.is_open());
        }
    }

    fn follow_latency(&mut self) {
        let config = self.spool.config();
        let slow = self.durable.latencies.quantile(&self.before, 0.99, BOUND_SAMPLES_MIN);
        let bound_max = Duration::from_millis(config.bound_max_ms);
        let bound = slow.map_or(bound_max, |slow| {
            slow.mul_f64(BOUND_FACTOR).max(Duration::from_millis(config.bound_min_ms)).min(bound_max)
        });
        self.durable.set_bound(bound);
        if self.turned.elapsed() >= BOUND_WINDOW {
            self.before = std::mem::replace(&mut self.since, self.durable.latencies.mark());
            self.turned = Instant::now();
        }
    }

    /// Only from a second in which nothing waited and Kafka answered.
    fn learn_normal(&mut self) {
        let is_quiet = self.spool.records() == 0 && !self.durable.circuit.is_open();
        let latencies = &self.durable.latencies;
        if let Some(begin) = self.quiet.take().filter(|_| is_quiet)
            && let Some(seen) = latencies.quantile(&begin, WATCHED, SAMPLES_MIN)
        {
            let known = self.durable.normal().unwrap_or(seen);
            self.durable.set_normal(known.mul_f64(1.0 - NORMAL_WEIGHT) + seen.mul_f64(NORMAL_WEIGHT));
        }
        self.quiet = is_quiet.then(|| latencies.mark());
    }

    /// The drain tries Kafka with what is in the spool. When it cannot, because the spool is empty or cannot be read, this asks.
    async fn ask_if_nobody_tries(&mut self) {
        let is_untried = self.durable.circuit.is_open() && !self.durable.is_trying();
        self.untried = if is_untried { self.untried + 1 } else { 0 };
        if self.untried >= UNTRIED_MAX {
            self.untried = 0;
            if !matches!(self.durable.log_health().await, Health::Down(_)) {
                self.durable.circuit.try_again();
            }
        }
    }
}
