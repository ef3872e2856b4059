//! Ends statements whose client has gone: `KILL QUERY` by a mark that the statement carries, because the library gives
//! no call that reaches a running statement.
//!
//! The mark is the session's `log_comment`, and a comment behind the text for requests that name a `log_comment` of
//! their own. The comment alone is not enough: of a statement with parameters the list of processes shows a text of
//! ClickHouse's own, without comments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::EngineError;
use super::chdb::Connection;
use super::instance::io;

/// How often a kill is repeated until its statement ends: it may not have been visible yet.
const REPEAT: Duration = Duration::from_millis(25);
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What is known of one statement, shared by its client's side and its thread.
#[derive(Debug)]
pub(super) struct Ticket {
    number: u64,
    cancelled: AtomicBool,
    done: AtomicBool,
}

impl Ticket {
    /// The session's `log_comment` by which the statement is found.
    pub fn log_comment(&self) -> String {
        format!("felt statement {}", self.number)
    }

    /// The comment by which the statement is found where the session has another `log_comment`.
    pub fn mark(&self) -> String {
        format!("/* {} */", self.log_comment())
    }

    /// Whether the client has gone.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Told by the thread when the statement is over.
    pub fn done(&self) {
        self.done.store(true, Ordering::SeqCst);
    }
}

/// Held by the client's side; dropped before the statement is over, it cancels it.
pub(super) struct Guard {
    ticket: Arc<Ticket>,
    orders: SyncSender<Arc<Ticket>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.ticket.done.load(Ordering::SeqCst) {
            self.ticket.cancelled.store(true, Ordering::SeqCst);
            // A full queue leaves the statement to its own limits.
            let _ = self.orders.try_send(Arc::clone(&self.ticket));
        }
    }
}

/// Gives out tickets and kills cancelled statements on a thread and a connection of its own.
pub(super) struct Canceller {
    next: AtomicU64,
    orders: SyncSender<Arc<Ticket>>,
}

impl Canceller {
    /// Starts the thread. It also keeps the engine alive: closing the last connection would shut it down.
    pub fn start(keeper: Connection) -> Result<Self, EngineError> {
        let (orders, inbox) = sync_channel(1024);
        let thread = thread::Builder::new().name("cancel".into()).stack_size(STACK_BYTES);
        thread.spawn(move || work(keeper, &inbox)).map_err(io("start the cancelling thread"))?;
        Ok(Self { next: AtomicU64::new(1), orders })
    }

    /// A ticket for a new statement and the guard for its client.
    pub fn ticket(&self) -> (Arc<Ticket>, Guard) {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let ticket = Arc::new(Ticket { number, cancelled: AtomicBool::new(false), done: AtomicBool::new(false) });
        (Arc::clone(&ticket), Guard { ticket, orders: self.orders.clone() })
    }
}

fn work(mut keeper: Connection, inbox: &Receiver<Arc<Ticket>>) {
    let mut open: Vec<Arc<Ticket>> = Vec::new();
    loop {
        let order = if open.is_empty() {
            inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            inbox.recv_timeout(REPEAT)
        };
        match order {
            Ok(ticket) => open.push(ticket),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        open.retain(|ticket| !ticket.done.load(Ordering::SeqCst));
        for ticket in &open {
            // SYNC would wait here for a statement that may not listen.
            let kill = format!(
                "KILL QUERY WHERE (Settings['log_comment'] = '{}' OR endsWith(query, '{}')) \
                 AND query NOT LIKE 'KILL%' ASYNC FORMAT Null",
                ticket.log_comment(),
                ticket.mark()
            );
            if let Err(error) = keeper.query(&kill, "Null", &[]) {
                tracing::warn!(error = error.text, "a cancelled statement could not be killed");
            }
        }
    }
}
