//! Promises on what people felt: kept, counted minute by minute, and judged.
//!
//! A promise is written by `PUT` and counted by the [`run`]ning keeper into `slo_minutes`, from raw page views, from
//! the sessions and journeys that they make, or from looks at our own pipeline; what it stands at is
//! worked out by [`felt_schema::budget`] and [`felt_schema::burn`], the same code for every reader. Several query processes may
//! count at once: a minute's newest count replaces the others, and all of them are the same.

mod calls;
mod changes;
pub(crate) mod corrections;
mod counting;
mod keeper;
mod list;
mod longer;
pub(crate) mod looks;
mod minutes;
mod of_journeys;
mod of_sessions;
mod past;
mod promise;
mod shapes;
pub(crate) mod spenders;
mod standing;
mod words;

pub use calls::*;
pub use corrections::*;
pub use keeper::run;
pub use list::*;
pub use looks::ship;
pub use past::*;
pub(crate) use promise::Promise;
pub use shapes::*;
pub use spenders::*;
