//! The HTTP server stack that `ingest` and `query` share: how a connection is accepted, bounded and drained, what every request
//! passes before it reaches a handler, how errors look, how a role reports its health.
//!
//! It promises that no client can hold more than its limits say ([`ServerLimits`]), that a panic costs one request, and that on
//! shutdown whatever was accepted is answered. It knows nothing about page views, sites' settings or stores: routes and
//! permissions ([`Authorize`]) are given to it. TLS and HTTP/2 belong to the proxy in front.

mod accept;
mod authorize;
mod crowd;
mod deadline;
mod events;
mod exchange;
mod handover;
pub mod health;
mod inflight;
mod limits;
mod memory;
mod problem;
mod request_id;
pub mod telemetry;
mod wire;

pub use accept::{serve, serve_beside_others, serve_with_signal};
pub use authorize::{ALL_SITES, Authorize, Caller, CallerKind, Denied, Grant, OpenAccess, Scope, bearer};
pub use deadline::{BodyTooSlow, Patience};
pub use exchange::RequestContext;
pub use inflight::Draining;
pub use limits::ServerLimits;
pub use memory::OutOfRoom;
pub use problem::{Problem, ProblemResult};
pub use request_id::RequestId;
