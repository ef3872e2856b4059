//! What everything in Felt means: the beacon, the page view, metrics and their limits, anchors and scores, the
//! histogram, the log record and the ClickHouse rows.
//!
//! This crate is pure: no I/O, no tokio, no clock but the one that is handed in. It cannot fail for outside reasons.
//! How a beacon travels is told by the other crates, all of which depend on this one.

pub mod anchors;
pub mod apdex;
pub mod budget;
pub mod burn;
pub mod clock;
pub mod compare;
pub mod freshness;
pub mod grouping;
pub mod happiness;
pub mod histogram;
pub mod impact;
pub mod journey;
pub mod limits;
pub mod metric;
pub mod outcome;
pub mod page;
pub mod record;
pub mod rows;
pub mod scale;
pub mod scrub;
pub mod site;
pub mod slo;
pub mod snapshot;
pub mod visit;
