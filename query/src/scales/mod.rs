//! Anchored scales that a site sets for itself: written, listed, tried out, and argued about from data.
//!
//! A scale is a document with all its versions; the processor judges by them ([`felt_schema::scale`] says which version holds when).
//! [`preview`] says what views would have scored by others, [`calibration`] whether people leave more where views felt worse.

mod calibration;
mod calls;
mod definition;
mod preview;
mod shapes;
pub(crate) mod yardsticks;

pub(crate) use definition::history;

pub use calibration::*;
pub use calls::*;
pub use shapes::*;
