//! Fairness: whoever floods hears 429 and when to return, before a byte of the body is looked at; everybody else hears what they would
//! have heard anyway. What is asserted is answers and counts, not times: those are the bench's (`tests/benches/fairness.rs`).

mod support;

use felt_schema::site::Site;
use std::collections::BTreeSet;
use std::sync::Arc;
use support::{Answer, Felt, Options, Request, shop, snapshot};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Behind one proxy, with a second's worth of burst.
async fn start(sites: Vec<Site>) -> Arc<Felt> {
    let mut options = Options { sites, ..Options::default() };
    options.ingest.trusted_proxies = 1;
    options.ingest.rate_burst_seconds = 1.0;
    Arc::new(Felt::start_with(options).await)
}

fn beacon(site: &str, client: &str, body: impl AsRef<[u8]>) -> Request {
    Request::post(&format!("/v1/beacon?site={site}"), body).header("x-forwarded-for", client)
}

/// So many tasks send `count` requests each, one after the other.
async fn send(
    felt: &Arc<Felt>,
    tasks: usize,
    count: usize,
    request: impl Fn(usize) -> Request + Send + Sync + 'static,
) -> Vec<Answer> {
    let request = Arc::new(request);
    let mut set = JoinSet::new();
    for task in 0..tasks {
        let (felt, request) = (felt.clone(), request.clone());
        set.spawn(async move {
            let mut answers = Vec::with_capacity(count);
            for number in task * count..(task + 1) * count {
                answers.push(felt.send(request(number)).await);
            }
            answers
        });
    }
    set.join_all().await.into_iter().flatten().collect()
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_floods_hears_429_and_its_neighbour_only_204() {
    let flood = Site { key: "flood".into(), rate_per_second: 5, client_rate_per_second: 1_000, ..shop() };
    let felt = start(vec![flood, shop()]).await;
    // Each request of the flood comes from an address of its own: only the site's rate can hold it.
    let flooding = {
        let felt = felt.clone();
        tokio::spawn(async move {
            let body = |number: usize| format!("[{}{}]", snapshot(number), format!(",{}", snapshot(number)).repeat(20));
            let from = |number: usize| format!("203.0.{}.{}", number / 250, number % 250);
            send(&felt, 6, 120, move |number| beacon("flood", &from(number), body(number))).await
        })
    };
    let calm =
        send(&felt, 3, 40, |number| beacon("shop", &format!("198.51.100.{}", number % 200), snapshot(10_000 + number)))
            .await;
    let flooded = flooding.await.unwrap();

    assert_eq!(count(&calm, 204), calm.len(), "nothing but 204");
    let (taken, refused) = (count(&flooded, 204), count(&flooded, 429));
    assert_eq!(taken + refused, flooded.len());
    assert!(refused > flooded.len() / 2, "{taken} taken, {refused} refused");
    let refusals = || flooded.iter().filter(|answer| answer.status == 429);
    assert!(refusals().all(|answer| answer.problem() == "rate-limited"));
    let waits: BTreeSet<u64> = refusals().map(|answer| answer.header("retry-after").parse().unwrap()).collect();
    assert!(!waits.contains(&0) && waits.len() > 1, "whoever was refused together does not return together: {waits:?}");

    let felt = Arc::into_inner(felt).unwrap();
    let log = felt.stop().await;
    let of = |site: &str| log.views.iter().filter(|view| view.site == site).count();
    assert_eq!((of("shop"), of("flood")), (calm.len(), taken * 21));
    assert_eq!(log.refused["rate_limited"], refused as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_floods_is_limited_alone_and_does_not_use_up_what_its_site_may_send() {
    let site = Site { rate_per_second: 60, client_rate_per_second: 5, ..shop() };
    let felt = start(vec![site]).await;
    let flooding = {
        let felt = felt.clone();
        tokio::spawn(async move {
            // One subscriber with as many addresses as it likes, and forged entries before the proxy's own.
            let from = |number: usize| format!("198.51.100.{}, 2001:db8:1:2::{number:x}", number % 200);
            send(&felt, 6, 100, move |number| beacon("shop", &from(number), snapshot(number))).await
        })
    };
    let calm =
        send(&felt, 2, 10, |number| beacon("shop", &format!("192.0.2.{number}"), snapshot(10_000 + number))).await;
    assert_eq!(count(&calm, 204), calm.len(), "other clients of the same site hear nothing of it");
    let flooded = flooding.await.unwrap();
    assert!(count(&flooded, 429) > flooded.len() / 2, "{} refused", count(&flooded, 429));
    assert_eq!(count(&flooded, 429) + count(&flooded, 204), flooded.len());
    Arc::into_inner(felt).unwrap().stop().await;
}

/// Senders that never finish hold a connection each, and nothing that others need.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn senders_that_hang_in_the_middle_of_a_body_hold_up_nobody() {
    let mut options = Options::default();
    options.limits.body_timeout_ms = 600_000;
    options.limits.drain_timeout_ms = 100;
    let felt = Arc::new(Felt::start_with(options).await);
    let mut hanging = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(felt.address).await.unwrap();
        let head = "POST /v1/beacon?site=open HTTP/1.1\r\nhost: felt\r\ncontent-length: 60000\r\n\r\n[";
        stream.write_all(head.as_bytes()).await.unwrap();
        hanging.push(stream);
    }
    let calm = send(&felt, 3, 20, |number| Request::beacon(snapshot(number))).await;
    assert_eq!(count(&calm, 204), calm.len());
    drop(hanging);
    let log = Arc::into_inner(felt).unwrap().stop().await;
    assert_eq!(log.views.len(), calm.len());
}
