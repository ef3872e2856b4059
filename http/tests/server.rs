//! The server stack over real sockets: each test is a client that behaves badly, or a shutdown.

use axum::Router;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use felt_http::{BodyTooSlow, Problem, RequestContext, ServerLimits, health, serve, telemetry};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    /// Lets the handlers of `/wait` answer.
    gate: Arc<Notify>,
    /// Told by `/wait` when it has begun.
    begun: Arc<Notify>,
}

async fn start(limits: ServerLimits) -> Server {
    let (gate, begun) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (wait_gate, wait_begun) = (gate.clone(), begun.clone());
    let router = Router::new()
        .route("/ok", get(async || "ok"))
        .route("/echo", post(echo))
        .route(
            "/slow-upload",
            post(async |context: axum::Extension<RequestContext>, request| {
                context.patience.lift_deadlines();
                echo(request).await
            }),
        )
        .route("/panic", get(async || -> &'static str { panic!("this handler always panics") }))
        .route("/never", get(async || std::future::pending::<&'static str>().await))
        .route(
            "/wait",
            get(async move || {
                wait_begun.notify_one();
                wait_gate.notified().await;
                "waited"
            }),
        )
        .merge(health::router(health::Checks::new(), telemetry::install().unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(listener, router, limits, async move {
        let _ = stopped.await;
    }));
    Server { address, stop: Some(stop), task, gate, begun }
}

async fn echo(request: axum::extract::Request) -> axum::response::Response {
    match axum::body::to_bytes(request.into_body(), 1 << 20).await {
        Ok(bytes) => bytes.into_response(),
        Err(error) if BodyTooSlow::caused(&error) => {
            Problem::bad_request("body-too-slow", "send it faster").into_response()
        }
        Err(_) => Problem::bad_request("body", "cannot read the body").into_response(),
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    async fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n")).await
    }

    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a content-length from a kept connection.
async fn read_answer(stream: &mut TcpStream) -> String {
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

fn quick() -> ServerLimits {
    ServerLimits {
        head_timeout_ms: 200,
        body_timeout_ms: 200,
        answer_timeout_ms: 200,
        drain_timeout_ms: 2_000,
        ..ServerLimits::default()
    }
}

#[tokio::test]
async fn an_answer_carries_a_request_id_and_security_headers() {
    let server = start(quick()).await;
    let answer = server.get("/ok").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    for header in ["x-request-id: ", "x-content-type-options: nosniff", "content-security-policy: default-src 'self'"] {
        assert!(answer.contains(header), "{header} is missing in {answer}");
    }
    let request = "GET /ok HTTP/1.1\r\nhost: felt\r\nx-request-id: given-7\r\nconnection: close\r\n\r\n";
    assert!(server.exchange(request).await.contains("x-request-id: given-7"));
    server.stop().await;
}

#[tokio::test]
async fn a_panic_costs_one_request_and_not_the_connection() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET /panic HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        assert!(
            answer.contains("application/problem+json") && answer.contains("urn:felt:problem:internal"),
            "{answer}"
        );
        assert!(!answer.contains("always panics"), "the panic's text is not for callers: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_handler_without_an_answer_is_given_up() {
    let server = start(quick()).await;
    let answer = server.get("/never").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("urn:felt:problem:timeout"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_trickles_ends_and_one_with_patience_does_not() {
    let server = start(quick()).await;
    let head = "HTTP/1.1\r\nhost: felt\r\ncontent-length: 4\r\nconnection: close\r\n\r\nab";
    let answer = server.exchange(&format!("POST /echo {head}")).await;
    assert!(answer.contains("urn:felt:problem:body-too-slow"), "{answer}");

    let mut stream = server.connect().await;
    stream.write_all(format!("POST /slow-upload {head}").as_bytes()).await.unwrap();
    // The first client shows that the deadline has passed for a body that began earlier.
    let other = server.exchange(&format!("POST /echo {head}")).await;
    assert!(other.contains("body-too-slow"), "{other}");
    stream.write_all(b"cd").await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.ends_with("abcd"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn slow_heads_and_idle_connections_are_closed() {
    let server = start(quick()).await;
    for start_of_request in ["", "GET /ok HT", "GET /ok HTTP/1.1\r\nhost: felt\r\nx-slow: "] {
        let answer = server.exchange(start_of_request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{start_of_request:?} gave {answer:?}");
    }
    let mut stream = server.connect().await;
    stream.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with("ok"));
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0, "an idle connection is closed");
    server.stop().await;
}

#[tokio::test]
async fn bad_heads_are_refused_before_any_handler() {
    let server = start(quick()).await;
    let many = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    let table: [(&str, String, &str); 8] = [
        ("200 kB of header", format!("GET /ok HTTP/1.1\r\nhost: felt\r\nx: {}\r\n\r\n", "a".repeat(200_000)), "431"),
        ("100 headers", format!("GET /ok HTTP/1.1\r\nhost: felt\r\n{many}\r\n"), "431"),
        ("70 kB of path", format!("GET /{} HTTP/1.1\r\nhost: felt\r\n\r\n", "a".repeat(70_000)), "4"),
        (
            "two lengths",
            "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc".into(),
            "400",
        ),
        ("negative length", "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: -1\r\n\r\n".into(), "400"),
        ("no HTTP", "hello\r\n\r\n".into(), "400"),
        ("folded header", "GET /ok HTTP/1.1\r\nhost: felt\r\nx: a\r\n b\r\n\r\n".into(), "400"),
        ("a space before the colon", "GET /ok HTTP/1.1\r\nhost : felt\r\n\r\n".into(), "400"),
    ];
    for (name, request, status) in table {
        let mut stream = server.connect().await;
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = read_to_end(&mut stream).await;
        // What is far over the limit is still being sent when the server closes: that reset may overtake the answer.
        let overtaken = request.len() > 32_768 && answer.is_empty();
        assert!(overtaken || answer.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {answer:?}");
        assert!(server.get("/ok").await.ends_with("ok"), "{name}: the server still answers");
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = start(ServerLimits { connections_max: 1, ..quick() }).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut first).await.ends_with("ok"));
    let mut second = server.connect().await;
    second.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n").await.unwrap();
    drop(first);
    assert!(read_to_end(&mut second).await.ends_with("ok"));
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_answers_what_was_accepted_and_refuses_what_is_new() {
    let mut server = start(ServerLimits { head_timeout_ms: 5_000, answer_timeout_ms: 5_000, ..quick() }).await;
    let mut kept = server.connect().await;
    kept.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut kept).await.ends_with("ok"));
    let mut accepted = server.connect().await;
    accepted.write_all(b"GET /wait HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    server.begun.notified().await;

    server.stop.take().unwrap().send(()).unwrap();
    // The drain begins in another task: probes say when, on connections of their own.
    while !server.get("/readyz").await.starts_with("HTTP/1.1 503") {
        tokio::task::yield_now().await;
    }
    assert!(server.get("/livez").await.starts_with("HTTP/1.1 200"));
    for answer in [
        {
            kept.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
            read_to_end(&mut kept).await
        },
        server.get("/ok").await,
    ] {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("connection: close") && answer.contains("retry-after: "), "{answer}");
    }

    server.gate.notify_one();
    let answer = read_to_end(&mut accepted).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("waited"), "{answer}");
    server.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_shutdown_ends_in_its_time_even_when_a_handler_does_not() {
    let limits = ServerLimits { answer_timeout_ms: 60_000, drain_timeout_ms: 100, ..ServerLimits::default() };
    let server = start(limits).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /wait HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    server.begun.notified().await;
    // The handler never answers, so only the drain's own bound can end this.
    server.stop().await;
    assert_eq!(read_to_end(&mut stuck).await, "");
}

#[tokio::test]
async fn readiness_tells_the_worst_of_its_checks_and_why() {
    struct Fixed(&'static str, health::Readiness);
    #[async_trait::async_trait]
    impl health::Check for Fixed {
        fn name(&self) -> &'static str {
            self.0
        }
        async fn check(&self) -> health::Readiness {
            self.1.clone()
        }
    }
    use health::Readiness::{Degraded, NotReady, Ready};
    for (found, status, word) in [
        (vec![Ready], 200, "\"status\":\"ready\""),
        (vec![Ready, Degraded("spool in use".into())], 200, "\"status\":\"degraded\""),
        (vec![NotReady("disk full".into()), Degraded("slow".into())], 503, "\"reason\":\"disk full\""),
    ] {
        let checks = found
            .into_iter()
            .fold(health::Checks::new(), |checks, readiness| checks.with(Arc::new(Fixed("log", readiness))));
        let router = health::router(checks, telemetry::install().unwrap());
        let request = http::Request::get("/readyz").body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(response.status(), status);
        let body: Bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(word), "{body:?}");
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let server = start(quick()).await;
    server.get("/ok").await;
    let answer = server.get("/metrics").await;
    assert!(answer.contains("felt_http_requests_total{method=\"GET\",status=\"2xx\"}"), "{answer}");
    assert!(answer.contains("felt_http_request_duration_seconds_bucket"), "{answer}");
    server.stop().await;
}
