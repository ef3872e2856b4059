//! The kind of device a page was seen on: one of six words, by a rule that can be said aloud.
//!
//! A crawler is a `bot`. A TV set, a streaming box or a console is a `tv`. What calls itself a tablet, an iPad, or Android
//! without the word Mobile is a `tablet`; any other phone word is `mobile`; a desktop system is `desktop`; the rest `other`.
//! iPads send a Mac's header: a Safari "Mac" whose window has an iPad's exact upright size is a tablet too.

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceClass {
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A computer with a desktop system.
    Desktop,
    /// A television, a streaming box, a console.
    Tv,
    /// A crawler.
    Bot,
    /// Nobody can tell.
    Other,
}

impl DeviceClass {
    /// The word stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
            Self::Tv => "tv",
            Self::Bot => "bot",
            Self::Other => "other",
        }
    }
}

const TV_MARKS: [&str; 17] = [
    "SmartTV",
    "SMART-TV",
    "Smart TV",
    "HbbTV",
    "GoogleTV",
    "Google TV",
    "AppleTV",
    "Apple TV",
    "Android TV",
    "BRAVIA",
    "NetCast",
    "Web0S",
    "CrKey",
    "Roku",
    "PlayStation",
    "Xbox",
    "Nintendo",
];

const TABLET_MARKS: [&str; 5] = ["iPad", "Tablet", "PlayBook", "Kindle", "KFTT"];

const PHONE_MARKS: [&str; 8] =
    ["iPhone", "iPod", "Mobile", "Mobi/", "Windows Phone", "Opera Mini", "KAIOS", "BlackBerry"];

const DESKTOP_SYSTEMS: [&str; 13] = [
    "Windows",
    "Mac OS X",
    "Linux",
    "Chrome OS",
    "Ubuntu",
    "Debian",
    "Fedora",
    "Red Hat",
    "SUSE",
    "Arch Linux",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
];

/// The kind that a header tells, given uap-core's system and whether a crawler sent it.
pub fn by_header(header: &str, os: &str, crawler: bool) -> DeviceClass {
    let says = |marks: &[&str]| marks.iter().any(|mark| header.contains(mark));
    if crawler {
        DeviceClass::Bot
    } else if says(&TV_MARKS) {
        DeviceClass::Tv
    } else if says(&TABLET_MARKS) {
        DeviceClass::Tablet
    } else if says(&PHONE_MARKS) {
        DeviceClass::Mobile
    } else if header.contains("Android") {
        // https://developer.chrome.com/docs/multidevice/user-agent: phones say Mobile, tablets do not.
        DeviceClass::Tablet
    } else if DESKTOP_SYSTEMS.contains(&os) {
        DeviceClass::Desktop
    } else {
        DeviceClass::Other
    }
}

/// CSS widths of upright iPads: mini, 9.7", 10.2", 10.9" Air, 11" Pro, 12.9" and 13" Pro.
const IPAD_WIDTHS: [u16; 7] = [744, 768, 810, 820, 834, 1024, 1032];

/// Mends the header's kind by the window that the page reports.
pub fn with_viewport(
    by_header: DeviceClass,
    os: &str,
    browser: &str,
    width: u16,
    height: u16,
    dpr: f32,
) -> DeviceClass {
    let mac_safari = by_header == DeviceClass::Desktop && os == "Mac OS X" && browser == "Safari";
    if mac_safari && dpr == 2.0 && height > width && IPAD_WIDTHS.contains(&width) {
        return DeviceClass::Tablet;
    }
    by_header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_marks() {
        let cases = [
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36",
                "Android",
                "mobile",
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36",
                "Android",
                "tablet",
            ),
            ("Mozilla/5.0 (iPad; CPU OS 15_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", "iOS", "tablet"),
            ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36", "Linux", "tv"),
            ("Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15", "Other", "tv"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", "Mac OS X", "desktop"),
            ("something", "Other", "other"),
        ];
        for (header, os, expected) in cases {
            assert_eq!(by_header(header, os, false).name(), expected, "{header}");
        }
        assert_eq!(by_header("Googlebot/2.1", "Other", true), DeviceClass::Bot);
    }

    #[test]
    fn an_ipad_that_says_mac_is_seen_by_its_window() {
        let desktop = DeviceClass::Desktop;
        assert_eq!(with_viewport(desktop, "Mac OS X", "Safari", 820, 1106, 2.0), DeviceClass::Tablet);
        assert_eq!(with_viewport(desktop, "Mac OS X", "Safari", 1440, 900, 2.0), desktop);
        assert_eq!(with_viewport(desktop, "Windows", "Chrome", 820, 1106, 2.0), desktop);
    }
}
