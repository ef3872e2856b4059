//! The socket below hyper: what hyper does not look after.
//!
//! - A reader who does not read: an answer that the other side does not take within its time ends the connection.
//! - A request that states both a length and chunks: hyper drops the length before anybody can see it, as the standard allows, but two
//!   servers in a row that disagree on where such a request ends are how requests are smuggled. The lines are seen here.
//! - HTTP/2 without being asked: answered in words instead of silence.

use crate::events;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Taking this much starts the reader's time anew: the slowest reader served is one that takes it once in the write timeout.
const PROGRESS_BYTES: usize = 16 * 1024;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";
const PREFACE_ANSWER: &[u8] = b"HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n\
    content-type: application/problem+json\r\ncontent-length: 152\r\n\r\n\
    {\"type\":\"urn:felt:problem:http-version\",\"title\":\"HTTP version not supported\",\"status\":505,\
    \"detail\":\"this port speaks HTTP/1.1; HTTP/2 is for the proxy\"}";

/// What the bytes of a connection have shown so far, for whoever answers its requests.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ambiguous: AtomicBool,
}

impl Seen {
    /// Whether some head stated both a length and a transfer encoding.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.ambiguous.load(Ordering::Relaxed)
    }
}

/// A connection's socket.
pub(crate) struct Wire {
    stream: TcpStream,
    seen: Arc<Seen>,
    lines: Lines,
    is_new: bool,
    write_timeout: Duration,
    stall: Option<Stall>,
}

/// An answer that waits for its reader.
struct Stall {
    deadline: Pin<Box<Sleep>>,
    taken: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, write_timeout: Duration, seen: Arc<Seen>) -> Self {
        Self { stream, seen, lines: Lines::default(), is_new: true, write_timeout, stall: None }
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                if let Some(stall) = &mut self.stall {
                    stall.taken += bytes;
                    if stall.taken >= PROGRESS_BYTES {
                        self.stall = None;
                    }
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => {
                let timeout = self.write_timeout;
                let fresh = || Stall { deadline: Box::pin(tokio::time::sleep(timeout)), taken: 0 };
                match self.stall.get_or_insert_with(fresh).deadline.as_mut().poll(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => {
                        events::write_timed_out();
                        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was not taken in time")))
                    }
                }
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = read {
            if this.is_new && buf.filled()[before..].starts_with(PREFACE) {
                // Small enough for any socket's empty buffer; then it looks to hyper as if the client had left.
                let _ = this.stream.try_write(PREFACE_ANSWER);
                buf.set_filled(before);
                return read;
            }
            this.is_new = false;
            if this.lines.feed(&buf.filled()[before..]) {
                this.seen.ambiguous.store(true, Ordering::Relaxed);
            }
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.wrote(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.wrote(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // hyper flushes when it has nothing left to write: the reader has taken all.
        this.stall = None;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The longest start of a line that matters.
const START_BYTES: usize = b"transfer-encoding:".len();

/// Looks at the beginnings of lines, wherever the reads cut them. A head is a block of lines without an empty one, so a head that
/// states both is always found. In a body such a block would be no JSON, and only a chunked request is refused for it.
#[derive(Default)]
struct Lines {
    start: [u8; START_BYTES],
    start_bytes: usize,
    length: bool,
    transfer: bool,
}

impl Lines {
    /// Whether some block of lines states both by now.
    fn feed(&mut self, mut bytes: &[u8]) -> bool {
        let mut both = false;
        loop {
            let newline = memchr::memchr(b'\n', bytes);
            let line = &bytes[..newline.unwrap_or(bytes.len())];
            let taken = line.len().min(START_BYTES - self.start_bytes);
            self.start[self.start_bytes..self.start_bytes + taken].copy_from_slice(&line[..taken]);
            self.start_bytes += taken;
            let Some(newline) = newline else { return both };
            both |= self.end_line();
            bytes = &bytes[newline + 1..];
        }
    }

    fn end_line(&mut self) -> bool {
        let start = &self.start[..self.start_bytes];
        let is = |name: &[u8]| start.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if matches!(start, b"" | b"\r") {
            (self.length, self.transfer) = (false, false);
        } else {
            self.length |= is(b"content-length:");
            self.transfer |= is(b"transfer-encoding:");
        }
        self.start_bytes = 0;
        self.length && self.transfer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_states_both_is_found_in_any_order_case_and_cut() {
        let length = "content-length: 5\r\n";
        let transfer = "Transfer-Encoding: chunked\r\n";
        let table = [
            (format!("POST / HTTP/1.1\r\n{length}{transfer}\r\n"), true),
            (format!("POST / HTTP/1.1\r\n{transfer}x: y\r\n{}\r\n", length.to_uppercase()), true),
            (format!("POST / HTTP/1.1\n{}{}\n", length.replace('\r', ""), transfer.replace('\r', "")), true),
            (format!("POST / HTTP/1.1\r\n{length}\r\nhello"), false),
            (format!("POST / HTTP/1.1\r\n{transfer}\r\n5\r\nhello\r\n0\r\n\r\n"), false),
            (format!("POST / HTTP/1.1\r\n{length}\r\nhelloPOST / HTTP/1.1\r\n{transfer}\r\n"), false),
            (format!("POST / HTTP/1.1\r\nx-{length}{transfer}\r\n"), false),
            (format!("POST / HTTP/1.1\r\nx: {}{transfer}\r\n", length), false),
        ];
        for (bytes, ambiguous) in &table {
            for piece in [1, 2, 7, 18, 19, bytes.len()] {
                let mut lines = Lines::default();
                let found = bytes.as_bytes().chunks(piece).fold(false, |found, chunk| found | lines.feed(chunk));
                assert_eq!(found, *ambiguous, "{bytes:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn the_answer_to_http2_states_its_length() {
        let text = std::str::from_utf8(PREFACE_ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["status"], 505);
    }
}
