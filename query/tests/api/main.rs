//! The API over the real engine: known rows go straight into the tables, and each call has to tell exactly what they say.

mod alerts;
mod attribution;
mod breakdown;
mod cancel;
mod changes;
mod compare;
mod crux;
mod erase;
mod exports;
mod fake;
mod feedback;
mod formats;
mod guard;
mod hostile;
mod limits;
mod marks;
mod openapi;
mod prometheus;
mod promql;
mod receiver;
mod sessions;
mod slos;
mod sources;
mod summary;
mod support;
mod tenants;
