//! How often somebody may fail to sign in.
//!
//! Nobody can lock somebody else out: what counts is failures of one client network for one account, and of one client
//! network for all accounts. When an account is tried from many networks, each of them is heard once, a moment apart;
//! so whoever knows the password is let in at the first try, from wherever. The tables are bounded; the least recently
//! seen are forgotten first.

use crate::secrets::hash_hex;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// Entries of each table; some 100 bytes each.
const ENTRIES_MAX: usize = 16_384;
/// Failures of a network for one account before it has to wait.
const FREE_OF_PAIR: u32 = 5;
/// … when the account is being tried from many networks.
const FREE_OF_PAIR_UNDER_ATTACK: u32 = 1;
/// Failures of a network for all accounts before it has to wait.
const FREE_OF_NETWORK: u32 = 30;
/// Failures for an account from all networks that make it one under attack.
const ATTACK: u32 = 50;
/// The first wait; each further failure doubles it.
const WAIT_MIN: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Failures are forgotten after so much quiet.
const FORGET: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// What failed lately.
pub(super) struct Throttle {
    tables: Mutex<Tables>,
}

struct Tables {
    pairs: LruCache<(u64, u64), Failures>,
    networks: LruCache<u64, Failures>,
    accounts: LruCache<u64, Failures>,
}

/// An attempt, counted as a failure until it is known to be none, so that many at once count too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    account: u64,
    network: u64,
}

impl Default for Throttle {
    fn default() -> Self {
        let entries = NonZeroUsize::new(ENTRIES_MAX).unwrap_or(NonZeroUsize::MIN);
        let (pairs, networks, accounts) = (LruCache::new(entries), LruCache::new(entries), LruCache::new(entries));
        Self { tables: Mutex::new(Tables { pairs, networks, accounts }) }
    }
}

/// Fixed length, whatever is sent as an address.
fn key(text: &str) -> u64 {
    u64::from_str_radix(&hash_hex(text)[..16], 16).unwrap_or_default()
}

impl Throttle {
    /// Whether `network` may try to sign in as `account` at `now`; else how long it should wait.
    pub(super) fn attempt(&self, account: &str, network: &str, now: Instant) -> Result<Attempt, Duration> {
        let attempt = Attempt { account: key(account), network: key(network) };
        let pair = (attempt.account, attempt.network);
        let mut tables = self.tables.lock();
        let attacked = recent(tables.accounts.peek(&attempt.account), now).is_some_and(|failed| failed.count >= ATTACK);
        let free = if attacked { FREE_OF_PAIR_UNDER_ATTACK } else { FREE_OF_PAIR };
        let of_pair = wait(recent(tables.pairs.peek(&pair), now), free, now);
        let of_network = wait(recent(tables.networks.peek(&attempt.network), now), FREE_OF_NETWORK, now);
        if let Some(wait) = of_pair.max(of_network) {
            return Err(wait);
        }
        count(&mut tables.pairs, pair, now);
        count(&mut tables.networks, attempt.network, now);
        count(&mut tables.accounts, attempt.account, now);
        Ok(attempt)
    }

    /// The attempt was good: this network starts anew with this account.
    pub(super) fn succeeded(&self, attempt: Attempt) {
        self.undone(attempt);
        self.tables.lock().pairs.pop(&(attempt.account, attempt.network));
    }

    /// The attempt was not judged: it counts for nothing.
    pub(super) fn undone(&self, attempt: Attempt) {
        let mut tables = self.tables.lock();
        take_back(tables.pairs.peek_mut(&(attempt.account, attempt.network)));
        take_back(tables.networks.peek_mut(&attempt.network));
        take_back(tables.accounts.peek_mut(&attempt.account));
    }
}

fn take_back(failures: Option<&mut Failures>) {
    if let Some(failures) = failures {
        failures.count = failures.count.saturating_sub(1);
    }
}

fn recent(failures: Option<&Failures>, now: Instant) -> Option<Failures> {
    failures.filter(|failures| now.saturating_duration_since(failures.last) < FORGET).copied()
}

fn wait(failures: Option<Failures>, free: u32, now: Instant) -> Option<Duration> {
    let failures = failures?;
    let beyond = failures.count.checked_sub(free)?;
    let wait = WAIT_MIN.saturating_mul(1 << beyond.min(16)).min(WAIT_MAX);
    wait.checked_sub(now.saturating_duration_since(failures.last)).filter(|left| !left.is_zero())
}

fn count<K: std::hash::Hash + Eq>(table: &mut LruCache<K, Failures>, key: K, now: Instant) {
    let before = recent(table.get(&key), now).map_or(0, |failures| failures.count);
    table.put(key, Failures { count: before.saturating_add(1), last: now });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_fails_waits_longer_and_longer_and_others_do_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..FREE_OF_PAIR {
            assert!(throttle.attempt("ada", "192.0.2.0/24", now).is_ok());
        }
        let first = throttle.attempt("ada", "192.0.2.0/24", now).unwrap_err();
        assert_eq!(first, WAIT_MIN);
        assert!(throttle.attempt("ada", "198.51.100.0/24", now).is_ok(), "another network is not concerned");
        assert!(throttle.attempt("bob", "192.0.2.0/24", now).is_ok(), "nor is another account");
        assert!(throttle.attempt("ada", "192.0.2.0/24", now + WAIT_MIN).is_ok(), "it may try again");
        let second = throttle.attempt("ada", "192.0.2.0/24", now + WAIT_MIN).unwrap_err();
        assert_eq!(second, WAIT_MIN * 2);
        assert!(throttle.attempt("ada", "192.0.2.0/24", now + FORGET * 2).is_ok(), "and is forgiven");
    }

    #[test]
    fn a_network_that_tries_many_accounts_waits() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let tried = (0..1_000).take_while(|n| throttle.attempt(&format!("a{n}"), "192.0.2.0/24", now).is_ok()).count();
        assert_eq!(tried, FREE_OF_NETWORK as usize);
    }

    #[test]
    fn an_account_under_attack_lets_its_owner_in_at_the_first_try() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..10_000 {
            let _ = throttle.attempt("ada", &format!("network {n}"), now);
        }
        assert!(throttle.attempt("ada", "network 9999", now).is_err(), "each is heard once");
        let owner = throttle.attempt("ada", "home", now).unwrap();
        throttle.succeeded(owner);
        assert!(throttle.attempt("ada", "home", now).is_ok());
    }

    #[test]
    fn success_forgets_the_failures_of_that_network_and_the_tables_are_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..FREE_OF_PAIR - 1 {
            throttle.attempt("ada", "home", now).unwrap();
        }
        throttle.succeeded(throttle.attempt("ada", "home", now).unwrap());
        assert!(throttle.attempt("ada", "home", now).is_ok());
        for n in 0..ENTRIES_MAX + 100 {
            let _ = throttle.attempt(&format!("a{n}"), &format!("n{n}"), now);
        }
        let tables = throttle.tables.lock();
        assert_eq!((tables.pairs.len(), tables.networks.len()), (ENTRIES_MAX, ENTRIES_MAX));
    }
}
