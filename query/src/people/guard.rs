//! The one place where a session cookie becomes a credential, and where a request that another site's page made is
//! told from one of ours.
//!
//! A browser sends cookies, and on an open service it needs none; so whatever changes something and carries no
//! `Authorization` header must come from our own pages (`Sec-Fetch-Site`, else `Origin`), and with a cookie it must
//! also carry a header that other sites' pages cannot send without asking us first.

use super::cookie::Cookie;
use super::sessions::PREFIX;
use super::whence::Whence;
use crate::config::QueryConfig;
use crate::events;
use crate::state::QueryState;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use felt_http::{Denied, Problem};

/// The header that only our own pages can send along with a cookie; any value will do.
pub(crate) const CSRF: &str = "x-felt-csrf";

/// Finds out where a request comes from, and turns its session cookie into a credential.
pub(crate) async fn guard(State(state): State<QueryState>, mut request: Request, next: Next) -> Response {
    let whence = Whence::of(&request, &state.config);
    if let Err(problem) = credential(&mut request, &whence, &state.config) {
        return problem.into_response();
    }
    request.extensions_mut().insert(whence);
    next.run(request).await
}

fn credential(request: &mut Request, whence: &Whence, config: &QueryConfig) -> Result<(), Problem> {
    let headers = request.headers();
    if let Some(bearer) = felt_http::bearer(headers) {
        // A session is good in its cookie only.
        return if bearer.starts_with(PREFIX) { Err(Denied::UnknownToken.into()) } else { Ok(()) };
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let session = Cookie::Session.read(headers, whence).filter(|id| id.starts_with(PREFIX));
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        if !is_from_here(headers, config) {
            events::refused("cross_site");
            return Err(forbidden("this request was made by a page of another site"));
        }
        if session.is_some() && !headers.contains_key(CSRF) {
            events::refused("no_csrf_header");
            return Err(forbidden("a request with a session cookie needs the header `X-Felt-CSRF: 1`"));
        }
    }
    if let Some(mut value) = session.and_then(|id| HeaderValue::from_str(&format!("Bearer {id}")).ok()) {
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(())
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "cross-site", "Not allowed from there").detail(detail)
}

/// Whether a request was made by one of our own pages, or by no page at all.
fn is_from_here(headers: &HeaderMap, config: &QueryConfig) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let ours = config.public_url.as_deref().map(|url| url.trim_end_matches('/'));
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            ours == Some(origin) || (authority.is_some() && authority == text("host"))
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn ask(method: &str, headers: &[(&str, &str)]) -> Result<Option<String>, StatusCode> {
        let mut request = Request::builder().method(method).uri("/api/v1/tokens").header("host", "felt.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let config = QueryConfig { public_url: Some("https://felt.example".into()), ..QueryConfig::default() };
        let whence = Whence::of(&request, &config);
        credential(&mut request, &whence, &config).map_err(|problem| problem.status())?;
        Ok(felt_http::bearer(request.headers()).map(str::to_owned))
    }

    const COOKIE: (&str, &str) = ("cookie", "__Host-felt-session=felts_abc");
    const HEADER: (&str, &str) = ("x-felt-csrf", "1");

    #[test]
    fn a_cookie_is_a_credential_only_where_no_other_site_had_a_hand_in_it() {
        let session = Ok(Some("felts_abc".to_owned()));
        let refused = Err(StatusCode::FORBIDDEN);
        for (method, headers, expected) in [
            ("GET", vec![COOKIE], session.clone()),
            ("POST", vec![COOKIE], refused.clone()),
            ("POST", vec![COOKIE, HEADER], session.clone()),
            ("POST", vec![COOKIE, HEADER, ("sec-fetch-site", "same-origin")], session.clone()),
            ("POST", vec![COOKIE, HEADER, ("sec-fetch-site", "cross-site")], refused.clone()),
            ("POST", vec![COOKIE, HEADER, ("sec-fetch-site", "same-site")], refused.clone()),
            ("DELETE", vec![COOKIE, HEADER, ("origin", "https://felt.example")], session.clone()),
            ("DELETE", vec![COOKIE, HEADER, ("origin", "https://evil.example")], refused.clone()),
            ("DELETE", vec![COOKIE, HEADER, ("origin", "null")], refused.clone()),
            ("PUT", vec![COOKIE, HEADER, ("origin", "https://evil.example"), ("authorization", "Bearer felt_x")], {
                Ok(Some("felt_x".to_owned()))
            }),
            ("POST", vec![("sec-fetch-site", "cross-site")], refused.clone()),
            ("POST", vec![], Ok(None)),
            ("GET", vec![("sec-fetch-site", "cross-site")], Ok(None)),
            ("GET", vec![("authorization", "Bearer felts_abc")], Err(StatusCode::UNAUTHORIZED)),
            ("GET", vec![COOKIE, ("authorization", "Basic eDp5")], Ok(None)),
        ] {
            assert_eq!(ask(method, &headers), expected, "{method} {headers:?}");
        }
    }
}
