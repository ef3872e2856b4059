//! Sessions: made when somebody signs in, kept as a hash with two ends (unused, and whatever happens), ended when they
//! sign out.

use super::SessionLimits;
use crate::known::LOOK_MAX;
use crate::planner::scope::{Service, ServiceTable};
use crate::secrets::{alike, hash_hex, random_text};
use crate::tokens::texts;
use felt_schema::rows::SessionRow;
use felt_store::{Param, QueryLimits, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How a session's id begins, so that nobody takes it for a token.
pub(super) const PREFIX: &str = "felts_";
/// Most sessions; beyond them the longest unused are forgotten.
const SESSIONS_MAX: usize = 20_000;
/// The use of a session is written down when the last note of it is older than this part of the longest pause.
const TOUCH_PART: i64 = 20;

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// With a password.
    Password,
    /// At an OpenID provider.
    Oidc,
}

impl Via {
    pub(super) fn name(self) -> &'static str {
        match self {
            Via::Password => "password",
            Via::Oidc => "oidc",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Via::Password, Via::Oidc].into_iter().find(|via| via.name() == name)
    }
}

/// A session, without its id.
#[derive(Debug, Clone)]
pub(super) struct Session {
    hash: String,
    /// How the person signed in.
    pub(super) via: Via,
    /// The account's id, or issuer and subject.
    pub(super) person: String,
    /// The person's address.
    pub(super) email: String,
    /// What the provider said that the person belongs to.
    pub(super) groups: Vec<String>,
    pub(super) created_at_ms: i64,
    expires_at_ms: i64,
    /// Shared by the copies, so that one note of use is enough.
    seen_at_ms: Arc<AtomicI64>,
}

/// Who a session is for.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) via: Via,
    pub(super) person: String,
    pub(super) email: String,
    pub(super) groups: Vec<String>,
}

impl Session {
    /// Whether it still counts.
    pub(super) fn is_alive(&self, now_ms: i64, limits: SessionLimits) -> bool {
        let unused_ms = now_ms - self.seen_at_ms.load(Ordering::Relaxed);
        now_ms < self.ends_at_ms(limits) && unused_ms < limits.idle_ms
    }

    /// When it ends whatever happens; shorter settings shorten it.
    pub(super) fn ends_at_ms(&self, limits: SessionLimits) -> i64 {
        self.expires_at_ms.min(self.created_at_ms + limits.total_ms)
    }

    fn row(&self) -> SessionRow {
        SessionRow {
            hash: self.hash.clone(),
            ended: 0,
            via: self.via.name().into(),
            person: self.person.clone(),
            email: self.email.clone(),
            groups: self.groups.clone(),
            created_at: self.created_at_ms,
            seen_at: self.seen_at_ms.load(Ordering::Relaxed),
            expires_at: self.expires_at_ms,
        }
    }
}

/// Begins a session and gives its id, the only time that it can be read.
pub(super) async fn begin(
    store: &Store,
    who: Who,
    now_ms: i64,
    limits: SessionLimits,
) -> Result<(String, Session), StoreError> {
    let id = format!("{PREFIX}{}", random_text::<32>());
    let session = Session {
        hash: hash_hex(&id),
        via: who.via,
        person: who.person,
        email: who.email,
        groups: who.groups,
        created_at_ms: now_ms,
        expires_at_ms: now_ms + limits.total_ms,
        seen_at_ms: Arc::new(AtomicI64::new(now_ms)),
    };
    store.insert_rows("sessions", &[session.row()], None).await?;
    Ok((id, session))
}

/// Ends a session for ever.
pub(super) async fn end(store: &Store, session: &Session) -> Result<(), StoreError> {
    store.insert_rows("sessions", &[SessionRow { ended: 1, ..session.row() }], None).await
}

/// The session of a hash.
pub(super) fn find<'a>(sessions: &'a [Session], hash: &str) -> Option<&'a Session> {
    sessions.iter().find(|session| alike(&session.hash, hash))
}

/// Notes that a session is used, now and then, and waits for nothing.
pub(super) fn touch(store: &Store, session: &Session, now_ms: i64, limits: SessionLimits) {
    let seen_at_ms = session.seen_at_ms.load(Ordering::Relaxed);
    if now_ms - seen_at_ms < (limits.idle_ms / TOUCH_PART).max(1_000) {
        return;
    }
    // Who sets it writes it.
    let mine = session.seen_at_ms.compare_exchange(seen_at_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if mine {
        let (store, row) = (store.clone(), session.row());
        tokio::spawn(async move {
            if let Err(error) = store.insert_rows("sessions", &[row], None).await {
                tracing::warn!(error = error.message(), "the use of a session could not be noted");
            }
        });
    }
}

/// Every session that may still count.
pub(super) async fn list(store: &Store, now_ms: i64) -> Result<Vec<Session>, StoreError> {
    let mut service = Service::of(ServiceTable::Sessions);
    let now = service.bind("Int64", Param::Int(now_ms));
    let select = "hash, any(via), any(person), any(email), any(groups), toUnixTimestamp64Milli(any(created_at)), \
                  toUnixTimestamp64Milli(max(seen_at)) AS seen, toUnixTimestamp64Milli(any(expires_at))";
    let rest = format!(
        "WHERE expires_at > fromUnixTimestamp64Milli({now}, 'UTC') \
         GROUP BY hash HAVING max(ended) = 0 ORDER BY seen DESC LIMIT {SESSIONS_MAX}"
    );
    let statement = service.statement(select, &rest);
    let limits = QueryLimits { execution: LOOK_MAX, ..QueryLimits::default() };
    let rows = store.query_json(statement.sql(), &statement.params(), limits).await?;
    let read = |row: Vec<serde_json::Value>| {
        let [hash, via, person, email, groups, created, seen, expires] = row.as_slice() else { return None };
        Some(Session {
            hash: hash.as_str()?.to_owned(),
            via: Via::of(via.as_str()?)?,
            person: person.as_str()?.to_owned(),
            email: email.as_str()?.to_owned(),
            groups: texts(groups),
            created_at_ms: created.as_i64()?,
            expires_at_ms: expires.as_i64()?,
            seen_at_ms: Arc::new(AtomicI64::new(seen.as_i64()?)),
        })
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_unused_and_whatever_happens() {
        let limits = SessionLimits { idle_ms: 1_000, total_ms: 10_000 };
        let session = Session {
            hash: String::new(),
            via: Via::Password,
            person: String::new(),
            email: String::new(),
            groups: Vec::new(),
            created_at_ms: 0,
            expires_at_ms: 10_000,
            seen_at_ms: Arc::new(AtomicI64::new(0)),
        };
        assert!(session.is_alive(999, limits));
        assert!(!session.is_alive(1_000, limits), "unused");
        session.seen_at_ms.store(9_900, Ordering::Relaxed);
        assert!(session.is_alive(9_999, limits));
        assert!(!session.is_alive(10_000, limits), "over");
        assert!(!session.is_alive(9_950, SessionLimits { total_ms: 9_000, ..limits }), "shortened");
    }
}
