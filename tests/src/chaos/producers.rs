//! Visitors: each plays one visit after another, several page views of several sites, first snapshots and later ones, some out of
//! order, some repeated, some held back for long; an answer that does not come is sometimes tried again and sometimes not.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::oracle::Oracle;
use super::told::{SEQ_MAX, SITES, View, mix};

/// Page views of one visit; [`View::session`] counts on it.
const VISIT_VIEWS: u32 = 12;

/// Snapshots in one request.
const BODY_SNAPSHOTS: usize = 6;

/// No browser waits longer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);

/// A visitor tries this often.
const TRIES_MAX: u32 = 4;

/// Bounds the load.
pub struct Pace {
    next: Mutex<Instant>,
    per_second: AtomicU64,
}

impl Pace {
    /// So many snapshots a second.
    pub fn new(per_second: u64) -> Self {
        Self { next: Mutex::new(Instant::now()), per_second: AtomicU64::new(per_second.max(1)) }
    }

    /// How many snapshots a second are let through.
    pub fn per_second(&self) -> u64 {
        self.per_second.load(Ordering::Relaxed)
    }

    /// From now on so many.
    pub fn set(&self, per_second: u64) {
        self.per_second.store(per_second.max(1), Ordering::Relaxed);
    }

    async fn wait(&self, snapshots: usize) {
        let share = Duration::from_secs_f64(snapshots as f64 / self.per_second() as f64);
        let at = {
            let mut next = self.next.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            // What was not sent while nobody could is not made up for at once.
            let at = (*next).max(Instant::now() - Duration::from_millis(200));
            *next = at + share;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

/// All visitors.
pub struct Producers {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    /// Their common pace.
    pub pace: Arc<Pace>,
}

impl Producers {
    /// Starts so many visitors of the ingest at `url`.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn start(oracle: &Arc<Oracle>, url: &str, sessions: usize, per_second: u64) -> Self {
        let stop = watch::Sender::new(false);
        let pace = Arc::new(Pace::new(per_second));
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build().expect("an HTTP client can be made");
        let tasks = (0..sessions)
            .map(|number| {
                let visitor = Visitor {
                    oracle: oracle.clone(),
                    http: http.clone(),
                    url: url.to_owned(),
                    pace: pace.clone(),
                    rng: StdRng::seed_from_u64(mix(oracle.seed ^ number as u64)),
                    held: VecDeque::new(),
                };
                tokio::spawn(visitor.live(stop.subscribe()))
            })
            .collect();
        Self { tasks, stop, pace }
    }

    /// Nobody new comes; what was held back is sent. Returns when everybody has left.
    pub async fn finish(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// One copy of a snapshot to send.
#[derive(Clone, Copy)]
struct Copy {
    view: View,
    seq: u32,
    attempt: u32,
    /// When the view began, by the visitor's own clock.
    began: Instant,
    /// How old it was then.
    age_ms: u64,
}

struct Visitor {
    oracle: Arc<Oracle>,
    http: reqwest::Client,
    url: String,
    pace: Arc<Pace>,
    rng: StdRng,
    held: VecDeque<(Instant, Vec<Copy>)>,
}

impl Visitor {
    async fn live(mut self, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let now = Instant::now();
            if let Some(due) = self.held.iter().position(|(at, _)| *at <= now)
                && let Some((_, body)) = self.held.remove(due)
            {
                self.send(body).await;
                continue;
            }
            for body in self.visit() {
                self.send(body).await;
            }
        }
        while let Some((_, body)) = self.held.pop_front() {
            self.send(body).await;
        }
    }

    /// A visit's requests; what comes later is put aside.
    fn visit(&mut self) -> Vec<Vec<Copy>> {
        let mut now: Vec<Copy> = Vec::new();
        for view in self.oracle.begin(VISIT_VIEWS) {
            // Most views began just now; some waited long in an offline queue.
            let age_ms = if self.rng.random_bool(0.3) { self.rng.random_range(0..5_400_000) } else { 0 };
            let mut copies: Vec<Copy> = (0..=self.rng.random_range(0..=SEQ_MAX))
                .map(|seq| Copy { view, seq, attempt: 0, began: Instant::now(), age_ms })
                .collect();
            if self.rng.random_bool(0.25) {
                copies.shuffle(&mut self.rng);
            }
            if self.rng.random_bool(0.15) {
                let again = copies[self.rng.random_range(0..copies.len())];
                copies.push(Copy { attempt: 1, ..again });
            }
            if copies.len() > 1 && self.rng.random_bool(0.4) {
                let later = copies.split_off(self.rng.random_range(1..copies.len()));
                let wait = Duration::from_millis(self.rng.random_range(500..25_000));
                self.held.push_back((Instant::now() + wait, later));
            }
            now.extend(copies);
        }
        let mut bodies = Vec::new();
        for site in SITES {
            let of_site: Vec<Copy> = now.iter().filter(|copy| copy.view.site() == site).copied().collect();
            bodies.extend(of_site.chunks(BODY_SNAPSHOTS).map(<[Copy]>::to_vec));
        }
        bodies
    }

    async fn send(&mut self, mut copies: Vec<Copy>) {
        for tried in 1..=TRIES_MAX {
            self.pace.wait(copies.len()).await;
            let told: Vec<(View, u32)> = copies.iter().map(|copy| (copy.view, copy.seq)).collect();
            self.oracle.sending(&told);
            let answer = self.post(&copies).await;
            self.oracle.answered(&told, &answer);
            if answer == "204" || tried == TRIES_MAX || self.rng.random_bool(0.2) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.random_range(20..400))).await;
            for copy in &mut copies {
                copy.attempt += 1;
            }
        }
    }

    async fn post(&self, copies: &[Copy]) -> String {
        let view = copies[0].view;
        let snapshot = |copy: &Copy| {
            let age_ms = copy.age_ms + copy.began.elapsed().as_millis() as u64;
            copy.view.snapshot(copy.seq, copy.attempt, age_ms)
        };
        let body = match copies {
            [one] => snapshot(one),
            many => Value::Array(many.iter().map(snapshot).collect()),
        };
        let request = self
            .http
            .post(format!("{}/v1/beacon?site={}", self.url, view.site()))
            .header("content-type", "text/plain;charset=UTF-8")
            .header("user-agent", view.agent())
            .body(body.to_string());
        match request.send().await {
            Ok(answer) => answer.status().as_u16().to_string(),
            Err(error) if error.is_timeout() => "no answer in time".into(),
            Err(error) if error.is_connect() => "no connection".into(),
            Err(_) => "the connection broke".into(),
        }
    }
}
