//! People who sign in, their sessions, and the record of what was written by whom.

use serde::{Deserialize, Serialize};

/// A row of `people`: one state of an account. An id with any `removed` row is gone, whatever else is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct PersonRow {
    /// Random; never used again.
    pub id: String,
    /// 1 once the account is gone.
    pub removed: u8,
    /// What the person signs in with, in lower case.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// The password as an argon2id PHC string.
    pub password: String,
    /// Sites that the person may see; `*` is all.
    pub sites: Vec<String>,
    /// What the person may do there.
    pub scopes: Vec<String>,
    /// When the account was made, in ms.
    pub created_at: i64,
    /// Sessions from before this are void, in ms.
    pub sessions_from: i64,
    /// When this row was written, in ms.
    pub updated_at: i64,
}

/// A row of `sessions`: one state of a session. A hash with any `ended` row is void, whatever else is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct SessionRow {
    /// SHA-256 of the session's id, in hex: the id itself is never kept.
    pub hash: String,
    /// 1 once the session was ended.
    pub ended: u8,
    /// How the person signed in: `password` or `oidc`.
    pub via: String,
    /// The account's id, or the provider's issuer and subject.
    pub person: String,
    /// The person's address.
    pub email: String,
    /// Groups that the provider told, where one did.
    pub groups: Vec<String>,
    /// When the person signed in, in ms.
    pub created_at: i64,
    /// When the session was last used, in ms; written now and then only.
    pub seen_at: i64,
    /// When it ends whatever happens, in ms.
    pub expires_at: i64,
}

/// A row of `audit`: a write, or an attempt at one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct AuditRow {
    /// When, in ms.
    pub at: i64,
    /// Random, for the order of what happened in the same millisecond.
    pub id: String,
    /// `person`, `token`, `command_line` or `anyone`.
    pub actor_kind: String,
    /// The person's address, or the token's id.
    pub actor: String,
    /// What was done, such as `token.create`.
    pub action: String,
    /// The site it was done to; empty where it is about none or several.
    pub site: String,
    /// What it was done to: an id or an address.
    pub subject: String,
    /// `accepted`, `refused` or `failed`.
    pub outcome: String,
    /// The network that it came from: an address cut to /24 or /48.
    pub client: String,
    /// The request's id, as in its answer and in the log.
    pub request: String,
    /// More, in words.
    pub detail: String,
}
