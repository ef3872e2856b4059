//! One request to a receiver: to the very addresses that were looked at, bounded in time and size, never led elsewhere.

use super::super::limits::{ANSWER_BYTES_MAX, SEND_MAX};
use super::guard::{self, Refused};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// Why a receiver did not take it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nothing may be sent there.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// It did not answer in time.
    #[error("no answer within {} s", SEND_MAX.as_secs())]
    Slow,
    /// It could not be reached.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It answered something else than success; nobody is shown its words.
    #[error("it answered {status}")]
    Answered {
        /// What it answered.
        status: u16,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
}

impl SendError {
    /// The wait that the receiver asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            SendError::Answered { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Something to post.
#[derive(Debug, Clone)]
pub struct Message {
    /// The body, JSON.
    pub body: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Posts a message.
///
/// # Errors
/// When it may not be sent, did not arrive, or was not taken.
pub async fn post(url: &str, allowed: &[String], message: Message) -> Result<(), SendError> {
    tokio::time::timeout(SEND_MAX, post_patiently(url, allowed, message)).await.map_err(|_| SendError::Slow)?
}

async fn post_patiently(url: &str, allowed: &[String], message: Message) -> Result<(), SendError> {
    let target = guard::check(url, allowed)?;
    let addresses = guard::resolve(&target).await?;
    let mut request = http::Request::post(target.url.as_str())
        .header("content-type", "application/json")
        .header("user-agent", concat!("felt/", env!("CARGO_PKG_VERSION")));
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    let unreachable = |error: &(dyn std::error::Error + 'static)| SendError::Unreachable(causes(error));
    let request = request.body(Full::new(Bytes::from(message.body))).map_err(|error| unreachable(&error))?;
    let client = client(addresses)?;
    let response = client.request(request).await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    // Read to its end so that the receiver has had its say, and no further than that takes.
    let _ = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    if status.is_success() {
        return Ok(());
    }
    Err(SendError::Answered { status: status.as_u16(), retry_after: retry_after.map(Duration::from_secs) })
}

type Connect = tower::util::BoxCloneSyncService<http::Uri, TokioIo<TcpStream>, std::io::Error>;

/// A client that reaches these addresses and no other, whatever it is asked for.
fn client(addresses: Vec<SocketAddr>) -> Result<Client<HttpsConnector<Connect>, Full<Bytes>>, SendError> {
    let connect = tower::service_fn(move |_: http::Uri| {
        let addresses = addresses.clone();
        async move { TcpStream::connect(addresses.as_slice()).await.map(TokioIo::new) }
    });
    // Named, because several providers of cryptography may be linked and none is installed for the process.
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
        .map_err(|error| SendError::Unreachable(format!("no certificates of the system: {error}")))?
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connect::new(connect));
    Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
