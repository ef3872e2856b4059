//! Felt's HTTP interface as a client sees it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The longest wait for what was sent to be visible in answers; a busy machine inserts beside us.
const VISIBLE: Duration = Duration::from_secs(180);

/// A client of one site.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    site: String,
    token: Option<String>,
}

impl Api {
    /// A client of the Felt at `base`.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn new(base: &str, site: &str) -> Self {
        let http = reqwest::Client::builder().build().expect("an HTTP client can be made");
        Self { http, base: base.to_owned(), site: site.to_owned(), token: None }
    }

    /// The same, with a token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Posts a beacon body; the status.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn beacon(&self, body: impl Into<reqwest::Body>) -> Result<u16> {
        let answer = self
            .http
            .post(format!("{}/v1/beacon?site={}", self.base, self.site))
            .header("content-type", "text/plain;charset=UTF-8")
            .header("user-agent", crate::beacons::USER_AGENT)
            .body(body)
            .send()
            .await?;
        Ok(answer.status().as_u16())
    }

    /// Posts NDJSON to `import`; the report.
    ///
    /// # Errors
    /// When it was refused as a whole.
    pub async fn import(&self, body: impl Into<reqwest::Body>) -> Result<Value> {
        let mut request = self.http.post(format!("{}/api/v1/sites/{}/import", self.base, self.site)).body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("import answered {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("import answered {text}"))
    }

    /// Sends JSON to a call of the site: the status and the parsed answer.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(&self, method: &str, call: &str, body: &Value) -> Result<(u16, Value)> {
        let address = format!("{}/api/v1/sites/{}/{call}", self.base, self.site);
        let mut request = self.http.request(method.parse()?, address).json(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// Any GET below the address: status and body.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// A call of the site: the parsed answer.
    ///
    /// # Errors
    /// When the answer is not a 200 or not JSON.
    pub async fn call(&self, call: &str) -> Result<Value> {
        let (status, text) = self.get(&format!("/api/v1/sites/{}/{call}", self.site)).await?;
        if status != 200 {
            bail!("{call} answered {status}: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("{call} answered {text}"))
    }

    /// Waits until `found` of a call's answer is so, and returns that answer.
    ///
    /// # Errors
    /// When it never becomes so; the message holds the last answer.
    pub async fn until(&self, call: &str, found: impl Fn(&Value) -> bool) -> Result<Value> {
        let deadline = Instant::now() + VISIBLE;
        loop {
            let last = match self.call(call).await {
                Ok(answer) if found(&answer) => return Ok(answer),
                Ok(answer) => answer.to_string(),
                Err(error) => error.to_string(),
            };
            if Instant::now() > deadline {
                bail!("{call} never became what was waited for; last: {last}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until so many page views (bots included) are visible over a range, as long as there come to be more of them, and returns
    /// the `summary`.
    ///
    /// # Errors
    /// When they stop coming.
    pub async fn until_views(&self, views: u64, query: &str) -> Result<Value> {
        let mut before = None;
        loop {
            let there = |answer: &Value| answer["meta"]["views"].as_u64();
            let moved = |answer: &Value| there(answer) == Some(views) || there(answer) != before;
            let answer = self.until(&format!("summary?{query}"), moved).await?;
            if there(&answer) == Some(views) {
                return Ok(answer);
            }
            before = there(&answer);
        }
    }
}

/// The record of one metric in an answer's `data`.
///
/// # Panics
/// When there is none.
pub fn metric<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["data"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["metric"] == name))
        .unwrap_or_else(|| panic!("no record of {name} in {answer}"))
}

/// A plain GET for readiness, without an async runtime.
///
/// # Errors
/// When no answer came.
pub fn get_blocking(url: &str) -> Result<(u16, String)> {
    use std::io::{Read, Write};
    let rest = url.strip_prefix("http://").context("only http addresses")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = std::net::TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
    let body = answer.split_once("\r\n\r\n").map(|(_, b)| b.to_owned()).unwrap_or_default();
    Ok((status, body))
}
