//! Share links: whoever has one sees one site's figures without an account, read-only, until it ends or is taken back.
//!
//! A link's secret is 32 random bytes. It stands behind the `#` of the address, which no browser sends, so that no server's log
//! and no `Referer` ever holds it; the dashboard sends it as a bearer. It is good for [`Scope::ReadMetrics`] on its one site,
//! whoever made it. Only its hash is kept, in a document of that site ([`crate::documents`]).

mod calls;

#[doc(hidden)]
pub use calls::{__path_links, __path_make_link, __path_revoke_link};
pub use calls::{LinkBody, LinkEntry, LinkList, LinkMade, LinkSecret, links, make_link, revoke_link};

use crate::documents::{Document, Kind};
use crate::known::{Known, LOOK_MAX};
use crate::secrets::{alike, hash_hex};
use async_trait::async_trait;
use felt_http::{Authorize, Caller, CallerKind, Denied, Grant, Scope};
use felt_schema::clock::SharedClock;
use felt_store::{QueryLimits, Store};
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;

/// How a link's secret begins, so that nobody takes it for a token or a session.
const PREFIX: &str = "feltl_";

/// A link as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    name: String,
    hash: String,
    created_at_ms: i64,
    expires_at_ms: i64,
}

/// A link, without its secret.
#[derive(Debug, Clone)]
struct Link {
    id: String,
    site: String,
    author: String,
    kept: Kept,
}

impl Link {
    fn of(document: Document) -> Option<Self> {
        let kept = serde_json::from_str(&document.body).ok()?;
        Some(Self { id: document.id, site: document.site, author: document.author, kept })
    }

    fn is_alive(&self, now_ms: i64) -> bool {
        now_ms < self.kept.expires_at_ms
    }

    fn caller(&self) -> Caller {
        let grant = Grant { sites: vec![self.site.clone()], scopes: vec![Scope::ReadMetrics] };
        Caller { kind: CallerKind::Link, name: self.id.clone(), grant }
    }
}

/// Asks the links about what begins as theirs, and for anything else whoever else knows.
pub(crate) struct WithLinks {
    links: Known<Vec<Link>>,
    clock: SharedClock,
    others: Arc<dyn Authorize>,
}

impl WithLinks {
    pub(crate) fn new(store: Store, clock: SharedClock, others: Arc<dyn Authorize>) -> Self {
        let load = move || {
            let store = store.clone();
            async move {
                let limits = QueryLimits { execution: LOOK_MAX, ..QueryLimits::default() };
                let documents = Document::of_kind(&store, Kind::Link, limits).await?;
                Ok(documents.into_iter().filter_map(Link::of).collect())
            }
            .boxed()
        };
        Self { links: Known::new(load), clock, others }
    }

    async fn of(&self, secret: &str) -> Result<Caller, Denied> {
        let hash = hash_hex(secret);
        let find = |links: &[Link]| links.iter().find(|link| alike(&link.kept.hash, &hash)).cloned();
        let mut found = find(&self.links.recent().await?);
        if found.is_none() {
            // It may have been made a moment ago.
            found = find(&self.links.since(Instant::now()).await?);
        }
        let alive = found.filter(|link| link.is_alive(self.clock.now_ms()));
        alive.map(|link| link.caller()).ok_or(Denied::LinkEnded)
    }
}

#[async_trait]
impl Authorize for WithLinks {
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
        match bearer.filter(|bearer| bearer.starts_with(PREFIX)) {
            None => self.others.authorize(bearer, site, scope).await,
            Some(secret) => {
                let caller = self.of(secret).await?;
                if caller.grant.allows(site, scope) { Ok(()) } else { Err(Denied::NotGranted(scope)) }
            }
        }
    }

    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, Denied> {
        match bearer.filter(|bearer| bearer.starts_with(PREFIX)) {
            None => self.others.caller(bearer).await,
            Some(secret) => self.of(secret).await,
        }
    }

    fn changed(&self) {
        self.links.outdate();
        self.others.changed();
    }
}
