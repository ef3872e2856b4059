//! Questions and their answers: the HTTP API over what the processor wrote, and the dashboard's files.
//!
//! [`grammar`] reads a question, [`planner`] decides which table answers it and writes the SQL, `calls` make the answer,
//! [`tokens`] and [`people`] say who may ask, [`audit`] who wrote, [`slos`] what was promised,
//! [`alerts`] who is told when that burns, and [`sample`] keeps some sessions apart for questions about too many. What a visitor did and how it is judged was settled before, in `schema` and `processor`;
//! nothing here writes page views but that copy.

pub mod alerts;
mod answer;
mod assets;
mod attribution;
pub mod audit;
mod cache;
mod calls;
mod compare;
mod config;
mod crux;
mod documents;
pub mod erase;
mod events;
mod feedback;
mod fields;
mod figures;
mod format;
pub mod grammar;
mod headers;
pub mod impact;
pub mod incidents;
pub mod journeys;
mod known;
pub mod links;
mod marks;
pub mod openapi;
pub mod page_rules;
pub mod people;
pub mod planner;
mod prometheus;
mod record;
mod router;
pub mod sample;
pub mod scales;
mod secrets;
mod sessions;
pub mod slos;
mod state;
pub mod tokens;
mod watermark;
mod words;

pub use config::QueryConfig;
pub use router::{paths, router};
pub use secrets::Secret;
pub use state::QueryState;
