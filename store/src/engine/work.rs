//! One statement from its first call to its last on a query thread, with a session of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::cancel::Ticket;
use super::chdb::{Connection, Library, Progress};
use super::exception::Exception;
use super::pieces;

/// Longest wait for a client that does not take its answer; it holds a thread meanwhile.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);

/// A statement ready to run.
pub(super) struct Task {
    pub library: &'static Library,
    pub sql: String,
    pub format: String,
    pub params: Vec<(String, String)>,
    pub database: Option<String>,
    /// `--name=value` of the session: the engine's own first, then the request's.
    pub arguments: Vec<String>,
    pub ticket: Arc<Ticket>,
}

/// What a statement tells its client.
#[derive(Debug)]
pub(super) enum Reply {
    /// A piece of the answer.
    Piece(Bytes),
    /// The answer is complete.
    End(Progress),
    /// There is no answer, or no more of it.
    Failed(Exception),
}

/// What a client sends to an insert.
#[derive(Debug)]
pub(super) enum Feed {
    /// Rows in the insert's format, cut anywhere.
    Rows(Bytes),
    /// All rows are there: commit. A feed that closes without it commits nothing.
    End,
}

/// The way back to the client, with a bound on its patience.
pub(super) struct Replies {
    pub sender: mpsc::Sender<Reply>,
    pub runtime: Handle,
}

impl Replies {
    /// Sends; false when the client has gone or does not read.
    fn send(&self, reply: Reply) -> bool {
        let sent = self.runtime.block_on(async { tokio::time::timeout(SEND_TIMEOUT, self.sender.send(reply)).await });
        matches!(sent, Ok(Ok(())))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Also when the statement panicked, or was never taken from the queue.
        self.ticket.done();
    }
}

impl Task {
    fn open(&self) -> Result<Connection, Exception> {
        if self.ticket.cancelled() {
            return Err(Exception::new(394, "QUERY_WAS_CANCELLED", "the client has gone"));
        }
        let mut connection = self.library.connect(&self.arguments).map_err(|error| self.wrong_setting(error))?;
        if let Some(database) = &self.database {
            let name = database.replace('\\', "\\\\").replace('`', "\\`");
            connection.query(&format!("USE `{name}`"), "Null", &[])?;
        }
        if connection.analyse(&self.sql).statements > 1 {
            let message = "Syntax error (Multi-statements are not allowed)";
            return Err(Exception::new(62, "SYNTAX_ERROR", message));
        }
        Ok(connection)
    }

    /// The library does not say which setting it refused, so they are tried one by one.
    fn wrong_setting(&self, error: Exception) -> Exception {
        let alone = |argument: &&String| self.library.connect(std::slice::from_ref(*argument)).is_err();
        match self.arguments.iter().filter(|argument| !argument.starts_with("--path=")).find(alone) {
            Some(argument) => {
                Exception::new(36, "BAD_ARGUMENTS", format!("the setting '{}' has a wrong value", &argument[2..]))
            }
            None => error,
        }
    }

    /// The text with the mark by which it can be killed. A line of its own, in case the text ends in a comment.
    fn marked(&self) -> String {
        format!("{}\n{}", self.sql.trim_end().trim_end_matches(';'), self.ticket.mark())
    }

    /// Runs a statement that answers as a whole.
    pub fn run_whole(self, replies: &Replies) {
        let result = self.open().and_then(|mut connection| {
            let answer = connection.query(&self.marked(), &self.format, &self.params)?;
            Ok((Bytes::copy_from_slice(answer.bytes()), answer.progress()))
        });
        self.ticket.done();
        match result {
            Ok((bytes, progress)) => {
                let _ = replies.send(Reply::Piece(bytes)) && replies.send(Reply::End(progress));
            }
            Err(error) => _ = replies.send(Reply::Failed(error)),
        }
    }

    /// Runs a question and sends its answer as it is made.
    pub fn run_pieces(self, replies: &Replies) {
        let result = self.open().and_then(|mut connection| self.pieces(&mut connection, replies));
        self.ticket.done();
        _ = replies.send(match result {
            Ok(progress) => Reply::End(progress),
            Err(error) => Reply::Failed(error),
        });
    }

    fn pieces(&self, connection: &mut Connection, replies: &Replies) -> Result<Progress, Exception> {
        let mut stream = connection.stream(&self.marked(), &self.format, &self.params)?;
        let mut progress = Progress::default();
        let mut header: Option<Bytes> = None;
        while let Some(piece) = stream.next()? {
            let cost = piece.progress();
            progress.read_rows = progress.read_rows.max(cost.read_rows);
            progress.read_bytes = progress.read_bytes.max(cost.read_bytes);
            progress.result_rows += cost.result_rows;
            let mut bytes = piece.bytes();
            match &header {
                None => header = Some(Bytes::copy_from_slice(pieces::header(&self.format, bytes)?)),
                Some(header) => bytes = pieces::without_header(bytes, header)?,
            }
            if !bytes.is_empty() && !replies.send(Reply::Piece(Bytes::copy_from_slice(bytes))) {
                return Err(Exception::new(394, "QUERY_WAS_CANCELLED", "the client has gone"));
            }
        }
        Ok(progress)
    }

    /// Runs an insert whose rows come through `feed`.
    pub fn run_insert(self, mut feed: mpsc::Receiver<Feed>, replies: &Replies) {
        let result = self.open().and_then(|mut connection| self.insert(&mut connection, &mut feed));
        self.ticket.done();
        // Closing the feed tells the client's side to stop sending.
        drop(feed);
        _ = replies.send(match result {
            Ok(progress) => Reply::End(progress),
            Err(error) => Reply::Failed(error),
        });
    }

    fn insert(&self, connection: &mut Connection, feed: &mut mpsc::Receiver<Feed>) -> Result<Progress, Exception> {
        let mut insert = connection.insert(&self.sql, &self.format, &self.params)?;
        loop {
            match feed.blocking_recv() {
                Some(Feed::Rows(bytes)) => insert.append(&bytes)?,
                Some(Feed::End) => return insert.finish(),
                None => return Err(Exception::new(394, "QUERY_WAS_CANCELLED", "the client has gone")),
            }
        }
    }
}
