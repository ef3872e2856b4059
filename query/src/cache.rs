//! Answers that several ask for at once are computed once, and kept for a moment for those who come after.
//!
//! The key holds the watermark, so that new data makes an old answer unreachable. Whoever asks shares one computation;
//! when all of them have gone, it is dropped, and with it the statement that runs in the store.
//!
//! The last answer to each question is kept beside that, whatever the time it was about: while the store is away, an
//! old picture that says its age is better than none.

use crate::answer::Answer;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Values in all kept answers together; a value takes about a hundred bytes.
const WEIGHT_MAX: usize = 500_000;

type Outcome = Result<Arc<Answer>, felt_http::Problem>;
type Flight = BoxFuture<'static, Outcome>;

enum Entry {
    Kept(Arc<Answer>, Instant),
    InFlight(WeakShared<Flight>),
    Last(Arc<Answer>, Instant),
}

/// The kept answers.
pub struct Cache {
    age_max: Duration,
    held: Mutex<Held>,
}

struct Held {
    entries: LruCache<String, Entry>,
    weight: usize,
}

impl Held {
    fn put(&mut self, key: String, entry: Entry) {
        self.weight += weight(&entry);
        if let Some((_, old)) = self.entries.push(key, entry) {
            self.weight -= weight(&old);
        }
        while self.weight > WEIGHT_MAX {
            let Some((_, old)) = self.entries.pop_lru() else { break };
            self.weight -= weight(&old);
        }
    }

    fn forget(&mut self, key: &str) {
        if let Some(old) = self.entries.pop(key) {
            self.weight -= weight(&old);
        }
    }
}

fn weight(entry: &Entry) -> usize {
    match entry {
        Entry::Kept(answer, _) => answer.weight(),
        // Its weight is that of the kept one as long as that is there; no more than that is meant.
        Entry::Last(answer, _) => answer.weight(),
        Entry::InFlight(_) => 1,
    }
}

impl Cache {
    /// Room for so many answers, each for so long.
    pub fn new(entries_max: usize, age_max: Duration) -> Self {
        let entries = LruCache::new(NonZeroUsize::new(entries_max).unwrap_or(NonZeroUsize::MIN));
        Self { age_max, held: Mutex::new(Held { entries, weight: 0 }) }
    }

    /// The answer of that key: kept, being computed for somebody else, or computed now by `compute`. Tells whether it
    /// was computed for this asker.
    pub async fn get_or<F>(self: &Arc<Self>, key: String, compute: F) -> (Outcome, bool)
    where
        F: FnOnce() -> BoxFuture<'static, Result<Answer, felt_http::Problem>>,
    {
        let (flight, fresh) = {
            let mut held = self.held.lock();
            match held.entries.get(&key) {
                Some(Entry::Kept(answer, since)) if since.elapsed() < self.age_max => {
                    return (Ok(answer.clone()), false);
                }
                Some(Entry::InFlight(flight)) => match flight.upgrade() {
                    Some(flight) => (flight, false),
                    None => (self.take_off(&mut held, key, compute), true),
                },
                _ => (self.take_off(&mut held, key, compute), true),
            }
        };
        (flight.await, fresh)
    }

    /// Keeps the last answer to a question, whatever the time it is about.
    pub fn remember(&self, question: &str, answer: &Arc<Answer>) {
        self.held.lock().put(last(question), Entry::Last(answer.clone(), Instant::now()));
    }

    /// The last answer to a question and its age, where it is not older than `age_max`.
    pub fn remembered(&self, question: &str, age_max: Duration) -> Option<(Arc<Answer>, Duration)> {
        match self.held.lock().entries.get(&last(question)) {
            Some(Entry::Last(answer, since)) => Some((answer.clone(), since.elapsed())),
            _ => None,
        }
        .filter(|(_, age)| *age < age_max)
    }

    fn take_off<F>(self: &Arc<Self>, held: &mut Held, key: String, compute: F) -> Shared<Flight>
    where
        F: FnOnce() -> BoxFuture<'static, Result<Answer, felt_http::Problem>>,
    {
        let (cache, landing, computed) = (self.clone(), key.clone(), compute());
        let flight: Flight = async move {
            let outcome = computed.await.map(Arc::new);
            let mut held = cache.held.lock();
            match &outcome {
                Ok(answer) => held.put(landing, Entry::Kept(answer.clone(), Instant::now())),
                Err(_) => held.forget(&landing),
            }
            drop(held);
            outcome
        }
        .boxed();
        let flight = flight.shared();
        if let Some(weak) = flight.downgrade() {
            held.put(key, Entry::InFlight(weak));
        }
        flight
    }
}

fn last(question: &str) -> String {
    format!("last {question}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Data;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn answer() -> Answer {
        Answer::plain(Default::default(), 1, Data::Rows(Vec::new()))
    }

    #[tokio::test]
    async fn two_hundred_equal_questions_are_one_computation() {
        let cache = Arc::new(Cache::new(4, Duration::from_secs(60)));
        let computed = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let (cache, computed) = (cache.clone(), computed.clone());
            async move {
                let compute = || {
                    async move {
                        computed.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Ok(answer())
                    }
                    .boxed()
                };
                cache.get_or("key".into(), compute).await.0.map(|answer| answer.views)
            }
        };
        let answers = futures::future::join_all((0..200).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(1))));
        assert_eq!(computed.load(Ordering::SeqCst), 1);
        ask().await.unwrap();
        assert_eq!(computed.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_computation_that_nobody_waits_for_is_dropped_and_begun_anew_for_the_next() {
        let cache = Arc::new(Cache::new(4, Duration::from_secs(60)));
        struct Dropped(Arc<AtomicUsize>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let dropped = Arc::new(AtomicUsize::new(0));
        let guard = Dropped(dropped.clone());
        let never = || {
            async move {
                let _guard = guard;
                std::future::pending::<()>().await;
                Ok(answer())
            }
            .boxed()
        };
        assert!(cache.get_or("key".into(), never).now_or_never().is_none());
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        let (outcome, fresh) = cache.get_or("key".into(), || async { Ok(answer()) }.boxed()).await;
        assert!(outcome.is_ok() && fresh);
    }

    #[tokio::test]
    async fn failures_are_not_kept() {
        let cache = Arc::new(Cache::new(4, Duration::from_secs(60)));
        let (outcome, _) = cache.get_or("key".into(), || async { Err(felt_http::Problem::internal()) }.boxed()).await;
        assert!(outcome.is_err());
        let (outcome, fresh) = cache.get_or("key".into(), || async { Ok(answer()) }.boxed()).await;
        assert!(outcome.is_ok() && fresh);
    }
}
