//! Masks personal data in a text of any kind: a message, a stack, a title, a selector, a visitor's words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{EMAIL, numbers, secrets};

/// Most rounds until nothing changes any more; one mask seldom uncovers anything else.
const ROUNDS_MAX: usize = 8;

/// A text without personal data.
pub fn scrub_text(text: &str) -> Cow<'_, str> {
    until_settled(text, |text| {
        let text = text.map_with(is_worth_a_look, strip_urls);
        mask(text)
    })
}

/// Masks what may be in a part of a URL, where there is no URL in it to be cut and national phone numbers would be ids.
pub(super) fn scrub_url_part(part: &str) -> Cow<'_, str> {
    until_settled(part, |part| {
        let part = part.map_with(is_worth_a_look, secrets::mask);
        let part = part.map_with(|part| part.contains('@') || part.contains('%'), mask_emails);
        let part = part.map_with(has_digits, numbers::mask_ibans);
        let part = part.map_with(has_digits, numbers::mask_cards);
        part.map_with(has_digits, numbers::mask_international_phones)
    })
}

fn mask(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = text.map_with(is_worth_a_look, secrets::mask);
    let text = text.map_with(|text| text.contains('@') || text.contains('%'), mask_emails);
    let text = text.map_with(has_digits, numbers::mask_ibans);
    let text = text.map_with(has_digits, numbers::mask_cards);
    text.map_with(has_digits, numbers::mask_phones)
}

/// One step of a pass: done only where the text shows a sign of what is looked for.
trait MapWith<'a>: Sized {
    fn map_with(self, sign: fn(&str) -> bool, step: fn(&str) -> Cow<'_, str>) -> Cow<'a, str>;
}

impl<'a> MapWith<'a> for Cow<'a, str> {
    fn map_with(self, sign: fn(&str) -> bool, step: fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
        if !sign(&self) {
            return self;
        }
        match self {
            Cow::Borrowed(text) => step(text),
            Cow::Owned(text) => match step(&text) {
                Cow::Borrowed(same) if same.len() == text.len() => Cow::Owned(text),
                other => Cow::Owned(other.into_owned()),
            },
        }
    }
}

/// Repeats a pass until it changes nothing, so that scrubbing twice is scrubbing once.
fn until_settled<'a>(text: &'a str, pass: impl Fn(Cow<'_, str>) -> Cow<'_, str>) -> Cow<'a, str> {
    if !is_worth_a_look(text) {
        return Cow::Borrowed(text);
    }
    let mut settled: Option<String> = None;
    for _ in 0..ROUNDS_MAX {
        let held = settled.as_deref().unwrap_or(text);
        match pass(Cow::Borrowed(held)) {
            Cow::Borrowed(_) => break,
            Cow::Owned(next) if next == held => break,
            Cow::Owned(next) => settled = Some(next),
        }
    }
    settled.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether any sign of personal data is there: most texts show none, and no expression has to look at them.
fn is_worth_a_look(text: &str) -> bool {
    let (mut digits, mut run) = (0, 0);
    for byte in text.bytes() {
        match byte {
            b'@' | b'=' | b':' | b'%' => return true,
            b'0'..=b'9' => {
                digits += 1;
                run += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' | b'+' | b'/' => run += 1,
            _ => run = 0,
        }
        if digits >= numbers::DIGITS_MIN || run >= secrets::RUN_MIN {
            return true;
        }
    }
    false
}

fn has_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(numbers::DIGITS_MIN - 1).is_some()
}

fn mask_emails(text: &str) -> Cow<'_, str> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        let local = r"[\p{L}\p{N}._+'\-]+";
        let host = r"[\p{L}\p{N}](?:[\p{L}\p{N}\-]*[\p{L}\p{N}])?";
        compiled(&format!(r"{local}(?:@|%40)(?:{host}\.)+\p{{L}}{{2,}}"))
    });
    ADDRESS.replace_all(text, EMAIL)
}

/// Cuts query, fragment and credentials off URLs inside a text; the line and column behind a script's URL in a stack
/// stay.
fn strip_urls(text: &str) -> Cow<'_, str> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"(?i)\b([a-z][a-z0-9+.\-]*://)([^\s"'<>()/?#]*@)?([^\s"'<>()?#]*)([?#][^\s"'<>()]*?)?((?::\d+){0,2})([\s"'<>()]|$)"#,
        )
    });
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut changed = false;
    let stripped = ADDRESS.replace_all(text, |found: &Captures<'_>| {
        let part = |group| found.get(group).map_or("", |found| found.as_str());
        changed |= found.get(2).is_some() || found.get(4).is_some();
        format!("{}{}{}{}", part(1), part(3), part(5), part(6))
    });
    if changed { Cow::Owned(stripped.into_owned()) } else { Cow::Borrowed(text) }
}

/// A compiled expression of ours: one that does not compile fails every test.
pub(super) fn compiled(expression: &str) -> Regex {
    Regex::new(expression).unwrap_or_else(|error| unreachable!("{expression}: {error}"))
}
