//! A plain HTTP client for the tests: requests written by hand, so that what goes over the wire is what the test says.
#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Longest wait for anything in a test.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub fn get(address: &str) -> Request<Full<Bytes>> {
    request(Method::GET, address, Bytes::new())
}

pub fn post(address: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    request(Method::POST, address, body.into())
}

fn request(method: Method, address: &str, body: Bytes) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(address).body(Full::new(body)).expect("a request")
}

impl Http {
    pub fn new(url: &str) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), url: url.to_owned() }
    }

    pub async fn send(&self, mut request: Request<Full<Bytes>>) -> Answer {
        *request.uri_mut() = format!("{}{}", self.url, request.uri()).parse().expect("an address");
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await.expect("an answer in time");
        let (parts, body) = answer.expect("an answer").into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("a body in time").expect("a body");
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() }
    }

    /// Runs a statement that must succeed.
    pub async fn ok(&self, sql: &str) -> String {
        let answer = self.send(post("/", sql.to_owned())).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.text()
    }
}

/// Repeats a check until it holds; the bound only ends a test that would hang.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let holds = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("never happened: {what}"));
}
