//! A 204 is a promise: what happens to it when the log fails, is silent or full, when clients dawdle or leave, and at shutdown.

mod support;

use felt_eventlog::AppendError;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Answer, Felt, Mood, Moody, Options, Request, array, snapshot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn transient() -> Mood {
    Mood::Refusing(AppendError::Transient("disk full".into()))
}

#[tokio::test]
async fn what_cannot_be_durable_is_answered_503_and_counted_when_the_log_is_back() {
    let (options, mood) = Moody::options(transient());
    let felt = Felt::start_with(options).await;
    let answer = felt.send(Request::beacon(array(&[snapshot(1), snapshot(2), "{}".into()]))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "not-durable"));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((5..=15).contains(&wait), "jittered around the bound: {wait}");
    assert_eq!(felt.send(Request::get("/readyz")).await.status, 503);
    // The counts cannot be written either, and are kept.
    assert_eq!(felt.log().await.received(), 0);
    *mood.lock().unwrap() = Mood::Well;
    assert_eq!(felt.send(Request::get("/readyz")).await.status, 200);
    let log = felt.log().await;
    assert_eq!(log.refused, [("invalid_view".to_owned(), 1), ("unavailable".to_owned(), 2)].into());
    assert_eq!(felt.send(Request::beacon(snapshot(1))).await.status, 204);
    assert_eq!(felt.stop().await.views.len(), 1);
}

#[tokio::test]
async fn a_silent_log_is_not_waited_for_beyond_the_bound() {
    let (mut options, mood) = Moody::options(Mood::Silent);
    options.ingest.append_timeout_ms = 30;
    let felt = Felt::start_with(options).await;
    assert_eq!(felt.send(Request::beacon(snapshot(1))).await.status, 503);
    *mood.lock().unwrap() = Mood::Well;
    assert_eq!(felt.stop().await.refused["unavailable"], 1);
}

#[tokio::test]
async fn what_waits_for_the_log_is_bounded() {
    let (mut options, mood) = Moody::options(Mood::Silent);
    options.ingest.append_bytes_max = 1_024;
    options.ingest.append_timeout_ms = 60_000;
    let felt = Felt::start_with(options).await;
    let mut first = TcpStream::connect(felt.address).await.unwrap();
    first.write_all(&Request::beacon(snapshot(1)).to_bytes()).await.unwrap();
    // The first takes all the room there is; when it has, the next is refused at once, and not after a minute.
    loop {
        let answer = tokio::select! {
            answer = felt.send(Request::beacon(snapshot(2))) => answer,
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => continue,
        };
        assert_eq!((answer.status, answer.problem().as_str()), (503, "not-durable"));
        break;
    }
    drop(first);
    *mood.lock().unwrap() = Mood::Well;
    felt.stop().await;
}

#[tokio::test]
async fn a_degraded_log_is_ready_with_a_reason() {
    let (options, _mood) = Moody::options(Mood::Complaining);
    let felt = Felt::start_with(options).await;
    let answer = felt.send(Request::get("/readyz")).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("degraded")));
    assert_eq!(answer.json()["checks"][0]["reason"], "using the spool");
    assert_eq!(felt.send(Request::beacon(snapshot(1))).await.status, 204);
    felt.stop().await;
}

#[tokio::test]
async fn a_snapshot_larger_than_the_log_takes_is_413() {
    let (options, mood) = Moody::options(Mood::Refusing(AppendError::TooLarge { bytes: 2, bytes_max: 1 }));
    let felt = Felt::start_with(options).await;
    assert_eq!(felt.send(Request::beacon(snapshot(1))).await.status, 413);
    *mood.lock().unwrap() = Mood::Well;
    assert_eq!(felt.stop().await.refused["too_large"], 1);
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_and_one_that_breaks_off_is_nothing() {
    let mut options = Options::default();
    options.limits.body_timeout_ms = 100;
    let felt = Felt::start_with(options).await;
    let bytes = Request::beacon(snapshot(1)).to_bytes();
    let mut slow = TcpStream::connect(felt.address).await.unwrap();
    slow.write_all(&bytes[..bytes.len() - 5]).await.unwrap();
    let mut answer = Vec::new();
    let _ = slow.read_to_end(&mut answer).await;
    let answer = Answer::parse(&answer);
    assert_eq!((answer.status, answer.problem().as_str()), (408, "body-too-slow"));

    let mut leaving = TcpStream::connect(felt.address).await.unwrap();
    leaving.write_all(&bytes[..bytes.len() - 5]).await.unwrap();
    drop(leaving);
    assert_eq!(felt.send(Request::beacon(snapshot(2))).await.status, 204);
    let log = felt.stop().await;
    assert_eq!((log.views.len(), log.refused.len()), (1, 0));
}

/// Clients on kept connections send as fast as they can while the server shuts down. Whatever any of them was told to be durable is
/// in the log, and every one of them hears 204, 503 or the end of its connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_under_load_loses_nothing_that_was_acknowledged() {
    const CLIENTS: usize = 16;
    let mut felt = Felt::start().await;
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (address, answered) = (felt.address, answered.clone());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut acknowledged = BTreeSet::new();
                for number in 0.. {
                    let number = client * 1_000_000 + number;
                    let request = Request::beacon(snapshot(number)).to_bytes_on("keep-alive");
                    let mut answer = [0; 1_024];
                    let sent = stream.write_all(&request).await;
                    let Ok(length @ 1..) = stream.read(&mut answer).await else { break };
                    sent.expect("an answer came, so the request went");
                    match Answer::parse(&answer[..length]).status {
                        204 => acknowledged.insert(format!("view{number:08}")),
                        503 => break,
                        other => panic!("{other} is neither durable nor a refusal"),
                    };
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                acknowledged
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 1_000 {
        tokio::task::yield_now().await;
    }
    felt.begin_stop();
    let mut acknowledged = BTreeSet::new();
    for client in clients {
        acknowledged.append(&mut client.await.unwrap());
    }
    let log = felt.stop().await;
    let stored: BTreeSet<String> = log.views.iter().map(|view| view.snapshot.view.to_string()).collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and not in the log: {lost:?}");
    assert!(acknowledged.len() >= 1_000);
}

/// A seeded mix of beacons, good and bad: every element that was sent is in the log or counted, and nothing else is.
#[tokio::test]
async fn what_was_received_is_what_was_kept_and_what_was_refused() {
    let felt = Felt::start().await;
    let mut seed = 0x5eed_u64;
    let mut next = |below: u64| {
        // xorshift: the same mix each time.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let (mut sent, mut kept) = (0, 0);
    for number in 0..400 {
        let elements: Vec<String> = (0..=next(8))
            .map(|_| match next(4) {
                0 => "{}".to_owned(),
                1 => format!("[{}]", next(100)),
                _ => snapshot(number * 10),
            })
            .collect();
        let good = elements.iter().filter(|element| element.starts_with("{\"v\"")).count() as u64;
        let body = array(&elements);
        let (request, status, counts) = match next(6) {
            0 => (Request::beacon(&body[..body.len() - 1]), 400, (1, 0)),
            1 => (Request::beacon(body).header("origin", "https://evil.example"), 403, (1, 0)),
            _ => (Request::beacon(body), if good > 0 { 204 } else { 400 }, (elements.len() as u64, good)),
        };
        assert_eq!(felt.send(request).await.status, status);
        sent += counts.0;
        kept += counts.1;
    }
    let log = felt.stop().await;
    assert_eq!((log.views.len() as u64, log.received()), (kept, sent));
}
