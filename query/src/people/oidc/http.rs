//! Requests to the provider: over TLS with the system's own roots, bounded in time and size, never led elsewhere by a
//! redirect.

use super::config::is_safe;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use std::pin::Pin;
use std::time::Duration;

/// Longest wait for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Most bytes of an answer; the largest is a set of keys.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Why the provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The address is not one that secrets are sent to.
    #[error("`{0}` is not an https address")]
    Unsafe(String),
    /// There was no answer in time.
    #[error("no answer within {} s", ANSWER_MAX.as_secs())]
    Slow,
    /// There was no answer.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer is not one.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
}

/// A client of the provider.
#[derive(Clone)]
pub(super) struct Http(Client<HttpsConnector<HttpConnector>, Full<axum::body::Bytes>>);

impl Http {
    /// A client that trusts whom the system trusts.
    pub(super) fn new() -> Result<Self, HttpError> {
        // Named, because several providers of cryptography may be linked and none is installed for the process.
        let provider = rustls::crypto::ring::default_provider();
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|error| HttpError::Unreachable(format!("no certificates of the system: {error}")))?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build(connector)))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let address = request.uri().to_string();
        if !is_safe(&address) {
            return Err(HttpError::Unsafe(address));
        }
        let request = request.map(|body| Full::new(body.into()));
        let answer = tokio::time::timeout(ANSWER_MAX, async {
            let response = self.0.request(request).await.map_err(|error| HttpError::Unreachable(causes(&error)))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| HttpError::Answer(error.to_string()))?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
        });
        answer.await.map_err(|_| HttpError::Slow)?
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// An error with what led to it.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
