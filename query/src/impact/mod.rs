//! Whom a window of time hurt: `impact` and `incidents/{id}/impact`.
//!
//! The arithmetic is [`felt_schema::impact`]'s, over page views. Reading all views of four weeks for it would be too much, so
//! [`statements`] ask for what it needs and no more: the whole visits that touch the window and its control, and of the same people's other
//! weeks one view a visit, to tell who was here before and who came back, with their orders. [`facts`] makes views of these rows,
//! [`figures`] an answer, [`words`] sentences for a post-mortem.
//!
//! Filters choose the views that count: whoever has one in the window was exposed, and is hurt by such a view; retries and journeys are
//! those of visits with such a view, and so is the control. What the same people did besides (orders, coming back) counts whatever the
//! filters say. The average order is that of all orders of the week before.

mod calls;
mod facts;
mod figures;
mod reading;
mod shapes;
mod statements;
mod words;

pub use calls::*;
pub use shapes::ImpactAnswer;

use crate::grammar::{DAY_MS, HOUR_MS};

/// Longest window: it is compared with the same window a week earlier, and the two must not overlap.
pub const WINDOW_MS_MAX: i64 = 7 * DAY_MS;
/// Most rows of one kind that are taken from the store for an answer: with them an answer takes about 100 MB while it is made.
const ROWS_MAX: u32 = 150_000;
/// How long before and after the window a visit that touches it is followed.
const VISIT_REACH_MS: i64 = 12 * HOUR_MS;
/// How long before the window steps of journeys are looked at to learn their order: an incident may hide the last ones.
const STEPS_LEARNT_MS: i64 = DAY_MS;
/// A history in whose first days nobody was seen is not all there any more.
const HISTORY_BEGINS_MS: i64 = 2 * DAY_MS;
/// Most journeys that are told of.
const JOURNEYS_MAX: usize = 5;
/// Most values of each dimension that are told of.
const SEGMENTS_MAX: u32 = 10;
/// Most values of all dimensions together: a site may have many tags.
const SEGMENTS_ROWS_MAX: u32 = 600;
/// How long after the window the crowd that comes back is watched.
const HERD_MS: i64 = 5 * 60_000;
/// Most minutes that are told one by one.
const MINUTES_MAX: usize = 1_440;
