//! Which page a URL is. What the app says (`route`) wins, then the site's own rules, then templating.
//!
//! Templating keeps a path's words and turns what varies from visit to visit into `:id`: digits, UUIDs, hexadecimal of
//! [`HEX_CHARS_MIN`] and more, long base64-like parts. Query and fragment are off, empty segments too, at most
//! [`PAGE_SEGMENTS_MAX`] segments and [`PAGE_BYTES_MAX`] bytes stay. How many pages a site may have is [`crate::budget`]'s.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Arc;

use felt_schema::limits::{PAGE_BYTES_MAX, PAGE_SEGMENTS_MAX};
use felt_schema::site::Site;
use lru::LruCache;

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

/// Paths whose page is remembered, for sites that have rules of their own: matching them all costs microseconds.
const PAGES_KEPT: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// The parts of a URL that a page view keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// Host, with port; empty when the URL has none.
    pub host: &'a str,
    /// Path without query and fragment, `/` at least.
    pub path: &'a str,
}

/// Splits a URL. Never fails: what has no host is a path.
pub fn split(url: &str) -> UrlParts<'_> {
    let url = url.trim();
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let rest = match url.find("//") {
        Some(at) if at == 0 || url[..at].ends_with(':') => &url[at + 2..],
        _ => return UrlParts { host: "", path: if url.starts_with('/') { url } else { "/" } },
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // What stands before an `@` is a name and a password, never a host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    UrlParts { host, path: if path.is_empty() { "/" } else { path } }
}

/// Names pages and remembers what the sites' rules said. One per worker.
pub struct Router {
    ruled: LruCache<(Arc<str>, Box<str>), Arc<str>>,
}

impl Default for Router {
    fn default() -> Self {
        Self { ruled: LruCache::new(PAGES_KEPT) }
    }
}

impl Router {
    /// The page of a path, given what the app said and the site with its rules.
    pub fn page<'a>(&mut self, route: Option<&'a str>, path: &'a str, site: Option<&Site>) -> Cow<'a, str> {
        if let Some(route) = route.map(str::trim).filter(|route| !route.is_empty()) {
            return Cow::Borrowed(cut(route));
        }
        match site {
            Some(site) if !site.page_rules.is_empty() => Cow::Owned(self.by_rules(path, site).to_string()),
            _ => template(path),
        }
    }

    fn by_rules(&mut self, path: &str, site: &Site) -> Arc<str> {
        let key = (Arc::from(site.key.as_str()), Box::from(path));
        self.ruled
            .get_or_insert(key, || match site.page_rules.iter().find(|rule| rule.matches(path)) {
                Some(rule) => Arc::from(cut(&rule.page)),
                None => Arc::from(&*template(path)),
            })
            .clone()
    }
}

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

fn cut(page: &str) -> &str {
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
    use felt_schema::site::PageRule;
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

    #[test]
    fn a_url_is_split_into_host_and_path() {
        let cases = [
            ("https://shop.example/p/1?x=1#y", "shop.example", "/p/1"),
            ("https://shop.example:8443", "shop.example:8443", "/"),
            ("https://user:secret@shop.example/a", "shop.example", "/a"),
            ("//cdn.example/x", "cdn.example", "/x"),
            ("/p/1?next=https://evil.example/", "", "/p/1"),
            ("nonsense", "", "/"),
            ("", "", "/"),
        ];
        for (url, host, path) in cases {
            assert_eq!(split(url), UrlParts { host, path }, "{url}");
        }
    }

    #[test]
    fn the_app_is_asked_first_and_the_site_second() {
        let rule = PageRule { pattern: "/p/*".into(), page: "product".into() };
        let site = Site { key: "shop".into(), page_rules: vec![rule], ..Site::default() };
        let mut router = Router::default();
        assert_eq!(router.page(Some("/p/:sku"), "/p/x", Some(&site)), "/p/:sku");
        assert_eq!(router.page(Some("  "), "/p/x", Some(&site)), "product");
        assert_eq!(router.page(None, "/p/x", Some(&site)), "product");
        assert_eq!(router.page(None, "/q/17", Some(&site)), "/q/:id");
        assert_eq!(router.page(None, "/p/17", None), "/p/:id");
    }

    proptest! {
        #[test]
        fn any_url_gives_a_page_within_its_limits(url in ".{0,600}") {
            let page = template(split(&url).path).into_owned();
            prop_assert!(page.starts_with('/'));
            prop_assert!(page.len() <= PAGE_BYTES_MAX);
            prop_assert!(page.split('/').count() <= PAGE_SEGMENTS_MAX + 1);
            prop_assert!(!page.contains(['?', '#']));
        }

        #[test]
        fn templating_twice_changes_nothing(path in "(/[a-zA-Z0-9_.-]{0,40}){0,12}") {
            let once = template(&path).into_owned();
            prop_assert_eq!(template(&once).into_owned(), once.clone());
        }
    }
}
