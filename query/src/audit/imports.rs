//! Records imports, which ingest takes and not we: it asks for permission, and whoever is allowed is written down.

use super::{Entry, Trail};
use crate::people::Whence;
use async_trait::async_trait;
use felt_http::{Authorize, Caller, Denied, Scope};
use std::sync::Arc;

/// Permissions for ingest, where only imports ask for the scope `admin`.
pub struct RecordImports {
    others: Arc<dyn Authorize>,
    trail: Trail,
}

impl RecordImports {
    /// Whatever `others` allow, recorded in `trail`.
    pub fn new(others: Arc<dyn Authorize>, trail: Trail) -> Self {
        Self { others, trail }
    }
}

#[async_trait]
impl Authorize for RecordImports {
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied> {
        self.others.authorize(bearer, site, scope).await?;
        if scope == Scope::Admin {
            let caller = self.others.caller(bearer).await?;
            let entry = Entry::of(&caller, &Whence::default(), "import").site(site);
            // An import that cannot be recorded is not taken.
            self.trail.record(entry).await.map_err(|_| Denied::Unavailable)?;
        }
        Ok(())
    }

    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, Denied> {
        self.others.caller(bearer).await
    }

    fn changed(&self) {
        self.others.changed();
    }
}
