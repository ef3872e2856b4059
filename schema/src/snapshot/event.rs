//! What happened during a view: errors, timings, steps, requests, clicks in vain, long frames, feedback.

use serde::de::SeqAccess;

use super::lenient::{Read, Rule, Slot, lenient_part, object, owned_already};
use super::rules::{Currency, Flag, OneOf, count, lines, millis, number, text};
use super::{Drops, Text};
use crate::limits;

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the interface's")]
pub enum EventKind {
    Error,
    Timing,
    Step,
    Request,
    RageClick,
    DeadClick,
    LongFrame,
    Feedback,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Error,
        Self::Timing,
        Self::Step,
        Self::Request,
        Self::RageClick,
        Self::DeadClick,
        Self::LongFrame,
        Self::Feedback,
    ];

    /// The name in beacons and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Timing => "timing",
            Self::Step => "step",
            Self::Request => "request",
            Self::RageClick => "rage_click",
            Self::DeadClick => "dead_click",
            Self::LongFrame => "long_frame",
            Self::Feedback => "feedback",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

owned_already!(EventKind);

lenient_part! {
    /// One event. Which fields are there depends on its type; `kind` always is in a parsed snapshot.
    pub struct Event in "events[]." {
        /// Its type.
        kind "type": EventKind = OneOf(EventKind::from_name),
        /// When, in ms from the view's start.
        at "at": f64 = millis(limits::INSTANT_MS_MAX),
        /// Of a timing.
        name "name": Text<'a> = text(limits::NAME_BYTES_MAX),
        /// Of a timing, in ms.
        value "value": f64 = millis(limits::TIMING_MS_MAX),
        /// Of a step: which journey.
        journey "journey": Text<'a> = text(limits::NAME_BYTES_MAX),
        /// Of a step: which step.
        step "step": Text<'a> = text(limits::NAME_BYTES_MAX),
        /// Of a step: its money, negative for a refund.
        amount "amount": f64 = number(-limits::AMOUNT_MAX, limits::AMOUNT_MAX, 1e4),
        /// Of a step: ISO 4217.
        currency "currency": Text<'a> = Currency,
        /// Of a step: whether the journey failed here.
        failed "failed": bool = Flag,
        /// Of an error.
        message "message": Text<'a> = lines(limits::VALUE_BYTES_MAX),
        /// Of an error.
        stack "stack": Text<'a> = lines(limits::STACK_BYTES_MAX),
        /// Of an error: the script, or where it was caught.
        source "source": Text<'a> = text(limits::URL_BYTES_MAX),
        /// Of an error: whether the page was of no use after it.
        fatal "fatal": bool = Flag,
        /// Of a request.
        url "url": Text<'a> = text(limits::URL_BYTES_MAX),
        /// Of a request; 0 when no answer came.
        status "status": u32 = count(599),
        /// Of a request or a long frame, in ms.
        duration "duration": f64 = millis(limits::METRIC_MS_MAX),
        /// Of a long frame: how much of it blocked, in ms.
        blocking "blocking": f64 = millis(limits::METRIC_MS_MAX),
        /// Of a long frame: the script that took longest.
        script "script": Text<'a> = text(limits::URL_BYTES_MAX),
        /// Of a click: selector of the element.
        target "target": Text<'a> = text(limits::VALUE_BYTES_MAX),
        /// Of a click in rage: `error` when it was one click that ended in an error.
        cause "cause": Text<'a> = text(limits::CODE_BYTES_MAX),
        /// Of feedback.
        score "score": f64 = number(0.0, limits::SCORE_MAX, 1e3),
        /// Of feedback: the best score there is.
        of "of": f64 = number(0.0, limits::SCORE_MAX, 1e3),
        /// Of feedback: the visitor's words.
        text "text": Text<'a> = lines(limits::VALUE_BYTES_MAX),
    }
}

impl Event<'_> {
    /// Whether it is of this type.
    pub fn is(&self, kind: EventKind) -> bool {
        self.kind == Some(kind)
    }

    /// Whether it is a request that failed: no answer, or a status of 400 and above.
    pub fn is_failed_request(&self) -> bool {
        self.is(EventKind::Request) && self.status.is_some_and(|status| status == 0 || status >= 400)
    }

    /// Whether what its type cannot do without is there.
    fn is_complete(&self) -> bool {
        match self.kind {
            None => false,
            Some(EventKind::Timing) => self.name.is_some() && self.value.is_some(),
            Some(EventKind::Step) => self.journey.is_some() && self.step.is_some(),
            Some(EventKind::Feedback) => self.score.is_some() || self.text.is_some(),
            Some(EventKind::Request) => self.url.is_some() || self.status.is_some(),
            Some(EventKind::Error | EventKind::RageClick | EventKind::DeadClick | EventKind::LongFrame) => true,
        }
    }
}

/// The rule for the list of events: the first ones that fit and are complete, at most [`limits::EVENTS_MAX`].
pub(super) struct Events;

impl<'de> Rule<'de> for Events {
    type Value = Vec<Event<'de>>;

    fn array<A: SeqAccess<'de>>(self, mut array: A, drops: &mut Drops) -> Result<Read<Vec<Event<'de>>>, A::Error> {
        let mut events = Vec::new();
        loop {
            let (name, cut) = ("events[]", "events[]");
            if events.len() >= limits::EVENTS_MAX {
                while array.next_element::<super::lenient::Skip>()?.is_some() {
                    drops.add("events:over");
                }
                break;
            }
            match array.next_element_seed(Slot { rule: object::<Event<'de>>(), name, cut, drops })? {
                None => break,
                Some(Some(event)) if event.is_complete() => events.push(event),
                Some(Some(_)) => drops.add(name),
                Some(None) => {}
            }
        }
        Ok(Read::Good(events))
    }
}
