//! Which page a URL is. What the app says (`route`) wins, then the site's rules ([`felt_schema::page`]), then templating.
//!
//! Query and fragment are off. How many pages a site may have is [`crate::budget`]'s.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Arc;

use felt_schema::page::{RulesEra, cut, of_path, template};
use felt_schema::site::Site;
use lru::LruCache;

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
    /// By site, beginning of the rules' time (0 for the configuration's) and path.
    ruled: LruCache<(Arc<str>, i64, Box<str>), Arc<str>>,
}

impl Default for Router {
    fn default() -> Self {
        Self { ruled: LruCache::new(PAGES_KEPT) }
    }
}

impl Router {
    /// The page of a path, given what the app said, the site as configured, and the rules of its own that hold.
    pub fn page<'a>(
        &mut self,
        route: Option<&'a str>,
        path: &'a str,
        site: Option<&Site>,
        own: Option<&RulesEra>,
    ) -> Cow<'a, str> {
        if let Some(route) = route.map(str::trim).filter(|route| !route.is_empty()) {
            return Cow::Borrowed(cut(route));
        }
        let Some(site) = site else { return template(path) };
        let (since_ms, rules) = match own.and_then(|era| Some((era.since_ms, era.rules.as_deref()?))) {
            Some(own) => own,
            None => (0, site.page_rules.as_slice()),
        };
        if rules.is_empty() {
            return template(path);
        }
        let key = (Arc::from(site.key.as_str()), since_ms, Box::from(path));
        Cow::Owned(self.ruled.get_or_insert(key, || Arc::from(&*of_path(path, rules))).to_string())
    }
}

#[cfg(test)]
mod tests {
    use felt_schema::limits::{PAGE_BYTES_MAX, PAGE_SEGMENTS_MAX};
    use felt_schema::page::PageRule;
    use proptest::prelude::*;

    use super::*;

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
        assert_eq!(router.page(Some("/p/:sku"), "/p/x", Some(&site), None), "/p/:sku");
        assert_eq!(router.page(Some("  "), "/p/x", Some(&site), None), "product");
        assert_eq!(router.page(None, "/p/x", Some(&site), None), "product");
        assert_eq!(router.page(None, "/q/17", Some(&site), None), "/q/:id");
        assert_eq!(router.page(None, "/p/17", None, None), "/p/:id");

        let era = |since_ms, page: Option<&str>| RulesEra {
            since_ms,
            rules: page.map(|page| Arc::from([PageRule { pattern: "/p/*".into(), page: page.into() }])),
        };
        for (own, page) in [(era(1, Some("own")), "own"), (era(2, Some("later")), "later"), (era(3, None), "product")] {
            assert_eq!(router.page(None, "/p/x", Some(&site), Some(&own)), page);
        }
        let none = RulesEra { since_ms: 4, rules: Some(Arc::from([])) };
        assert_eq!(router.page(None, "/p/17", Some(&site), Some(&none)), "/p/:id", "an own list without rules");
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
    }
}
