//! Reads a `User-Agent` header: browser, major version, operating system, kind of device, crawler or not.
//!
//! uap-core's list is read by `ua-parser` (decision 0030). A header is cut at [`HEADER_BYTES_MAX`] first, because matching
//! time grows with length and the sender chooses the length. Names are checked against what a person could read: uap-core
//! has patterns that capture whatever the header says, and a stranger must not fill a column's dictionary.
//!
//! Answers are kept in a small cache, since a site's visitors share few headers. The device is refined by what the page
//! itself reports ([`crate::device`]), because browsers freeze the header's words.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use lru::LruCache;
use ua_parser::Extractor;

use crate::bot;
use crate::device::{self, DeviceClass};

/// A header is read up to here; real ones end before 400 bytes.
pub const HEADER_BYTES_MAX: usize = 512;

/// Answers kept per [`UserAgents`]: 98 % of the headers of mixed traffic were among the last thousand when measured.
const ANSWERS_KEPT: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Longest browser or system name that is believed; uap-core's own longest is 30 bytes.
const NAME_BYTES_MAX: usize = 40;

/// Largest major version that is believed.
pub const MAJOR_MAX: u16 = 9_999;

/// What nobody could tell is called this.
pub const OTHER: &str = "Other";

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent {
    /// uap-core's family, such as `Mobile Safari`; [`OTHER`] when unknown.
    pub browser: String,
    /// Major version in digits; empty when unknown.
    pub browser_version: String,
    /// uap-core's family, such as `Mac OS X`; [`OTHER`] when unknown.
    pub os: String,
    /// By the header alone.
    pub device: DeviceClass,
    /// Name of the crawler rule that matched, if one did.
    pub crawler: Option<Arc<str>>,
    /// The header contradicts itself, see [`bot`].
    pub impossible: bool,
}

/// Reads headers and remembers the recent answers. One per worker: it is not shared, so nobody waits for it.
pub struct UserAgents {
    answers: LruCache<Box<str>, Arc<UserAgent>>,
}

impl Default for UserAgents {
    fn default() -> Self {
        Self { answers: LruCache::new(ANSWERS_KEPT) }
    }
}

impl UserAgents {
    /// What this header says, from memory if it was seen lately.
    pub fn read(&mut self, header: &str) -> Arc<UserAgent> {
        let header = cut(header);
        if let Some(known) = self.answers.get(header) {
            return known.clone();
        }
        let answer = Arc::new(parse(header));
        self.answers.put(header.into(), answer.clone());
        answer
    }
}

/// Reads one header, without any memory.
pub fn parse(header: &str) -> UserAgent {
    let header = cut(header);
    let (browser, os, device) = extractor().extract(header);
    let family = browser.as_ref().map_or(OTHER, |browser| name_or_other(&browser.family));
    let major = browser.as_ref().and_then(|browser| browser.major).and_then(|major| major.parse::<u16>().ok());
    let system = os.as_ref().map_or(OTHER, |os| name_or_other(&os.os));
    let crawler = bot::crawler(header);
    let spider = device.as_ref().is_some_and(|device| device.device == "Spider");
    UserAgent {
        device: device::by_header(header, system, spider || crawler.is_some()),
        impossible: bot::impossible_header(header, family, major),
        browser: family.to_owned(),
        browser_version: major.filter(|major| *major <= MAJOR_MAX).map(|major| major.to_string()).unwrap_or_default(),
        os: system.to_owned(),
        crawler,
    }
}

/// Compiles the lists now instead of at the first header (about a tenth of a second).
pub fn warm_up() {
    extractor();
    bot::warm_up();
}

fn extractor() -> &'static Extractor<'static> {
    static EXTRACTOR: OnceLock<Extractor<'static>> = OnceLock::new();
    EXTRACTOR.get_or_init(|| {
        let regexes: ua_parser::Regexes<'static> =
            serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/user_agents.json")))
                .expect("the embedded list was made from this very structure at build time");
        Extractor::try_from(regexes).expect("the pinned list compiles, as the tests of this module show")
    })
}

/// The header's first [`HEADER_BYTES_MAX`] bytes, ending between two characters.
fn cut(header: &str) -> &str {
    &header[..header.floor_char_boundary(HEADER_BYTES_MAX)]
}

fn name_or_other(name: &str) -> &str {
    let readable = |byte: u8| byte.is_ascii_alphanumeric() || b" .+-_!/()&':".contains(&byte);
    // More than three digits in a row are somebody's counter, not a product's name.
    let counter = name.as_bytes().windows(4).any(|window| window.iter().all(u8::is_ascii_digit));
    if name.is_empty() || name.len() > NAME_BYTES_MAX || counter || !name.bytes().all(readable) { OTHER } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                          Version/17.5 Mobile/15E148 Safari/604.1";
    const CHROME: &str =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    #[test]
    fn common_headers_are_told_apart() {
        let cases = [
            (SAFARI, "Mobile Safari", "17", "iOS", "mobile"),
            (CHROME, "Chrome", "131", "Linux", "desktop"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox",
                "133",
                "Windows",
                "desktop",
            ),
            ("", "Other", "", "Other", "other"),
        ];
        for (header, browser, version, os, device) in cases {
            let read = parse(header);
            assert_eq!(
                (read.browser.as_str(), read.browser_version.as_str(), read.os.as_str(), read.device.name()),
                (browser, version, os, device),
                "{header}"
            );
            assert_eq!(read.crawler, None, "{header}");
            assert!(!read.impossible, "{header}");
        }
    }

    #[test]
    fn memory_answers_as_the_parser_does() {
        let mut agents = UserAgents::default();
        for _ in 0..2 {
            for header in [SAFARI, CHROME] {
                assert_eq!(*agents.read(header), parse(header));
            }
        }
    }

    #[test]
    fn a_long_header_is_cut_between_characters() {
        let header = format!("{CHROME} {}", "é".repeat(10_000));
        assert_eq!(parse(&header).browser, "Chrome");
        assert!(cut(&header).len() <= HEADER_BYTES_MAX);
    }

    #[test]
    fn a_stranger_does_not_name_browsers() {
        assert_eq!(name_or_other("Evil\u{7f}Browser"), OTHER);
        assert_eq!(name_or_other("x123456"), OTHER);
        assert_eq!(name_or_other(&"x".repeat(41)), OTHER);
        assert_eq!(name_or_other("Samsung Internet"), "Samsung Internet");
    }
}
