//! `POST /v1/beacon?site=KEY`: from a request to durable records. A 204 is answered when every snapshot in it is durable.

use crate::body::{self, BodyFault, Encoding};
use crate::client::Client;
use crate::cors;
use crate::durable::NotDurable;
use crate::outcomes::Received;
use crate::state::{IngestState, Shared};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use felt_eventlog::Entry;
use felt_http::{Problem, RequestContext};
use felt_schema::limits::{BODY_BYTES_MAX, BODY_UNPACKED_BYTES_MAX, USER_AGENT_BYTES_MAX};
use felt_schema::outcome::RefuseReason;
use felt_schema::record::{self, Record, ViewRecord};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::{BodyError, ParsedSnapshot, parse_body};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// About how long a sender should wait when the log takes nothing; jittered, so that not all return at once.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Any other method.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed(cors::METHODS)
}

/// A browser asks before it sends with headers of its own.
pub(crate) async fn preflight(State(state): State<IngestState>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    match find_site(&state.0.sites, &head) {
        Ok(site) if cors::is_allowed(site, &head.headers) => cors::preflight(head.headers.get(header::ORIGIN)),
        Ok(_) => origin_not_allowed().into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// A beacon.
pub(crate) async fn post(State(state): State<IngestState>, request: Request) -> Response {
    let shared = &*state.0;
    let (head, body) = request.into_parts();
    let mut received = shared.ledger.receive(shared.clock.now_ms());
    let (problem, reason) = match find_site(&shared.sites, &head) {
        Err(problem) => (problem, RefuseReason::UnknownSite),
        Ok(site) => {
            received.for_site(&site.key);
            if cors::is_allowed(site, &head.headers) {
                let mut response = match take(shared, site, &head, body, received).await {
                    Ok(()) => StatusCode::NO_CONTENT.into_response(),
                    Err(problem) => problem.into_response(),
                };
                cors::allow(response.headers_mut(), head.headers.get(header::ORIGIN));
                return response;
            }
            (origin_not_allowed(), RefuseReason::OriginNotAllowed)
        }
    };
    received.refuse(reason);
    body::discard(body).await;
    problem.into_response()
}

/// Everything after the sender is known to be allowed.
async fn take(
    shared: &Shared,
    site: &Site,
    head: &Parts,
    body: Body,
    mut received: Received<'_>,
) -> Result<(), Problem> {
    let client = client_of(shared, head);
    let allowance = shared.allowance(site, &client);
    if let Err(wait) = allowance.take() {
        received.refuse(RefuseReason::RateLimited);
        body::discard(body).await;
        let detail = "this site or client sends more than its rate, send it again later";
        return Err(Problem::too_many_requests("rate-limited", detail, wait));
    }
    let encoding = match check_content_type(&head.headers).and_then(|()| Ok(Encoding::of(&head.headers)?)) {
        Ok(encoding) => encoding,
        Err(problem) => {
            received.refuse(RefuseReason::NotJson);
            body::discard(body).await;
            return Err(problem);
        }
    };
    let bytes = match body::read(body, encoding).await {
        Ok(bytes) => bytes,
        Err(fault) => {
            if let Some(reason) = fault.reason() {
                received.refuse(reason);
            }
            return Err(fault.into());
        }
    };

    shared.ledger.metrics.body_bytes.record(bytes.len() as f64);
    let entries = match encode(shared, site, &client, &head.headers, &bytes, &mut received) {
        Ok(entries) => entries,
        Err(error) => {
            received.refuse(error.reason());
            return Err(Problem::bad_request("bad-beacon", error.to_string()));
        }
    };
    drop(bytes);
    if entries.is_empty() {
        return Err(no_valid_view());
    }
    allowance.charge(entries.len() as u32 - 1);
    let begin = Instant::now();
    match shared.durable.append(entries).await {
        Ok(()) => {
            shared.ledger.metrics.append_duration.record(begin.elapsed().as_secs_f64());
            received.durable();
            Ok(())
        }
        Err(NotDurable::TooLarge) => {
            received.refuse(RefuseReason::TooLarge);
            Err(too_large("a snapshot is larger than the log takes, send less"))
        }
        Err(_) => {
            received.refuse(RefuseReason::Unavailable);
            let detail = "nothing durable can take it now, send it again later";
            Err(Problem::unavailable("not-durable", detail, RETRY_AFTER))
        }
    }
}

/// The body as log entries, one for each snapshot that can be kept; the others are refused one by one.
fn encode(
    shared: &Shared,
    site: &Site,
    client: &Client,
    headers: &HeaderMap,
    bytes: &[u8],
    received: &mut Received<'_>,
) -> Result<Vec<Entry>, BodyError> {
    let elements = parse_body(bytes)?;
    received.holds(elements.len() as u64);
    let place = shared.geo.locate(client.address);
    let ua = headers.get(header::USER_AGENT).map_or(Cow::Borrowed(""), |value| user_agent(value.as_bytes()));
    let mut entries = Vec::with_capacity(elements.len());
    for element in elements {
        match element {
            Ok(parsed) => {
                shared.ledger.metrics.beacon_cost(parsed.cost);
                let origin = Origin { country: place.country, region: place.region, ua: &ua };
                entries.push(entry(shared, site, parsed, received.now_ms(), None, origin));
            }
            Err(refusal) => received.refuse_one(refusal.reason()),
        }
    }
    Ok(entries)
}

/// What is known of a view's visitor beside the snapshot.
pub(crate) struct Origin<'a> {
    pub(crate) country: &'a str,
    pub(crate) region: &'a str,
    pub(crate) ua: &'a str,
}

/// One snapshot as it goes into the log: scrubbed, with all that the processor may know.
pub(crate) fn entry(
    shared: &Shared,
    site: &Site,
    parsed: ParsedSnapshot<'_>,
    received_at_ms: i64,
    started_at_ms: Option<i64>,
    origin: Origin<'_>,
) -> Entry {
    let ParsedSnapshot { mut snapshot, drops, .. } = parsed;
    snapshot.scrub(&site.query_allow);
    let key = Bytes::from(record::key(&site.key, &snapshot.session));
    let drops: Vec<_> = drops.iter().map(|(field, count)| (Cow::Borrowed(field), count)).collect();
    if !drops.is_empty() {
        shared.ledger.metrics.field_drops.increment(drops.iter().map(|(_, count)| u64::from(*count)).sum());
    }
    let record = Record::View(ViewRecord {
        received_at_ms,
        started_at_ms,
        site: Cow::Borrowed(&site.key),
        country: Cow::Borrowed(origin.country),
        region: Cow::Borrowed(origin.region),
        ua: Cow::Borrowed(origin.ua),
        drops,
        snapshot,
    });
    Entry { key, value: Bytes::from(record.encode()) }
}

/// A user agent as text, cut to what is ever looked at.
pub(crate) fn user_agent(bytes: &[u8]) -> Cow<'_, str> {
    let mut cut = &bytes[..bytes.len().min(USER_AGENT_BYTES_MAX)];
    // A character that was cut in two goes as a whole; other bytes that are no UTF-8 are marked as such.
    if let Err(error) = std::str::from_utf8(cut)
        && error.error_len().is_none()
    {
        cut = &cut[..error.valid_up_to()];
    }
    String::from_utf8_lossy(cut)
}

fn client_of(shared: &Shared, head: &Parts) -> Client {
    let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let peer = head.extensions.get::<RequestContext>().map_or(nowhere, |context| context.peer);
    Client::of(peer, &head.headers, shared.config.trusted_proxies)
}

fn find_site<'a>(sites: &'a Sites, head: &Parts) -> Result<&'a Site, Problem> {
    let mut parameters = head.uri.query().unwrap_or("").split('&').filter_map(|pair| pair.split_once('='));
    let key = parameters.find(|(name, _)| *name == "site").map(|(_, key)| key);
    let unknown = || Problem::new(StatusCode::FORBIDDEN, "unknown-site", "No such site");
    match key {
        None => Err(unknown().detail("say which site sends: /v1/beacon?site=KEY")),
        Some(key) => {
            sites.get(key).ok_or_else(|| unknown().detail("no site has this key, look into the configuration"))
        }
    }
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = value.as_bytes().split(|&byte| byte == b';').next().unwrap_or(b"").trim_ascii();
    let is_known = [&b"text/plain"[..], b"application/json", b""].iter().any(|known| kind.eq_ignore_ascii_case(known));
    if is_known {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", "Content type not supported")
        .detail("send JSON as text/plain or application/json")
        .header(
            "accept-post".parse().unwrap_or(header::ACCEPT),
            HeaderValue::from_static("text/plain, application/json"),
        ))
}

fn origin_not_allowed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "origin-not-allowed", "Origin not allowed")
        .detail("this page's origin is not among the site's `origins`, add it to the configuration")
}

fn no_valid_view() -> Problem {
    Problem::bad_request("no-valid-view", "no snapshot has a valid `view`: 8 to 64 of A-Z, a-z, 0-9, _ and -")
}

fn too_large(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large").detail(detail)
}

impl BodyFault {
    /// Under which reason it is counted; none when the sender went away, which is not for us to refuse.
    fn reason(self) -> Option<RefuseReason> {
        match self {
            BodyFault::TooLarge => Some(RefuseReason::TooLarge),
            BodyFault::NotGzip | BodyFault::UnknownEncoding => Some(RefuseReason::NotJson),
            BodyFault::NoRoom => Some(RefuseReason::Unavailable),
            BodyFault::TooSlow | BodyFault::Broken => None,
        }
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Problem {
        match fault {
            BodyFault::TooLarge => {
                let (wire, unpacked) = (BODY_BYTES_MAX / 1024, BODY_UNPACKED_BYTES_MAX / 1024);
                too_large(format!("a beacon has at most {wire} KiB as sent and {unpacked} KiB unpacked, split it"))
            }
            BodyFault::NotGzip => Problem::bad_request("bad-gzip", "the body is not valid gzip"),
            BodyFault::UnknownEncoding => {
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding", "Content encoding not supported")
                    .detail("send it as it is, or with `Content-Encoding: gzip`")
                    .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
            }
            BodyFault::TooSlow => Problem::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", "Too slow")
                .detail("the body did not arrive in time, send it again"),
            BodyFault::NoRoom => Problem::unavailable("no-memory", "memory is short, send it again later", RETRY_AFTER),
            BodyFault::Broken => Problem::bad_request("body-incomplete", "the body did not arrive as a whole"),
        }
    }
}
