//! Journeys: who begins them, who finishes, where the others leave, and what waiting does to that.
//!
//! A journey is defined by `PUT`, or is told by the `step` events of its name without anybody having defined it. What visits made
//! of it is worked out from single page views and their events, one row a visit ([`visits`]). A visit is all views of one session id
//! in the time asked for: pauses do not cut it, because people come back from their bank's page half an hour later.

mod calls;
pub(crate) mod definition;
mod figures;
mod shapes;
pub(crate) mod visits;

pub use calls::*;
pub(crate) use definition::event_conditions;
pub use shapes::*;
