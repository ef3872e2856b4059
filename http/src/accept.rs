//! The accept loop: bounded connections, survival of a shortage of file descriptors, and a shutdown that answers what was accepted.

use crate::crowd::{Crowd, Place};
use crate::events::{self, ServerMetrics};
use crate::exchange::Exchange;
use crate::handover;
use crate::inflight::InFlight;
use crate::memory::Memory;
use crate::wire::{Seen, Wire};
use crate::{Draining, ServerLimits, telemetry};
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

const ACCEPT_WAIT_MIN: Duration = Duration::from_millis(5);
const ACCEPT_WAIT_MAX: Duration = Duration::from_secs(1);

/// Serves `router` until `shutdown` completes, then drains: accepted requests are answered, new ones refused with 503, and after
/// [`ServerLimits::drain_timeout_ms`] whatever is left is cut. Returns when the last connection is closed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_as(listener, router, limits, shutdown, |_| (), Successor::None).await
}

/// As [`serve`], where another process listens on the same address (`SO_REUSEPORT`): on shutdown nothing is refused. New
/// connections are left to the other process, and those that are open are served until their next answer, which closes them, or
/// until they were idle for too long.
pub async fn serve_beside_others(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_as(listener, router, limits, shutdown, |_| (), Successor::Listens).await
}

/// As [`serve`], and hands out the [`Draining`] signal first, for tasks that are not requests.
pub async fn serve_with_signal(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
    share: impl FnOnce(Draining),
) -> io::Result<()> {
    serve_as(listener, router, limits, shutdown, share, Successor::None).await
}

/// Whether somebody else takes the connections that come after us.
#[derive(PartialEq)]
enum Successor {
    None,
    Listens,
}

async fn serve_as(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
    share: impl FnOnce(Draining),
    successor: Successor,
) -> io::Result<()> {
    // Metrics are looked up once per listener, so the recorder comes first. If somebody else's is installed, it gets them.
    let _ = telemetry::install();
    let in_flight = Arc::new(InFlight::default());
    share(Draining(in_flight.clone()));
    let mut server = Server {
        permits: Arc::new(Semaphore::new(limits.connections_max)),
        crowd: Crowd::new(limits.connections_per_address_max),
        exchange: Arc::new(Exchange {
            router,
            memory: Memory::new(&limits),
            limits,
            in_flight: in_flight.clone(),
            metrics: ServerMetrics::new(),
        }),
        graceful: GracefulShutdown::new(),
        connections: JoinSet::new(),
        accepted: 0,
        listener: Some(listener),
    };

    tokio::select! {
        never = server.accept_forever() => match never {},
        () = shutdown => {}
    }
    events::drain_started();
    let deadline = tokio::time::Instant::now() + server.exchange.limits.drain_timeout();
    if successor == Successor::Listens {
        let _ = tokio::time::timeout_at(deadline, server.hand_over()).await;
    }

    // First, requests are finished while newcomers hear 503: connections stay open, so nobody is cut off mid-way.
    in_flight.start_draining();
    tokio::select! {
        never = server.accept_forever() => match never {},
        () = in_flight.idle() => {}
        () = tokio::time::sleep_until(deadline) => {}
    }
    // Then the port is closed, idle connections too, and answers on their way are written out.
    let Server { listener, graceful, mut connections, .. } = server;
    drop(listener);
    let closed = tokio::time::timeout_at(deadline, graceful.shutdown()).await.is_ok();
    while connections.try_join_next().is_some() {}
    let cut = if closed { 0 } else { connections.len() };
    connections.shutdown().await;
    events::drain_finished(cut);
    Ok(())
}

struct Server {
    /// `None` once it is closed.
    listener: Option<TcpListener>,
    accepted: u64,
    permits: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    exchange: Arc<Exchange>,
    graceful: GracefulShutdown,
    connections: JoinSet<()>,
}

impl Server {
    /// Accepts until dropped; being dropped between two connections loses none.
    async fn accept_forever(&mut self) -> std::convert::Infallible {
        let mut wait = ACCEPT_WAIT_MIN;
        loop {
            // The permit comes first: what we cannot serve yet stays in the kernel's queue.
            let Ok(permit) = self.permits.clone().acquire_owned().await else { return std::future::pending().await };
            let Some(listener) = &self.listener else { return std::future::pending().await };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    self.accepted += 1;
                    wait = ACCEPT_WAIT_MIN;
                    match self.crowd.enter(peer.ip()) {
                        Some(place) => self.spawn_connection(stream, peer, (permit, place)),
                        None => events::refused_connection(&peer),
                    }
                }
                Err(error) if concerns_one_connection(&error) => {}
                // No file descriptor or memory left: the connections that are open free some soon, so they go on and we wait.
                Err(error) => {
                    events::accept_failed(&error, wait);
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(ACCEPT_WAIT_MAX);
                }
            }
            while self.connections.try_join_next().is_some() {}
        }
    }

    /// Leaves new connections to another process without refusing one, and returns when the last that is open is closed.
    async fn hand_over(&mut self) {
        self.exchange.in_flight.start_leaving();
        if let Some(listener) = &self.listener
            && let Err(error) = handover::take_no_more_handshakes(listener)
        {
            events::handover_incomplete(&error);
        }
        // Handshakes that have begun are ours: a listener that closes resets them.
        self.accept_for(handover::HANDSHAKE_TIME).await;
        loop {
            let before = self.accepted;
            self.accept_for(handover::QUIET_TIME).await;
            if self.accepted == before {
                break;
            }
        }
        self.listener = None;
        while self.connections.join_next().await.is_some() {}
    }

    async fn accept_for(&mut self, time: Duration) {
        tokio::select! {
            never = self.accept_forever() => match never {},
            () = tokio::time::sleep(time) => {}
        }
    }

    fn spawn_connection(&mut self, stream: TcpStream, peer: SocketAddr, room: (OwnedSemaphorePermit, Place)) {
        let exchange = self.exchange.clone();
        let watcher = self.graceful.watcher();
        self.connections.spawn(async move {
            // Answers are small and must not wait for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let gauge = exchange.metrics.connections.clone();
            gauge.increment(1.0);
            let limits = &exchange.limits;
            let shared = exchange.clone();
            let seen = Arc::new(Seen::default());
            let wire = Wire::new(stream, limits.write_timeout(), seen.clone());
            let service = service_fn(move |request| {
                let (shared, seen) = (shared.clone(), seen.clone());
                async move { shared.answer(peer, &seen, request).await }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_timeout())
                .max_headers(limits.headers_max)
                .max_buf_size(limits.head_bytes_max)
                .serve_connection(TokioIo::new(wire), service);
            if let Err(error) = watcher.watch(connection).await {
                exchange.metrics.connection_errors.increment(1);
                tracing::debug!(%peer, %error, "connection ended");
            }
            gauge.decrement(1.0);
            drop(room);
        });
    }
}

/// Errors of `accept` that say nothing about the next connection.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
