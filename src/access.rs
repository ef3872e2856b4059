//! Who may ask at the address that a process listens on.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, bail};
use felt_http::Authorize;
use felt_query::audit::{RecordImports, Trail};
use felt_query::tokens::StoredTokens;
use felt_query::{people, tokens};
use felt_schema::clock::SharedClock;
use felt_store::Store;

use crate::config::Config;

/// Permissions for the query role at `address`. A loopback address is open until somebody can sign in; what can be
/// reached from other machines never is.
pub fn of_queries(store: &Store, config: &Config, address: SocketAddr) -> Arc<dyn Authorize> {
    let tokens = if address.ip().is_loopback() {
        StoredTokens::on_loopback(store.clone(), config.query.settings.oidc.is_some())
    } else {
        StoredTokens::new(store.clone())
    };
    Arc::new(tokens)
}

/// The same for ingest, whose imports are recorded.
pub fn of_imports(authorize: Arc<dyn Authorize>, store: &Store, clock: &SharedClock) -> Arc<dyn Authorize> {
    Arc::new(RecordImports::new(authorize, Trail::new(store.clone(), clock.clone())))
}

/// Refuses to serve an open address while nobody could prove who they are.
pub async fn require_somebody(store: &Store, config: &Config, address: SocketAddr) -> Result<()> {
    let anybody = config.query.settings.oidc.is_some() || tokens::any(store).await? || people::any(store).await?;
    if address.ip().is_loopback() || anybody {
        return Ok(());
    }
    bail!(
        "{address} can be reached from other machines and nobody has an API token or an account yet; make one with \
         `felt token create --site KEY --scope read:metrics` or `felt person add EMAIL --site KEY`, or listen on a \
         loopback address"
    )
}
