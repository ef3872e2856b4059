//! `/api/v1/session/oidc` and its callback: a browser goes to the provider and comes back.

use super::super::cookie::Cookie;
use super::super::session_calls::must_be_private;
use super::super::sessions::{Via, Who};
use super::super::whence::Whence;
use super::{OidcError, Provider};
use crate::audit::{Entry, Outcome};
use crate::events::SignIn;
use crate::grammar::codec::decode_form;
use crate::secrets::random_text;
use crate::state::QueryState;
use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use felt_http::{Caller, CallerKind, Grant, Problem};

/// How long somebody may take at the provider.
const SIGN_IN_SECONDS: i64 = 600;
/// Longest path to come back to, so that the cookie stays small.
const RETURN_BYTES_MAX: usize = 140;

/// Sends the browser to the provider.
#[utoipa::path(
    get, path = "/api/v1/session/oidc", tag = "access", operation_id = "oidc_start",
    params(("return_to" = Option<String>, Query, description = "The path to come back to")),
    responses((status = 303, description = "To the provider"), crate::openapi::Problems),
    security(())
)]
pub async fn oidc_start(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let started = start(&state, &whence, query.as_deref().unwrap_or_default()).await;
    started.unwrap_or_else(|problem| refused(problem, &headers))
}

async fn start(state: &QueryState, whence: &Whence, query: &str) -> Result<Response, Problem> {
    must_be_private(state, whence)?;
    let oidc = provider(state)?;
    let secret = random_text::<32>();
    let address = oidc.begin(&secret).await.inspect_err(not_signed_in)?;
    let back = parameter(query, "return_to").filter(|path| is_own_path(path)).unwrap_or_default();
    let value = format!("{secret}.{}", URL_SAFE_NO_PAD.encode(back));
    let mut response = to(&address)?;
    set(&mut response, Cookie::SignIn.set(&value, SIGN_IN_SECONDS, whence));
    Ok(response)
}

/// Where the provider sends the browser back to.
#[utoipa::path(
    get, path = "/api/v1/session/oidc/callback", tag = "access", operation_id = "oidc_callback",
    params(("code" = Option<String>, Query, description = "What the provider gave"),
        ("state" = Option<String>, Query, description = "Which sign-in it belongs to"),
        ("error" = Option<String>, Query, description = "Why there is no code")),
    responses((status = 303, description = "Signed in, back to the dashboard",
        headers(("Set-Cookie" = String, description = "The session"))), crate::openapi::Problems),
    security(())
)]
pub async fn oidc_callback(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ended = end(&state, &whence, query.as_deref().unwrap_or_default(), &headers).await;
    let mut response = ended.unwrap_or_else(|problem| refused(problem, &headers));
    // Good for one try, however that ended.
    set(&mut response, Cookie::SignIn.clear(&whence));
    response
}

async fn end(state: &QueryState, whence: &Whence, query: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    must_be_private(state, whence)?;
    let oidc = provider(state)?;
    let begun = Cookie::SignIn.read(headers, whence);
    let (secret, back) = begun.as_deref().and_then(|value| value.split_once('.')).ok_or_else(|| {
        Problem::bad_request("oidc-not-begun", "this browser began no sign-in, or too long ago: begin again")
    })?;
    if !parameter(query, "state").is_some_and(|state| Provider::is_state(secret, &state)) {
        SignIn::Refused.emit();
        let detail = "this answer belongs to another sign-in: begin again";
        return Err(Problem::bad_request("oidc-wrong-state", detail));
    }
    if let Some(error) = parameter(query, "error") {
        let word: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
        let detail = format!("the provider did not sign you in: {word}");
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "oidc-refused", "Not signed in").detail(detail));
    }
    let code = parameter(query, "code").filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| Problem::bad_request("oidc-no-code", "the provider gave no code: begin again"))?;
    let vouched = oidc.end(secret, code).await.and_then(|vouched| {
        let granted = oidc.grant(&vouched.email, &vouched.groups);
        granted.map(|grant| (vouched, grant)).ok_or(OidcError::NoGrant)
    });
    let (vouched, grant) = match vouched {
        Ok(found) => found,
        Err(error) => {
            not_signed_in(&error);
            let entry = Entry::of_stranger(whence, "session.begin").outcome(Outcome::Refused);
            state.trail.before(&entry.detail(&format!("oidc: {error}"))).await?;
            return Err(error.into());
        }
    };
    let caller = Caller { kind: CallerKind::Person, name: vouched.email.clone(), grant: Grant::default() };
    let entry = Entry::of(&caller, whence, "session.begin").sites(&grant.sites);
    let who = Who { via: Via::Oidc, person: vouched.person, email: vouched.email, groups: vouched.groups };
    let people = &state.people;
    let signed_in = people.begin(state, whence, headers, who, entry, people.clock.now_ms()).await?;
    let back = URL_SAFE_NO_PAD.decode(back).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let mut response = to(back.as_deref().filter(|path| is_own_path(path)).unwrap_or("/"))?;
    for cookie in signed_in.headers().get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

fn provider(state: &QueryState) -> Result<&Provider, Problem> {
    let oidc = state.people.oidc.as_ref();
    oidc.ok_or_else(|| Problem::not_found("no OpenID provider is configured: see `[query.oidc]` in felt.toml"))
}

fn not_signed_in(error: &OidcError) {
    SignIn::Refused.emit();
    tracing::warn!(%error, "nobody was signed in by the OpenID provider");
}

/// People come by address bar, so they are told by the dashboard; programs get the problem.
fn refused(problem: Problem, headers: &HeaderMap) -> Response {
    let accepts_html = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepts_html.is_some_and(|accept| accept.contains("text/html")) {
        return to(&format!("/?sign_in={}", problem.slug())).unwrap_or_else(IntoResponse::into_response);
    }
    problem.into_response()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).and_then(|(_, value)| decode_form(value))
}

/// Whether a path is one of ours: browsers take `//host` and `/\host` for other places.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && path.len() <= RETURN_BYTES_MAX
        && !path.starts_with("//")
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
}

fn to(address: &str) -> Result<Response, Problem> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(address).map_err(|_| Problem::internal())?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn set(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_place_afterwards() {
        for (path, own) in [
            ("/", true),
            ("/sites/shop/pages?range=7d&page=/p/:id", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: x", false),
            ("/\tevil", false),
            ("", false),
        ] {
            assert_eq!(is_own_path(path), own, "{path:?}");
        }
    }
}
