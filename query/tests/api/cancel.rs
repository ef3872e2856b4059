//! Who goes takes the question along: over a real socket, until ClickHouse itself no longer works on it.

use super::support::{HOUR_MS, Service};
use felt_http::{OpenAccess, ServerLimits};
use felt_query::{QueryConfig, router};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest wait for something to begin or end; the question itself would take hours.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service whose page views have no end: whoever asks for them waits until somebody goes.
async fn endless() -> (Service, String) {
    let config = QueryConfig {
        execution_ms_max: 3_600_000,
        rows_read_max: u64::MAX,
        bytes_read_max: u64::MAX,
        queries_per_site_max: 2,
        ..QueryConfig::default()
    };
    let service = Service::with(|_| Arc::new(OpenAccess), config).await;
    service.write(&[service.view(HOUR_MS)]).await;
    for sql in [
        "RENAME TABLE page_views TO few_views",
        "CREATE VIEW page_views AS SELECT few.* FROM numbers(1000000000000000) AS n CROSS JOIN few_views AS few",
    ] {
        service.store.execute(sql).await.unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = router(service.state.clone());
    // Only the client ends a request here.
    let limits = ServerLimits { answer_timeout_ms: 3_600_000, ..ServerLimits::default() };
    tokio::spawn(felt_http::serve(listener, app, limits, std::future::pending()));
    (service, address)
}

/// Statements of this service that ClickHouse works on.
async fn running(service: &Service) -> u64 {
    let sql = "SELECT count() FROM system.processes WHERE current_database = currentDatabase() \
               AND query LIKE '%FROM page_views%' AND query NOT LIKE '%system.processes%'";
    service.store.query_json(sql, &[], Default::default()).await.unwrap()[0][0].as_u64().unwrap()
}

async fn until_running(service: &Service, wanted: u64, what: &str) {
    let begin = Instant::now();
    loop {
        let now = running(service).await;
        if now == wanted {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{what}: {now} statements run, not {wanted}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ask(address: &str, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: felt\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_leaves_takes_the_statement_along() {
    let (service, address) = endless().await;
    let path = "/api/v1/sites/shop/summary?range=24h&f=os:is:Android";
    // The connection ends in good order, and without a word.
    for abrupt in [false, true] {
        let stream = ask(&address, &get(path)).await;
        until_running(&service, 1, "the question is being worked on").await;
        if abrupt {
            stream.set_zero_linger().unwrap();
        }
        drop(stream);
        until_running(&service, 0, "nobody waits any more").await;
    }

    // Of several who wait for the same, the last one takes it along.
    let first = ask(&address, &get(path)).await;
    until_running(&service, 1, "the first asks").await;
    let second = ask(&address, &get(path)).await;
    let health = ask(&address, &get("/api/v1/openapi.json")).await;
    drop(health);
    drop(first);
    // The second still waits: it has not been told anything, and the statement goes on.
    let mut second = second;
    let mut byte = [0; 1];
    assert!(tokio::time::timeout(Duration::from_millis(500), second.read(&mut byte)).await.is_err());
    assert_eq!(running(&service).await, 1);
    drop(second);
    until_running(&service, 0, "the second left as well").await;

    // A batch takes all its parts along, and the places of the site are free again.
    let parts: Vec<String> = ["iOS", "Windows"].map(|os| format!("\"/api/v1/sites/shop/summary?f=os:is:{os}\"")).into();
    let body = format!("[{}]", parts.join(","));
    let request = format!(
        "POST /api/v1/batch HTTP/1.1\r\nHost: felt\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let batch = ask(&address, &request).await;
    until_running(&service, 2, "both parts are being worked on").await;
    drop(batch);
    until_running(&service, 0, "nobody waits for either").await;
    let last = ask(&address, &get(path)).await;
    until_running(&service, 1, "the next question finds a place").await;
    drop(last);
    until_running(&service, 0, "and it goes as well").await;
}
