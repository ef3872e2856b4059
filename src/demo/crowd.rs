//! Who visits the demo's shop: countries, devices, networks, browsers, and a few machines.

use rand::Rng;
use rand::rngs::StdRng;

/// What is the same in every page view of one visitor.
pub struct Person {
    /// The `User-Agent` header.
    pub user_agent: &'static str,
    /// ISO 3166 code.
    pub country: &'static str,
    /// The language of the browser.
    pub lang: &'static str,
    /// Whether the screen is a phone's.
    pub phone: bool,
    /// Width and height of the viewport in CSS pixels.
    pub viewport: [u32; 2],
    /// Device pixel ratio.
    pub dpr: f64,
    /// Effective connection type; Safari and Firefox do not tell.
    pub connection: Option<&'static str>,
    /// Round trip time to the shop.
    pub rtt_ms: u32,
    /// Device memory; only Chromium tells.
    pub memory_gib: Option<u32>,
    /// Logical processors.
    pub cores: u32,
    /// What the customer pays for.
    pub plan: &'static str,
    /// Driven by a script.
    pub webdriver: bool,
    /// How slow device and network are together, one being an ordinary one.
    pub slowness: f64,
    /// Whether the browser measures LCP, CLS and INP.
    pub measures_all: bool,
}

struct Country {
    code: &'static str,
    lang: &'static str,
    share: u32,
    rtt_ms: u32,
    slowness: f64,
}

/// Brazil is far from the shop's only data centre: the slow country of the story.
const COUNTRIES: [Country; 8] = [
    Country { code: "DE", lang: "de-DE", share: 40, rtt_ms: 28, slowness: 0.9 },
    Country { code: "AT", lang: "de-AT", share: 9, rtt_ms: 34, slowness: 0.92 },
    Country { code: "CH", lang: "de-CH", share: 8, rtt_ms: 32, slowness: 0.88 },
    Country { code: "FR", lang: "fr-FR", share: 12, rtt_ms: 40, slowness: 1.0 },
    Country { code: "GB", lang: "en-GB", share: 10, rtt_ms: 44, slowness: 1.0 },
    Country { code: "US", lang: "en-US", share: 11, rtt_ms: 110, slowness: 1.15 },
    Country { code: "BR", lang: "pt-BR", share: 6, rtt_ms: 240, slowness: 2.1 },
    Country { code: "PL", lang: "pl-PL", share: 4, rtt_ms: 48, slowness: 1.05 },
];

struct Browser {
    user_agent: &'static str,
    share: u32,
    phone: bool,
    viewport: [u32; 2],
    dpr: f64,
    slowness: f64,
    chromium: bool,
    measures_all: bool,
}

const BROWSERS: [Browser; 8] = [
    Browser {
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
        share: 30,
        phone: true,
        viewport: [412, 915],
        dpr: 2.6,
        slowness: 1.25,
        chromium: true,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        share: 22,
        phone: true,
        viewport: [390, 844],
        dpr: 3.0,
        slowness: 1.0,
        chromium: false,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
        share: 7,
        phone: true,
        viewport: [384, 854],
        dpr: 2.8,
        slowness: 1.45,
        chromium: true,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
        share: 19,
        phone: false,
        viewport: [1536, 730],
        dpr: 1.25,
        slowness: 0.8,
        chromium: true,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
        share: 7,
        phone: false,
        viewport: [1920, 950],
        dpr: 1.0,
        slowness: 0.8,
        chromium: true,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
        share: 6,
        phone: false,
        viewport: [1440, 780],
        dpr: 2.0,
        slowness: 0.7,
        chromium: false,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0",
        share: 6,
        phone: false,
        viewport: [1680, 900],
        dpr: 1.0,
        slowness: 0.85,
        chromium: false,
        measures_all: true,
    },
    Browser {
        user_agent: "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
        share: 3,
        phone: false,
        viewport: [820, 1180],
        dpr: 2.0,
        slowness: 1.05,
        chromium: false,
        measures_all: false,
    },
];

const BOTS: [(&str, bool); 4] = [
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", false),
    ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", false),
    (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/149.0.0.0 Safari/537.36",
        true,
    ),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", false),
];

const REFERRERS: [&str; 6] = [
    "",
    "https://www.google.com/",
    "https://www.google.com/",
    "https://www.instagram.com/",
    "https://duckduckgo.com/",
    "https://news.example/",
];

fn pick<'a, T>(from: &'a [T], share: impl Fn(&T) -> u32, rng: &mut StdRng) -> &'a T {
    let total: u32 = from.iter().map(&share).sum();
    let mut left = rng.random_range(0..total);
    for entry in from {
        let weight = share(entry);
        if left < weight {
            return entry;
        }
        left -= weight;
    }
    &from[0]
}

/// Where a first page view came from.
pub fn referrer(rng: &mut StdRng) -> &'static str {
    REFERRERS[rng.random_range(0..REFERRERS.len())]
}

/// A human visitor.
pub fn person(rng: &mut StdRng) -> Person {
    let country = pick(&COUNTRIES, |c| c.share, rng);
    let browser = pick(&BROWSERS, |b| b.share, rng);
    // One in seven phones is on a poor network at the moment.
    let poor = browser.phone && rng.random_bool(0.14);
    let network = if poor { 1.9 } else { 1.0 };
    Person {
        user_agent: browser.user_agent,
        country: country.code,
        lang: country.lang,
        phone: browser.phone,
        viewport: browser.viewport,
        dpr: browser.dpr,
        connection: browser.chromium.then_some(if poor { "3g" } else { "4g" }),
        rtt_ms: (f64::from(country.rtt_ms) * if poor { 4.0 } else { rng.random_range(0.8..1.6) }) as u32,
        memory_gib: browser.chromium.then_some(if browser.phone { 4 } else { 8 }),
        cores: if browser.phone { 8 } else { 12 },
        plan: if rng.random_bool(0.2) { "club" } else { "guest" },
        webdriver: false,
        slowness: country.slowness * browser.slowness * network,
        measures_all: browser.measures_all,
    }
}

/// A crawler or a script.
pub fn bot(rng: &mut StdRng) -> Person {
    let (user_agent, webdriver) = BOTS[rng.random_range(0..BOTS.len())];
    Person {
        user_agent,
        country: "US",
        lang: "en-US",
        phone: false,
        viewport: [1280, 1024],
        dpr: 1.0,
        connection: None,
        rtt_ms: 20,
        memory_gib: None,
        cores: 2,
        plan: "guest",
        webdriver,
        slowness: 0.5,
        measures_all: true,
    }
}
