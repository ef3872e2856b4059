//! Visits: who came, page by page, and how it felt. Everything here is put together from single page views and events, so it
//! reaches back as far as those are kept, and needs the scope `read:sessions`.
//!
//! [`find`] decides which sessions a question is about and in what order, by a few columns of many page views; [`views`] and
//! [`happened`] then read everything about those few; [`visit`] makes a row of them, [`timeline`] the whole story.

mod find;
mod happened;
mod list;
mod one;
mod timeline;
mod views;
mod visit;

pub use list::sessions;
pub use one::session;

#[doc(hidden)]
pub use {list::__path_sessions, one::__path_session};

pub(crate) use find::too_wide;
pub(crate) use happened::Happened;
pub(crate) use views::View;

use crate::grammar::HOUR_MS;
use crate::planner::Window;
use felt_schema::visit::{GAP_MS, LOOKED_MS_MAX};

/// How long before a window something can have happened that makes a session older than its first view in the window.
const BEFORE_MS: i64 = LOOKED_MS_MAX + GAP_MS;
/// How long after a window its sessions are followed.
const AFTER_MS: i64 = 12 * HOUR_MS;

/// The time in which the page views of a window's sessions lie.
fn around(window: Window, now_ms: i64) -> Window {
    // A range that ends now has nothing after it.
    let to_ms = (window.to_ms + AFTER_MS).min(now_ms.max(window.to_ms) + HOUR_MS);
    Window { from_ms: window.from_ms - BEFORE_MS, to_ms }
}
