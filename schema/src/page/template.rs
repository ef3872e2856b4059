//! Templating: a path's words stay and what varies from visit to visit becomes `:id`: digits, UUIDs, hexadecimal of
//! [`HEX_CHARS_MIN`] and more, long base64-like parts. At most [`PAGE_SEGMENTS_MAX`] segments and [`PAGE_BYTES_MAX`] bytes stay.

use std::borrow::Cow;

use crate::limits::{PAGE_BYTES_MAX, PAGE_SEGMENTS_MAX};

/// Hexadecimal segments of this many characters are ids; shorter ones may be words.
const HEX_CHARS_MIN: usize = 8;

/// A segment this long whose longest run mixes both cases and digits is an id.
const MIXED_CHARS_MIN: usize = 16;

/// How much of such a segment must be one run: `iPhone-15-Pro-Max-Case` is words, not an id.
const MIXED_RUN_MIN: usize = 12;

/// A run of letters and digits this long with [`LONG_RUN_DIGITS_MIN`] digits is an id (ULIDs, push ids).
const LONG_RUN_MIN: usize = 20;

/// See [`LONG_RUN_MIN`].
const LONG_RUN_DIGITS_MIN: usize = 4;

/// What stands for a varying segment.
const ID: &str = ":id";

/// A path with its varying segments as `:id`.
pub fn template(path: &str) -> Cow<'_, str> {
    if already_a_page(path) {
        return Cow::Borrowed(path);
    }
    let mut page = String::with_capacity(path.len().min(PAGE_BYTES_MAX) + 1);
    for segment in segments(path).take(PAGE_SEGMENTS_MAX) {
        page.push('/');
        page.push_str(if varies(segment) { ID } else { segment });
    }
    if page.is_empty() {
        page.push('/');
    }
    page.truncate(cut(&page).len());
    Cow::Owned(page)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Whether templating would change nothing, so that nothing needs copying.
fn already_a_page(path: &str) -> bool {
    path == "/"
        || (path.len() <= PAGE_BYTES_MAX
            && path.starts_with('/')
            && !path.ends_with('/')
            && !path.contains("//")
            && segments(path).count() <= PAGE_SEGMENTS_MAX
            && !segments(path).any(varies))
}

/// At most [`PAGE_BYTES_MAX`] bytes of it.
pub fn cut(page: &str) -> &str {
    &page[..page.floor_char_boundary(PAGE_BYTES_MAX)]
}

/// Whether a segment is an id rather than a word.
fn varies(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits == bytes.len()
        || (bytes.len() >= HEX_CHARS_MIN && bytes.iter().all(u8::is_ascii_hexdigit))
        || is_uuid(bytes)
        || (digits > 0 && bytes.len() >= MIXED_CHARS_MIN && is_base64_like(bytes))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_base64_like(bytes: &[u8]) -> bool {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.=+~".contains(byte);
    if !bytes.iter().all(alphabet) {
        return false;
    }
    bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(|run| {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        let mixed = digits > 0 && run.iter().any(u8::is_ascii_lowercase) && run.iter().any(u8::is_ascii_uppercase);
        (run.len() >= MIXED_RUN_MIN && mixed) || (run.len() >= LONG_RUN_MIN && digits >= LONG_RUN_DIGITS_MIN)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_varies_becomes_id_and_words_stay() {
        let cases = [
            ("/", "/"),
            ("", "/"),
            ("/p/123", "/p/:id"),
            ("/p/123/", "/p/:id"),
            ("//p//123", "/p/:id"),
            ("/order/0f6c2f3a-9b1d-4c7e-8a55-0123456789ab/track", "/order/:id/track"),
            ("/c/deadbeef", "/c/:id"),
            ("/c/decade", "/c/decade"),
            ("/s/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/s/:id"),
            ("/s/01h455vb4pex5vsknk084sn02q", "/s/:id"),
            ("/v/aGVsbG8gd29ybGQxMjM0", "/v/:id"),
            ("/shop/iPhone-15-Pro-Max-Case", "/shop/iPhone-15-Pro-Max-Case"),
            ("/blog/how-we-cut-loading-times-by-half", "/blog/how-we-cut-loading-times-by-half"),
            ("/v2/items", "/v2/items"),
            ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h"),
            ("/straße", "/straße"),
        ];
        for (path, page) in cases {
            assert_eq!(template(path), page, "{path}");
        }
    }

    proptest! {
        #[test]
        fn templating_twice_changes_nothing(path in "(/[a-zA-Z0-9_.-]{0,40}){0,12}") {
            let once = template(&path).into_owned();
            prop_assert_eq!(template(&once).into_owned(), once.clone());
        }
    }
}
