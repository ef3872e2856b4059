//! API tokens: made here, kept as a hash, bound to sites and scopes; and the answer to "may this token do that".
//!
//! A token is 32 random bytes, so that its plain SHA-256 cannot be turned back. All tokens are held in memory: a guess
//! costs the store next to nothing, and a token that was revoked elsewhere works for a few seconds more at most.

mod calls;

#[doc(hidden)]
pub use calls::{__path_create_token, __path_revoke_token, __path_tokens};
pub use calls::{NewTokenBody, TokenEntry, TokenList, TokenMade, create_token, revoke_token, tokens};

use crate::known::{Away, Known, LOOK_MAX};
use crate::people;
use crate::planner::scope::{ServiceTable, Statement};
use crate::secrets::{alike, hash_hex, random_text};
use async_trait::async_trait;
use felt_http::{Authorize, Caller, CallerKind, Denied, Grant, Scope};
use felt_schema::clock::Clock;
use felt_schema::rows::TokenRow;
use felt_store::{QueryLimits, Store, StoreError};
use futures::FutureExt;
use std::time::Instant;

pub use felt_http::ALL_SITES;

/// Most tokens; a service with more needs another way to keep them.
const TOKENS_MAX: usize = 10_000;
/// Most characters of a token's name.
pub const NAME_CHARS_MAX: usize = 200;

/// What a new token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// Keys of sites, or [`ALL_SITES`].
    pub sites: Vec<String>,
    /// What it may do there.
    pub scopes: Vec<Scope>,
}

/// A token that was made. The only time that it can be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id, by which it is revoked.
    pub id: String,
    /// The token itself.
    pub token: String,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a token was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It would be good for nothing.
    #[error("a token needs at least one site and one scope")]
    Empty,
    /// Its name is too long.
    #[error("a token's name has at most {NAME_CHARS_MAX} characters")]
    Name,
    /// There is none of that id.
    #[error("there is no token with this id, or it was revoked already; `felt token list` shows them")]
    Unknown,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token that works, without what it is checked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id, by which it is revoked.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do where.
    pub grant: Grant,
    /// When it was made, in ms.
    pub created_at_ms: i64,
    hash: String,
}

/// A token's id and its secret, before they are kept.
#[derive(Debug, Clone)]
pub struct Draft {
    created: Created,
    new: NewToken,
}

impl Draft {
    /// Makes up a token.
    ///
    /// # Errors
    /// When it is for nothing.
    pub fn of(new: NewToken) -> Result<Self, TokenError> {
        if new.sites.is_empty() || new.scopes.is_empty() {
            return Err(TokenError::Empty);
        }
        if new.name.chars().count() > NAME_CHARS_MAX {
            return Err(TokenError::Name);
        }
        let created = Created { id: random_text::<9>(), token: format!("felt_{}", random_text::<32>()) };
        Ok(Self { created, new })
    }

    /// The id that it will have.
    pub fn id(&self) -> &str {
        &self.created.id
    }

    /// Keeps its hash.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn keep(self, store: &Store, clock: &dyn Clock) -> Result<Created, TokenError> {
        let now_ms = clock.now_ms();
        let row = TokenRow {
            id: self.created.id.clone(),
            hash: hash_hex(&self.created.token),
            name: self.new.name,
            sites: self.new.sites,
            scopes: scope_names(&self.new.scopes),
            created_at: now_ms,
            revoked: 0,
            updated_at: now_ms,
        };
        store.insert_rows("tokens", &[row], None).await?;
        Ok(self.created)
    }
}

/// The names of scopes, as they are kept.
pub(crate) fn scope_names(scopes: &[Scope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.name().to_owned()).collect()
}

/// Makes a token and keeps its hash.
///
/// # Errors
/// When it is for nothing, or the store does not take it.
pub async fn create(store: &Store, clock: &dyn Clock, new: NewToken) -> Result<Created, TokenError> {
    Draft::of(new)?.keep(store, clock).await
}

/// Ends a token.
///
/// # Errors
/// When there is no such token, or the store does not take it.
pub async fn revoke(store: &Store, clock: &dyn Clock, id: &str) -> Result<Token, TokenError> {
    let token = list(store).await?.into_iter().find(|token| token.id == id).ok_or(TokenError::Unknown)?;
    let row = TokenRow {
        id: token.id.clone(),
        hash: token.hash.clone(),
        name: token.name.clone(),
        sites: token.grant.sites.clone(),
        scopes: scope_names(&token.grant.scopes),
        created_at: token.created_at_ms,
        revoked: 1,
        // Newer than what it replaces, also where this machine's clock is behind.
        updated_at: clock.now_ms().max(token.created_at_ms + 1),
    };
    store.insert_rows("tokens", &[row], None).await?;
    Ok(token)
}

/// Whether there is any token that works.
///
/// # Errors
/// When the store does not answer.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    Ok(!list(store).await?.is_empty())
}

/// Every token that works, the oldest first.
///
/// # Errors
/// When the store does not answer.
pub async fn list(store: &Store) -> Result<Vec<Token>, StoreError> {
    let newest = |column: &str| format!("argMax({column}, updated_at)");
    let select = format!(
        "id, {}, {}, {}, {}, toUnixTimestamp64Milli(min(created_at)) AS created",
        newest("hash"),
        newest("name"),
        newest("sites"),
        newest("scopes")
    );
    let rest = format!("GROUP BY id HAVING max(revoked) = 0 ORDER BY created, id LIMIT {TOKENS_MAX}");
    let statement = Statement::service(ServiceTable::Tokens, &select, &rest);
    let limits = QueryLimits { execution: LOOK_MAX, ..QueryLimits::default() };
    let rows = store.query_json(statement.sql(), &[], limits).await?;
    let token = |row: Vec<serde_json::Value>| {
        let [id, hash, name, sites, scopes, created] = row.as_slice() else { return None };
        Some(Token {
            id: id.as_str()?.to_owned(),
            hash: hash.as_str()?.to_owned(),
            name: name.as_str()?.to_owned(),
            grant: Grant { sites: texts(sites), scopes: scopes_of(scopes) },
            created_at_ms: created.as_i64()?,
        })
    };
    Ok(rows.into_iter().filter_map(token).collect())
}

/// The texts of an array.
pub(crate) fn texts(value: &serde_json::Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}

/// The scopes of an array; what a later version may have written is nothing here.
pub(crate) fn scopes_of(value: &serde_json::Value) -> Vec<Scope> {
    texts(value).iter().filter_map(|name| Scope::from_name(name)).collect()
}

/// Authorises by the tokens in the store.
pub struct StoredTokens {
    tokens: Known<Vec<Token>>,
    /// Where nobody needs to say who they are: until there is somebody who can sign in.
    open_until_people: Option<Known<bool>>,
}

impl StoredTokens {
    /// Whoever asks needs a token.
    pub fn new(store: Store) -> Self {
        let load = move || {
            let store = store.clone();
            async move { list(&store).await }.boxed()
        };
        Self { tokens: Known::new(load), open_until_people: None }
    }

    /// On a loopback address nobody needs a token, as long as nobody has an account and no other way to sign in is
    /// configured (`closed`). A token that is sent counts nevertheless: for what it is good for, and no further.
    pub fn on_loopback(store: Store, closed: bool) -> Self {
        let people = store.clone();
        let load = move || {
            let store = people.clone();
            async move { people::any(&store).await }.boxed()
        };
        Self { open_until_people: (!closed).then(|| Known::new(load)), ..Self::new(store) }
    }

    async fn is_open(&self) -> Result<bool, Denied> {
        let Some(people) = &self.open_until_people else { return Ok(false) };
        match people.recent().await {
            Ok(any) => Ok(!*any),
            // The door does not close, nor open, because the store is away.
            Err(Away) => people.last().map(|any| !*any).ok_or(Denied::Unavailable),
        }
    }

    async fn of(&self, bearer: &str) -> Result<Caller, Denied> {
        let hash = hash_hex(bearer);
        let known = self.tokens.recent().await?;
        let found = |tokens: &[Token]| tokens.iter().find(|token| alike(&token.hash, &hash)).map(caller);
        if let Some(caller) = found(&known) {
            return Ok(caller);
        }
        // It may have been made a moment ago.
        let known = self.tokens.since(Instant::now()).await?;
        found(&known).ok_or(Denied::UnknownToken)
    }
}

fn caller(token: &Token) -> Caller {
    Caller { kind: CallerKind::Token, name: token.id.clone(), grant: token.grant.clone() }
}

impl From<Away> for Denied {
    fn from(_: Away) -> Self {
        Denied::Unavailable
    }
}

#[async_trait]
impl Authorize for StoredTokens {
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
        let caller = self.caller(bearer).await?;
        if caller.grant.allows(site, scope) { Ok(()) } else { Err(Denied::NotGranted(scope)) }
    }

    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, Denied> {
        match bearer {
            Some(bearer) => self.of(bearer).await,
            None if self.is_open().await? => Ok(Caller::anyone()),
            None => Err(Denied::NoToken),
        }
    }

    fn changed(&self) {
        self.tokens.outdate();
        if let Some(people) = &self.open_until_people {
            people.outdate();
        }
    }
}
