//! What JavaScript writes and strict JSON readers refuse: halves of surrogate pairs, and numbers beyond the floats.
//!
//! `JSON.stringify` escapes a lone surrogate of a broken title or URL as `\ud83d`, which names no character; the whole
//! beacon would be lost for it. Here it becomes U+FFFD, and a number like `1e400` becomes null, so that only its field
//! is missing. This runs only when a body did not parse as it is.

use std::borrow::Cow;

/// The body with such places mended; borrowed when there were none.
pub(super) fn repair(json: &str) -> Cow<'_, str> {
    let bytes = json.as_bytes();
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = mend_string(json, at, &mut copied, &mut mended),
            b'-' | b'0'..=b'9' => {
                let end = at + bytes[at..].iter().take_while(|c| is_number_part(**c)).count();
                if json[at..end].parse::<f64>().is_ok_and(f64::is_infinite) {
                    mended.push_str(&json[copied..at]);
                    mended.push_str("null");
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[copied..]);
    Cow::Owned(mended)
}

fn is_number_part(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Walks over a string that begins at `at`, mends its surrogates, and says where it ends.
fn mend_string(json: &str, mut at: usize, copied: &mut usize, mended: &mut String) -> usize {
    let bytes = json.as_bytes();
    at += 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => match escaped_unit(bytes, at) {
                Some(0xd800..=0xdbff) if matches!(escaped_unit(bytes, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
                Some(0xd800..=0xdfff) => {
                    mended.push_str(&json[*copied..at]);
                    mended.push_str("\\ufffd");
                    at += 6;
                    *copied = at;
                }
                _ => at += 2,
            },
            _ => at += 1,
        }
    }
    at
}

/// The UTF-16 unit of an escape `\uXXXX` that begins at `at`.
fn escaped_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?;
    if !escape.starts_with(b"\\u") || !escape[2..].iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(&escape[2..]).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_becomes_the_replacement_character_and_whole_pairs_stay() {
        assert_eq!(repair(r#"{"a":"x\ud83dy"}"#), r#"{"a":"x\ufffdy"}"#);
        assert_eq!(repair(r#"["\udc00\ud83d\ude00\ud83d"]"#), r#"["\ufffd\ud83d\ude00\ufffd"]"#);
        assert!(matches!(repair(r#"["\\ud83d", "\ud83d\ude00", "\u00e9"]"#), Cow::Borrowed(_)));
    }

    #[test]
    fn a_number_beyond_the_floats_becomes_null_but_not_inside_a_text() {
        assert_eq!(
            repair(r#"{"a":1e400,"b":-1E+999,"c":"1e400","d":12}"#),
            r#"{"a":null,"b":null,"c":"1e400","d":12}"#
        );
    }

    #[test]
    fn broken_json_is_left_as_broken_as_it_was() {
        for broken in ["\"abc", "\"\\", "\"\\u12", "{\"a\":\"\\ud8", "-", "1e"] {
            assert_eq!(repair(broken), broken);
        }
    }
}
