//! Rules that say which paths are one page: those of the configuration, until a site has a list of its own.
//!
//! The list is one document with all its versions; the processor names pages by it ([`felt_schema::page`] says which version holds
//! when). [`preview`] says under which pages the views of a time would have been counted.

mod calls;
mod preview;
mod shapes;

pub use calls::*;
pub use shapes::*;
