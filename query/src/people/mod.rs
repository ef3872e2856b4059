//! People who sign in: accounts with a password, single sign-on by OpenID Connect, and sessions in a cookie.
//!
//! An account's password is kept as argon2id, a session as the hash of a random id. A session cookie counts only here,
//! in the query role, and becomes a credential in one place only (`guard`), after the request was found to come from
//! our own pages. What a person may do is decided by [`felt_http::Grant`], as for tokens.

mod accounts;
mod cookie;
mod guard;
mod oidc;
mod password;
pub(crate) mod reply;
mod sessions;
mod throttle;
mod whence;

mod account_calls;
mod session_calls;

#[doc(hidden)]
pub use account_calls::{__path_add_person, __path_people, __path_remove_person, __path_set_password};
pub use account_calls::{NewPersonBody, PasswordBody, PersonEntry, PersonList, PersonMade, add_person, people};
pub use account_calls::{remove_person, set_password};
pub use accounts::{Account, NewPerson, PersonError, add, any, change_password, email_of, list, remove};
pub(crate) use guard::guard;
#[doc(hidden)]
pub use oidc::{__path_oidc_callback, __path_oidc_start};
pub use oidc::{GrantRule, OidcConfig};
pub use oidc::{oidc_callback, oidc_start};
pub use password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordFault, check as check_password};
#[doc(hidden)]
pub use session_calls::{__path_change_own_password, __path_session, __path_sign_in, __path_sign_out};
pub use session_calls::{ChangePasswordBody, SessionAnswer, SessionEntry, SignInBody};
pub use session_calls::{change_own_password, session, sign_in, sign_out};
pub use whence::Whence;

use crate::config::QueryConfig;
use crate::known::Known;
use async_trait::async_trait;
use felt_http::{Authorize, Caller, CallerKind, Denied, Grant, Scope};
use felt_schema::clock::SharedClock;
use felt_store::Store;
use futures::FutureExt;
use password::Hasher;
use sessions::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};
use throttle::Throttle;

/// Everything about people that the requests of a process share.
pub(crate) struct People {
    store: Store,
    clock: SharedClock,
    accounts: Known<Vec<Account>>,
    sessions: Known<Vec<Session>>,
    hasher: Hasher,
    throttle: Throttle,
    limits: SessionLimits,
    oidc: Option<oidc::Provider>,
}

/// How long a session lasts.
#[derive(Debug, Clone, Copy)]
struct SessionLimits {
    /// Unused.
    idle_ms: i64,
    /// Whatever happens.
    total_ms: i64,
}

impl People {
    pub(crate) fn new(config: &QueryConfig, store: Store, clock: SharedClock) -> Self {
        let (for_accounts, for_sessions, now) = (store.clone(), store.clone(), clock.clone());
        let accounts = move || {
            let store = for_accounts.clone();
            async move { accounts::list(&store).await }.boxed()
        };
        let sessions = move || {
            let (store, now_ms) = (for_sessions.clone(), now.now_ms());
            async move { sessions::list(&store, now_ms).await }.boxed()
        };
        let limits = SessionLimits {
            idle_ms: i64::from(config.session_idle_minutes) * 60_000,
            total_ms: i64::from(config.session_hours_max) * 3_600_000,
        };
        Self {
            accounts: Known::new(accounts),
            sessions: Known::new(sessions),
            hasher: Hasher::new(config.password_hashes_max),
            throttle: Throttle::default(),
            oidc: config
                .oidc
                .clone()
                .map(|oidc| oidc::Provider::new(oidc, config.public_url.as_deref(), clock.clone())),
            limits,
            store,
            clock,
        }
    }

    /// The person of a session's id, as a caller, and the session.
    async fn of_session(&self, id: &str) -> Result<(Caller, Session), Denied> {
        let hash = crate::secrets::hash_hex(id);
        let mut known = self.sessions.recent().await?;
        if sessions::find(&known, &hash).is_none() {
            known = self.sessions.since(Instant::now()).await?;
        }
        let session = sessions::find(&known, &hash).ok_or(Denied::SessionEnded)?;
        let now_ms = self.clock.now_ms();
        if !session.is_alive(now_ms, self.limits) {
            return Err(Denied::SessionEnded);
        }
        let grant = self.grant(session).await?;
        sessions::touch(&self.store, session, now_ms, self.limits);
        Ok((Caller { kind: CallerKind::Person, name: session.email.clone(), grant }, session.clone()))
    }

    /// What the person of a session may do by now.
    async fn grant(&self, session: &Session) -> Result<Grant, Denied> {
        match session.via {
            sessions::Via::Password => {
                let accounts = self.accounts.recent().await?;
                let account = accounts.iter().find(|account| account.id == session.person);
                // A new password ends the sessions of the old one, the account's end all of them.
                let account = account.filter(|account| session.created_at_ms >= account.sessions_from_ms);
                account.map(|account| account.grant.clone()).ok_or(Denied::SessionEnded)
            }
            sessions::Via::Oidc => {
                let oidc = self.oidc.as_ref().ok_or(Denied::SessionEnded)?;
                oidc.grant(&session.email, &session.groups).ok_or(Denied::SessionEnded)
            }
        }
    }
}

/// Asks the sessions first, and for anything that is no session whoever else knows.
pub(crate) struct WithSessions {
    people: Arc<People>,
    others: Arc<dyn Authorize>,
}

impl WithSessions {
    pub(crate) fn new(people: Arc<People>, others: Arc<dyn Authorize>) -> Self {
        Self { people, others }
    }
}

#[async_trait]
impl Authorize for WithSessions {
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
        match bearer.filter(|bearer| bearer.starts_with(sessions::PREFIX)) {
            None => self.others.authorize(bearer, site, scope).await,
            Some(id) => {
                let caller = self.caller(Some(id)).await?;
                if caller.grant.allows(site, scope) { Ok(()) } else { Err(Denied::NotGranted(scope)) }
            }
        }
    }

    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, Denied> {
        let Some(id) = bearer.filter(|bearer| bearer.starts_with(sessions::PREFIX)) else {
            return self.others.caller(bearer).await;
        };
        match self.people.of_session(id).await {
            Ok((caller, _)) => Ok(caller),
            // An old cookie must not lock anybody out of a service that is open to all.
            Err(Denied::SessionEnded) => self.others.caller(None).await.map_err(|denied| match denied {
                Denied::NoToken => Denied::SessionEnded,
                other => other,
            }),
            Err(other) => Err(other),
        }
    }

    fn changed(&self) {
        self.others.changed();
    }
}

/// How long somebody should wait who is one of too many.
const BUSY_WAIT: Duration = Duration::from_secs(2);
