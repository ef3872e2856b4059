//! Which page a path is, where the app itself does not say: by the first of the site's rules that matches, else by templating.
//!
//! Rules stand in the configuration, until a site has a list of its own: a document with all its versions, as scales are. Which
//! version holds depends on nothing but when a snapshot arrived ([`takes_effect_ms`]), so what was counted stays where it is.

mod template;

pub use template::{cut, template};

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::PAGE_BYTES_MAX;
use crate::scale::takes_effect_ms;

/// Most rules of a site.
pub const RULES_MAX: usize = 200;

/// Paths that are one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageRule {
    /// A path with `*` for any part of one segment and `**` for any rest.
    pub pattern: String,
    /// The page that it is.
    pub page: String,
}

impl PageRule {
    /// Whether a path (without query and fragment) is of this page.
    pub fn matches(&self, path: &str) -> bool {
        // Most patterns are not for most paths, which their first words tell.
        let words = self.pattern.find('*').unwrap_or(self.pattern.len());
        path.strip_prefix(&self.pattern[..words])
            .is_some_and(|rest| glob(&self.pattern.as_bytes()[words..], rest.as_bytes()))
    }

    /// What is wrong with it: the field, and what to write instead.
    pub fn faults(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let pattern = !self.pattern.starts_with('/') || self.pattern.len() > PAGE_BYTES_MAX;
        let page = self.page.is_empty() || self.page.len() > PAGE_BYTES_MAX;
        let pattern = pattern.then_some(("pattern", "write a path of at most 256 bytes that begins with /"));
        pattern.into_iter().chain(page.then_some(("page", "name the page in 1 to 256 bytes")))
    }
}

/// The page of a path by these rules.
pub fn of_path<'a>(path: &'a str, rules: &'a [PageRule]) -> Cow<'a, str> {
    match rules.iter().find(|rule| rule.matches(path)) {
        Some(rule) => Cow::Borrowed(cut(&rule.page)),
        None => template(path),
    }
}

/// A version of a site's own list.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesVersion {
    /// When it was written, in Unix ms.
    pub written_ms: i64,
    /// What it says; `None` when it was taken back and the configuration's rules hold again.
    pub rules: Option<Vec<PageRule>>,
}

/// Rules that hold from some time on.
#[derive(Debug, Clone, PartialEq)]
pub struct RulesEra {
    /// Since when, in Unix ms.
    pub since_ms: i64,
    /// In the order in which they are tried; `None` for the configuration's.
    pub rules: Option<Arc<[PageRule]>>,
}

/// All that a site's own lists ever were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteRules {
    /// In order of time.
    eras: Vec<RulesEra>,
}

impl SiteRules {
    /// From all versions, in any order.
    pub fn of(mut versions: Vec<RulesVersion>) -> Self {
        versions.sort_by_key(|version| version.written_ms);
        let mut eras: Vec<RulesEra> = Vec::new();
        for RulesVersion { written_ms, rules } in versions {
            let era = RulesEra { since_ms: takes_effect_ms(written_ms), rules: rules.map(Arc::from) };
            // Of versions that take effect in the same minute the last one holds.
            match eras.last_mut() {
                Some(held) if held.since_ms == era.since_ms => *held = era,
                _ => eras.push(era),
            }
        }
        Self { eras }
    }

    /// What holds for what arrives at that time; `None` where the site had no list of its own yet.
    pub fn at(&self, arrival_ms: i64) -> Option<&RulesEra> {
        let after = self.eras.partition_point(|era| era.since_ms <= arrival_ms);
        self.eras.get(after.checked_sub(1)?)
    }

    /// Each list, in order of time.
    pub fn eras(&self) -> &[RulesEra] {
        &self.eras
    }
}

/// `*` is anything but a slash, `**` anything at all; iterative, so that no pattern can blow the stack or the time:
/// the work is at most pattern × path.
fn glob(pattern: &[u8], path: &[u8]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let (star, deep) = (pattern[at] == b'*', pattern[at..].starts_with(b"**"));
        let mut next = vec![false; path.len() + 1];
        for here in 0..=path.len() {
            if star {
                let stretched = here > 0 && next[here - 1] && (deep || path[here - 1] != b'/');
                next[here] = reached[here] || stretched;
            } else if here > 0 {
                next[here] = reached[here - 1] && path[here - 1] == pattern[at];
            }
        }
        reached = next;
        at += if deep { 2 } else { 1 };
    }
    reached[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(pattern: &str, page: &str) -> PageRule {
        PageRule { pattern: pattern.into(), page: page.into() }
    }

    #[test]
    fn a_star_stays_in_its_segment_and_two_stars_do_not() {
        let rule = |pattern| rule(pattern, "p");
        assert!(rule("/p/*").matches("/p/123"));
        assert!(!rule("/p/*").matches("/p/123/reviews"));
        assert!(rule("/p/*/reviews").matches("/p/123/reviews"));
        assert!(rule("/help/**").matches("/help/a/b/c"));
        assert!(!rule("/help/**").matches("/helpless"));
        assert!(rule("/p/x-*.html").matches("/p/x-1.html"));
    }
    #[test]
    fn the_first_rule_that_matches_names_the_page_and_templating_the_rest() {
        let rules = [rule("/p/*/reviews", "reviews"), rule("/p/**", "product")];
        assert_eq!(of_path("/p/1/reviews", &rules), "reviews");
        assert_eq!(of_path("/p/1/2", &rules), "product");
        assert_eq!(of_path("/q/17", &rules), "/q/:id");
    }

    #[test]
    fn a_list_holds_from_its_minute_on_until_the_next_one() {
        const MINUTE_MS: i64 = 60_000;
        let version = |written_ms, rules: Option<&str>| RulesVersion {
            written_ms,
            rules: rules.map(|page| vec![rule("/**", page)]),
        };
        let versions = vec![
            version(5 * MINUTE_MS, None),
            version(1, Some("first")),
            version(3 * MINUTE_MS - 2, Some("overtaken")),
            version(3 * MINUTE_MS - 1, Some("second")),
        ];
        let rules = SiteRules::of(versions);
        let page = |at_ms| rules.at(at_ms).map(|era| era.rules.as_ref().map(|rules| rules[0].page.clone()));
        assert_eq!(page(2 * MINUTE_MS - 1), None);
        assert_eq!(page(2 * MINUTE_MS), Some(Some("first".into())));
        assert_eq!(page(4 * MINUTE_MS), Some(Some("second".into())));
        assert_eq!(page(6 * MINUTE_MS), Some(None), "taken back");
    }
}
