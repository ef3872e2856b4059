//! Stands before the engine and breaks what passes: answers instead of it, cuts the connection before or after it has worked,
//! holds requests up, kills it. And counts, so that a test can say that what it asked for has happened.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// It passes.
    Pass,
    /// The engine never sees it; this code and text are answered.
    Answer(u32, &'static str),
    /// The engine never sees it, and nothing is answered: the connection ends.
    CutBefore,
    /// The engine does it, and nothing is answered: the connection ends.
    CutAfter,
    /// It passes after this time.
    Slow(Duration),
    /// It is taken and nothing more happens, ever: a black hole.
    Swallow,
    /// The engine is killed after this time, while it works on it.
    Kill(Duration),
}

/// A request, as far as tests care.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Table of an insert; empty for questions.
    pub table: String,
    /// How many inserts into that table came before.
    pub nth: usize,
}

type Rule = dyn Fn(&Seen) -> Act + Send + Sync;

/// Counts of what passed.
#[derive(Default)]
pub struct Counts {
    /// Requests that were not just passed.
    pub broken: AtomicUsize,
    /// Inserts.
    pub inserts: AtomicUsize,
    open: AtomicUsize,
    /// Most inserts open at once.
    pub open_max: AtomicUsize,
}

/// A front that runs until dropped.
pub struct Front {
    pub url: String,
    pub counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Way {
    to: String,
    rule: Box<Rule>,
    kill: Box<dyn Fn() + Send + Sync>,
    counts: Arc<Counts>,
    client: Client<HttpConnector, Full<Bytes>>,
    tables: parking_lot::Mutex<std::collections::BTreeMap<String, usize>>,
}

/// Starts a front before the server at `to`. `kill` ends that server's process.
pub async fn before(
    to: &str,
    kill: impl Fn() + Send + Sync + 'static,
    rule: impl Fn(&Seen) -> Act + Send + Sync + 'static,
) -> Front {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let counts = Arc::new(Counts::default());
    let way = Arc::new(Way {
        to: to.to_owned(),
        rule: Box::new(rule),
        kill: Box::new(kill),
        counts: counts.clone(),
        client: Client::builder(TokioExecutor::new()).build_http(),
        tables: parking_lot::Mutex::default(),
    });
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let way = way.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| pass(way.clone(), request));
                // An error of the service is a connection that ends without an answer: what was asked for.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Front { url, counts, task }
}

#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

struct Open<'a>(&'a Counts);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn pass(way: Arc<Way>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let seen = way.seen(parts.uri.query().unwrap_or_default());
    let _open = (!seen.table.is_empty()).then(|| {
        way.counts.inserts.fetch_add(1, Ordering::SeqCst);
        let open = way.counts.open.fetch_add(1, Ordering::SeqCst) + 1;
        way.counts.open_max.fetch_max(open, Ordering::SeqCst);
        Open(&way.counts)
    });
    let act = (way.rule)(&seen);
    let broken = || way.counts.broken.fetch_add(1, Ordering::SeqCst);
    if !matches!(act, Act::Pass | Act::CutAfter) {
        broken();
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut onward = Request::builder().method(parts.method).uri(format!("{}{path}", way.to));
    for (name, value) in parts
        .headers
        .iter()
        .filter(|(name, _)| !["host", "content-length", "transfer-encoding"].contains(&name.as_str()))
    {
        onward = onward.header(name, value);
    }
    let onward = onward.body(Full::new(body)).expect("a request that came can be sent");
    let forward = async {
        let answer = way.client.request(onward).await.map_err(|_| Cut)?;
        let (mut parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        parts.headers.remove("transfer-encoding");
        Ok(Response::from_parts(parts, Full::new(body)))
    };
    match act {
        Act::Pass => forward.await,
        Act::Answer(code, text) => {
            let text = format!("Code: {code}. DB::Exception: {text}\n");
            let answer = Response::builder().status(500).header("x-clickhouse-exception-code", code);
            Ok(answer.body(Full::new(text.into())).expect("an answer"))
        }
        Act::CutBefore => Err(Cut),
        Act::CutAfter => {
            forward.await?;
            // Not before: whoever waits for it may rely on the engine having done it.
            broken();
            Err(Cut)
        }
        Act::Slow(time) => {
            tokio::time::sleep(time).await;
            forward.await
        }
        Act::Swallow => std::future::pending::<Result<_, Infallible>>().await.map_err(|never| match never {}),
        Act::Kill(after) => {
            let kill = async {
                tokio::time::sleep(after).await;
                (way.kill)();
            };
            tokio::join!(forward, kill).0
        }
    }
}

impl Way {
    fn seen(&self, query: &str) -> Seen {
        let table = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("query=INSERT"))
            .map(|rest| rest.replace("%20", "+").replace("%60", ""))
            .map(|rest| {
                rest.trim_start_matches("+INTO+")
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect::<String>()
            })
            .unwrap_or_default();
        let mut tables = self.tables.lock();
        let count = tables.entry(table.clone()).or_default();
        let nth = *count;
        *count += 1;
        Seen { table, nth }
    }
}
