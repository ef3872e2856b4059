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
use crate::planner::scope::Rows;
use felt_schema::anchors::Level;
use felt_schema::visit::{GAP_MS, LOOKED_MS_MAX};

/// How long before a window something can have happened that makes a session older than its first view in the window.
pub(crate) const BEFORE_MS: i64 = LOOKED_MS_MAX + GAP_MS;
/// How long after a window its sessions are followed.
const AFTER_MS: i64 = 12 * HOUR_MS;

/// The time in which the page views of a window's sessions lie.
fn around(window: Window, now_ms: i64) -> Window {
    // A range that ends now has nothing after it.
    let to_ms = (window.to_ms + AFTER_MS).min(now_ms.max(window.to_ms) + HOUR_MS);
    Window { from_ms: window.from_ms - BEFORE_MS, to_ms }
}

/// Page views, each with `person`, `begun` and `looked`, put together into sessions: `person`, and `visit`, its views in the order of time as
/// (begun, over) and the columns that `more` names.
pub(crate) fn cut(views: Rows, more: &str) -> Rows {
    let people = views.select(
        &format!(
            "person, arraySort(groupArray((begun, toInt64(begun + looked), {more}))) AS list, \
             arrayMap(view -> view.2, list) AS ends, \
             arrayReduceInRanges('max', arrayMap(n -> (1, n), arrayEnumerate(ends)), ends) AS reached"
        ),
        "GROUP BY person",
    );
    people.select(
        &format!(
            "person, arrayJoin(arraySplit((view, n) -> n > 1 AND view.1 - reached[n - 1] >= {GAP_MS}, \
             list, arrayEnumerate(list))) AS visit"
        ),
        "",
    )
}

/// The peak-end points of a session, of 8, from the levels of its judged views in the order of time.
pub(crate) fn peak_end(levels: &str) -> String {
    let [a, b, c, d] = Level::ALL.map(Level::points);
    let points = |level: &str| format!("[{a}, {b}, {c}, {d}][1 + {level}]");
    format!("{} + {}", points(&format!("arrayMax({levels})")), points(&format!("{levels}[-1]")))
}
