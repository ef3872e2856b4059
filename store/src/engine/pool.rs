//! The threads that run statements: a bounded number, each with a stack as deep as ClickHouse's recursion wants, fed
//! from a bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use parking_lot::Mutex;

use super::exception::Exception;
use super::instance::io;
use super::{EngineConfig, EngineError};

/// Parser, analyser and pipeline recurse; the default 2 MiB end in a crash on deep queries.
const STACK_BYTES: usize = 64 * 1024 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs in the order they come.
pub(super) struct Pool {
    queue: SyncSender<Job>,
    /// Jobs that wait or run.
    open: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let (queue, jobs) = sync_channel::<Job>(config.queue_max.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let open = Arc::new(AtomicUsize::new(0));
        for number in 0..config.queries_max.max(1) {
            let (jobs, open) = (Arc::clone(&jobs), Arc::clone(&open));
            let thread = thread::Builder::new().name(format!("query-{number}")).stack_size(STACK_BYTES);
            thread.spawn(move || work(&jobs, &open)).map_err(io("start a query thread"))?;
        }
        Ok(Self { queue, open })
    }

    /// Queues a job, or refuses it when the queue is full.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Exception> {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.queue.try_send(Box::new(job)).map_err(|_| {
            self.open.fetch_sub(1, Ordering::SeqCst);
            Exception::new(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries: the queue is full")
        })
    }

    /// Jobs that wait or run.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>, open: &AtomicUsize) {
    loop {
        let job = jobs.lock().recv();
        let Ok(job) = job else { return };
        // The job's own channels tell the client; the thread must go on for the next one.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a statement panicked in the engine's front");
        }
        open.fetch_sub(1, Ordering::SeqCst);
    }
}
