//! What each simulated page view tells: a pure function of the run's seed, the view's number and the snapshot's `seq`, so that
//! the oracle need not remember a single value and the judge can work out any of them again.

use felt_schema::metric::{MISSING, Metric};
use serde_json::{Value, json};

/// The sites whose beacons are sent, in turn.
pub const SITES: [&str; 3] = ["shop", "blog", "play"];

/// The highest `seq` that any view reaches.
pub const SEQ_MAX: u32 = 3;

const PAGES: [&str; 12] =
    ["/", "/cart", "/search", "/news", "/about", "/login", "/lamp", "/chair", "/table", "/shelf", "/pay", "/thanks"];

const AGENTS: [&str; 3] = [
    crate::beacons::USER_AGENT,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
];

/// One page view of a run.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The run's seed.
    pub seed: u64,
    /// The view's number in the run.
    pub n: u32,
}

/// What must be found of a view's counted snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which snapshot.
    pub seq: u32,
    /// As the table has it.
    pub lcp: u32,
    /// As the table has it.
    pub inp: u32,
    /// As the table has it.
    pub cls: u32,
    /// As the table has it.
    pub ttfb: u32,
    /// Normalised.
    pub page: String,
    /// Letters that no two snapshots share.
    pub title: String,
    /// How many events it carries.
    pub events: u32,
}

/// splitmix64: spreads neighbouring numbers.
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl View {
    /// The number in an id made by [`View::id`] of the same run.
    pub fn number_of(seed: u64, id: &str) -> Option<u32> {
        let rest = id.strip_prefix(&format!("c{seed:x}-"))?;
        u32::from_str_radix(rest, 16).ok().filter(|n| Self { seed, n: *n }.id() == id)
    }

    /// Its id.
    pub fn id(self) -> String {
        format!("c{:x}-{:08x}", self.seed, self.n)
    }

    /// Its site.
    pub fn site(self) -> &'static str {
        SITES[self.n as usize % SITES.len()]
    }

    /// Its session: a few views of a site share one, so that they meet in one partition.
    pub fn session(self) -> String {
        format!("s{:x}-{:08x}", self.seed, self.n / 12)
    }

    /// The browser that sends it.
    pub fn agent(self) -> &'static str {
        AGENTS[(self.n / 12) as usize % AGENTS.len()]
    }

    fn draw(self, seq: u32) -> u64 {
        mix(mix(self.seed ^ u64::from(self.n) << 8) ^ u64::from(seq))
    }

    /// What its snapshot says, as it must be found.
    pub fn told(self, seq: u32) -> Told {
        let (metrics, draw) = (self.metrics(seq), self.draw(seq));
        let micro = |metric: Metric, value: Option<f64>| value.and_then(|v| metric.to_micro(v)).unwrap_or(MISSING);
        Told {
            seq,
            lcp: micro(Metric::Lcp, metrics.lcp),
            inp: micro(Metric::Inp, metrics.inp),
            cls: micro(Metric::Cls, metrics.cls),
            ttfb: micro(Metric::Ttfb, metrics.ttfb),
            page: self.page(seq).to_owned(),
            title: title(draw),
            events: (draw >> 8) as u32 % 3,
        }
    }

    /// Some views end on another page than they began: a cell of the rollups must be left again.
    fn page(self, seq: u32) -> &'static str {
        let moved = if self.draw(0).is_multiple_of(5) { seq as usize } else { 0 };
        PAGES[(mix(u64::from(self.n)) as usize + moved) % PAGES.len()]
    }

    fn metrics(self, seq: u32) -> Metrics {
        let draw = self.draw(seq);
        let lcp = 200.0 + (draw % 90_000) as f64 / 10.0;
        Metrics {
            lcp: (draw >> 32 & 15 != 0).then_some(lcp),
            inp: (draw >> 40 & 3 != 0).then_some(((draw >> 16) % 1_500) as f64),
            cls: Some(((draw >> 24) % 600) as f64 / 1_000.0),
            fcp: Some((lcp * 5.0).round() / 10.0),
            ttfb: (draw >> 44 & 7 != 0).then_some(((draw >> 20) % 3_000) as f64),
        }
    }

    /// The snapshot as a browser would send it, `age_ms` after the view began.
    pub fn snapshot(self, seq: u32, attempt: u32, age_ms: u64) -> Value {
        let (told, metrics, draw) = (self.told(seq), self.metrics(seq), self.draw(seq));
        let events: Vec<Value> = (0..told.events)
            .map(|at| match at {
                0 => json!({"type": "timing", "at": 100, "name": "login", "value": draw % 7_000}),
                _ => json!({"type": "error", "at": 200, "message": told.title}),
            })
            .collect();
        let mut snapshot = json!({
            "v": 1, "view": self.id(), "seq": seq, "attempt": attempt, "session": self.session(), "nav": "navigate",
            "url": "https://shop.example/", "route": told.page, "title": told.title, "age": age_ms, "status": 200,
            "metrics": {"cls": metrics.cls, "fcp": metrics.fcp}, "events": events,
            "client": {"viewport": [412, 915], "dpr": 2.5, "webdriver": self.n.is_multiple_of(29)},
            "release": format!("r{}", self.n % 4), "tags": {"plan": "pro"},
        });
        for (name, value) in [("lcp", metrics.lcp), ("inp", metrics.inp), ("ttfb", metrics.ttfb)] {
            if let Some(value) = value {
                snapshot["metrics"][name] = json!(value);
            }
        }
        snapshot
    }
}

struct Metrics {
    lcp: Option<f64>,
    inp: Option<f64>,
    cls: Option<f64>,
    fcp: Option<f64>,
    ttfb: Option<f64>,
}

/// A number in letters: digits might be masked as somebody's telephone.
fn title(draw: u64) -> String {
    (0..12).map(|place| char::from(b'a' + (draw >> (4 * place) & 15) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_known_by_its_id() {
        let view = View { seed: 0xfeed, n: 77 };
        assert_eq!(View::number_of(0xfeed, &view.id()), Some(77));
        assert_eq!(View::number_of(0xbeef, &view.id()), None);
    }

    #[test]
    fn snapshots_of_a_view_differ_and_repeat() {
        let view = View { seed: 1, n: 2 };
        assert_eq!(view.told(1), view.told(1));
        assert_ne!(view.told(0).title, view.told(1).title);
    }
}
