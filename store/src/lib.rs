//! Keeps rows in ClickHouse and asks it questions: the client, the tables, the checks that the server keeps the
//! promises the pipeline rests on, and the embedded engine that stands in for a server on one machine.
//!
//! Knows the tables but not what they mean: rows come in ready and SQL comes in written. Retrying is the caller's
//! decision; this crate only says whether a failure is worth it ([`StoreError::is_transient`]).

mod client;
mod config;
pub mod contract;
mod days;
pub mod engine;
mod error;
pub mod events;
mod insert;
pub mod migrations;
mod mutate;
mod query;
pub mod sample;
#[cfg(feature = "testing")]
pub mod testing;

pub use client::Store;
pub use config::StoreConfig;
pub use error::StoreError;
pub use insert::INSERT_ROWS_MAX;
pub use query::{JsonRow, Param, QueryLimits};
