//! The calls of whoever signs in: `GET`, `POST` and `DELETE /api/v1/session`, and one's own password.

use super::cookie::Cookie;
use super::sessions::{self, Via, Who};
use super::whence::Whence;
use super::{Account, BUSY_WAIT, People, accounts, password, reply};
use crate::audit::{Entry, Outcome};
use crate::events::{self, SignIn};
use crate::grammar::rfc3339;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use felt_http::{Caller, CallerKind, Denied, Problem, bearer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::{Duration, Instant};

/// Who signs in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    /// The account's e-mail address.
    email: String,
    /// Its password.
    password: String,
}

/// One's own password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordBody {
    /// The password until now.
    current: String,
    /// The password from now on.
    password: String,
}

/// Who is asking, and what they may do.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionEntry {
    /// `person`, `token`, `link`, or `anyone` where nobody needs to say who they are.
    kind: String,
    /// The person's address, or the token's or the link's id.
    name: String,
    /// Sites; `*` is all.
    sites: Vec<String>,
    /// What is allowed there.
    scopes: Vec<String>,
    /// How the person signed in: `password` or `oidc`.
    #[schema(required)]
    via: Option<String>,
    /// When the session ends whatever happens.
    #[schema(required)]
    expires_at: Option<String>,
}

/// Who is asking.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SessionAnswer {
    /// Who.
    data: SessionEntry,
}

/// Who is asking. The 401 of whoever is not known says in `sign_in` which ways there are to sign in.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "access", operation_id = "session",
    responses((status = 200, description = "Who", body = SessionAnswer), crate::openapi::Problems),
    security(("bearer" = []), ("session" = []))
)]
pub async fn session(State(state): State<QueryState>, headers: HeaderMap) -> Result<Response, Problem> {
    let people = &state.people;
    match state.authorize.caller(bearer(&headers)).await {
        Ok(caller) if caller.kind == CallerKind::Person => {
            let id = bearer(&headers).unwrap_or_default();
            let (caller, session) = people.of_session(id).await?;
            Ok(reply::one(StatusCode::OK, entry(&caller, Some((session.via, session.ends_at_ms(people.limits))))))
        }
        Ok(caller) => Ok(reply::one(StatusCode::OK, entry(&caller, None))),
        Err(denied @ (Denied::NoToken | Denied::UnknownToken | Denied::SessionEnded | Denied::LinkEnded)) => {
            let any = people.accounts.recent().await.map_err(Denied::from)?;
            let ways = json!({"password": !any.is_empty(), "oidc": people.oidc.as_ref().map(|oidc| oidc.label())});
            Err(Problem::from(denied).field("sign_in", ways))
        }
        Err(denied) => Err(denied.into()),
    }
}

fn entry(caller: &Caller, session: Option<(Via, i64)>) -> SessionEntry {
    SessionEntry {
        kind: caller.kind.name().into(),
        name: caller.name.clone(),
        sites: caller.grant.sites.clone(),
        scopes: crate::tokens::scope_names(&caller.grant.scopes),
        via: session.map(|(via, _)| via.name().to_owned()),
        expires_at: session.map(|(_, ends_at_ms)| rfc3339(ends_at_ms)),
    }
}

/// Signs in with an e-mail address and a password, and sets the session's cookie.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "access", operation_id = "sign_in", request_body = SignInBody,
    responses((status = 200, description = "Signed in", body = SessionAnswer,
        headers(("Set-Cookie" = String, description = "The session"))), crate::openapi::Problems),
    security(())
)]
pub async fn sign_in(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    must_be_private(&state, &whence)?;
    let body: SignInBody = reply::read(&headers, body).await?;
    let people = &state.people;
    let account = people.check(&state, &whence, &body.email, body.password).await?;
    let entry = Entry::of(&of_account(&account), &whence, "session.begin");
    let who = Who { via: Via::Password, person: account.id, email: account.email, groups: Vec::new() };
    people.begin(&state, &whence, &headers, who, entry, people.clock.now_ms()).await
}

/// Ends the session, and takes its cookie away.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "access", operation_id = "sign_out",
    responses((status = 204, description = "Signed out"), crate::openapi::Problems),
    security(("session" = []))
)]
pub async fn sign_out(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let people = &state.people;
    let id = bearer(&headers).filter(|bearer| bearer.starts_with(sessions::PREFIX)).ok_or(Denied::NoToken)?;
    let (caller, session) = people.of_session(id).await?;
    state.trail.before(&Entry::of(&caller, &whence, "session.end")).await?;
    sessions::end(&people.store, &session).await.map_err(store_problem)?;
    people.sessions.outdate();
    let mut response = reply::nothing();
    // What the browser kept of our answers goes too.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    if let Some(cookie) = Cookie::Session.clear(&whence) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Changes one's own password. Every session of the account ends, and this browser gets a new one.
#[utoipa::path(
    put, path = "/api/v1/session/password", tag = "access", operation_id = "change_own_password",
    request_body = ChangePasswordBody,
    responses((status = 200, description = "Changed", body = SessionAnswer,
        headers(("Set-Cookie" = String, description = "The new session"))), crate::openapi::Problems),
    security(("session" = []))
)]
pub async fn change_own_password(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    must_be_private(&state, &whence)?;
    let people = &state.people;
    let id = bearer(&headers).filter(|bearer| bearer.starts_with(sessions::PREFIX)).ok_or(Denied::NoToken)?;
    let (caller, session) = people.of_session(id).await?;
    if session.via != Via::Password {
        let detail = "this account has no password here: it signs in at its provider";
        return Err(Problem::bad_request("no-password", detail));
    }
    let body: ChangePasswordBody = reply::read(&headers, body).await?;
    password::check(&body.password, &session.email).map_err(weak)?;
    let account = people.check(&state, &whence, &session.email, body.current).await?;
    let hashed = people.hasher.hash(body.password).await.map_err(|_| busy())?.map_err(weak)?;
    let entry = Entry::of(&caller, &whence, "person.password").subject(&account.email);
    let changed = async {
        let changed = accounts::change_hashed(&people.store, &*people.clock, account, hashed).await;
        changed.map_err(super::account_calls::problem)
    };
    let account = state.trail.around(entry, changed).await?;
    people.accounts.outdate();
    let entry = Entry::of(&caller, &whence, "session.begin");
    let who = Who { via: Via::Password, person: account.id, email: account.email, groups: Vec::new() };
    people.begin(&state, &whence, &headers, who, entry, account.sessions_from_ms).await
}

/// Passwords and sessions go over the network encrypted or not at all.
pub(super) fn must_be_private(state: &QueryState, whence: &Whence) -> Result<(), Problem> {
    if whence.secure || whence.loopback || state.config.allow_plain_http {
        return Ok(());
    }
    let detail = "people sign in over https only: set `[query] public_url` to the https address, or `trusted_proxies` \
                  where a proxy sends X-Forwarded-Proto; `allow_plain_http` is for networks that you trust";
    Err(Problem::new(StatusCode::FORBIDDEN, "https-needed", "Not over plain http").detail(detail))
}

pub(super) fn busy() -> Problem {
    Problem::unavailable("busy", "too many people sign in at this moment, try again", BUSY_WAIT)
}

pub(super) fn weak(fault: password::PasswordFault) -> Problem {
    Problem::bad_request("invalid-password", fault.to_string())
}

fn of_account(account: &Account) -> Caller {
    Caller { kind: CallerKind::Person, name: account.email.clone(), grant: account.grant.clone() }
}

/// The same whatever was wrong.
fn wrong() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign-in-refused", "Not signed in")
        .detail("the e-mail address or the password is not right")
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"felt\""))
}

impl People {
    /// The account of an address and its password. Takes the same time and says the same where there is none.
    async fn check(
        &self,
        state: &QueryState,
        whence: &Whence,
        email: &str,
        password: String,
    ) -> Result<Account, Problem> {
        let email = email.trim().to_lowercase();
        let attempt = self.throttle.attempt(&email, &whence.counted_by(), Instant::now()).map_err(|wait| {
            SignIn::Throttled.emit();
            too_many(wait)
        })?;
        let judged = self.judge(&email, password).await;
        let (account, right) = judged.inspect_err(|_| self.throttle.undone(attempt))?;
        if let (Some(account), true) = (&account, right) {
            self.throttle.succeeded(attempt);
            return Ok(account.clone());
        }
        SignIn::Refused.emit();
        // What was typed as an address may be a password: it is kept only where it is somebody's address.
        let entry = Entry::of_stranger(whence, "session.begin").outcome(Outcome::Refused);
        let entry = match &account {
            Some(account) => entry.subject(&account.email).detail("wrong password"),
            None => entry.detail("no such account"),
        };
        state.trail.before(&entry).await?;
        Err(wrong())
    }

    async fn judge(&self, email: &str, password: String) -> Result<(Option<Account>, bool), Problem> {
        if password.len() > password::PASSWORD_BYTES_MAX {
            return Err(weak(password::PasswordFault::Long));
        }
        // Looked up anew for everybody: to look again only for unknown addresses would tell which are known.
        let accounts = self.accounts.since(Instant::now()).await.map_err(Denied::from)?;
        let account = accounts.iter().find(|account| account.email == email).cloned();
        let phc = account.as_ref().map(|account| account.password.clone());
        let right = self.hasher.verify(password, phc).await.map_err(|_| busy())?;
        Ok((account, right))
    }

    /// Begins a session, ends the one that the browser had, and answers with the cookie.
    pub(super) async fn begin(
        &self,
        state: &QueryState,
        whence: &Whence,
        headers: &HeaderMap,
        who: Who,
        entry: Entry,
        now_ms: i64,
    ) -> Result<Response, Problem> {
        state.trail.before(&entry.detail(who.via.name())).await?;
        if let Some(old) = Cookie::Session.read(headers, whence)
            && let Ok((_, old)) = self.of_session(&old).await
        {
            sessions::end(&self.store, &old).await.map_err(store_problem)?;
        }
        let (id, session) = sessions::begin(&self.store, who, now_ms, self.limits).await.map_err(store_problem)?;
        self.sessions.outdate();
        SignIn::Accepted.emit();
        let grant = self.grant(&session).await?;
        let caller = Caller { kind: CallerKind::Person, name: session.email.clone(), grant };
        let data = entry_of(&caller, &session, self.limits);
        let mut response = reply::one(StatusCode::OK, data);
        match Cookie::Session.set(&id, self.limits.total_ms / 1000, whence) {
            Some(cookie) => response.headers_mut().append(header::SET_COOKIE, cookie),
            None => return Err(Problem::internal()),
        };
        Ok(response)
    }
}

fn entry_of(caller: &Caller, session: &sessions::Session, limits: super::SessionLimits) -> SessionEntry {
    entry(caller, Some((session.via, session.ends_at_ms(limits))))
}

fn too_many(wait: Duration) -> Problem {
    events::refused("sign_in_throttled");
    let detail = "too many failures to sign in from there, wait before the next try";
    Problem::too_many_requests("sign-in-throttled", detail, wait)
}
