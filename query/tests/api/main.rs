//! The API over the real engine: known rows go straight into the tables, and each call has to tell exactly what they say.

mod breakdown;
mod formats;
mod guard;
mod openapi;
mod sources;
mod summary;
mod support;
