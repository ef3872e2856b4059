//! What the fields of a snapshot may be: texts, numbers with ranges, ids, closed lists.
//!
//! Numbers are rounded to the precision that is stored. That keeps records short, and makes writing and reading them
//! again exact: a decimal of so few digits has one nearest float.

use std::borrow::Cow;

use super::lenient::{Read, Rule};
use crate::limits::{ID_CHARS_MAX, ID_CHARS_MIN};

/// A text: control characters are stripped, what is too long is cut at a character's boundary.
pub(super) struct Text {
    bytes_max: usize,
    lines: bool,
}

/// A text of one line.
pub(super) const fn text(bytes_max: usize) -> Text {
    Text { bytes_max, lines: false }
}

/// A text that may have lines: a stack, a message, words of a visitor.
pub(super) const fn lines(bytes_max: usize) -> Text {
    Text { bytes_max, lines: true }
}

impl<'de> Rule<'de> for Text {
    type Value = Cow<'de, str>;

    fn text(self, text: Cow<'de, str>) -> Read<Cow<'de, str>> {
        let text = strip(text, self.lines);
        if text.is_empty() {
            return Read::Empty;
        }
        if text.len() <= self.bytes_max {
            return Read::Good(text);
        }
        let end = text.floor_char_boundary(self.bytes_max);
        Read::Cut(match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        })
    }
}

/// Takes control characters out; of a text with lines the line breaks and tabs stay.
pub(super) fn strip(text: Cow<'_, str>, lines: bool) -> Cow<'_, str> {
    // C1 control characters are encoded as 0xC2 and one more byte: look closer only then.
    if !text.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == 0xc2) {
        return text;
    }
    let keep = |c: &char| !c.is_control() || (lines && (*c == '\n' || *c == '\t'));
    if text.chars().all(|c| keep(&c)) { text } else { Cow::Owned(text.chars().filter(keep).collect()) }
}

/// An id: 8 to 64 of `A-Za-z0-9_-`.
pub(super) struct Id;

impl<'de> Rule<'de> for Id {
    type Value = Cow<'de, str>;

    fn text(self, text: Cow<'de, str>) -> Read<Cow<'de, str>> {
        if is_id(&text) { Read::Good(text) } else { Read::Bad }
    }
}

/// Whether a text can be a view's, session's or visitor's id.
pub fn is_id(text: &str) -> bool {
    (ID_CHARS_MIN..=ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A number in a range, both ends included, rounded to a part of one.
pub(super) struct Number {
    min: f64,
    max: f64,
    parts: f64,
    clamp: bool,
}

/// Milliseconds from 0 on, to the microsecond.
pub(super) const fn millis(max: f64) -> Number {
    number(0.0, max, 1e3)
}

/// Milliseconds from 0 on; more counts as the most.
pub(super) const fn millis_clamped(max: f64) -> Number {
    Number { min: 0.0, max, parts: 1e3, clamp: true }
}

/// A number from `min` to `max`, rounded to one `parts`-th.
pub(super) const fn number(min: f64, max: f64, parts: f64) -> Number {
    Number { min, max, parts, clamp: false }
}

impl Rule<'_> for Number {
    type Value = f64;

    fn number(self, number: f64) -> Read<f64> {
        // Adding zero makes −0 a plain 0.
        let rounded = |number: f64| (number * self.parts).round() / self.parts + 0.0;
        if number >= self.min && number <= self.max {
            Read::Good(rounded(number))
        } else if self.clamp && number > self.max {
            Read::Cut(rounded(self.max))
        } else {
            Read::Bad
        }
    }
}

/// A whole number in a range. With `round`, a fraction is rounded, else it is the wrong type.
pub(super) struct Whole {
    min: u32,
    max: u32,
    round: bool,
}

/// A count: a whole number.
pub(super) const fn count(max: u32) -> Whole {
    Whole { min: 0, max, round: false }
}

/// A measure that is kept as a whole number.
pub(super) const fn rounded(min: u32, max: u32) -> Whole {
    Whole { min, max, round: true }
}

impl Rule<'_> for Whole {
    type Value = u32;

    fn number(self, number: f64) -> Read<u32> {
        let whole = number.round();
        let fits = whole >= f64::from(self.min) && whole <= f64::from(self.max);
        if fits && (self.round || whole == number) { Read::Good(whole as u32) } else { Read::Bad }
    }
}

/// A document's HTTP status; browsers say 0 when they do not tell, which is the same as nothing.
pub(super) struct Status;

impl Rule<'_> for Status {
    type Value = u32;

    fn number(self, number: f64) -> Read<u32> {
        if number == 0.0 {
            return Read::Empty;
        }
        Whole { min: 100, max: 599, round: false }.number(number)
    }
}

/// True or false.
pub(super) struct Flag;

impl Rule<'_> for Flag {
    type Value = bool;

    fn flag(self, flag: bool) -> Read<bool> {
        Read::Good(flag)
    }
}

/// A word of a closed list.
pub(super) struct OneOf<T>(pub(super) fn(&str) -> Option<T>);

impl<T> Rule<'_> for OneOf<T> {
    type Value = T;

    fn text(self, text: Cow<'_, str>) -> Read<T> {
        (self.0)(&text).map_or(Read::Bad, Read::Good)
    }
}

/// A currency: three letters, as ISO 4217 has them.
pub(super) struct Currency;

impl<'de> Rule<'de> for Currency {
    type Value = Cow<'de, str>;

    fn text(self, text: Cow<'de, str>) -> Read<Cow<'de, str>> {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            Read::Bad
        } else if text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Read::Good(text)
        } else {
            Read::Good(Cow::Owned(text.to_ascii_uppercase()))
        }
    }
}
