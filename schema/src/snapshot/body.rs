//! A beacon's body: one snapshot, or an array of at most sixty-four.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::lenient::{FromObject, Skip};
use super::{Drops, Found, OwnCost, Snapshot, repair};
use crate::limits::SNAPSHOTS_MAX;
use crate::outcome::RefuseReason;

/// A snapshot that can be taken, and what of it could not.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedSnapshot<'a> {
    /// The snapshot.
    pub snapshot: Snapshot<'a>,
    /// The fields that were dropped or cut.
    pub drops: Drops,
    /// What the beacon took of the page's main thread.
    pub cost: OwnCost,
}

impl ParsedSnapshot<'_> {
    /// The same with nothing borrowed.
    pub fn into_owned(self) -> ParsedSnapshot<'static> {
        ParsedSnapshot { snapshot: self.snapshot.into_owned(), drops: self.drops, cost: self.cost }
    }
}

/// Why one snapshot of a beacon is refused; the others are not touched by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// There is no `view`, or it is not one.
    #[error("the snapshot has no valid `view`: send 8 to 64 of A-Z, a-z, 0-9, _ and -")]
    InvalidView,
    /// The element is not an object.
    #[error("a snapshot must be a JSON object")]
    NotAnObject,
}

impl Refusal {
    /// The reason under which it is counted.
    pub const fn reason(self) -> RefuseReason {
        match self {
            Self::InvalidView => RefuseReason::InvalidView,
            Self::NotAnObject => RefuseReason::NotAnObject,
        }
    }
}

/// Why a whole body is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The bytes are no text.
    #[error("the body is not UTF-8: send JSON as UTF-8 text")]
    NotUtf8,
    /// The text is no JSON, or nested too deeply.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// JSON, but a plain value.
    #[error("the body is neither a snapshot object nor an array of them")]
    NotObjectOrArray,
    /// An array without elements.
    #[error("the array is empty: send at least one snapshot")]
    Empty,
    /// An array of too many elements.
    #[error("the array holds more than 64 snapshots: split it")]
    TooManySnapshots,
}

impl BodyError {
    /// The reason under which it is counted.
    pub const fn reason(&self) -> RefuseReason {
        match self {
            Self::NotUtf8 | Self::NotJson(_) | Self::NotObjectOrArray => RefuseReason::NotJson,
            Self::Empty => RefuseReason::Empty,
            Self::TooManySnapshots => RefuseReason::TooManySnapshots,
        }
    }
}

/// What became of the elements of a body, in their order.
type Elements<'a> = Vec<Result<ParsedSnapshot<'a>, Refusal>>;

/// Reads a beacon's body. A byte order mark is passed over. The answer has at least one element; whether any of them
/// was taken is the caller's to look at.
pub fn parse_body(body: &[u8]) -> Result<Elements<'_>, BodyError> {
    let text = std::str::from_utf8(body).map_err(|_| BodyError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match parse_text(text) {
        Err(BodyError::NotJson(message)) => match repair::repair(text) {
            std::borrow::Cow::Borrowed(_) => Err(BodyError::NotJson(message)),
            std::borrow::Cow::Owned(mended) => {
                Ok(parse_text(&mended)?.into_iter().map(|element| element.map(ParsedSnapshot::into_owned)).collect())
            }
        },
        parsed => parsed,
    }
}

/// Reads a body that must be one snapshot: a line of an import.
pub fn parse_snapshot(body: &[u8]) -> Result<Result<ParsedSnapshot<'_>, Refusal>, BodyError> {
    let mut elements = parse_body(body)?;
    match (elements.pop(), elements.is_empty()) {
        (Some(element), true) => Ok(element),
        _ => Err(BodyError::NotObjectOrArray),
    }
}

fn parse_text(text: &str) -> Result<Elements<'_>, BodyError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let body = BodySeed.deserialize(&mut json).and_then(|body| json.end().map(|()| body));
    match body.map_err(|error| BodyError::NotJson(error.to_string()))? {
        Body::Elements(elements) if elements.is_empty() => Err(BodyError::Empty),
        Body::Elements(elements) => Ok(elements),
        Body::TooMany => Err(BodyError::TooManySnapshots),
        Body::Other => Err(BodyError::NotObjectOrArray),
    }
}

/// Reads a snapshot in the middle of something else, such as a record.
pub(super) fn deserialize_snapshot<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Snapshot<'de>, D::Error> {
    match ElementSeed.deserialize(deserializer)? {
        Ok(parsed) => Ok(parsed.snapshot),
        Err(refusal) => Err(D::Error::custom(refusal)),
    }
}

enum Body<'a> {
    Elements(Elements<'a>),
    TooMany,
    Other,
}

/// Implements the visits of plain values, all of which mean the same.
macro_rules! plain_values {
    ($other:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($other)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($other)
        }
    };
}

struct BodySeed;

impl<'de> DeserializeSeed<'de> for BodySeed {
    type Value = Body<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BodySeed {
    type Value = Body<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot or an array of snapshots")
    }

    plain_values!(Body::Other);

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Body<'de>, A::Error> {
        Ok(Body::Elements(vec![ElementSeed.visit_map(object)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Body<'de>, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < SNAPSHOTS_MAX {
            match array.next_element_seed(ElementSeed)? {
                Some(element) => elements.push(element),
                None => return Ok(Body::Elements(elements)),
            }
        }
        if array.next_element::<Skip>()?.is_none() {
            return Ok(Body::Elements(elements));
        }
        while array.next_element::<Skip>()?.is_some() {}
        Ok(Body::TooMany)
    }
}

struct ElementSeed;

impl<'de> DeserializeSeed<'de> for ElementSeed {
    type Value = Result<ParsedSnapshot<'de>, Refusal>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ElementSeed {
    type Value = Result<ParsedSnapshot<'de>, Refusal>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot")
    }

    plain_values!(Err(Refusal::NotAnObject));

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let mut drops = Drops::default();
        let found = Found::from_object(object, &mut drops)?;
        let cost = found.beacon.unwrap_or_default();
        Ok(found.into_snapshot().map(|snapshot| ParsedSnapshot { snapshot, drops, cost }).ok_or(Refusal::InvalidView))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        while array.next_element::<Skip>()?.is_some() {}
        Ok(Err(Refusal::NotAnObject))
    }
}
