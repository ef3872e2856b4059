//! Visitors who do not exist: sessions of a few pages, on phones and desktops, mostly happy. Their views carry the tag `synthetic`, so that
//! they can be told from real ones.

use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

/// Page views of one visit.
const VIEWS_PER_SESSION: u64 = 4;
/// One in so many views is told of a second time, when it ends.
const ENDED_ONE_IN: u64 = 5;
/// The site that they believe to be on.
const ORIGIN: &str = "https://load.example";
const PAGES: [&str; 6] = ["/", "/search", "/p/123", "/p/456", "/cart", "/checkout/pay"];
const USER_AGENTS: [&str; 2] = [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36",
];

/// An endless row of them.
pub struct Visitors {
    random: StdRng,
    /// Tells this run from others.
    run: u64,
    views: u64,
    open: Option<String>,
}

impl Visitors {
    /// The first of them.
    pub fn new() -> Self {
        let mut random = StdRng::from_os_rng();
        let run = random.random();
        Self { random, run, views: 0, open: None }
    }

    /// The visit that the next beacon belongs to.
    pub fn visit(&self) -> u64 {
        self.views / VIEWS_PER_SESSION
    }

    /// The browser of the visitor whose beacon comes next.
    pub fn user_agent(&self) -> &'static str {
        USER_AGENTS[usize::from(self.visit() % 3 == 2)]
    }

    /// The next beacon: a new page view, or now and then the end of the one before.
    pub fn beacon(&mut self) -> Vec<u8> {
        if let Some(view) = self.open.take() {
            return self.snapshot(&view, 1);
        }
        let view = format!("load-{:016x}-{:010}", self.run, self.views);
        let beacon = self.snapshot(&view, 0);
        self.views += 1;
        // The end of a visit's last view would be told by the next visitor's browser.
        if self.views.is_multiple_of(ENDED_ONE_IN) && !self.views.is_multiple_of(VIEWS_PER_SESSION) {
            self.open = Some(view);
        }
        beacon
    }

    fn snapshot(&mut self, view: &str, seq: u32) -> Vec<u8> {
        let page = PAGES[self.random.random_range(0..PAGES.len())];
        // A long tail, as real ones have: one in twenty waits several seconds.
        let slow: f64 = if self.random.random_ratio(1, 20) { 4.0 } else { 1.0 };
        let lcp = (self.random.random_range(700.0..2_400.0_f64) * slow).round();
        let inp = (self.random.random_range(20.0..180.0_f64) * slow).round();
        let session =
            format!("load-{:016x}-{:08}", self.run, self.views.saturating_sub(u64::from(seq)) / VIEWS_PER_SESSION);
        json!({
            "v": 1, "view": view, "seq": seq, "attempt": 0, "session": session, "nav": "navigate", "url": format!("{ORIGIN}{page}"),
            "route": page, "title": "Load", "age": 8_000, "status": 200, "sample_rate": 1,
            "metrics": {"lcp": lcp, "inp": inp, "cls": 0.02, "fcp": (lcp * 0.6).round(), "ttfb": (lcp * 0.2).round(), "load": lcp + 300.0},
            "attribution": {"lcp": {"target": "main>img.hero", "ttfb": lcp * 0.2, "load_delay": 100, "load_time": lcp * 0.4, "render_delay": 80},
                            "inp": {"target": "button#buy", "event": "click", "input_delay": 4, "processing": inp * 0.6, "presentation": 12}},
            "client": {"viewport": [412, 915], "dpr": 2.6, "connection": "4g", "lang": "en-GB", "webdriver": false},
            "tags": {"synthetic": "load"},
        })
        .to_string()
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn views_are_new_ones_and_now_and_then_told_of_again() {
        let mut visitors = Visitors::new();
        let mut views = BTreeSet::new();
        let mut again = 0;
        for _ in 0..1_000 {
            let beacon: serde_json::Value = serde_json::from_slice(&visitors.beacon()).unwrap();
            let new = views.insert(beacon["view"].as_str().unwrap().to_owned());
            assert_eq!(new, beacon["seq"] == 0, "{beacon}");
            again += u32::from(!new);
        }
        assert!((100..200).contains(&again), "{again}");
    }
}
