//! Promises on what people felt: kept, counted minute by minute, and judged.
//!
//! A promise is written by `PUT` and counted by the [`run`]ning keeper from raw page views into `slo_minutes`; what it stands at is
//! worked out by [`felt_schema::budget`] and [`felt_schema::burn`], the same code for every reader. Several query processes may
//! count at once: a minute's newest count replaces the others, and all of them are the same.

mod calls;
mod counting;
mod keeper;
mod minutes;
mod promise;
mod shapes;
mod standing;
mod words;

pub use calls::*;
pub use keeper::run;
pub(crate) use promise::Promise;
pub use shapes::*;
