//! Two servers on one address, one of which leaves: no client may notice, however it connects.

mod support;

use axum::Router;
use axum::routing::get;
use felt_http::{ServerLimits, serve_beside_others};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const REQUEST: &[u8] = b"GET /who HTTP/1.1\r\nhost: felt\r\n\r\n";

struct Beside {
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(1_024).unwrap()
}

fn start(listener: TcpListener) -> Beside {
    // Idle connections are closed late, so that closing them is never what makes a request fail.
    let limits = ServerLimits { head_timeout_ms: 600_000, drain_timeout_ms: 60_000, ..support::patient() };
    let router = Router::new().route("/who", get(async || "me"));
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    Beside { stop, task: tokio::spawn(serve_beside_others(listener, router, limits, shutdown)) }
}

impl Beside {
    async fn leave(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap().unwrap();
    }
}

/// The whole answer's head, and whether the connection goes on.
async fn ask(stream: &mut TcpStream) -> std::io::Result<bool> {
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    let mut part = [0; 1_024];
    while !answer.ends_with(b"\r\n\r\nme") {
        match stream.read(&mut part).await? {
            0 => return Err(std::io::Error::other(format!("half an answer: {}", String::from_utf8_lossy(&answer)))),
            read => answer.extend_from_slice(&part[..read]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    Ok(!text.to_lowercase().contains("connection: close"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_after_the_other_leaves_and_no_connection_is_refused_or_reset() {
    let first = listen(SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = first.local_addr().unwrap();
    let mut serving = vec![start(first), start(listen(address))];

    let (done, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    // Half of the clients open a connection for each request, the others keep theirs for as long as they may.
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let (done, answered) = (done.clone(), answered.clone());
            tokio::spawn(async move {
                let mut kept: Option<TcpStream> = None;
                while !done.load(Ordering::Relaxed) {
                    let mut stream = match kept.take() {
                        Some(stream) => stream,
                        None => TcpStream::connect(address).await?,
                    };
                    let goes_on = ask(&mut stream).await?;
                    answered.fetch_add(1, Ordering::Relaxed);
                    if goes_on && client % 2 == 0 {
                        kept = Some(stream);
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                std::io::Result::Ok(())
            })
        })
        .collect();
    for _ in 0..4 {
        let seen = answered.load(Ordering::Relaxed);
        while answered.load(Ordering::Relaxed) < seen + 200 && clients.iter().all(|client| !client.is_finished()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        serving.remove(0).leave().await;
        serving.push(start(listen(address)));
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap().expect("every connection is taken and every request answered");
    }
    // Nobody is left with an open connection, so both end by themselves.
    for server in serving {
        server.leave().await;
    }
}
