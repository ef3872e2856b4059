//! Incidents: spans in which something was wrong, declared by a call, by an alert, or by dragging on a chart.
//!
//! An incident is a document with all its versions; whom it hurt is [`crate::impact`]'s to work out whenever somebody asks, so that it
//! is always told by what is known by then.

mod calls;
mod incident;
mod shapes;

pub(crate) use calls::find;
pub use calls::*;
pub use shapes::{IncidentAnswer, IncidentBody, IncidentList, IncidentRow};
