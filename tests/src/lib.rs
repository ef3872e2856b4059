//! What the tests across borders share: Felt as a real process, its API as a client sees it, and beacons with known figures.
//!
//! Nothing here knows how Felt works inside; it only starts the binary, talks HTTP and waits for readiness.

pub mod api;
pub mod beacons;
pub mod chaos;
pub mod cluster;
pub mod fill;
pub mod load;
pub mod oidc;
pub mod process;
pub mod steady;
pub mod visits;
