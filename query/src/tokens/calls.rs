//! The calls of admins about tokens: `/api/v1/tokens`.

use super::{Draft, NewToken, Token, TokenError, list, revoke, scope_names};
use crate::audit::Entry;
use crate::grammar::rfc3339;
use crate::people::{Whence, reply};
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, bearer};
use serde::{Deserialize, Serialize};

/// A token to make.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenBody {
    /// What it is for, shown in lists.
    #[serde(default)]
    name: String,
    /// Keys of sites; `*` is all.
    sites: Vec<String>,
    /// What it may do there.
    scopes: Vec<String>,
}

/// A token, without what it is checked by.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenEntry {
    /// Its id, by which it is revoked.
    id: String,
    /// What it is for.
    name: String,
    /// Sites; `*` is all.
    sites: Vec<String>,
    /// What it may do there.
    scopes: Vec<String>,
    /// When it was made.
    created_at: String,
}

/// The tokens.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenList {
    /// The oldest first.
    data: Vec<TokenEntry>,
}

/// A token that was made, the only time that it can be read.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenMade {
    /// It.
    data: TokenSecret,
}

/// A token with itself.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenSecret {
    /// Its id, by which it is revoked.
    id: String,
    /// The token.
    token: String,
}

fn record(token: &Token) -> Record {
    Record::new()
        .with("id", token.id.as_str())
        .with("name", token.name.as_str())
        .with("sites", token.grant.sites.clone())
        .with("scopes", scope_names(&token.grant.scopes))
        .with("created_at", rfc3339(token.created_at_ms))
}

/// The tokens that are good for sites of which the caller is an admin, and for no others.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "access", operation_id = "tokens",
    responses((status = 200, description = "The tokens, the oldest first", body = TokenList), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn tokens(State(state): State<QueryState>, headers: HeaderMap) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let tokens = list(&state.store).await.map_err(store_problem)?;
    let mine = tokens.iter().filter(|token| reply::may_manage(&caller, &token.grant.sites).is_ok());
    Ok(reply::rows(&headers, mine.map(record).collect()))
}

/// Makes a token. The answer is the only time that it can be read; nobody can give more than they have.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "access", operation_id = "create_token", request_body = NewTokenBody,
    responses((status = 201, description = "The token", body = TokenMade), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn create_token(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let body: NewTokenBody = reply::read(&headers, body).await?;
    let grant = reply::grant(&state, body.sites, &body.scopes)?;
    reply::may_manage(&caller, &grant.sites)?;
    let new = NewToken { name: body.name, sites: grant.sites.clone(), scopes: grant.scopes };
    let draft = Draft::of(new).map_err(problem)?;
    let entry = Entry::of(&caller, &whence, "token.create").sites(&grant.sites).subject(draft.id());
    let kept = async { draft.keep(&state.store, &*state.clock).await.map_err(problem) };
    let created = state.trail.around(entry, kept).await?;
    Ok(reply::one(StatusCode::CREATED, TokenSecret { id: created.id, token: created.token }))
}

/// Ends a token. Processes that did not hear of it let it in for a few seconds more.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", tag = "access", operation_id = "revoke_token",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204, description = "Ended"), crate::openapi::Problems),
    security(("bearer" = ["admin"]), ("session" = ["admin"]))
)]
pub async fn revoke_token(
    State(state): State<QueryState>,
    Extension(whence): Extension<Whence>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = reply::admin(&state, bearer(&headers)).await?;
    let tokens = list(&state.store).await.map_err(store_problem)?;
    let token = tokens
        .into_iter()
        .find(|token| token.id == id && reply::may_manage(&caller, &token.grant.sites).is_ok())
        .ok_or_else(|| Problem::not_found("there is no such token among those of your sites"))?;
    let entry = Entry::of(&caller, &whence, "token.revoke").sites(&token.grant.sites).subject(&token.id);
    let revoked = async { revoke(&state.store, &*state.clock, &token.id).await.map_err(problem) };
    state.trail.around(entry, revoked).await?;
    state.authorize.changed();
    Ok(reply::nothing())
}

fn problem(error: TokenError) -> Problem {
    let detail = error.to_string();
    match error {
        TokenError::Store(error) => store_problem(error),
        TokenError::Unknown => Problem::not_found(detail),
        TokenError::Empty | TokenError::Name => Problem::bad_request("invalid-token", detail),
    }
}
