//! `compare`: two times or two releases, like compared with like, each difference with its interval and a verdict.
//!
//! [`sides`] says what is compared, [`matched`] gives the second side the mix of the first, [`groups`] does both for each value of a
//! dimension, [`releases`] finds the release before another, [`row`] tells a pair of figures; [`changes`](self::changes()) looks for what changed without being told when. The arithmetic is in `schema::compare`.

mod call;
mod changes;
mod groups;
mod matched;
mod releases;
mod row;
mod sides;

#[doc(hidden)]
pub use {call::__path_compare, changes::__path_changes};
pub use {call::compare, changes::changes};
