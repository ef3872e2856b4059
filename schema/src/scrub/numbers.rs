//! Masks numbers that are somebody's: payment cards, bank accounts, phones.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::text::compiled;
use super::{CARD, IBAN, PHONE};

/// Fewer digits than this are nobody's number.
pub(super) const DIGITS_MIN: usize = 8;
/// Digits of the shortest card number.
pub(super) const CARD_DIGITS_MIN: usize = 13;

/// What may stand between the groups of one number, as people write it and as it stands in a query.
const SEPARATORS: [&[u8]; 5] = [b" ", b"-", b"+", b"%20", "\u{a0}".as_bytes()];

/// A run of digits with single separators between them, as the ranges of its groups.
fn digit_groups(text: &str, from: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut groups = Vec::new();
    let mut at = from;
    while at < bytes.len() && bytes[at].is_ascii_digit() {
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        groups.push((start, at));
        let separator = SEPARATORS.iter().find(|separator| bytes[at..].starts_with(separator));
        let next = separator.map_or(at, |separator| at + separator.len());
        if bytes.get(next).is_some_and(u8::is_ascii_digit) {
            at = next;
        }
    }
    groups
}

/// Masks the numbers of payment cards.
pub(super) fn mask_cards(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let groups = digit_groups(text, at);
        at = groups.last().map_or(at + 1, |&(_, end)| end);
        // The decimals of a measured number are no card, whatever their check digit.
        let first = groups.first().map_or(0, |&(start, _)| start);
        let is_fraction = first >= 2 && bytes[first - 1] == b'.' && bytes[first - 2].is_ascii_digit();
        if !is_fraction {
            found.extend(cards_among(text, &groups));
        }
    }
    mask_ranges(text, &found, CARD)
}

/// The ranges of whole groups that are the number of a card.
fn cards_among(text: &str, groups: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut cards = Vec::new();
    let mut first = 0;
    while first < groups.len() {
        let mut digits = String::new();
        let mut card = None;
        for (index, &(start, end)) in groups.iter().enumerate().skip(first) {
            digits.push_str(&text[start..end]);
            if digits.len() > 19 {
                break;
            }
            if is_card(&digits) {
                card = Some(index);
            }
        }
        match card {
            Some(last) => {
                cards.push((groups[first].0, groups[last].1));
                first = last + 1;
            }
            None => first += 1,
        }
    }
    cards
}

/// Whether digits are a card's: a length and a first digit that some network gives out, and Luhn's check.
fn is_card(digits: &str) -> bool {
    let first = digits.bytes().next().unwrap_or(b'0');
    let issued = match digits.len() {
        13 => first == b'4',
        14 | 15 => first == b'3',
        16 => (b'2'..=b'6').contains(&first),
        17..=19 => (b'4'..=b'6').contains(&first),
        _ => false,
    };
    issued && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            match index % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Masks international bank account numbers, written together or in groups.
pub(super) fn mask_ibans(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let begins = (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
            && bytes[at..at + 2].iter().all(u8::is_ascii_alphabetic)
            && bytes[at + 2..at + 4].iter().all(u8::is_ascii_digit);
        match if begins { iban_end(bytes, at) } else { None } {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    mask_ranges(text, &found, IBAN)
}

/// Where the longest account number that begins at `at` ends: whole groups, 15 to 34 characters, remainder 1 by 97.
fn iban_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut letters, mut longest) = (Vec::with_capacity(34), None);
    let mut here = at;
    while here < bytes.len() && letters.len() < 34 {
        if bytes[here].is_ascii_alphanumeric() {
            letters.push(bytes[here].to_ascii_uppercase());
        } else if !matches!(bytes[here], b' ' | b'-') || bytes[here - 1] == bytes[here] {
            break;
        }
        here += 1;
        let ends = here == bytes.len() || !bytes[here].is_ascii_alphanumeric();
        if ends && bytes[here - 1].is_ascii_alphanumeric() && letters.len() >= 15 && iban_remainder(&letters) == 1 {
            longest = Some(here);
        }
    }
    longest
}

fn iban_remainder(letters: &[u8]) -> u32 {
    letters[4..].iter().chain(&letters[..4]).fold(0, |remainder, &letter| match letter {
        b'0'..=b'9' => (remainder * 10 + u32::from(letter - b'0')) % 97,
        _ => (remainder * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

/// Masks phone numbers: international ones, those of North America, and those that begin with 0 and a gap.
pub(super) fn mask_phones(text: &str) -> Cow<'_, str> {
    static NATIONAL: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?x)
            (?<before> ^ | [^\w.\-+/:\[] )
            (?<phone>
                \( \d{3} \) \x20? \d{3} [\x20.\-] \d{4}
                | \d{3} [\x20.\-] \d{3} [\x20.\-] \d{4}
                | \( 0 \d{1,4} \) (?: [\x20/\-]? \d ){5,9}
                | 0 \d{2,4} [\x20/\-]{1,3} \d (?: [\x20\-]? \d ){4,8} )
            (?<after> $ | [^\w\-] )",
        )
    });
    let masked = mask_international_phones(text);
    let replaced = NATIONAL.replace_all(&masked, |found: &Captures<'_>| {
        let part = |name| found.name(name).map_or("", |part| part.as_str());
        format!("{}{PHONE}{}", part("before"), part("after"))
    });
    match replaced {
        Cow::Borrowed(_) => masked,
        Cow::Owned(text) => Cow::Owned(text),
    }
}

/// Masks phone numbers that begin with their country.
pub(super) fn mask_international_phones(text: &str) -> Cow<'_, str> {
    static INTERNATIONAL: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?i)(?:\+|%2B|tel:\+?)[1-9]\d{0,2}(?:[ ().\-/]{0,3}|%20)(?:\d[ ().\-/]{0,2}){5,12}\d|tel:[\d ().\-/]{6,20}\d",
        )
    });
    if !text.contains('+') && !text.contains('%') && !text.contains(':') {
        return Cow::Borrowed(text);
    }
    INTERNATIONAL.replace_all(text, PHONE)
}

fn mask_ranges<'a>(text: &'a str, ranges: &[(usize, usize)], mask: &str) -> Cow<'a, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for &(start, end) in ranges {
        masked.push_str(&text[copied..start]);
        masked.push_str(mask);
        copied = end;
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}
