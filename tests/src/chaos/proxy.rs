//! A TCP proxy that misbehaves on order: slow, cut after so many bytes, a black hole, a reset, a trickle. It knows nothing of what
//! it carries, and what is behind it may move (a process that was started again listens elsewhere).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are carried at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// What is wrong with the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Toxic {
    /// Nothing.
    #[default]
    None,
    /// Each chunk takes this long.
    Latency {
        /// How long, each way.
        ms: u64,
    },
    /// A connection is reset once so many more bytes went from client to server: the server may have part of a request.
    CutUp {
        /// How many pass.
        bytes: u64,
    },
    /// A connection is reset once so many more bytes came back: the server has done it, and the client does not know.
    CutDown {
        /// How many pass.
        bytes: u64,
    },
    /// Nothing passes and nothing ends; what was sent arrives when the hole closes.
    BlackHole,
    /// Open connections are reset, and new ones at once.
    Reset,
    /// A trickle.
    Throttle {
        /// Each way and connection.
        bytes_per_s: u64,
    },
}

/// A listening proxy; it and all that goes through it ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    toxic: watch::Sender<Toxic>,
    upstream: watch::Sender<Option<SocketAddr>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a port of its own; nothing is behind it yet.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (toxic, upstream) = (watch::Sender::new(Toxic::None), watch::Sender::new(None));
        let accepting = tokio::spawn(accept(listener, toxic.subscribe(), upstream.subscribe()));
        Ok(Self { address, toxic, upstream, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as the base of an HTTP address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// New connections go there; open ones stay where they are.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.upstream.send_replace(Some(upstream));
    }

    /// From now on, for open connections as well.
    pub fn set(&self, toxic: Toxic) {
        self.toxic.send_replace(toxic);
    }

    /// What is wrong with the line now.
    pub fn toxic(&self) -> Toxic {
        *self.toxic.borrow()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, toxic: watch::Receiver<Toxic>, upstream: watch::Receiver<Option<SocketAddr>>) {
    loop {
        if let Ok((client, _)) = listener.accept().await {
            let (toxic, upstream) = (toxic.clone(), *upstream.borrow());
            tokio::spawn(async move { serve(client, upstream, toxic).await });
        } else {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Carries one connection to its end.
async fn serve(mut client: TcpStream, upstream: Option<SocketAddr>, mut toxic: watch::Receiver<Toxic>) {
    let server = async {
        if *toxic.wait_for(|toxic| *toxic != Toxic::BlackHole).await.ok()? == Toxic::Reset {
            return None;
        }
        TcpStream::connect(upstream?).await.ok()
    };
    let Some(mut server) = server.await else {
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ended = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let up = carry(from_client, to_server, Way::Up, toxic.clone());
        let down = carry(from_server, to_client, Way::Down, toxic);
        both(up, down).await
    };
    if ended == End::Cut {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The sender had no more to say.
    Closed,
    /// The line broke.
    Cut,
}

async fn both(up: impl Future<Output = End>, down: impl Future<Output = End>) -> End {
    tokio::pin!(up, down);
    tokio::select! {
        End::Cut = &mut up => End::Cut,
        End::Cut = &mut down => End::Cut,
        else => End::Closed,
    }
}

async fn carry(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way, mut toxic: watch::Receiver<Toxic>) -> End {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut passed = 0;
    loop {
        let read = tokio::select! {
            biased;
            changed = toxic.changed() => match changed {
                Ok(()) if *toxic.borrow() != Toxic::Reset => {
                    passed = 0;
                    continue;
                }
                _ => return End::Cut,
            },
            read = from.read(&mut buffer) => read,
        };
        let chunk = match read {
            Ok(0) => {
                let _ = to.shutdown().await;
                return End::Closed;
            }
            Ok(read) => &buffer[..read],
            Err(_) => return End::Cut,
        };
        let now = *toxic.borrow();
        let cut_at = match (now, way) {
            (Toxic::CutUp { bytes }, Way::Up) | (Toxic::CutDown { bytes }, Way::Down) => Some(bytes),
            _ => None,
        };
        if let Some(room) = cut_at.map(|bytes| bytes.saturating_sub(passed)).filter(|room| *room < chunk.len() as u64) {
            let _ = to.write_all(&chunk[..usize::try_from(room).unwrap_or(0)]).await;
            return End::Cut;
        }
        passed += chunk.len() as u64;
        if write(&mut to, chunk, now, &mut toxic).await.is_err() {
            return End::Cut;
        }
    }
}

async fn write(to: &mut WriteHalf<'_>, chunk: &[u8], now: Toxic, toxic: &mut watch::Receiver<Toxic>) -> io::Result<()> {
    match now {
        Toxic::Latency { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
        Toxic::BlackHole => {
            let closed = toxic.wait_for(|toxic| *toxic != Toxic::BlackHole).await.map(|toxic| *toxic);
            if !closed.is_ok_and(|toxic| toxic != Toxic::Reset) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        Toxic::Throttle { bytes_per_s } => {
            for piece in chunk.chunks(1024) {
                tokio::time::sleep(Duration::from_micros(piece.len() as u64 * 1_000_000 / bytes_per_s.max(1))).await;
                to.write_all(piece).await?;
            }
            return Ok(());
        }
        _ => {}
    }
    to.write_all(chunk).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proxy in front of a server that answers each connection with what it said, until it stops.
    async fn echo() -> io::Result<(Proxy, TcpStream)> {
        let server = TcpListener::bind(("127.0.0.1", 0)).await?;
        let proxy = Proxy::start().await?;
        proxy.set_upstream(server.local_addr()?);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = server.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                    let _ = to.shutdown().await;
                });
            }
        });
        let client = TcpStream::connect(proxy.address()).await?;
        Ok((proxy, client))
    }

    async fn said(stream: &mut TcpStream, what: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(what).await?;
        let mut heard = vec![0; what.len()];
        stream.read_exact(&mut heard).await?;
        Ok(heard)
    }

    #[tokio::test]
    async fn a_healthy_line_carries_and_closes() -> io::Result<()> {
        let (_proxy, mut client) = echo().await?;
        assert_eq!(said(&mut client, b"hello").await?, b"hello");
        client.shutdown().await?;
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await?;
        assert_eq!(rest, b"");
        Ok(())
    }

    #[tokio::test]
    async fn an_answer_is_cut_where_ordered() -> io::Result<()> {
        let (proxy, mut client) = echo().await?;
        assert_eq!(said(&mut client, b"hello").await?, b"hello");
        proxy.set(Toxic::CutDown { bytes: 3 });
        client.write_all(b"world").await?;
        let mut heard = Vec::new();
        let ended = client.read_to_end(&mut heard).await;
        // A reset may overtake what was written before it.
        assert!(ended.is_err() || heard.len() <= 3, "{heard:?}");
        assert!(heard.is_empty() || heard == b"wor", "{heard:?}");
        Ok(())
    }

    #[tokio::test]
    async fn a_reset_ends_open_connections_and_refuses_new_ones_until_it_is_over() -> io::Result<()> {
        let (proxy, mut client) = echo().await?;
        assert_eq!(said(&mut client, b"hello").await?, b"hello");
        proxy.set(Toxic::Reset);
        assert!(said(&mut client, b"world").await.is_err());
        if let Ok(mut refused) = TcpStream::connect(proxy.address()).await {
            assert!(said(&mut refused, b"world").await.is_err());
        }
        proxy.set(Toxic::None);
        let mut again = TcpStream::connect(proxy.address()).await?;
        assert_eq!(said(&mut again, b"world").await?, b"world");
        Ok(())
    }

    #[tokio::test]
    async fn what_fell_into_a_black_hole_arrives_when_it_closes() -> io::Result<()> {
        let (proxy, mut client) = echo().await?;
        proxy.set(Toxic::BlackHole);
        client.write_all(b"hello").await?;
        let mut heard = [0; 5];
        assert!(tokio::time::timeout(Duration::from_millis(200), client.read_exact(&mut heard)).await.is_err());
        proxy.set(Toxic::Throttle { bytes_per_s: 1_000_000 });
        client.read_exact(&mut heard).await?;
        assert_eq!(&heard, b"hello");
        Ok(())
    }
}
