//! Records in, rows out: reads the log, works out what each snapshot means, writes ClickHouse exactly once in effect.
//!
//! One module per rule: [`route`] names pages, [`budget`] bounds what strangers may name, [`user_agent`], [`device`] and
//! [`bot`] say who was there, [`score`] judges by [`settings`], [`view`] makes rows of a snapshot, [`rollup`] sums them, [`prior`] finds what
//! came before, [`batch`] puts a declared range together. All of that is pure; [`pipeline`] and what it runs is not.
//!
//! Promises: a page view counts once, with its final values, in every table, whatever is repeated, reordered or killed. How a
//! record became durable is ingest's and the log's; what rows mean to a reader is the query role's.

pub mod batch;
pub mod bot;
pub mod budget;
mod collect;
mod config;
pub mod device;
pub mod events;
pub mod health;
mod identity;
mod known;
mod pace;
mod partition;
pub mod pipeline;
mod position;
mod prepare;
pub mod prior;
mod progress;
pub mod rollup;
pub mod route;
pub mod score;
pub mod settings;
pub mod state;
pub mod user_agent;
mod validity;
pub mod view;
mod write;

pub use config::{ProcessorConfig, StoreGap};
pub use health::{Health, Status};
pub use pipeline::{Failpoints, Processor, ProcessorError, run};
