//! What a durable beacon costs: CPU seconds of the server per million requests, beside the floor of an axum that reads the body and
//! drops it. Run with `cargo bench -p felt-ingest --bench beacon [-- --connections 512 --seconds 10 --lines 200000]`.
//!
//! Each server is a process of its own, so that its CPU time (all of its threads, the log's writer included) is told apart from
//! the client's. Connections are kept; each sends its next beacon when the answer to the last has come.

use axum::Router;
use axum::routing::post;
use felt_eventlog::{LocalLog, LocalLogConfig};
use felt_http::{OpenAccess, ServerLimits, serve, telemetry};
use felt_ingest::{IngestConfig, IngestState};
use felt_schema::clock::SystemClock;
use felt_schema::site::{Site, Sites};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The interface's own example, about 1.5 kB; `VIEW` is replaced.
const BEACON: &str = r#"{"v":1,"view":"VIEW","seq":0,"attempt":0,"session":"9ab19ab19ab19ab1","visitor":"c0dec0dec0dec0de","nav":"navigate","url":"https://shop.example/p/123?utm_source=newsletter","referrer":"https://www.search.example/results","route":"/p/:id","title":"Blue suede shoes, size 42 | The Shop","age":12034,"status":200,"hidden_at_start":false,"first_hidden":11800,"left":12030,"sample_rate":1,"metrics":{"lcp":1834.2,"usable":2200,"inp":96,"cls":0.031,"fcp":912,"ttfb":320,"redirect":0,"dns":12,"connect":30,"tls":18,"request":210,"response":40,"dom_interactive":900,"dom_content_loaded":950,"load":2100},"attribution":{"lcp":{"target":"main>img.hero","url":"https://cdn.shop.example/img/hero.avif","ttfb":320,"load_delay":200,"load_time":900,"render_delay":414},"inp":{"target":"button#buy","event":"click","input_delay":4,"processing":70,"presentation":22,"script":"https://shop.example/app.js"},"cls":{"target":"div.banner","time":1200}},"events":[{"type":"timing","at":8200,"name":"login_to_play","value":8123},{"type":"step","at":9000,"journey":"checkout","step":"pay","amount":49.90,"currency":"EUR"},{"type":"request","at":2000,"url":"https://api.shop.example/cart","status":500,"duration":812}],"client":{"viewport":[390,844],"dpr":3,"connection":"4g","rtt":50,"save_data":false,"memory":8,"cores":8,"lang":"de-DE","tz":"Europe/Berlin","webdriver":false},"release":"2026.11.3","tags":{"plan":"pro"}}"#;
const USER_AGENT: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Mobile Safari/537.36";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if has("--serve") {
        runtime.block_on(serve_ingest());
    } else if has("--floor") {
        runtime.block_on(serve_floor());
    } else if has("--bench") {
        let (connections, seconds) = (number("--connections", 64), number("--seconds", 8));
        println!("{connections} kept connections, {seconds} s each, body {} bytes", BEACON.len());
        let floor = runtime.block_on(measure("--floor", connections, seconds));
        let durable = runtime.block_on(measure("--serve", connections, seconds));
        runtime.block_on(measure_import(number("--lines", 200_000)));
        println!("ratio to the floor: {:.2} (budget 2.4: 1.3 x nginx that logs the body)", durable / floor);
    }
}

/// CPU seconds per million requests.
async fn measure(mode: &str, connections: u64, seconds: u64) -> f64 {
    let mut server = Server::start(mode);
    let running = Arc::new(AtomicBool::new(true));
    let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..connections)
        .map(|client| {
            tokio::spawn(send_until(server.address, client, running.clone(), answered.clone(), failed.clone()))
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (cpu_before, answered_before, begin) = (server.cpu_seconds(), answered.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let cpu = server.cpu_seconds() - cpu_before;
    let requests = (answered.load(Ordering::Relaxed) - answered_before) as f64;
    let took = begin.elapsed().as_secs_f64();
    running.store(false, Ordering::Relaxed);
    for client in clients {
        let _ = client.await;
    }
    let memory = server.memory_kib();
    server.stop();
    let per_million = cpu / requests * 1e6;
    println!(
        "{mode:8} {per_million:6.1} CPU s per million, {:8.0} requests/s, {:.0} per CPU s, {} not 204, {memory} KiB at most",
        requests / took,
        requests / cpu,
        failed.load(Ordering::Relaxed),
    );
    per_million
}

/// Lines per second, and per CPU second of the server.
async fn measure_import(lines: u64) {
    let mut server = Server::start("--serve");
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    let line = |number: u64| {
        let snapshot = BEACON.replace("VIEW", &format!("import-{number:010}"));
        format!(
            "{{\"at\":\"2026-03-01T10:00:00Z\",\"ua\":\"{USER_AGENT}\",\"country\":\"DE\",\"snapshot\":{snapshot}}}\n"
        )
    };
    let length = line(0).len() as u64 * lines;
    let (cpu_before, begin) = (server.cpu_seconds(), Instant::now());
    let head = format!(
        "POST /api/v1/sites/shop/import HTTP/1.1\r\nhost: felt\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    for first in (0..lines).step_by(500) {
        let piece: String = (first..(first + 500).min(lines)).map(line).collect();
        stream.write_all(piece.as_bytes()).await.expect("the server reads");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers");
    let (took, cpu) = (begin.elapsed().as_secs_f64(), server.cpu_seconds() - cpu_before);
    let memory = server.memory_kib();
    server.stop();
    assert!(answer.contains(&format!("\"accepted\":{lines}")), "{answer}");
    println!("import   {:6.0} lines/s, {:.0} per CPU s, {memory} KiB at most", lines as f64 / took, lines as f64 / cpu);
}

async fn send_until(
    address: SocketAddr,
    client: u64,
    running: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
) {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    let mut buffer = vec![0; 4096];
    let mut number = 0u64;
    while running.load(Ordering::Relaxed) {
        number += 1;
        let body = BEACON.replace("VIEW", &format!("v{client:08}-{number:010}"));
        let request = format!(
            "POST /v1/beacon?site=shop HTTP/1.1\r\nhost: felt.example\r\nuser-agent: {USER_AGENT}\r\norigin: https://shop.example\r\n\
             content-type: text/plain;charset=UTF-8\r\naccept: */*\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        let length = stream.read(&mut buffer).await.expect("the server answers");
        if !buffer[..length].starts_with(b"HTTP/1.1 204") {
            failed.fetch_add(1, Ordering::Relaxed);
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        Self { child, address: line.trim().parse().expect("an address") }
    }

    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        // User and system time, in hundredths of a second on every Linux.
        (ticks(11) + ticks(12)) / 100.0
    }

    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
        line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0)
    }

    fn stop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Tells the parent where, and returns when the parent is gone or done.
async fn announce(listener: &TcpListener) -> impl Future<Output = ()> + use<> {
    println!("{}", listener.local_addr().expect("an address"));
    std::io::stdout().flush().expect("the parent reads");
    let (done, is_done) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = done.send(());
    });
    async move {
        let _ = is_done.await;
    }
}

async fn serve_ingest() {
    let _metrics = telemetry::install().expect("metrics");
    let dir = tempfile::tempdir().expect("a folder");
    let config = LocalLogConfig { dir: dir.path().to_owned(), ..LocalLogConfig::default() };
    let log = LocalLog::open(config, Arc::new(SystemClock)).expect("a log");
    let site = Site { key: "shop".into(), origins: vec!["https://shop.example".into()], ..Site::default() };
    let sites = Arc::new(Sites::new(vec![site]).expect("a site"));
    let state =
        IngestState::new(IngestConfig::default(), Arc::new(log), sites, Arc::new(SystemClock), Arc::new(OpenAccess));
    let state = state.expect("ingest");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stop = announce(&listener).await;
    serve(listener, felt_ingest::router(state.clone()), ServerLimits::default(), stop).await.expect("it serves");
    state.drain().await;
}

async fn serve_floor() {
    let read_and_drop = async |body: axum::body::Bytes| {
        std::hint::black_box(body);
        http::StatusCode::NO_CONTENT
    };
    let router = Router::new().route("/v1/beacon", post(read_and_drop));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stop = announce(&listener).await;
    axum::serve(listener, router).with_graceful_shutdown(stop).await.expect("it serves");
}
