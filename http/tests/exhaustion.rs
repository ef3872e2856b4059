//! No file descriptor left: connections that are open are served on, and new ones as soon as there is room again. In a file, and so
//! in a process, of its own: the limit holds for everybody in it.

use axum::Router;
use axum::routing::get;
use felt_http::{ServerLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET /ok HTTP/1.1\r\nhost: felt\r\n\r\n").await.unwrap();
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_shortage_of_file_descriptors_spares_open_connections_and_ends_with_its_cause() {
    let router = Router::new().route("/ok", get(async || "ok"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, router, ServerLimits::default(), std::future::pending()));
    let mut open = TcpStream::connect(address).await.unwrap();
    assert!(ask(&mut open).await.ends_with("ok"));

    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let few = rustix::process::Rlimit { current: Some(64), ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
    // Both ends of each connection are in this process, so either may be the one that finds none left.
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect(address).await {
        held.push(stream);
    }
    assert!(held.len() >= 20, "{}", held.len());
    for _ in 0..3 {
        assert!(ask(&mut open).await.ends_with("ok"));
    }
    drop(held);
    let mut new = loop {
        // The server lets go of the ends that it holds as it learns that the others are gone.
        match TcpStream::connect(address).await {
            Ok(stream) => break stream,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    assert!(ask(&mut new).await.ends_with("ok"));
    server.abort();
}
