//! Memory runs short: work is refused with 503 while the process still has room, probes are answered, and it recovers by itself. In a
//! file, and so in a process, of its own: the ceiling is about everybody in it.

mod support;

use felt_http::ServerLimits;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Server, patient};

/// What all bodies together would take without a ceiling is several times this.
const ROOM_BYTES: u64 = 160 << 20;
const BODY_BYTES: usize = 2 << 20;
const FIRST: usize = 8;
const CLIENTS: usize = 256;

fn memory(line: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = text.lines().find_map(|l| l.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_large_bodies_meet_503_below_the_ceiling_and_the_server_recovers() {
    let ceiling = memory("VmRSS:") + ROOM_BYTES;
    let server = Arc::new(Server::start(ServerLimits { memory_bytes_max: ceiling, ..patient() }).await);
    let head =
        format!("POST /hold HTTP/1.1\r\nhost: felt\r\nconnection: close\r\ncontent-length: {BODY_BYTES}\r\n\r\n");
    let request: Arc<[u8]> = [head.as_bytes(), &vec![b'x'; BODY_BYTES]].concat().into();

    let first: Vec<_> = (0..FIRST)
        .map(|_| {
            let (server, request) = (server.clone(), request.clone());
            tokio::spawn(async move { server.exchange(&request).await })
        })
        .collect();
    while server.held.load(Ordering::Relaxed) < FIRST {
        tokio::task::yield_now().await;
    }
    let refused = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let probe = tokio::spawn({
        let (server, done) = (server.clone(), done.clone());
        async move {
            let mut probes = 0;
            while !done.load(Ordering::Relaxed) {
                assert!(server.get("/livez").await.starts_with("HTTP/1.1 200"), "a probe is always answered");
                probes += 1;
            }
            probes
        }
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (server, request) = (server.clone(), request.clone());
            let refused = refused.clone();
            tokio::spawn(async move {
                let answer = server.exchange(&request).await;
                let is_refusal = answer.starts_with("HTTP/1.1 503") && answer.contains("urn:felt:problem:no-memory");
                if is_refusal {
                    assert!(answer.contains("retry-after: "), "{answer}");
                    refused.fetch_add(1, Ordering::Relaxed);
                } else {
                    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200"), "{answer}");
                }
            })
        })
        .collect();
    // Those that are held keep what they have; everybody else has to hear 503 for this to go on.
    while refused.load(Ordering::Relaxed) < CLIENTS / 2 {
        tokio::task::yield_now().await;
        let resident = memory("VmRSS:");
        assert!(resident < ceiling, "the ceiling holds: {resident} of {ceiling}");
    }
    server.gate.add_permits(CLIENTS);
    for client in clients {
        client.await.unwrap();
    }
    assert!(memory("VmHWM:") < ceiling, "at no time was there more: {} of {ceiling}", memory("VmHWM:"));
    for client in first {
        assert!(client.await.unwrap().starts_with("HTTP/1.1 200"), "those who came first were served");
    }

    // What was held is given back, and the next is served.
    let small = "POST /hold HTTP/1.1\r\nhost: felt\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
    while !server.exchange(small).await.starts_with("HTTP/1.1 200") {
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    assert!(probe.await.unwrap() > 0);
    // Metrics are work like any other, and may be refused until the last of the memory is back.
    let metrics = loop {
        let answer = server.get("/metrics").await;
        if answer.starts_with("HTTP/1.1 200") {
            break answer;
        }
    };
    assert!(metrics.contains("felt_http_refused_memory_total"), "{metrics}");
    Arc::into_inner(server).unwrap().stop().await;
}
