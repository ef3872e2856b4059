//! Ingest: HTTP in, durable record out.
//!
//! Promises: a 204 means that every snapshot of the beacon is durable in the event log; each snapshot that arrives ends in exactly
//! one outcome; an address is used for a country and a rate, and then forgotten; what is hostile costs its sender more than us.
//! What a page view means, and which rows it becomes, is left to the processor; where the bytes lie, to the event log.

mod beacon;
mod body;
mod client;
mod config;
mod cors;
mod durable;
mod events;
mod geo;
mod import;
mod outcomes;
mod rate;
mod script;
mod spool;
mod state;

pub use config::IngestConfig;
pub use geo::GeoError;
pub use spool::config::SpoolConfig;
pub use spool::{Spool, SpoolError};
pub use state::IngestState;

use axum::Router;
use axum::routing::{MethodRouter, post};

/// `POST /v1/beacon`, the beacon script, and `POST /api/v1/sites/{site}/import`.
pub fn router(state: IngestState) -> Router {
    let beacon = MethodRouter::new()
        .post(beacon::post)
        .options(beacon::preflight)
        .fallback(beacon::method_not_allowed)
        .with_state(state.clone());
    let import = post(import::post).with_state(state);
    Router::new().route("/v1/beacon", beacon).route("/api/v1/sites/{site}/import", import).merge(script::router())
}
