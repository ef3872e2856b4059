//! Records every write that passes through the API, whoever handles it: a call that is added later cannot forget to.

use super::{Entry, Outcome};
use crate::people::Whence;
use crate::state::QueryState;
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use felt_http::{Denied, Problem, Scope, bearer};

/// Paths whose calls only read although they are POSTs, or record what they do in words of their own.
const NOT_HERE: [&str; 10] = [
    "/api/v1/batch",
    "/api/v1/records",
    "/api/v1/session",
    "/api/v1/tokens",
    "/api/v1/people",
    "/v1/records",
    "/prometheus/",
    "/api/v1/sites/{site}/slos/{id}/backtest",
    "/api/v1/sites/{site}/scales/preview",
    "/api/v1/sites/{site}/links",
];

/// Whether a request changes something and is to be recorded here.
fn is_write(method: &Method, path: &str) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        && !NOT_HERE.iter().any(|prefix| path.starts_with(prefix))
}

/// Lets writes through that are recorded, and everything that is no write.
pub(crate) async fn record_writes(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let path = matched.as_ref().map_or("", MatchedPath::as_str);
    if !is_write(request.method(), path) {
        return next.run(request).await;
    }
    let (bearer, method) = (bearer(request.headers()).map(str::to_owned), request.method().clone());
    let write = Write { template: path, path: request.uri().path().to_owned(), method, bearer };
    match recorded(&state, &whence, write).await {
        Ok(entry) => {
            let response = next.run(request).await;
            let status = response.status();
            if status.is_client_error() || status.is_server_error() {
                let outcome = if status.is_server_error() { Outcome::Failed } else { Outcome::Refused };
                state.trail.after(entry.outcome(outcome).detail(status.as_str())).await;
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// A request that changes something.
struct Write<'a> {
    template: &'a str,
    path: String,
    method: Method,
    bearer: Option<String>,
}

async fn recorded(state: &QueryState, whence: &Whence, write: Write<'_>) -> Result<Entry, Problem> {
    let caller = state.authorize.caller(write.bearer.as_deref()).await?;
    let (site, subject) = parts(write.template, &write.path);
    let call = write.template.trim_start_matches("/api/v1/").trim_start_matches("sites/{site}/");
    let entry = Entry::of(&caller, whence, &format!("{} {call}", write.method)).site(site).subject(subject);
    // Every write needs one of these, so whoever has neither need not be heard any further.
    let place = if site.is_empty() { felt_http::ALL_SITES } else { site };
    if !caller.grant.allows(place, Scope::WriteSlos) && !caller.grant.allows(place, Scope::Admin) {
        state.trail.before(&entry.outcome(Outcome::Refused)).await?;
        return Err(Denied::NotGranted(Scope::WriteSlos).into());
    }
    state.trail.before(&entry).await?;
    Ok(entry)
}

/// The site and what follows the call's name in a path.
fn parts<'a>(template: &str, path: &'a str) -> (&'a str, &'a str) {
    if !template.starts_with("/api/v1/sites/{site}") {
        return ("", "");
    }
    let rest = path.trim_start_matches("/api/v1/sites/");
    let (site, rest) = rest.split_once('/').unwrap_or((rest, ""));
    (site, rest.split_once('/').map_or("", |(_, subject)| subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_whatever_does_not_only_read() {
        for (method, path, write) in [
            (Method::PUT, "/api/v1/sites/{site}/slos/{id}", true),
            (Method::POST, "/api/v1/sites/{site}/import", true),
            (Method::DELETE, "/api/v1/anything", true),
            (Method::GET, "/api/v1/sites/{site}/slos/{id}", false),
            (Method::POST, "/api/v1/batch", false),
            (Method::POST, "/prometheus/api/v1/query", false),
        ] {
            assert_eq!(is_write(&method, path), write, "{method} {path}");
        }
    }

    #[test]
    fn site_and_subject_are_read_from_the_path() {
        let slo = "/api/v1/sites/{site}/slos/{id}";
        assert_eq!(parts(slo, "/api/v1/sites/shop/slos/fast"), ("shop", "fast"));
        assert_eq!(parts("/api/v1/sites/{site}/import", "/api/v1/sites/shop/import"), ("shop", ""));
        assert_eq!(parts("/api/v1/tokens", "/api/v1/tokens"), ("", ""));
    }
}
