//! Masks tokens, keys and passwords: by their own look, or by the name before them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::TOKEN;
use super::text::compiled;

/// How long a run of letters and digits may be before it is looked at.
pub(super) const RUN_MIN: usize = 16;

/// A text without tokens, keys and passwords.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let masked = mask_known(text);
    match masked {
        Cow::Borrowed(text) => mask_named(text),
        Cow::Owned(text) => Cow::Owned(mask_named(&text).into_owned()),
    }
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

/// What is a secret by the name before it: `token=…`, `"password": "…"`.
fn mask_named(text: &str) -> Cow<'_, str> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r#"(?ix)
            (?<name> \b [\w\-]*? (?: token | secret | passw(?:or)?d | passwort | passphrase | pwd | api_?-?key | access_?-?key
                | private_?-?key | client_?-?key | auth | authorization | credentials? | session | session_?-?id | jsessionid
                | phpsessid | sid | otp | pin | cvv | cvc | ssn | sig | signature | jwt | code ) )
            (?<separator> ["']? \s? (?: [=:] | %3D ) \s? ["']? )
            (?<value> [^\s"'&;,<>(){}\[\]\\]+ | \[token )"#,
        )
    });
    let mut masked = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = NAMED.captures_at(text, from) {
        let (Some(name), Some(separator), Some(value)) =
            (found.name("name"), found.name("separator"), found.name("value"))
        else {
            break;
        };
        if is_secret(name.as_str(), separator.as_str(), value.as_str()) {
            masked.push_str(&text[copied..value.start()]);
            masked.push_str(TOKEN);
            copied = value.end();
            from = value.end();
        } else {
            // The value may itself be the name of one: `auth: token=…`.
            from = separator.end();
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied..]);
    Cow::Owned(masked)
}

/// A colon also stands in sentences ("unexpected token: foo") and selectors: behind it only what has digits or is long
/// is a secret. "Code" and "session" mean too much for anything short.
fn is_secret(name: &str, separator: &str, value: &str) -> bool {
    if value == "[token" {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    if name.ends_with("code") || name.ends_with("session") || name.ends_with("auth") {
        return value.len() >= 8 && has_digit && has_letter;
    }
    let password = name.contains("pass") || name.ends_with("pwd");
    !separator.contains(':') || password || value.len() >= RUN_MIN || (has_digit && value.len() >= 3)
}
