//! A server with a few plain routes, and a client that says exactly the bytes it is told to.

#![allow(dead_code, reason = "each test file uses a part of it")]

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use felt_http::{BodyTooSlow, OutOfRoom, Problem, ServerLimits, health, serve, telemetry};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

/// Size of the answer of `/big`: more than sockets hold on their own.
pub const BIG_BYTES: usize = 64 << 20;

pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
    /// Lets requests of `/hold` go, as many as it has permits.
    pub gate: Arc<Semaphore>,
    /// Requests of `/hold` whose body has arrived.
    pub held: Arc<AtomicUsize>,
}

/// Limits that no test on a slow machine meets by accident.
pub fn patient() -> ServerLimits {
    ServerLimits {
        head_timeout_ms: 600_000,
        body_timeout_ms: 600_000,
        answer_timeout_ms: 600_000,
        drain_timeout_ms: 100,
        ..ServerLimits::default()
    }
}

impl Server {
    pub async fn start(limits: ServerLimits) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let held = Arc::new(AtomicUsize::new(0));
        let (hold, arrived) = (gate.clone(), held.clone());
        let big: Arc<[u8]> = vec![b'x'; 64 * 1024].into();
        let router = Router::new()
            .route("/ok", get(async || "ok"))
            .route("/echo", post(async |request: Request| read(request).await.into_response()))
            .route(
                "/big",
                get(async move || {
                    let pieces = (0..BIG_BYTES / big.len()).map(move |_| Ok::<_, std::io::Error>(big.to_vec()));
                    Body::from_stream(futures::stream::iter(pieces))
                }),
            )
            .route(
                "/hold",
                post(async move |request: Request| {
                    let bytes = match read(request).await {
                        Ok(bytes) => bytes,
                        Err(problem) => return problem.into_response(),
                    };
                    arrived.fetch_add(1, Ordering::Relaxed);
                    let _ = hold.acquire().await;
                    bytes.len().to_string().into_response()
                }),
            )
            .merge(health::router(health::Checks::new(), telemetry::install().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, router, limits, async move {
            let _ = stopped.await;
        }));
        Self { address, stop, task, gate, held }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// From another address of this machine.
    pub async fn connect_from(&self, address: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(address.parse().unwrap(), 0)).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Sends while it reads: the server may answer and close before it has read everything.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let (mut read, mut write) = self.connect().await.into_split();
        let mut answer = Vec::new();
        let (_, _) = tokio::join!(write.write_all(request.as_ref()), read.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub async fn get(&self, path: &str) -> String {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n")).await
    }

    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }
}

async fn read(request: Request) -> Result<axum::body::Bytes, Problem> {
    axum::body::to_bytes(request.into_body(), 4 << 20).await.map_err(|error| match () {
        () if BodyTooSlow::caused(&error) => Problem::bad_request("body-too-slow", "send it faster"),
        () if OutOfRoom::caused(&error) => Problem::unavailable("no-memory", "later", Duration::from_secs(1)),
        () => Problem::bad_request("body", "cannot read the body"),
    })
}

/// Reads until the server closes; a reset after the answer is as good as an end.
pub async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a length from a kept connection.
pub async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let n = stream.read(&mut piece).await.unwrap();
        answer.extend_from_slice(&piece[..n]);
        let text = String::from_utf8_lossy(&answer);
        if n == 0 {
            return text.into_owned();
        }
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return text.into_owned();
            }
        }
    }
}
