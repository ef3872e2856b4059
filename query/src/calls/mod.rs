//! The calls of the API: each reads its question, and makes rows of cells. What is common to all of them, from the
//! token to the ETag, is in [`respond`].

mod batch;
mod breakdown;
mod cursor;
mod distribution;
mod health;
mod respond;
mod schema;
mod series;
mod sites;
mod summary;
mod values;

pub use batch::{BatchAnswer, BatchPart, BatchQuestion, Parts, batch};
pub use breakdown::breakdown;
pub use distribution::distribution;
pub use health::health;
pub use schema::schema;
pub use series::series;
pub use sites::sites;
pub use summary::summary;
pub use values::values;

#[doc(hidden)]
pub use {
    batch::__path_batch, breakdown::__path_breakdown, distribution::__path_distribution, health::__path_health,
    schema::__path_schema, series::__path_series, sites::__path_sites, summary::__path_summary, values::__path_values,
};

pub(crate) use cursor::Cursor;
pub(crate) use respond::{Question, respond};
