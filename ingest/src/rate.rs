//! How often a site, or a client, may send: token buckets in a table of bounded size.
//!
//! A bucket is one number, the instant at which it would be full again (the generic cell rate algorithm): nothing has to be
//! refilled, and a bucket whose instant has passed is the same as none, so forgetting it loses nothing.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const SHARDS: usize = 16;

/// A rate and how much of it may come at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst_seconds: f64,
}

impl Rate {
    fn nanos_per_token(self) -> u64 {
        ((1e9 / self.per_second.max(1e-6)) as u64).max(1)
    }

    fn burst_nanos(self) -> u64 {
        ((self.burst_seconds * 1e9) as u64).max(self.nanos_per_token())
    }
}

/// What asking a bucket gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Pass,
    /// Not now, but after this long.
    Wait(Duration),
}

/// Buckets by key.
pub(crate) struct RateTable {
    start: Instant,
    shards: Vec<Mutex<Shard>>,
    shard_keys_max: usize,
    /// Which keys share a shard is nobody's to know: otherwise addresses could be chosen that fill one.
    seed: u64,
}

#[derive(Default)]
struct Shard {
    /// By key: when the bucket is full again, in nanoseconds since the table's start.
    full_at: HashMap<u64, u64>,
    /// No key can be forgotten before this instant, as far as is known.
    swept_until: u64,
}

impl RateTable {
    /// Remembers at most about `keys_max` keys.
    pub(crate) fn new(keys_max: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { start: Instant::now(), shards, shard_keys_max: keys_max.div_ceil(SHARDS).max(1), seed: rand::random() }
    }

    /// Takes one token from the key's bucket, if it has one left.
    pub(crate) fn take(&self, key: u64, rate: Rate) -> Verdict {
        self.take_at(key, rate, self.start.elapsed().as_nanos() as u64)
    }

    /// Takes more tokens, as a debt if need be: how much a request holds is known only when it was read.
    pub(crate) fn charge(&self, key: u64, rate: Rate, tokens: u32) {
        self.charge_at(key, rate, tokens, self.start.elapsed().as_nanos() as u64);
    }

    fn take_at(&self, key: u64, rate: Rate, now: u64) -> Verdict {
        let mut shard = self.shard(key).lock();
        let cost = rate.nanos_per_token();
        if let Some(full_at) = shard.full_at.get_mut(&key) {
            let begin = (*full_at).max(now);
            let latest_begin = now.saturating_add(rate.burst_nanos() - rate.nanos_per_token());
            if begin > latest_begin {
                return Verdict::Wait(Duration::from_nanos(begin - latest_begin));
            }
            *full_at = begin.saturating_add(cost);
            return Verdict::Pass;
        }
        // A newcomer that finds the table full of active clients is let through: its site's rate still holds, and shutting out
        // real visitors is what somebody who rotates addresses would want.
        if shard.full_at.len() < self.shard_keys_max || shard.sweep(now) {
            shard.full_at.insert(key, now.saturating_add(cost));
        }
        Verdict::Pass
    }

    fn charge_at(&self, key: u64, rate: Rate, tokens: u32, now: u64) {
        if let Some(full_at) = self.shard(key).lock().full_at.get_mut(&key) {
            let cost = rate.nanos_per_token().saturating_mul(u64::from(tokens));
            *full_at = (*full_at).max(now).saturating_add(cost);
        }
    }

    /// The upper bits of a multiplicative hash: neighbouring addresses spread over all shards.
    fn shard(&self, key: u64) -> &Mutex<Shard> {
        &self.shards[((key ^ self.seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60) as usize % SHARDS]
    }

    #[cfg(test)]
    fn keys(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().full_at.len()).sum()
    }
}

impl Shard {
    /// Forgets full buckets; whether there is room now. When all are in use it does not look again before one can be full.
    fn sweep(&mut self, now: u64) -> bool {
        if now < self.swept_until {
            return false;
        }
        let before = self.full_at.len();
        self.full_at.retain(|_, full_at| *full_at > now);
        self.swept_until = self.full_at.values().copied().min().unwrap_or(0);
        self.full_at.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const RATE: Rate = Rate { per_second: 10.0, burst_seconds: 2.0 };

    fn passes(table: &RateTable, now: u64, asked: usize) -> usize {
        (0..asked).filter(|_| table.take_at(1, RATE, now) == Verdict::Pass).count()
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let table = RateTable::new(100);
        assert_eq!(passes(&table, 0, 100), 20);
        assert_eq!(passes(&table, SECOND, 100), 10);
        assert_eq!(passes(&table, 100 * SECOND, 100), 20, "never more than the burst");
    }

    #[test]
    fn the_wait_is_as_long_as_it_says() {
        let table = RateTable::new(100);
        passes(&table, 0, 20);
        let Verdict::Wait(wait) = table.take_at(1, RATE, 0) else { panic!("the bucket is empty") };
        assert_eq!(table.take_at(1, RATE, wait.as_nanos() as u64 - 1), Verdict::Wait(Duration::from_nanos(1)));
        assert_eq!(table.take_at(1, RATE, wait.as_nanos() as u64), Verdict::Pass);
    }

    #[test]
    fn many_tokens_at_once_are_a_debt() {
        let table = RateTable::new(100);
        assert_eq!(table.take_at(1, RATE, 0), Verdict::Pass);
        table.charge_at(1, RATE, 63, 0);
        let Verdict::Wait(wait) = table.take_at(1, RATE, 0) else { panic!("64 tokens are more than the burst") };
        assert_eq!(wait, Duration::from_millis(4_500));
    }

    #[test]
    fn a_million_addresses_do_not_grow_the_table() {
        let table = RateTable::new(10_000);
        for key in 0..1_000_000u64 {
            table.take_at(key << 20, RATE, key * 1_000);
        }
        assert!(table.keys() <= 10_016, "{}", table.keys());
        // 17 bytes a key, in tables that double: a hundredfold flood of addresses costs nothing more.
        let slots: usize = table.shards.iter().map(|shard| shard.lock().full_at.capacity()).sum();
        assert!(slots <= 4 * 10_016, "{slots}");
    }

    #[test]
    fn a_known_client_stays_limited_while_newcomers_flood() {
        let table = RateTable::new(SHARDS);
        assert_eq!(passes(&table, 0, 100), 20);
        for key in 2..10_000 {
            table.take_at(key, RATE, 0);
        }
        assert_eq!(passes(&table, 0, 100), 0);
    }
}
