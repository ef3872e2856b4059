//! Human or bot, and by which rule. Bots are classified and kept, never dropped: who wants them asks for them.
//!
//! The rules, the first that applies gives its name: `webdriver` (the page says that it is driven), `headless` (the header
//! carries a headless browser's mark), a crawler's name (the pinned list of crawlers), `impossible` (the header or the
//! page's words contradict each other). An empty header says nothing: history that is imported often has none.

use std::sync::{Arc, OnceLock};

use regex_filtered::{Builder, Regexes};

use crate::user_agent::UserAgent;

/// What a page says of itself, as far as these rules look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageWords {
    /// `navigator.webdriver`.
    pub webdriver: bool,
    /// CSS pixels; 0 is unknown.
    pub viewport_width: u16,
    /// CSS pixels; 0 is unknown.
    pub viewport_height: u16,
}

const HEADLESS_MARKS: [&str; 8] =
    ["HeadlessChrome", "PhantomJS", "SlimerJS", "HtmlUnit", "jsdom", "Puppeteer", "Playwright", "Splash"];

/// No phone's window is wider, in CSS pixels, folded out and turned sideways.
const PHONE_WIDTH_MAX: u16 = 1_600;

/// The name of the rule that makes this view a bot's; empty for a human's.
pub fn rule<'a>(header: &str, agent: &'a UserAgent, words: PageWords) -> &'a str {
    if words.webdriver {
        "webdriver"
    } else if headless(header) {
        "headless"
    } else if let Some(name) = &agent.crawler {
        name
    } else if agent.impossible || impossible_words(header, words) {
        "impossible"
    } else {
        ""
    }
}

fn headless(header: &str) -> bool {
    HEADLESS_MARKS.iter().any(|mark| header.contains(mark))
}

/// An iPhone with a desktop's window, or a window higher than any screen.
fn impossible_words(header: &str, words: PageWords) -> bool {
    header.contains("iPhone") && (words.viewport_width > PHONE_WIDTH_MAX || words.viewport_height > PHONE_WIDTH_MAX * 2)
}

/// Whether a header contradicts itself: Safari newer than its last Windows release on Windows, two systems that never
/// shipped together, a Chrome from before the interfaces that a beacon needs.
pub(crate) fn impossible_header(header: &str, family: &str, major: Option<u16>) -> bool {
    let windows = header.contains("Windows NT");
    let says = |mark: &str| header.contains(mark);
    (windows && family == "Safari" && major.is_some_and(|major| major > 5))
        || (windows && (says("iPhone;") || says("Android ")))
        || (says("iPhone;") && says("Android "))
        || (family == "Chrome" && major.is_some_and(|major| major < 20))
}

/// The crawler that a header belongs to, by the pinned list.
pub(crate) fn crawler(header: &str) -> Option<Arc<str>> {
    let crawlers = crawlers();
    crawlers.list.matching(header).map(|(index, _)| index).min().map(|index| crawlers.names[index].clone())
}

pub(crate) fn warm_up() {
    crawlers();
}

struct Crawlers {
    list: Regexes,
    names: Vec<Arc<str>>,
}

fn crawlers() -> &'static Crawlers {
    static CRAWLERS: OnceLock<Crawlers> = OnceLock::new();
    CRAWLERS.get_or_init(|| {
        let patterns: Vec<String> = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/crawlers.json")))
            .expect("the embedded list was written as an array of strings at build time");
        // Shorter atoms would wake every pattern for every header, longer ones leave patterns that are always tried.
        let list = patterns
            .iter()
            .try_fold(Builder::new_atom_len(2), |list, pattern| list.push(pattern))
            .expect("the pinned patterns parse, as the tests of this module show")
            .build()
            .expect("the pinned list compiles, as the tests of this module show");
        Crawlers { list, names: patterns.iter().map(|pattern| name_of(pattern).into()).collect() }
    })
}

/// A readable name for a pattern: its first literal run. `AdsBot-Google([^-]|$)` is `AdsBot-Google`.
fn name_of(pattern: &str) -> String {
    let mut name = String::new();
    let mut letters = pattern.trim_start_matches('^').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped) if !escaped.is_ascii_alphanumeric() => name.push(escaped),
                _ => break,
            },
            '[' if name.is_empty() => {
                // `[Bb]ot`: the first alternative stands for the class.
                name.extend(letters.peek().copied());
                letters.by_ref().find(|letter| *letter == ']');
            }
            '(' if name.is_empty() => {}
            '(' | ')' | '[' | '{' | '.' | '*' | '+' | '?' | '|' | '$' | '^' => break,
            other => name.push(other),
        }
    }
    let name = name.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    if name.is_empty() { "crawler".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_agent;

    const CHROME: &str =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    fn rule_of(header: &str, words: PageWords) -> String {
        rule(header, &user_agent::parse(header), words).to_owned()
    }

    #[test]
    fn each_rule_gives_its_name() {
        let nothing = PageWords::default();
        let wide = PageWords { viewport_width: 1920, viewport_height: 1080, ..nothing };
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/17.5 Mobile/15E148 Safari/604.1";
        let cases = [
            (CHROME.to_owned(), nothing, ""),
            (CHROME.to_owned(), PageWords { webdriver: true, ..nothing }, "webdriver"),
            (CHROME.replace("Chrome/", "HeadlessChrome/"), nothing, "headless"),
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)".to_owned(),
                nothing,
                "Googlebot",
            ),
            (iphone.to_owned(), nothing, ""),
            (iphone.to_owned(), wide, "impossible"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15"
                    .to_owned(),
                nothing,
                "impossible",
            ),
            (String::new(), nothing, ""),
        ];
        for (header, words, expected) in cases {
            assert_eq!(rule_of(&header, words), expected, "{header}");
        }
    }

    #[test]
    fn every_known_crawler_matches_the_list() {
        let list = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../third-party/node_modules/crawler-user-agents/crawler-user-agents.json"
        );
        let entries: serde_json::Value = serde_json::from_slice(&std::fs::read(list).unwrap()).unwrap();
        let mut seen = 0;
        for instance in entries.as_array().unwrap().iter().flat_map(|entry| entry["instances"].as_array().unwrap()) {
            let instance = instance.as_str().unwrap();
            assert!(crawler(instance).is_some(), "{instance}");
            seen += 1;
        }
        assert!(seen > 2_000, "only {seen} instances in the list");
    }

    #[test]
    fn patterns_have_readable_names() {
        let cases = [
            ("Googlebot\\/", "Googlebot"),
            ("AdsBot-Google([^-]|$)", "AdsBot-Google"),
            ("[wW]get", "wget"),
            ("^Apache-HttpClient", "Apache-HttpClient"),
            ("(^| )sentry\\/", "crawler"),
        ];
        for (pattern, name) in cases {
            assert_eq!(name_of(pattern), name, "{pattern}");
        }
        assert!(crawlers().names.iter().all(|name| name.len() <= 60));
    }
}
