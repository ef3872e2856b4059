//! What happens in the demo's shop over four weeks, so that the screens have something true to tell:
//!
//! - release 413 loads a heavy picture on product pages: phones wait; release 414 mends it;
//! - one afternoon eight days ago the payment service fails for two and a half hours: people retry, give up, and some stay away;
//! - Brazil waits longer than everyone else; search answers slowly on phones, so that many give up finding anything; a banner shifts
//!   the category pages.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use super::crowd::Person;
use super::feedback;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A release of the shop.
pub struct Release {
    /// Its name, as the beacon tells it.
    pub name: &'static str,
    days_ago: i64,
    /// What the shop says of it.
    pub note: &'static str,
}

/// The releases that were put live, the newest first.
pub const RELEASES: [Release; 3] = [
    Release { name: "414", days_ago: 4, note: "Smaller pictures on product pages" },
    Release { name: "413", days_ago: 9, note: "Large pictures on product pages" },
    Release { name: "412", days_ago: 20, note: "Filters for categories" },
];
/// The one that was live before them.
const FIRST_RELEASE: &str = "411";

/// A page of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Page {
    Home,
    Category,
    Product,
    Search,
    Cart,
    Address,
    Pay,
    Done,
}

const CATEGORIES: [&str; 4] = ["lamps", "chairs", "tables", "shelves"];

impl Page {
    /// Where a visit begins.
    pub fn landing(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..44 => Self::Home,
            44..66 => Self::Category,
            66..94 => Self::Product,
            _ => Self::Search,
        }
    }

    /// The route that the shop's own code reports.
    pub fn route(self) -> &'static str {
        match self {
            Self::Home => "/shop/",
            Self::Category => "/shop/c/:category",
            Self::Product => "/shop/p/:id",
            Self::Search => "/shop/search",
            Self::Cart => "/shop/cart",
            Self::Address => "/shop/checkout/address",
            Self::Pay => "/shop/checkout/pay",
            Self::Done => "/shop/checkout/done",
        }
    }

    /// A path of this route.
    pub fn path(self, rng: &mut StdRng) -> String {
        match self {
            Self::Category => format!("/shop/c/{}", CATEGORIES.choose(rng).copied().unwrap_or("lamps")),
            Self::Product => format!("/shop/p/{}", 100 + rng.random_range(0..40)),
            other => other.route().to_owned(),
        }
    }

    /// The document's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Home => "Luma, lamps and furniture",
            Self::Category => "A category, Luma",
            Self::Product => "A product, Luma",
            Self::Search => "Search, Luma",
            Self::Cart => "Your cart, Luma",
            Self::Address => "Where to, Luma",
            Self::Pay => "Payment, Luma",
            Self::Done => "Thank you, Luma",
        }
    }

    /// The page that follows, or none when the visitor leaves. Who is unhappy leaves sooner; a failed payment is
    /// tried again by most, once or twice.
    pub fn next(self, unhappy: f64, failed: bool, rng: &mut StdRng) -> Option<Self> {
        if failed {
            return rng.random_bool(0.62).then_some(self);
        }
        if rng.random_bool((0.16 + 0.42 * unhappy).min(0.95)) {
            return None;
        }
        let roll = rng.random_range(0..100);
        match self {
            Self::Home => Some(if roll < 55 {
                Self::Category
            } else if roll < 75 {
                Self::Search
            } else {
                Self::Product
            }),
            Self::Category | Self::Search => Some(if roll < 72 { Self::Product } else { Self::Category }),
            Self::Product => Some(if roll < 30 {
                Self::Cart
            } else if roll < 75 {
                Self::Product
            } else {
                Self::Category
            }),
            Self::Cart => Some(if roll < 68 { Self::Address } else { Self::Product }),
            Self::Address => Some(Self::Pay),
            Self::Pay => Some(Self::Done),
            Self::Done => None,
        }
    }

    /// What an ordinary desktop at home waits for: TTFB, FCP and LCP in ms, then INP in ms and CLS.
    fn ordinary(self) -> (f64, f64, f64, f64, f64) {
        match self {
            Self::Home => (180.0, 760.0, 1_350.0, 90.0, 0.02),
            Self::Category => (240.0, 850.0, 1_550.0, 110.0, 0.05),
            Self::Product => (220.0, 820.0, 1_650.0, 105.0, 0.03),
            Self::Search => (380.0, 960.0, 1_500.0, 170.0, 0.03),
            Self::Cart => (210.0, 700.0, 1_100.0, 95.0, 0.01),
            Self::Address => (230.0, 720.0, 1_150.0, 100.0, 0.01),
            Self::Pay => (420.0, 1_050.0, 1_900.0, 130.0, 0.02),
            Self::Done => (260.0, 700.0, 1_050.0, 70.0, 0.01),
        }
    }
}

/// What one page view was like.
pub struct Felt {
    /// How it was reached.
    pub nav: &'static str,
    /// Ms at which the visitor left.
    pub left_ms: i64,
    /// Status of the document.
    pub status: u16,
    /// `metrics` of the snapshot.
    pub metrics: Value,
    /// `attribution` of the snapshot.
    pub attribution: Value,
    /// `events` of the snapshot.
    pub events: Value,
    /// 0 for delighted, 1 for brutal: drives who leaves.
    pub unhappy: f64,
    /// The page failed.
    pub failed: bool,
}

/// The shop's last weeks.
pub struct Story {
    /// Scheme, host and port of the shop.
    pub origin: String,
    now_ms: i64,
    incident_ms: std::ops::Range<i64>,
    disappointed: std::collections::HashSet<u32>,
}

impl Story {
    /// The story that has reached the present at `now_ms`.
    pub fn ending(origin: &str, now_ms: i64) -> Self {
        let midnight = now_ms.div_euclid(DAY_MS) * DAY_MS;
        // Eight days ago from 13:40 to 16:10 UTC: so long ago that it is known who came back.
        let start = midnight - 8 * DAY_MS + (13 * 60 + 40) * MINUTE_MS;
        let incident_ms = start..start + 150 * MINUTE_MS;
        Self { origin: origin.to_owned(), now_ms, incident_ms, disappointed: Default::default() }
    }

    /// When payment failed.
    pub fn incident_ms(&self) -> std::ops::Range<i64> {
        self.incident_ms.clone()
    }

    /// The same story, in which these regular visitors are those whom payment failed.
    #[must_use]
    pub fn with_disappointed(self, disappointed: std::collections::HashSet<u32>) -> Self {
        Self { disappointed, ..self }
    }

    /// Whether payment failed a regular visitor before `at_ms`; within the first hour everybody tries again.
    pub fn disappointed(&self, regular: u32, at_ms: i64) -> bool {
        at_ms > self.incident_ms.end + 60 * MINUTE_MS && self.disappointed.contains(&regular)
    }

    /// The release that was live.
    pub fn release(&self, at_ms: i64) -> &'static str {
        let put_live = RELEASES.iter().find(|release| at_ms > self.put_live_ms(release));
        put_live.map_or(FIRST_RELEASE, |release| release.name)
    }

    /// When a release was put live.
    pub fn put_live_ms(&self, release: &Release) -> i64 {
        self.now_ms - release.days_ago * DAY_MS
    }

    /// One page view of one person.
    pub fn visit(&self, page: Page, before: Option<Page>, at_ms: i64, person: &Person, rng: &mut StdRng) -> Felt {
        let (ttfb, fcp, lcp, inp, cls) = page.ordinary();
        let release = self.release(at_ms);
        let heavy_picture = release == "413" && page == Page::Product;
        let failed = page == Page::Pay && self.incident_ms.contains(&at_ms) && rng.random_bool(0.85);

        let luck = lognormal(rng, 0.38);
        let network = person.slowness * luck;
        let ttfb = ttfb * network * if failed { 6.0 } else { 1.0 } + f64::from(person.rtt_ms) * 1.5;
        let fcp = ttfb + (fcp * network * 0.72);
        let picture = if !heavy_picture {
            1.0
        } else if person.phone {
            2.9
        } else {
            1.5
        };
        let lcp = fcp + (lcp * network * 0.45 * picture);
        let slow_search = if page == Page::Search && person.phone { 3.2 } else { 1.0 };
        let inp = inp * lognormal(rng, 0.55) * if person.phone { 1.5 } else { 0.9 } * slow_search;
        let banner = if page == Page::Category && person.phone { 4.2 } else { 1.0 };
        let cls = cls * lognormal(rng, 0.7) * banner;

        // Who waits long loses patience: some leave before there is anything to see.
        let patience_ms = 4_200.0 * lognormal(rng, 0.55);
        let gave_up = lcp > patience_ms;
        let dwell_ms = if gave_up {
            patience_ms
        } else if failed {
            // Nobody reads an error page for long.
            lcp + 1_500.0 + 5_000.0 * lognormal(rng, 0.6)
        } else {
            lcp + 5_000.0 + 21_000.0 * lognormal(rng, 0.9)
        };
        let interacted = !gave_up && !failed && rng.random_bool(0.78);

        let mut metrics = Map::new();
        let mut put = |name: &str, value: f64| metrics.insert(name.to_owned(), json!((value * 10.0).round() / 10.0));
        put("ttfb", ttfb);
        put("dns", (12.0 * network).min(ttfb * 0.2));
        put("connect", f64::from(person.rtt_ms));
        put("request", ttfb * 0.6);
        put("response", 30.0 * network);
        if fcp < dwell_ms {
            put("fcp", fcp);
        }
        if !gave_up {
            put("dom_interactive", fcp * 1.05);
            put("dom_content_loaded", fcp * 1.12);
            put("load", lcp * 1.2);
            if person.measures_all {
                put("lcp", lcp);
            }
        }
        if interacted {
            put("inp", (inp / 8.0).round() * 8.0);
        }
        if person.measures_all {
            metrics.insert("cls".to_owned(), json!((cls.min(1.8) * 10_000.0).round() / 10_000.0));
        }

        let mut events = Vec::new();
        let broke = !failed && rng.random_bool(if page == Page::Search { 0.03 } else { 0.006 });
        if broke {
            events.push(json!({"type": "error", "at": fcp.round(), "message": "TypeError: results is undefined",
                "source": format!("{}/shop/assets/search.js", self.origin), "stack": "at render (search.js:41:7)"}));
        }
        if failed {
            events.push(json!({"type": "request", "at": ttfb.round(), "url": format!("{}/shop/api/pay", self.origin),
                "status": 502, "duration": ttfb.round()}));
        }
        if interacted && inp > 420.0 && rng.random_bool(0.2) {
            events.push(json!({"type": "rage_click", "at": (lcp + 900.0).round(), "target": "button.search"}));
        }
        if let Some(step) = checkout_step(page).filter(|_| !failed && !gave_up) {
            events.push(step_event(step, lcp, rng));
        }
        if let Some(step) = find_step(page, before).filter(|_| !gave_up) {
            events.push(json!({"type": "step", "at": lcp.round(), "journey": "find", "step": step}));
        }
        let felt_bad =
            if failed { 1.0 } else { ((lcp - 2_500.0) / 4_000.0).clamp(0.0, 1.0).max(f64::from(u8::from(gave_up))) };
        events.extend(feedback::said(page, dwell_ms * 0.9, felt_bad, failed, rng));
        Felt {
            nav: if rng.random_bool(0.06) { "back_forward" } else { "navigate" },
            left_ms: dwell_ms.round() as i64,
            status: if failed { 502 } else { 200 },
            attribution: attribution(page, heavy_picture, ttfb, lcp, inp, interacted, gave_up),
            metrics: Value::Object(metrics),
            events: Value::Array(events),
            unhappy: felt_bad,
            failed,
        }
    }
}

fn checkout_step(page: Page) -> Option<&'static str> {
    match page {
        Page::Cart => Some("cart"),
        Page::Address => Some("address"),
        Page::Pay => Some("pay"),
        Page::Done => Some("done"),
        _ => None,
    }
}

/// Finding something: from the search to a product.
fn find_step(page: Page, before: Option<Page>) -> Option<&'static str> {
    match (page, before) {
        (Page::Search, _) => Some("search"),
        (Page::Product, Some(Page::Search)) => Some("product"),
        _ => None,
    }
}

fn step_event(step: &str, at_ms: f64, rng: &mut StdRng) -> Value {
    if step == "done" {
        let amount = f64::from(rng.random_range(1_900..32_000)) / 100.0;
        json!({"type": "step", "at": at_ms.round(), "journey": "checkout", "step": step, "amount": amount, "currency": "EUR"})
    } else {
        json!({"type": "step", "at": at_ms.round(), "journey": "checkout", "step": step})
    }
}

fn attribution(page: Page, heavy: bool, ttfb: f64, lcp: f64, inp: f64, interacted: bool, gave_up: bool) -> Value {
    let mut all = Map::new();
    if !gave_up {
        let picture = if heavy { "/shop/img/hero-4k.png" } else { "/shop/img/hero.webp" };
        let rest = (lcp - ttfb).max(0.0);
        all.insert(
            "lcp".into(),
            json!({"target": if page == Page::Product { "main>figure>img" } else { "main>h1" }, "url": picture,
                "ttfb": ttfb.round(), "load_delay": (rest * 0.2).round(), "load_time": (rest * 0.6).round(),
                "render_delay": (rest * 0.2).round()}),
        );
    }
    if interacted {
        all.insert(
            "inp".into(),
            json!({"target": if page == Page::Search { "button.search" } else { "button.add" }, "event": "click",
                "input_delay": (inp * 0.2).round(), "processing": (inp * 0.5).round(), "presentation": (inp * 0.3).round(),
                "script": "/shop/assets/shop.js"}),
        );
    }
    Value::Object(all)
}

/// A log-normal factor with median one: Box-Muller on two uniform numbers.
fn lognormal(rng: &mut StdRng, sigma: f64) -> f64 {
    let (u, v): (f64, f64) = (rng.random_range(f64::EPSILON..1.0), rng.random());
    (sigma * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()).exp()
}
