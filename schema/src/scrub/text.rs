//! Masks personal data in a text of any kind: a message, a stack, a title, a selector, a visitor's words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

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
        let part = part.map_with(has_digits_of_card, numbers::mask_cards);
        part.map_with(has_digits, numbers::mask_international_phones)
    })
}

fn mask(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = text.map_with(is_worth_a_look, secrets::mask);
    let text = text.map_with(|text| text.contains('@') || text.contains('%'), mask_emails);
    let text = text.map_with(has_digits, numbers::mask_ibans);
    let text = text.map_with(has_digits_of_card, numbers::mask_cards);
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
    text.bytes().any(|byte| {
        digits += usize::from(byte.is_ascii_digit());
        run = if secrets::is_run(byte) { run + 1 } else { 0 };
        matches!(byte, b'@' | b'=' | b':' | b'%') || digits >= numbers::DIGITS_MIN || run >= secrets::RUN_MIN
    })
}

fn has_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(numbers::DIGITS_MIN - 1).is_some()
}

fn has_digits_of_card(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(numbers::CARD_DIGITS_MIN - 1).is_some()
}

fn mask_emails(text: &str) -> Cow<'_, str> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        let local = r"[\p{L}\p{N}._+'\-]+";
        let host = r"[\p{L}\p{N}](?:[\p{L}\p{N}\-]*[\p{L}\p{N}])?";
        compiled(&format!(r"{local}(?:@|%(?:25)*40)(?:{host}\.)+\p{{L}}{{2,}}"))
    });
    ADDRESS.replace_all(text, EMAIL)
}

/// Cuts query, fragment and credentials off URLs inside a text; the line and column behind a script's URL in a stack
/// stay.
fn strip_urls(text: &str) -> Cow<'_, str> {
    let mut stripped = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find("://") {
        let host = at + found + 3;
        let ends = |c: char| c.is_whitespace() || "\"'<>()".contains(c);
        let end = text[host..].find(ends).map_or(text.len(), |length| host + length);
        let authority_end = text[host..end].find(['/', '?', '#']).map_or(end, |length| host + length);
        if let Some(credentials) = text[host..authority_end].rfind('@') {
            stripped.push_str(&text[copied..host]);
            copied = host + credentials + 1;
        }
        if let Some(query) = text[host..end].find(['?', '#']) {
            stripped.push_str(&text[copied..host + query]);
            copied = position_start(text, host + query, end);
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    stripped.push_str(&text[copied..]);
    Cow::Owned(stripped)
}

/// Where `:line:column` at the end of a URL begins; its end where there is none.
fn position_start(text: &str, from: usize, end: usize) -> usize {
    let mut start = end;
    for _ in 0..2 {
        let digits = text[from..start].bytes().rev().take_while(u8::is_ascii_digit).count();
        match digits > 0 && text[from..start - digits].ends_with(':') {
            true => start -= digits + 1,
            false => break,
        }
    }
    start
}

/// A compiled expression of ours: one that does not compile fails every test.
pub(super) fn compiled(expression: &str) -> Regex {
    Regex::new(expression).unwrap_or_else(|error| unreachable!("{expression}: {error}"))
}
