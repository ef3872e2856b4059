//! ClickHouse's HTTP interface over the library: the router, the way of one request, and the answer's headers.
//!
//! Differences from a server, each refused rather than ignored: sessions, roles, users other than `default`, external
//! data, formats of compression other than LZ4, several statements in one request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::{Bytes, BytesMut};
use futures::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rand::Rng;
use rand::distr::Alphanumeric;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::body::BodyReader;
use super::cancel::{Canceller, Guard};
use super::chdb::{Library, Progress};
use super::encode::Encoder;
use super::exception::Exception;
use super::form;
use super::options::{KnownSettings, Options};
use super::pieces;
use super::pool::Pool;
use super::statement::{self, Statement};
use super::work::{Feed, Replies, Reply, Task};

/// Most bytes of an answer that is collected before it is sent (`wait_end_of_query=1`).
const WAITED_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Pieces and chunks under way between a thread and its client; each is about a MiB at most.
const PIECES_MAX: usize = 4;

/// What every request needs.
pub(super) struct Front {
    pub library: &'static Library,
    /// Arguments of every session: the data directory.
    pub base: Vec<String>,
    pub known: KnownSettings,
    pub pool: Pool,
    pub canceller: Canceller,
}

/// ClickHouse's HTTP interface.
pub(super) fn router(front: Arc<Front>) -> Router {
    let ping = || async { "Ok.\n" };
    Router::new()
        .route("/", get(root).post(query))
        .route("/ping", get(ping))
        .fallback(|| async { (StatusCode::NOT_FOUND, "There is no handle for this address.\n") })
        .with_state(front)
}

/// A bare address answers `Ok.`, as ClickHouse does; with a query it is a read-only request.
async fn root(state: State<Arc<Front>>, request: Request) -> Response {
    if request.uri().query().is_none() { "Ok.\n".into_response() } else { query(state, request).await }
}

async fn query(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let is_get = parts.method == Method::GET;
    let options = Options::read(parts.uri.query().unwrap_or_default(), &parts.headers, is_get, &front.known);
    let mut options = match options {
        Ok(options) => options,
        Err(error) => return failure(&error, Encoder::Plain, HeaderMap::new()),
    };
    let encoder = Encoder::choose(&options, &parts.headers);
    let mut headers = HeaderMap::new();
    let id = options.query_id.take().unwrap_or_else(|| random_text(32));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-clickhouse-query-id", id);
    }
    headers.insert("x-clickhouse-timezone", HeaderValue::from_static("UTC"));
    match front.start(options, &parts.headers, body).await {
        Ok(running) => running.respond(encoder, headers).await,
        Err(error) => failure(&error, encoder, headers),
    }
}

/// A statement that was handed to a thread.
struct Running {
    replies: mpsc::Receiver<Reply>,
    guard: Guard,
    format: Option<String>,
    wait: bool,
}

impl Front {
    async fn start(&self, mut options: Options, headers: &HeaderMap, body: Body) -> Result<Running, Exception> {
        let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes());
        if !matches!(encoding, None | Some(b"" | b"identity")) {
            return Err(Exception::unsupported("Content-Encoding is not supported, send decompress=1 with LZ4 blocks"));
        }
        let mut body = BodyReader::new(body, options.decompress);
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if let Some(boundary) = content_type.and_then(form::boundary) {
            options.take_form(form::fields(&body.text().await?, boundary)?)?;
        }
        // As in ClickHouse, the statement is what the address says followed by what the body says.
        let mut text = BytesMut::from(options.query.take().unwrap_or_default().as_bytes());
        let addressed = (!text.is_empty()).then(|| statement::read(&text)).transpose()?;
        if let Some(Statement::Insert { head, format, rows_at }) = addressed {
            let rest = text.split_off(rows_at).freeze();
            return self.insert(options, head, format, rest, body).await;
        }
        if !text.is_empty() {
            text.extend_from_slice(b"\n");
        }
        text.extend_from_slice(&body.text().await?);
        match statement::read(&text)? {
            Statement::Insert { head, format, rows_at } => {
                let rest = text.split_off(rows_at).freeze();
                self.insert(options, head, format, rest, body).await
            }
            Statement::Question { format, pieces } => self.question(options, text, format, pieces),
            Statement::Other { format } => self.question(options, text, format, false),
        }
    }

    fn task(&self, options: Options, sql: String, format: String) -> (Task, Guard) {
        let (ticket, guard) = self.canceller.ticket();
        let mut arguments = self.base.clone();
        // Before the request's own settings, the last of which may forbid any more.
        arguments.push(format!("--log_comment={}", ticket.log_comment()));
        arguments.extend(options.arguments());
        let Options { params, database, .. } = options;
        (Task { library: self.library, sql, format, params, database, arguments, ticket }, guard)
    }

    fn question(
        &self,
        options: Options,
        sql: BytesMut,
        named: Option<String>,
        cut: bool,
    ) -> Result<Running, Exception> {
        let sql =
            String::from_utf8(sql.into()).map_err(|_| Exception::new(62, "SYNTAX_ERROR", "the query is not UTF-8"))?;
        let format = named.or_else(|| options.default_format.clone()).unwrap_or_else(|| "TabSeparated".into());
        let cut = cut && pieces::can_be_cut(&format);
        let wait = options.wait_end_of_query || !cut;
        let (task, guard) = self.task(options, sql, format.clone());
        let (sender, replies) = mpsc::channel(PIECES_MAX);
        let back = Replies { sender, runtime: Handle::current() };
        self.pool.run(move || if cut { task.run_pieces(&back) } else { task.run_whole(&back) })?;
        Ok(Running { replies, guard, format: Some(format), wait })
    }

    /// Feeds an insert and waits for its end: an insert is never answered early.
    async fn insert(
        &self,
        options: Options,
        head: String,
        format: String,
        first: Bytes,
        mut body: BodyReader,
    ) -> Result<Running, Exception> {
        let (task, guard) = self.task(options, head, format);
        let (sender, replies) = mpsc::channel(PIECES_MAX);
        let (feed, rows) = mpsc::channel(PIECES_MAX);
        let back = Replies { sender, runtime: Handle::current() };
        self.pool.run(move || task.run_insert(rows, &back))?;
        // A closed feed means that the insert failed already; its reply says why, and dropping ours on an error of
        // the body leaves nothing committed.
        let mut open = feed.send(Feed::Rows(first)).await.is_ok();
        while open && let Some(bytes) = body.next().await? {
            open = feed.send(Feed::Rows(bytes)).await.is_ok();
        }
        let _ = feed.send(Feed::End).await;
        Ok(Running { replies, guard, format: None, wait: true })
    }
}

impl Running {
    async fn respond(mut self, mut encoder: Encoder, mut headers: HeaderMap) -> Response {
        if let Some(format) = &self.format {
            if let Ok(name) = HeaderValue::from_str(format) {
                headers.insert("x-clickhouse-format", name);
            }
            headers.insert(header::CONTENT_TYPE, content_type(format));
        }
        let mut waited = BytesMut::new();
        loop {
            match self.replies.recv().await {
                Some(Reply::Piece(bytes)) if self.wait => {
                    if waited.len() + bytes.len() > WAITED_BYTES_MAX {
                        let message = "the answer is too large to wait for its end";
                        return failure(&Exception::new(396, "TOO_MANY_ROWS_OR_BYTES", message), encoder, headers);
                    }
                    waited.extend_from_slice(&bytes);
                }
                Some(Reply::Piece(bytes)) => {
                    let bytes = encoder.piece(bytes);
                    return self.stream(bytes, encoder, headers);
                }
                Some(Reply::End(progress)) => {
                    headers.insert("x-clickhouse-summary", summary(progress));
                    let mut whole =
                        BytesMut::from(&*if waited.is_empty() { Bytes::new() } else { encoder.piece(waited.freeze()) });
                    set_encoding(&mut headers, &encoder);
                    whole.extend_from_slice(&encoder.finish());
                    return (headers, whole.freeze()).into_response();
                }
                Some(Reply::Failed(error)) => return failure(&error, encoder, headers),
                None => return failure(&lost(), encoder, headers),
            }
        }
    }

    /// Sends the answer as it comes. A failure on the way is told in the form that clients since 25.11 look for:
    /// <https://github.com/ClickHouse/ClickHouse/blob/master/src/Server/HTTP/WriteBufferFromHTTPServerResponse.cpp>.
    fn stream(self, first: Bytes, encoder: Encoder, mut headers: HeaderMap) -> Response {
        let tag = random_text(16);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert("x-clickhouse-exception-tag", tag);
        }
        set_encoding(&mut headers, &encoder);
        let Running { replies, guard, .. } = self;
        let state = (Some(first), Some(encoder), replies, guard);
        let pieces = stream::unfold(state, move |(first, encoder, mut replies, guard)| {
            let tag = tag.clone();
            async move {
                if let Some(first) = first {
                    return Some((Ok::<_, Infallible>(first), (None, encoder, replies, guard)));
                }
                let mut encoder = encoder?;
                match replies.recv().await {
                    Some(Reply::Piece(bytes)) => {
                        let bytes = encoder.piece(bytes);
                        Some((Ok(bytes), (None, Some(encoder), replies, guard)))
                    }
                    Some(Reply::End(_)) => Some((Ok(encoder.finish()), (None, None, replies, guard))),
                    failed => {
                        let error = if let Some(Reply::Failed(error)) = failed { error } else { lost() };
                        let mut bytes = BytesMut::from(&*encoder.piece(late_failure(&error, &tag)));
                        bytes.extend_from_slice(&encoder.finish());
                        Some((Ok(bytes.freeze()), (None, None, replies, guard)))
                    }
                }
            }
        });
        (headers, Body::from_stream(pieces)).into_response()
    }
}

fn lost() -> Exception {
    Exception::lost("the statement ended without an answer")
}

fn late_failure(error: &Exception, tag: &str) -> Bytes {
    let message = format!("{}\n", error.text);
    format!("\r\n__exception__\r\n{tag}\r\n{message}{} {tag}\r\n__exception__\r\n", message.len()).into()
}

fn failure(error: &Exception, mut encoder: Encoder, mut headers: HeaderMap) -> Response {
    headers.insert("x-clickhouse-exception-code", HeaderValue::from(error.code));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    set_encoding(&mut headers, &encoder);
    let mut body = BytesMut::from(&*encoder.piece(format!("{}\n", error.text).into()));
    body.extend_from_slice(&encoder.finish());
    (error.status(), headers, body.freeze()).into_response()
}

fn set_encoding(headers: &mut HeaderMap, encoder: &Encoder) {
    if let Some(encoding) = encoder.content_encoding() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

fn summary(progress: Progress) -> HeaderValue {
    let Progress { read_rows, read_bytes, written_rows, written_bytes, result_rows } = progress;
    let text = format!(
        "{{\"read_rows\":\"{read_rows}\",\"read_bytes\":\"{read_bytes}\",\"written_rows\":\"{written_rows}\",\
         \"written_bytes\":\"{written_bytes}\",\"total_rows_to_read\":\"0\",\"result_rows\":\"{result_rows}\"}}"
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("{}"))
}

fn content_type(format: &str) -> HeaderValue {
    HeaderValue::from_static(match format {
        "JSONEachRow" | "JSONLines" | "NDJSON" | "JSONCompactEachRow" => "application/x-ndjson; charset=UTF-8",
        name if name.starts_with("JSON") => "application/json; charset=UTF-8",
        name if name.starts_with("TabSeparated") || name.starts_with("TSV") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        name if name.starts_with("CSV") => "text/csv; charset=UTF-8; header=absent",
        name if name.starts_with("RowBinary") || name == "Native" => "application/octet-stream",
        _ => "text/plain; charset=UTF-8",
    })
}

fn random_text(length: usize) -> String {
    rand::rng().sample_iter(&Alphanumeric).take(length).map(|sign| char::from(sign).to_ascii_lowercase()).collect()
}
