//! Erasing a person: everything of a visitor, or of one session, leaves ClickHouse, and the answer proves it.
//!
//! [`calls`] take the request; [`run`] works on it in passes ([`pass`]) until a search of every table finds nothing.
//! A pass may be repeated, broken off and done twice at once: where an erasure stands is in the store ([`record`]),
//! and what it looks for is a table there, never text of a statement that ClickHouse would keep ([`statements`]).
//!
//! Three things would bring a person back, and each has an answer. What was received before the request and is still
//! in the log: the first pass waits for the watermark. A later snapshot of an erased page view: passes are repeated
//! for as long as a page view can be replaced. The last state of a view, which that snapshot takes back: it stays for
//! that time with the ids blanked out, because without it the view would count twice in the rollups. Rollups hold
//! counts and no ids; they keep what they counted.

mod calls;
mod pass;
mod record;
mod runner;
mod statements;
mod subject;

#[doc(hidden)]
pub use calls::{__path_erase, __path_erasure, __path_erasures};
pub use calls::{
    ErasureAnswer, ErasureBody, ErasureCopies, ErasureData, ErasureList, ErasureProof, erase, erasure, erasures,
};
pub use record::{Counts, Searched};
pub use runner::run;
