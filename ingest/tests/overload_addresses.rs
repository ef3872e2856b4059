//! Addresses that change with every request: the tables that remember them are bounded. In a file, and so in a process, of its own: what is
//! measured is the process's memory.

mod support;

use support::{Felt, Options, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PIPELINED: usize = 500;
const REMEMBERED: usize = 4_096;
/// What the table may grow by once it is full: nothing, but allocators round up.
const GROWTH_BYTES_MAX: u64 = 16 << 20;

fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap() * 1024
}

/// A mixture of IPv4 addresses and /64s, none of them twice.
fn address(number: usize) -> String {
    if number.is_multiple_of(2) {
        format!("{}.{}.{}.{}", 11 + (number >> 24), number >> 16 & 255, number >> 8 & 255, number & 255)
    } else {
        format!("2001:db8:{:x}:{:x}::1", number >> 16, number & 0xffff)
    }
}

/// Sends from so many addresses, pipelined on one connection; every answer must be the same refusal of an empty body.
async fn send(felt: &Felt, numbers: std::ops::Range<usize>) {
    let (mut read, mut write) = TcpStream::connect(felt.address).await.unwrap().into_split();
    for start in numbers.clone().step_by(PIPELINED) {
        let batch = start..(start + PIPELINED).min(numbers.end);
        let requests: Vec<u8> = batch
            .clone()
            .flat_map(|number| Request::beacon("").header("x-forwarded-for", address(number)).to_bytes_on("keep-alive"))
            .collect();
        let answered = async {
            let (mut found, mut rest) = (0, Vec::new());
            while found < batch.len() {
                let mut piece = [0; 64 * 1024];
                let bytes = read.read(&mut piece).await.unwrap();
                assert!(bytes > 0, "the connection was closed");
                rest.extend_from_slice(&piece[..bytes]);
                let text = String::from_utf8_lossy(&rest);
                assert!(!text.contains("HTTP/1.1 5"), "{text}");
                found = text.matches("HTTP/1.1 400").count() + text.matches("HTTP/1.1 429").count();
            }
        };
        let (sent, ()) = tokio::join!(write.write_all(&requests), answered);
        sent.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_addresses_do_not_grow_the_process() {
    let mut options = Options::default();
    options.ingest.trusted_proxies = 1;
    options.ingest.rate_clients_max = REMEMBERED;
    let felt = Felt::start_with(options).await;
    send(&felt, 0..20_000).await;
    let before = resident_bytes();
    send(&felt, 20_000..120_000).await;
    let after = resident_bytes();
    assert!(after < before + GROWTH_BYTES_MAX, "{before} bytes grew to {after}");
    // Somebody who comes after all of them is served.
    assert_eq!(felt.send(Request::beacon(support::snapshot(1)).header("x-forwarded-for", "9.9.9.9")).await.status, 204);
    let log = felt.stop().await;
    assert_eq!(log.received(), 120_001);
}
