//! The way of every question of a site: may you ask, what do you ask, do you have the answer already, does somebody
//! else, and only then the store.

use crate::answer::Answer;
use crate::events::Answered;
use crate::format::Format;
use crate::grammar::{Call, Query, rfc3339};
use crate::planner::Window;
use crate::state::{QueryState, STORE_UNAVAILABLE, fault_problem, store_problem};
use crate::watermark::Mark;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Problem, Scope};
use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A question with everything that is known before the store is asked.
#[derive(Clone)]
pub(crate) struct Question {
    pub state: QueryState,
    pub site: String,
    pub query: Query,
    pub window: Window,
    pub mark: Mark,
    pub now_ms: i64,
    /// When it was asked.
    pub asked: Instant,
    /// The rest of the path, where the call has one.
    pub path: String,
}

/// Answers a request of `call` about `site` by `compute`.
pub(crate) async fn respond(
    state: QueryState,
    call: Call,
    (site, path): (String, String),
    query_string: Option<String>,
    headers: HeaderMap,
    compute: fn(Question) -> BoxFuture<'static, Result<Answer, Problem>>,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), scope(call)).await?;
    let query = Query::parse(call, query_string.as_deref().unwrap_or_default())?;
    let now_ms = state.clock.now_ms();
    let (from_ms, to_ms) = match super::Cursor::of(&query).map_err(fault_problem)? {
        // The pages of one answer are about the same time, however long somebody reads.
        Some(cursor) => (cursor.from_ms, cursor.to_ms),
        None => query.range.resolve(now_ms).map_err(fault_problem)?,
    };
    let mark = state.watermark.current(&state.store).await.map_err(store_problem)?;
    let key = key(&site, &path, &query, (from_ms, to_ms), mark, now_ms);
    let format = Format::accepted(&headers);
    let tag = etag(&key, format);
    if matches(&headers, &tag) {
        Answered::Unchanged.emit();
        return Ok(with_caching(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let cache = state.cache.clone();
    let asked = format!("{site} {} {path} {}", call.name(), query.print());
    let (window, began) = (Window { from_ms, to_ms }, Instant::now());
    let question = Question { state, window, site: site.clone(), query, mark, now_ms, asked: began, path };
    let stale_max = Duration::from_millis(question.state.config.stale_ms_max);
    let (outcome, computed) = cache.get_or(key, || compute(question).boxed()).await;
    let (answer, age) = match outcome {
        Ok(answer) => {
            // Whoever is erased must not come back while the store is away.
            if computed && scope(call) != Scope::ReadSessions {
                cache.remember(&asked, &answer);
            }
            (answer, None)
        }
        // An old picture that says so is better than none, but only where the store is at fault.
        Err(problem) if problem.slug() == STORE_UNAVAILABLE => match cache.remembered(&asked, stale_max) {
            Some((answer, age)) => (Arc::new(aged(&answer, age)), Some(age)),
            None => return Err(problem),
        },
        Err(problem) => return Err(problem),
    };
    match age {
        Some(_) => Answered::Stale,
        None if computed => Answered::Computed,
        None => Answered::Cached,
    }
    .emit();

    let body = if format == Format::Json { answer.to_json(mark) } else { format.rows(&answer) };
    let mut response = Response::new(Body::from(body));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if let Some(next) = &answer.next
        && let Ok(link) = format!("</api/v1/sites/{site}/{}?{next}>; rel=\"next\"", call.name()).parse()
    {
        out.insert(header::LINK, link);
    }
    Ok(match age {
        None => with_caching(response, &tag),
        Some(age) => unkept(response, age),
    })
}

/// What a token needs for a call.
fn scope(call: Call) -> Scope {
    match call {
        // Single visits, and the words of single visitors.
        Call::Sessions | Call::Session | Call::Feedback => Scope::ReadSessions,
        _ => Scope::ReadMetrics,
    }
}

/// The answer with a word about its age.
fn aged(answer: &Answer, age: Duration) -> Answer {
    let minutes = age.as_secs() / 60;
    let when = if minutes == 0 { "less than a minute".to_owned() } else { format!("{minutes} min") };
    let mut answer = answer.clone();
    answer.warnings.insert(0, format!("the store does not answer at the moment: these figures are {when} old"));
    answer
}

/// An answer that must not be taken for the current one; `Age` tells it where there is no room for words.
fn unkept(mut response: Response, age: Duration) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::AGE, HeaderValue::from(age.as_secs().max(1)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What an answer depends on. A minute more of freshness is told anew only while the window is still filling.
fn key(site: &str, path: &str, query: &Query, window: (i64, i64), mark: Mark, now_ms: i64) -> String {
    let fresh = mark.fresh_to_ms.map_or(-1, |fresh_to_ms| fresh_to_ms.min(window.1).div_euclid(60_000));
    let mut key = format!(
        "{site} {} {path} {} {} {} {:x} {fresh}",
        query.call.name(),
        query.print(),
        rfc3339(window.0),
        rfc3339(window.1),
        mark.version
    );
    if query.call == Call::Health {
        // How far behind the data is changes with every second.
        let _ = write!(key, " {}", now_ms / 1000);
    }
    key
}

/// Weak, because the same answer may be compressed or not.
fn etag(key: &str, format: Format) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(format.content_type());
    hash.update(key);
    let digest = hash.finalize();
    let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

fn matches(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let sent = headers.get_all(header::IF_NONE_MATCH);
    sent.iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

fn with_caching(mut response: Response, tag: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = tag.parse() {
        headers.insert(header::ETAG, tag);
    }
    // Browsers keep it and ask whether it still holds.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding, authorization"));
    response
}
