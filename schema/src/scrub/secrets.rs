//! Masks tokens, keys and passwords: by their own look, or by the name before them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::TOKEN;
use super::text::compiled;

/// How long a run of letters and digits may be before it is looked at.
pub(super) const RUN_MIN: usize = 12;

/// A text without tokens, keys and passwords.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let masked = if has_long_run(text) { mask_known(text) } else { Cow::Borrowed(text) };
    match masked {
        Cow::Borrowed(text) => mask_named(text),
        Cow::Owned(text) => Cow::Owned(mask_named(&text).into_owned()),
    }
}

/// Whether any run of letters and digits is long enough for a secret that is known by its look.
fn has_long_run(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if is_run(byte) { run + 1 } else { 0 };
        run >= RUN_MIN
    })
}

/// Whether a byte can be in the middle of a token.
pub(super) const fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/')
}

/// What is a secret by its own look: JSON web tokens, keys of well-known services, credentials of an HTTP header.
fn mask_known(text: &str) -> Cow<'_, str> {
    static KNOWN: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?x)
            \b eyJ[\w\-]{5,} \. [\w\-]{5,} (?: \.[\w\-]* )?
            | \b [spr]k_(?:live|test)_[A-Za-z0-9]{8,}
            | \b (?:AKIA|ASIA)[0-9A-Z]{16}
            | \b gh[pousr]_[A-Za-z0-9]{20,}
            | \b github_pat_\w{20,}
            | \b glpat-[\w\-]{16,}
            | \b xox[abeoprs]-[A-Za-z0-9\-]{10,}
            | \b AIza[\w\-]{30,}
            | \b SG\.[\w\-]{16,}\.[\w\-]{16,}
            | (?i: \b (?<scheme> bearer | basic | digest ) (?<gap> (?:\x20|%20|\+)+ ) [A-Za-z0-9._~+/\-]{12,} =* )",
        )
    });
    KNOWN.replace_all(text, |found: &Captures<'_>| match (found.name("scheme"), found.name("gap")) {
        (Some(scheme), Some(gap)) => format!("{}{}{TOKEN}", scheme.as_str(), gap.as_str()),
        _ => TOKEN.to_owned(),
    })
}

/// Endings of names after which a secret stands.
const NAMES: [&str; 26] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "pwd",
    "key",
    "auth",
    "authorization",
    "credential",
    "credentials",
    "session",
    "sessionid",
    "session_id",
    "sessid",
    "sid",
    "otp",
    "pin",
    "cvv",
    "cvc",
    "ssn",
    "sig",
    "signature",
    "jwt",
    "code",
];

/// What is a secret by the name before it: `token=…`, `"password": "…"`.
fn mask_named(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut masked = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        let separator_bytes = match bytes[at] {
            b'=' | b':' => 1,
            b'%' if bytes[at + 1..].first() == Some(&b'3')
                && bytes[at + 2..].first().is_some_and(|c| c | 32 == b'd') =>
            {
                3
            }
            _ => {
                at += 1;
                continue;
            }
        };
        let (start, end) = value_after(text, at + separator_bytes);
        if start < end && is_secret(name_before(text, copied, at), bytes[at] == b':', &text[start..end]) {
            masked.push_str(&text[copied..start]);
            masked.push_str(TOKEN);
            copied = end;
            at = end;
        } else {
            // The value may itself be the name of one: `auth: token=…`.
            at += separator_bytes;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// The word that ends before a separator, a quotation mark and a space between them passed over.
fn name_before(text: &str, from: usize, separator: usize) -> &str {
    let before = &text[from..separator];
    let before = before.strip_suffix(' ').unwrap_or(before);
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
    let start = before.bytes().rposition(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'));
    // The byte before is the last of its character: it is not one of a word in ASCII.
    &before[start.map_or(0, |at| at + 1)..]
}

/// Where a value begins and ends after a separator, a space and a quotation mark passed over.
fn value_after(text: &str, from: usize) -> (usize, usize) {
    let mut start = from;
    for passed in [&b" "[..], b"\"'"] {
        if text.as_bytes().get(start).is_some_and(|byte| passed.contains(byte)) {
            start += 1;
        }
    }
    let ends = |c: char| c.is_whitespace() || "\"'&;,<>(){}[]\\".contains(c);
    (start, text[start..].find(ends).map_or(text.len(), |length| start + length))
}

/// Whether the name before a value says that it is a secret.
///
/// A colon also stands in sentences ("unexpected token: foo") and selectors: behind it only what has digits or is long
/// is a secret. "Code" and "session" mean too much for anything short.
fn is_secret(name: &str, colon: bool, value: &str) -> bool {
    let ends_with = |ending: &&str| {
        let Some(before) = name.len().checked_sub(ending.len()) else {
            return false;
        };
        // The short ones end too many words: `spin`, `design`.
        let apart = ending.len() > 3 || before == 0 || !name.as_bytes()[before - 1].is_ascii_alphabetic();
        let apart = apart || *ending == "key" && is_secret_key(name);
        apart && name.as_bytes()[before..].eq_ignore_ascii_case(ending.as_bytes())
    };
    let Some(ending) = NAMES.iter().find(|ending| ends_with(ending)) else {
        return false;
    };
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    match *ending {
        "key" if !is_secret_key(name) => false,
        "code" | "session" | "auth" => {
            value.len() >= 8 && has_digit && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        }
        "password" | "passwd" | "passwort" | "passphrase" | "pwd" => true,
        _ => !colon || value.len() >= 16 || (has_digit && value.len() >= 3),
    }
}

/// Whether a name that ends in "key" is that of a secret one: `api_key` is, `monkey` and `key` are not.
fn is_secret_key(name: &str) -> bool {
    let stem = name[..name.len() - 3].to_ascii_lowercase();
    ["api", "access", "private", "client", "secret", "auth"]
        .iter()
        .any(|prefix| stem.trim_end_matches(['_', '-']).ends_with(prefix))
}
