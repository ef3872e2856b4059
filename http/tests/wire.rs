//! Bytes on the wire that are meant to confuse or to hold: smuggling, pipelines, readers who do not read, crowds from one address.

mod support;

use felt_http::ServerLimits;
use support::{Server, patient, read_answer, read_to_end};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Two servers in a row that disagree on where a request ends can be made to answer one client with another's data.
#[tokio::test]
async fn a_request_with_a_length_and_chunks_is_refused_and_its_connection_closed() {
    let server = Server::start(patient()).await;
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    let smuggled = "GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n";
    let heads = [
        "content-length: 15\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 15",
        "Transfer-Encoding: chunked\r\nx: y\r\nCONTENT-LENGTH: 0",
        "content-length: 4\r\nTransfer-encoding: identity, chunked",
        "content-length: 15\r\ncontent-length: 15\r\ntransfer-encoding: chunked",
    ];
    for head in heads {
        let request = format!("POST /echo HTTP/1.1\r\nhost: felt\r\n{head}\r\n\r\n{chunks}{smuggled}");
        let answer = server.exchange(&request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{head}: {answer}");
        assert!(answer.contains("connection: close"), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "what follows is not answered: {head}: {answer}");
    }
    // Split anywhere, it is still seen.
    let request = format!("POST /echo HTTP/1.1\r\nhost: felt\r\n{}\r\n\r\n{chunks}", heads[1]);
    let mut stream = server.connect().await;
    for byte in request.bytes() {
        if stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 400"));
    // Either alone is as good as ever, one after the other on one connection too.
    let mut stream = server.connect().await;
    let chunked = format!("POST /echo HTTP/1.1\r\nhost: felt\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
    for request in ["POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 5\r\n\r\nhello", &chunked].repeat(2) {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn after_a_parse_error_the_connection_is_closed() {
    let server = Server::start(patient()).await;
    let next = "GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n";
    let chunked = "POST /echo HTTP/1.1\r\nhost: felt\r\ntransfer-encoding: chunked\r\n\r\n";
    let table = [
        ("no HTTP", "hello\r\n\r\n".to_owned()),
        ("two lengths", "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".into()),
        ("a length with a sign", "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: +5\r\n\r\nhello".into()),
        ("a length in hex", "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 0x5\r\n\r\nhello".into()),
        ("a folded header", "GET /ok HTTP/1.1\r\nhost: felt\r\nx: a\r\n b\r\n\r\n".into()),
        ("a space before the colon", "GET /ok HTTP/1.1\r\nhost: felt\r\ncontent-length : 5\r\n\r\n".into()),
        ("an empty header name", "GET /ok HTTP/1.1\r\n: x\r\n\r\n".into()),
        ("chunks that are not last", chunked.replace("chunked", "chunked, identity") + "5\r\nhello\r\n0\r\n\r\n"),
        ("chunks in HTTP/1.0", chunked.replace("HTTP/1.1", "HTTP/1.0") + "5\r\nhello\r\n0\r\n\r\n"),
        ("a chunk without a size", format!("{chunked}zz\r\nhello\r\n0\r\n\r\n")),
        ("a chunk with a sign", format!("{chunked}-5\r\nhello\r\n0\r\n\r\n")),
        ("a chunk beyond 64 bits", format!("{chunked}fffffffffffffffff\r\nhello")),
        ("a chunk longer than it says", format!("{chunked}2\r\nhello\r\n0\r\n\r\n")),
    ];
    for (name, request) in table {
        let answer = server.exchange(&format!("{request}{next}")).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.0 400"), "{name}: {answer}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{name}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_one_by_one_in_their_order() {
    let server = Server::start(patient()).await;
    let request = |n: usize| format!("POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 8\r\n\r\nbody-{n:03}");
    let last = "GET /ok HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n";
    let all = (0..200).map(request).collect::<String>() + last;
    let mut stream = server.connect().await;
    let (mut read, mut write) = stream.split();
    let mut answer = String::new();
    let (sent, got) = tokio::join!(write.write_all(all.as_bytes()), read.read_to_string(&mut answer));
    sent.unwrap();
    got.unwrap();
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 201);
    let mut from = 0;
    for n in 0..200 {
        let body = format!("body-{n:03}");
        from += answer[from..].find(&body).unwrap_or_else(|| panic!("{body} is missing or too early"));
    }
    server.stop().await;
}

#[tokio::test]
async fn who_waits_to_be_asked_for_the_body_is_asked() {
    let server = Server::start(patient()).await;
    let mut stream = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nhost: felt\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with("hello"));
    server.stop().await;
}

#[tokio::test]
async fn http2_is_told_that_this_is_not_its_port() {
    let server = Server::start(patient()).await;
    let answer = server.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(answer.starts_with("HTTP/1.1 505") && answer.contains("urn:felt:problem:http-version"), "{answer}");
    // Asked politely, it stays HTTP/1.1.
    let upgrade = "GET /ok HTTP/1.1\r\nhost: felt\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\n\
                   http2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    let answer = server.exchange(upgrade).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.stop().await;
}

/// The only place is taken by a reader who does not read; were he not cut off, the second would wait for ever.
#[tokio::test]
async fn a_reader_who_does_not_read_loses_the_connection() {
    let server = Server::start(ServerLimits { connections_max: 1, write_timeout_ms: 200, ..patient() }).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /big HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    // One byte shows that the answer is on its way.
    stuck.read_exact(&mut [0]).await.unwrap();
    assert!(server.get("/ok").await.ends_with("ok"));
    let mut rest = Vec::new();
    let _ = stuck.read_to_end(&mut rest).await;
    assert!(rest.len() < support::BIG_BYTES, "cut off, not served: {}", rest.len());
    // Who reads gets all of it.
    assert!(server.get("/big").await.len() > support::BIG_BYTES);
    server.stop().await;
}

#[tokio::test]
async fn one_address_leaves_connections_to_others() {
    // Slow heads are not closed within this test: places come back only when somebody leaves.
    let limits = ServerLimits { connections_max: 6, connections_per_address_max: 3, ..patient() };
    let server = Server::start(limits).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = server.connect_from("127.0.0.2").await;
        stream.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.ends_with("ok"));
        held.push(stream);
    }
    for _ in 0..20 {
        let mut fourth = server.connect_from("127.0.0.2").await;
        assert_eq!(read_to_end(&mut fourth).await, "", "closed at once");
    }
    for _ in 0..3 {
        assert!(server.get("/ok").await.ends_with("ok"), "another address is served");
    }
    drop(held.pop());
    loop {
        // The server learns a little later that one has left.
        let mut stream = server.connect_from("127.0.0.2").await;
        let _ = stream.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n").await;
        if read_to_end(&mut stream).await.ends_with("ok") {
            break;
        }
    }
    server.stop().await;
}
