//! The calls of admins about accounts: `/api/v1/people`.

use super::session_calls::{busy, must_be_private, weak};
use super::whence::Whence;
use super::{Account, NewPerson, PersonError, accounts, password, reply};
use crate::audit::Entry;
use crate::grammar::rfc3339;
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use crate::tokens::scope_names;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Caller, Denied, Problem, bearer};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Somebody who is to have an account.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPersonBody {
    /// What the person will sign in with.
    email: String,
    /// What the person is called.
    #[serde(default)]
    name: String,
    /// A first password, of 12 characters at least.
    password: String,
    /// Keys of sites; `*` is all.
    sites: Vec<String>,
    /// `read:metrics` and `read:sessions` where none are named.
    #[serde(default)]
    scopes: Vec<String>,
}

/// Another password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The password, of 12 characters at least.
    password: String,
}

/// An account.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PersonEntry {
    /// What the person signs in with.
    email: String,
    /// What the person is called.
    name: String,
    /// Sites; `*` is all.
    sites: Vec<String>,
    /// What is allowed there.
    scopes: Vec<String>,
    /// When the account was made.
    created_at: String,
}

/// The accounts.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PersonList {
    /// The oldest first.
    data: Vec<PersonEntry>,
}

/// The account that was made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PersonMade {
    /// It.
    data: PersonEntry,
}

fn record(account: &Account) -> Record {
    Record::new()
        .with("email", account.email.as_str())
        .with("name", account.name.as_str())
        .with("sites", account.grant.sites.clone())
        .with("scopes", scope_names(&account.grant.scopes))
        .with("created_at", rfc3339(account.created_at_ms))
}

/// The accounts that have to do with sites of which the caller is an admin.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "access", operation_id = "people",
    responses((status = 200, description = "The accounts, the oldest first", body = PersonList), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn people(State(state): State<QueryState>, headers: HeaderMap) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let accounts = state.people.accounts.since(Instant::now()).await.map_err(Denied::from)?;
    let mine = accounts.iter().filter(|account| reply::may_manage(&caller, &account.grant.sites).is_ok());
    Ok(reply::rows(&headers, mine.map(record).collect()))
}

/// Makes an account. Nobody can give more than they have.
#[utoipa::path(
    post, path = "/api/v1/people", tag = "access", operation_id = "add_person", request_body = NewPersonBody,
    responses((status = 201, description = "The account", body = PersonMade), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn add_person(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    must_be_private(&state, &whence)?;
    let mut body: NewPersonBody = reply::read(&headers, body).await?;
    if body.scopes.is_empty() {
        body.scopes = scope_names(&accounts::SCOPES_DEFAULT);
    }
    let grant = reply::grant(&state, body.sites, &body.scopes)?;
    reply::may_manage(&caller, &grant.sites)?;
    let email = accounts::email_of(&body.email).map_err(problem)?;
    password::check(&body.password, &email).map_err(weak)?;
    let people = &state.people;
    let hashed = people.hasher.hash(body.password).await.map_err(|_| busy())?.map_err(weak)?;
    let entry = Entry::of(&caller, &whence, "person.add").sites(&grant.sites).subject(&email);
    let new = NewPerson { email, name: body.name, grant };
    let made = async { accounts::add_hashed(&people.store, &*people.clock, new, hashed).await.map_err(problem) };
    let account = state.trail.around(entry, made).await?;
    people.accounts.outdate();
    state.authorize.changed();
    Ok(reply::one(StatusCode::CREATED, record(&account)))
}

/// Ends an account and its sessions.
#[utoipa::path(
    delete, path = "/api/v1/people/{email}", tag = "access", operation_id = "remove_person",
    params(("email" = String, Path, description = "The account's e-mail address")),
    responses((status = 204, description = "Gone"), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn remove_person(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    Path(email): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let account = managed(&state, &caller, &email).await?;
    let people = &state.people;
    let entry = Entry::of(&caller, &whence, "person.remove").sites(&account.grant.sites).subject(&account.email);
    let removed = async { accounts::remove(&people.store, &*people.clock, &account.email).await.map_err(problem) };
    state.trail.around(entry, removed).await?;
    people.accounts.outdate();
    state.authorize.changed();
    Ok(reply::nothing())
}

/// Gives an account another password, and ends its sessions.
#[utoipa::path(
    put, path = "/api/v1/people/{email}/password", tag = "access", operation_id = "set_password",
    params(("email" = String, Path, description = "The account's e-mail address")), request_body = PasswordBody,
    responses((status = 204, description = "Changed"), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn set_password(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    Path(email): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    must_be_private(&state, &whence)?;
    let body: PasswordBody = reply::read(&headers, body).await?;
    let account = managed(&state, &caller, &email).await?;
    password::check(&body.password, &account.email).map_err(weak)?;
    let people = &state.people;
    let hashed = people.hasher.hash(body.password).await.map_err(|_| busy())?.map_err(weak)?;
    let entry = Entry::of(&caller, &whence, "person.password").sites(&account.grant.sites).subject(&account.email);
    let changed =
        async { accounts::change_hashed(&people.store, &*people.clock, account, hashed).await.map_err(problem) };
    state.trail.around(entry, changed).await?;
    people.accounts.outdate();
    state.authorize.changed();
    Ok(reply::nothing())
}

/// The account, where the caller may do something to it. To others it is not there.
async fn managed(state: &QueryState, caller: &Caller, email: &str) -> Result<Account, Problem> {
    let accounts = state.people.accounts.since(Instant::now()).await.map_err(Denied::from)?;
    let email = email.trim().to_lowercase();
    let account = accounts.iter().find(|account| account.email == email);
    account
        .filter(|account| reply::may_manage(caller, &account.grant.sites).is_ok())
        .cloned()
        .ok_or_else(|| Problem::not_found("there is no such account among those of your sites"))
}

/// What a fault of an account is to the caller.
pub(super) fn problem(error: PersonError) -> Problem {
    let detail = error.to_string();
    match error {
        PersonError::Store(error) => store_problem(error),
        PersonError::Password(fault) => weak(fault),
        PersonError::Taken => Problem::new(StatusCode::CONFLICT, "taken", "There is one already").detail(detail),
        PersonError::Unknown => Problem::not_found(detail),
        PersonError::Email(_) | PersonError::Name | PersonError::Empty => {
            Problem::bad_request("invalid-person", detail)
        }
    }
}
