//! Whom a window of time hurt: people affected, retries, those who gave up, journeys abandoned, customers lost, money.
//!
//! The window is compared with a control, the same window a week earlier: what would have happened anyway is not its harm. Pure
//! arithmetic over page views of people (bots left out by whoever reads them); which views those are, and how the answer is put
//! into words, is for others.

mod journeys;
mod lost;
mod people;
mod retries;

pub use journeys::{Abandonment, Journeys, abandonment};
pub use lost::{LostCustomers, Orders, Revenue, Stratum, lost_customers, revenue};
pub use people::{Exposure, exposure, views_per_minute};
pub use retries::{Retries, retries};

use crate::anchors::Level;
use std::ops::Range;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// What impact needs to know of one page view. Views are handed over in order of time.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// When it began, in Unix ms.
    pub at_ms: i64,
    /// Who: the visitor where there is consent, else the session. People, visits and pages are told by hashes of their names.
    pub person: u64,
    /// The visit it belongs to.
    pub session: u64,
    /// Its page.
    pub page: u64,
    /// Whether it is among the views asked about. Others only tell what their people did besides: who has no view that counts in a span
    /// was not there, whatever else they did.
    pub counts: bool,
    /// Its step in the journey looked at, counted from 0; None when it is not part of it.
    pub step: Option<u8>,
    /// Whether it failed.
    pub failed: bool,
    /// How it felt; None when that could not be judged.
    pub level: Option<Level>,
    /// What was paid on it, in the currency's smallest unit.
    pub paid: Option<i64>,
}

impl View {
    /// Whether it was an order: a payment that did not fail.
    pub fn order(&self) -> Option<i64> {
        self.paid.filter(|_| !self.failed)
    }
}

/// The spans that an impact is told over.
#[derive(Debug, Clone)]
pub struct Spans {
    /// The window in question, `[start, end)` in Unix ms.
    pub window: Range<i64>,
    /// What it is compared with.
    pub control: Range<i64>,
    /// A view of the same page of the same session within so long after a failure is a retry.
    pub retry_ms: i64,
    /// A journey finished in another session within so long after the window recovered.
    pub recover_ms: i64,
    /// Sessions that start so soon after the window are still part of it: without this, returns are counted twice over.
    pub washout_ms: i64,
    /// How long after the washout somebody may take to come back.
    pub return_ms: i64,
    /// How long before the window somebody was here to be a returning customer.
    pub history_ms: i64,
}

impl Spans {
    /// The usual spans around a window: control a week earlier, retries within a minute, recovery within a day, a washout of an hour,
    /// six days to return, seven of history.
    pub fn around(window: Range<i64>) -> Self {
        let week_ms = 7 * DAY_MS;
        Self {
            control: window.start - week_ms..window.end - week_ms,
            window,
            retry_ms: 60_000,
            recover_ms: DAY_MS,
            washout_ms: 3_600_000,
            return_ms: 6 * DAY_MS,
            history_ms: week_ms,
        }
    }

    /// The first and the last instant that any answer looks at.
    pub fn reach(&self) -> Range<i64> {
        let start = self.window.start.min(self.control.start) - self.history_ms;
        let end = self.window.end.max(self.control.end) + self.washout_ms + self.return_ms.max(self.recover_ms);
        start..end + 1
    }
}

/// The views of a span; `views` are in order of time.
fn within<'v>(views: &'v [View], span: &Range<i64>) -> &'v [View] {
    let index = |at_ms| views.partition_point(|view| view.at_ms < at_ms);
    let (start, end) = (index(span.start), index(span.end));
    &views[start..end.max(start)]
}

/// Those views of a span that are asked about.
fn counting<'v>(views: &'v [View], span: &Range<i64>) -> impl Iterator<Item = &'v View> + Clone {
    within(views, span).iter().filter(|view| view.counts)
}
