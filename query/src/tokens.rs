//! API tokens: made here, kept as a hash, bound to sites and scopes; and the answer to "may this token do that".
//!
//! A token is 32 random bytes, so that its plain SHA-256 cannot be turned back. All tokens are held in memory and looked
//! at again every few seconds: a guess costs the store nothing, and a revoked token works for those seconds at most.

use crate::planner::scope::{ServiceTable, Statement};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use felt_http::{Authorize, Denied, Scope};
use felt_schema::clock::Clock;
use felt_schema::rows::TokenRow;
use felt_store::{QueryLimits, Store, StoreError};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Every site, present and future.
pub const ALL_SITES: &str = "*";
/// Longest time for which a revoked token still works.
const AGE_MAX: Duration = Duration::from_secs(5);
/// A token that is not known is looked for again after this: it may have been made a moment ago.
const AGE_MAX_UNKNOWN: Duration = Duration::from_secs(1);
/// Longest time for which tokens are believed while the store does not answer.
const AGE_MAX_STORE_AWAY: Duration = Duration::from_secs(60);
/// Most tokens; a service with more needs another way to keep them.
const TOKENS_MAX: usize = 10_000;
/// Longest wait for the store.
const LOOK_MAX: Duration = Duration::from_secs(2);

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id, by which it is revoked.
    pub id: String,
    /// The token itself.
    pub token: String,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It would be good for nothing.
    #[error("a token needs at least one site and one scope")]
    Empty,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token and keeps its hash.
///
/// # Errors
/// When it is for nothing, or the store does not take it.
pub async fn create(store: &Store, clock: &dyn Clock, new: NewToken) -> Result<Created, TokenError> {
    if new.sites.is_empty() || new.scopes.is_empty() {
        return Err(TokenError::Empty);
    }
    let (secret, id) = (rand::random::<[u8; 32]>(), rand::random::<[u8; 9]>());
    let token = format!("felt_{}", URL_SAFE_NO_PAD.encode(secret));
    let id = URL_SAFE_NO_PAD.encode(id);
    let now_ms = clock.now_ms();
    let row = TokenRow {
        id: id.clone(),
        hash: hash(&token),
        name: new.name,
        sites: new.sites,
        scopes: new.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        created_at: now_ms,
        revoked: 0,
        updated_at: now_ms,
    };
    store.insert_rows("tokens", &[row], None).await?;
    Ok(Created { id, token })
}

/// Whether there is any token that works.
///
/// # Errors
/// When the store does not answer.
pub async fn any(store: &Store) -> Result<bool, StoreError> {
    Ok(!load(store).await?.is_empty())
}

/// SHA-256 in hexadecimal.
fn hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What one token may do where.
#[derive(Debug, Clone)]
struct Grant {
    hash: String,
    sites: BTreeSet<String>,
    scopes: BTreeSet<String>,
}

impl Grant {
    fn allows(&self, site: &str, scope: Scope) -> bool {
        let of_site = self.sites.contains(ALL_SITES) || self.sites.contains(site);
        of_site && (self.scopes.contains(scope.name()) || self.scopes.contains(Scope::Admin.name()))
    }
}

async fn load(store: &Store) -> Result<Vec<Grant>, StoreError> {
    let newest = |column: &str| format!("argMax({column}, updated_at)");
    let select = [newest("hash"), newest("sites"), newest("scopes")].join(", ");
    let rest = format!("GROUP BY id HAVING {} = 0 LIMIT {TOKENS_MAX}", newest("revoked"));
    let statement = Statement::service(ServiceTable::Tokens, &select, &rest);
    let limits = QueryLimits { execution: LOOK_MAX, ..QueryLimits::default() };
    let rows = store.query_json(statement.sql(), &[], limits).await?;
    let texts = |value: &serde_json::Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    };
    let grant = |row: Vec<serde_json::Value>| {
        let [hash, sites, scopes] = row.as_slice() else { return None };
        Some(Grant { hash: hash.as_str()?.to_owned(), sites: texts(sites), scopes: texts(scopes) })
    };
    Ok(rows.into_iter().filter_map(grant).collect())
}

/// Authorises by the tokens in the store.
pub struct StoredTokens {
    store: Store,
    known: Mutex<Option<(Arc<Vec<Grant>>, Instant)>>,
    looking: tokio::sync::Mutex<()>,
}

impl StoredTokens {
    /// Tokens of that store.
    pub fn new(store: Store) -> Self {
        Self { store, known: Mutex::new(None), looking: tokio::sync::Mutex::new(()) }
    }

    /// Tokens that are not older than `age_max`.
    async fn grants(&self, age_max: Duration) -> Result<Arc<Vec<Grant>>, Denied> {
        if let Some(grants) = self.recent(age_max) {
            return Ok(grants);
        }
        let _one_looks = self.looking.lock().await;
        if let Some(grants) = self.recent(age_max) {
            return Ok(grants);
        }
        match tokio::time::timeout(LOOK_MAX, load(&self.store)).await {
            Ok(Ok(grants)) => {
                let grants = Arc::new(grants);
                *self.known.lock() = Some((grants.clone(), Instant::now()));
                Ok(grants)
            }
            Ok(Err(_)) | Err(_) => self.recent(AGE_MAX_STORE_AWAY).ok_or(Denied::Unavailable),
        }
    }

    fn recent(&self, age_max: Duration) -> Option<Arc<Vec<Grant>>> {
        self.known.lock().as_ref().filter(|(_, since)| since.elapsed() < age_max).map(|(grants, _)| grants.clone())
    }
}

#[async_trait]
impl Authorize for StoredTokens {
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
        let hash = hash(bearer.ok_or(Denied::NoToken)?);
        for age_max in [AGE_MAX, AGE_MAX_UNKNOWN] {
            let grants = self.grants(age_max).await?;
            if let Some(grant) = grants.iter().find(|grant| equal(&grant.hash, &hash)) {
                return if grant.allows(site, scope) { Ok(()) } else { Err(Denied::NotGranted(scope)) };
            }
        }
        Err(Denied::UnknownToken)
    }
}

/// Compares without telling by its time how much was alike.
fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}
