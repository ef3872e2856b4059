//! The beacon: a snapshot is the whole state of one page view so far.
//!
//! [`parse_body`] reads a beacon's body, typed and borrowed from the bytes, lenient field by field: a known field of
//! the wrong type or range is dropped and counted, unknown fields are kept out, and only a snapshot without a valid
//! `view` is refused. Written out again ([`serde::Serialize`]) a snapshot is in its canonical form, which reads back
//! as the same. Taking personal data out is [`Snapshot::scrub`]'s work.

mod body;
mod compact;
mod drops;
mod event;
mod lenient;
mod parts;
mod repair;
mod rules;
mod told;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

pub use body::{BodyError, ParsedSnapshot, Refusal, parse_body, parse_snapshot};
pub use drops::Drops;
pub use event::{Event, EventKind};
pub use lenient::IntoOwned;
pub use parts::{Attribution, Client, ClsAttribution, InpAttribution, LcpAttribution, Metrics, Nav, Tags};
pub use rules::is_id;
pub use told::OwnCost;

use crate::limits;
use lenient::{lenient_part, object};
use rules::{Flag, Id, OneOf, Status, count, millis, millis_clamped, number, text};

/// A text, borrowed from the body wherever it stands there as it is.
pub type Text<'a> = Cow<'a, str>;

/// The version of the beacon's format that this is.
pub const VERSION: u32 = 1;

/// The whole state of one page view so far. Times are ms from the view's start.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot<'a> {
    /// Version of the format.
    pub v: u32,
    /// The page view's id: valid, always.
    pub view: Text<'a>,
    /// A later snapshot of the same view has a higher one and replaces the earlier.
    pub seq: u32,
    /// 0 the first time this snapshot is sent, then 1, 2, …
    pub attempt: u32,
    /// The session's id; the view's where none was sent.
    pub session: Text<'a>,
    /// With the person's consent only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Text<'a>>,
    /// How the view came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nav: Option<Nav>,
    /// The page's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
    /// Where the visitor came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<Text<'a>>,
    /// The page, as the app calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Text<'a>>,
    /// The document's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    /// Ms since the view began when this snapshot was sent; 0 where it was not said.
    #[serde(serialize_with = "compact::plain")]
    pub age: f64,
    /// HTTP status of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// Whether the page was hidden from its start.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden_at_start: bool,
    /// Whether a prerendered page was ever shown; true unless the beacon says otherwise.
    #[serde(skip_serializing_if = "is_true")]
    pub activated: bool,
    /// When the page was first hidden.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "compact::option")]
    pub first_hidden: Option<f64>,
    /// When the view ended.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "compact::option")]
    pub left: Option<f64>,
    /// Share of views that are sent at all.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "compact::option")]
    pub sample_rate: Option<f64>,
    /// What was measured.
    #[serde(skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
    /// What is to blame.
    #[serde(skip_serializing_if = "Attribution::is_empty")]
    pub attribution: Attribution<'a>,
    /// What happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event<'a>>,
    /// What the visitor looks through.
    #[serde(skip_serializing_if = "Client::is_empty")]
    pub client: Client<'a>,
    /// The site's release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Text<'a>>,
    /// What the site says about the view.
    #[serde(skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags<'a>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_true(flag: &bool) -> bool {
    *flag
}

lenient_part! {
    /// A snapshot as it is found, before it is known to have a view.
    struct Found in "" {
        v "v": u32 = count(u32::MAX),
        view "view": Text<'a> = Id,
        seq "seq": u32 = count(u32::MAX),
        attempt "attempt": u32 = count(u32::MAX),
        session "session": Text<'a> = Id,
        visitor "visitor": Text<'a> = Id,
        nav "nav": Nav = OneOf(Nav::from_name),
        url "url": Text<'a> = text(limits::URL_BYTES_MAX),
        referrer "referrer": Text<'a> = text(limits::URL_BYTES_MAX),
        route "route": Text<'a> = text(limits::PAGE_BYTES_MAX),
        title "title": Text<'a> = text(limits::VALUE_BYTES_MAX),
        age "age": f64 = millis_clamped(limits::AGE_MS_MAX),
        status "status": u32 = Status,
        hidden_at_start "hidden_at_start": bool = Flag,
        activated "activated": bool = Flag,
        first_hidden "first_hidden": f64 = millis(limits::INSTANT_MS_MAX),
        left "left": f64 = millis(limits::INSTANT_MS_MAX),
        sample_rate "sample_rate": f64 = number(1e-6, 1.0, 1e6),
        metrics "metrics": Metrics = object(),
        attribution "attribution": Attribution<'a> = object(),
        events "events": Vec<Event<'a>> = event::Events,
        client "client": Client<'a> = object(),
        release "release": Text<'a> = text(limits::NAME_BYTES_MAX),
        tags "tags": Tags<'a> = parts::TagsRule,
        dropped "dropped": bool = told::LeftOut,
        beacon "beacon": OwnCost = object(),
    }
}

impl<'a> Found<'a> {
    /// The snapshot, if it has a valid view.
    fn into_snapshot(self) -> Option<Snapshot<'a>> {
        let view = self.view?;
        Some(Snapshot {
            v: self.v.unwrap_or(VERSION),
            seq: self.seq.unwrap_or(0),
            attempt: self.attempt.unwrap_or(0),
            session: self.session.unwrap_or_else(|| view.clone()),
            view,
            visitor: self.visitor,
            nav: self.nav,
            url: self.url,
            referrer: self.referrer,
            route: self.route,
            title: self.title,
            age: self.age.unwrap_or(0.0),
            status: self.status,
            hidden_at_start: self.hidden_at_start.unwrap_or(false),
            activated: self.activated.unwrap_or(true),
            first_hidden: self.first_hidden,
            left: self.left,
            sample_rate: self.sample_rate,
            metrics: self.metrics.unwrap_or_default(),
            attribution: self.attribution.unwrap_or_default(),
            events: self.events.unwrap_or_default(),
            client: self.client.unwrap_or_default(),
            release: self.release,
            tags: self.tags.unwrap_or_default(),
        })
    }
}

impl<'a> Snapshot<'a> {
    /// A snapshot of a view of which nothing else is known.
    pub fn new(view: impl Into<Text<'a>>) -> Self {
        let view = view.into();
        Found { view: Some(view.clone()), ..Found::default() }.into_snapshot().unwrap_or_else(|| unreachable!("{view}"))
    }

    /// The same with nothing borrowed.
    pub fn into_owned(self) -> Snapshot<'static> {
        Snapshot {
            v: self.v,
            view: IntoOwned::into_owned(self.view),
            seq: self.seq,
            attempt: self.attempt,
            session: IntoOwned::into_owned(self.session),
            visitor: IntoOwned::into_owned(self.visitor),
            nav: self.nav,
            url: IntoOwned::into_owned(self.url),
            referrer: IntoOwned::into_owned(self.referrer),
            route: IntoOwned::into_owned(self.route),
            title: IntoOwned::into_owned(self.title),
            age: self.age,
            status: self.status,
            hidden_at_start: self.hidden_at_start,
            activated: self.activated,
            first_hidden: self.first_hidden,
            left: self.left,
            sample_rate: self.sample_rate,
            metrics: self.metrics,
            attribution: IntoOwned::into_owned(self.attribution),
            events: IntoOwned::into_owned(self.events),
            client: IntoOwned::into_owned(self.client),
            release: IntoOwned::into_owned(self.release),
            tags: IntoOwned::into_owned(self.tags),
        }
    }

    /// How many events there are of a type.
    pub fn count(&self, kind: EventKind) -> usize {
        self.events.iter().filter(|event| event.is(kind)).count()
    }
}

/// Reads a snapshot out of a record, as leniently as out of a beacon.
impl<'de: 'a, 'a> Deserialize<'de> for Snapshot<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        body::deserialize_snapshot(deserializer)
    }
}
