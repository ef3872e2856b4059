//! Time limits of one request: its body must arrive, and its answer be ready, within bounds that only a streaming handler may lift.

use crate::events;
use crate::memory::{Memory, OutOfRoom};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A handler's way to say that its request may take long, found in [`crate::RequestContext`]. Such a handler bounds its own waiting,
/// for instance the time between two pieces of the body.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// Lifts the body's deadline and the answer's.
    pub fn lift_deadlines(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_lifted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body did not arrive within its deadline. Found as the source of the error that reading a body gives.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the body took too long to arrive")]
pub struct BodyTooSlow;

impl BodyTooSlow {
    /// Whether this is why reading a body failed.
    pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
        has_source::<BodyTooSlow>(error)
    }
}

/// Whether an error, or any that it came from, is of this kind.
pub(crate) fn has_source<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<E>())
}

/// A body that ends in [`BodyTooSlow`] when it is not complete after `limit`, and in [`OutOfRoom`] when memory is short.
pub(crate) struct DeadlineBody<B> {
    inner: B,
    limit: Duration,
    /// Made when the body is first waited for: most bodies arrive with their head and never need a timer.
    sleep: Option<Pin<Box<Sleep>>>,
    patience: Patience,
    memory: Option<Arc<Memory>>,
    /// What of it is here and was not yet put together.
    pieces_bytes: usize,
}

impl<B> DeadlineBody<B> {
    pub(crate) fn new(inner: B, limit: Duration, patience: Patience, memory: Option<Arc<Memory>>) -> Self {
        Self { inner, limit, sleep: None, patience, memory, pieces_bytes: 0 }
    }

    /// Whether there is room for so much more of the body. At its end whoever reads it puts its pieces together, which takes as much
    /// again; streaming handlers keep none.
    fn has_room(&mut self, piece: Option<usize>) -> bool {
        let Some(memory) = &self.memory else { return true };
        let bytes = piece.unwrap_or_else(|| std::mem::take(&mut self.pieces_bytes));
        if !self.patience.is_lifted() {
            self.pieces_bytes += piece.unwrap_or(0);
        }
        let has_room = memory.arrived(bytes);
        if !has_room {
            events::refused_memory();
        }
        has_room
    }
}

impl<B> Body for DeadlineBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            let has_room = match &frame {
                Some(Ok(frame)) => this.has_room(Some(frame.data_ref().map_or(0, Bytes::len))),
                Some(Err(_)) => true,
                None => this.has_room(None),
            };
            if !has_room {
                return Poll::Ready(Some(Err(Box::new(OutOfRoom))));
            }
            return Poll::Ready(frame.map(|result| result.map_err(Into::into)));
        }
        if this.patience.is_lifted() {
            return Poll::Pending;
        }
        let limit = this.limit;
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(BodyTooSlow)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
