//! Completion by how long people waited, like compared with like.
//!
//! Slow phones and far countries wait longer and also buy less, so visits that waited long are not compared with all others but
//! with visits of the same device and country: what is left is what the waiting itself does (indirect standardisation).

use crate::happiness::wilson;
use std::collections::BTreeMap;

/// Where spans of waiting begin, in ms; the last one is open.
pub const WAIT_EDGES_MS: [u32; 7] = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 8_000];

/// Fewest visits of a span that words are made of.
const VISITS_MIN: i64 = 30;

/// Visits that took a journey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Those that began it.
    pub started: i64,
    /// Those of them that finished it.
    pub completed: i64,
}

impl Taken {
    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        self.started += other.started;
        self.completed += other.completed;
    }

    /// The share that finished it; `None` of nobody.
    pub fn completion(&self) -> Option<f64> {
        (self.started > 0).then(|| self.completed as f64 / self.started as f64)
    }
}

/// The visits of one span of waiting, and how they would have fared if they had been of the same kinds as all visits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched {
    /// The visits.
    pub taken: Taken,
    /// Completion, like compared with like: that of all visits · what these completed / what visits of the same kinds complete
    /// on average. `None` where those complete nothing.
    pub completion: Option<f64>,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub high: Option<f64>,
}

/// Compares spans of waiting, each told by the kinds of its visits, such as device and country.
pub fn like_with_like<K: Ord + Clone>(spans: &[BTreeMap<K, Taken>]) -> Vec<Matched> {
    let mut kinds: BTreeMap<K, Taken> = BTreeMap::new();
    let mut all = Taken::default();
    for (kind, taken) in spans.iter().flatten() {
        kinds.entry(kind.clone()).or_default().merge(*taken);
        all.merge(*taken);
    }
    let rate = |kind: &K| kinds.get(kind).and_then(Taken::completion).unwrap_or(0.0);
    let matched = |span: &BTreeMap<K, Taken>| {
        let mut taken = Taken::default();
        let mut expected = 0.0;
        for (kind, of_kind) in span {
            taken.merge(*of_kind);
            expected += of_kind.started as f64 * rate(kind);
        }
        let factor =
            all.completion().filter(|_| expected > 0.0).map(|overall| overall * taken.started as f64 / expected);
        let (low, high) = wilson(taken.completed as f64, taken.started as f64);
        let scaled = |share: f64| factor.map(|factor| (share * factor).min(1.0));
        Matched { taken, completion: taken.completion().and_then(scaled), low: scaled(low), high: scaled(high) }
    };
    spans.iter().map(matched).collect()
}

/// What completion by waiting says, in one sentence. `spans` are those of [`WAIT_EDGES_MS`].
pub fn wait_words(spans: &[Matched]) -> String {
    let enough = |index: &usize| spans[*index].taken.started >= VISITS_MIN && spans[*index].completion.is_some();
    let fast = (0..spans.len()).find(enough);
    let slow = (0..spans.len()).rev().find(enough);
    let (Some(fast), Some(slow)) = (fast, slow.filter(|slow| Some(*slow) != fast)) else {
        return "Too few visits to say what waiting does to completion.".to_owned();
    };
    let percent = |index: usize| 100.0 * spans[index].completion.unwrap_or(0.0);
    let seconds = |ms: u32| ms / 1_000;
    let first = match WAIT_EDGES_MS.get(fast + 1) {
        Some(to) => format!("under {} s", seconds(*to)),
        None => format!("{} s or longer", seconds(WAIT_EDGES_MS[fast])),
    };
    let second = match WAIT_EDGES_MS.get(slow + 1) {
        Some(to) => format!("{} to {} s", seconds(WAIT_EDGES_MS[slow]), seconds(*to)),
        None => format!("{} s or longer", seconds(WAIT_EDGES_MS[slow])),
    };
    format!(
        "Of visits that waited {first} for the first page, {:.0} % finished; of those that waited {second}, {:.0} %, on the same devices in the same countries.",
        percent(fast),
        percent(slow)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(kinds: &[(&'static str, i64, i64)]) -> BTreeMap<&'static str, Taken> {
        kinds.iter().map(|&(kind, started, completed)| (kind, Taken { started, completed })).collect()
    }

    #[test]
    fn what_only_the_mix_of_devices_makes_is_taken_out() {
        // Mobile completes 20 %, desktop 60 %, however long they wait; most who wait long are mobile.
        let spans =
            [span(&[("desktop", 300, 180), ("mobile", 100, 20)]), span(&[("desktop", 100, 60), ("mobile", 300, 60)])];
        let matched = like_with_like(&spans);
        assert_eq!(matched[0].taken.completion(), Some(0.5));
        assert_eq!(matched[1].taken.completion(), Some(0.3));
        for matched in &matched {
            assert!((matched.completion.unwrap() - 0.4).abs() < 1e-12, "{matched:?}");
            assert!(matched.low < matched.completion && matched.completion < matched.high);
        }
    }

    #[test]
    fn what_waiting_itself_does_stays() {
        let spans =
            [span(&[("desktop", 100, 60), ("mobile", 100, 40)]), span(&[("desktop", 100, 30), ("mobile", 100, 20)])];
        let matched = like_with_like(&spans);
        let shares: Vec<f64> = matched.iter().map(|matched| matched.completion.unwrap()).collect();
        assert!((shares[0] - 0.5).abs() < 1e-12 && (shares[1] - 0.25).abs() < 1e-12, "{shares:?}");
        assert!(wait_words(&matched).starts_with("Of visits that waited under 1 s for the first page, 50 % finished"));
    }

    #[test]
    fn of_nobody_there_is_no_completion() {
        let matched = like_with_like(&[span(&[]), span(&[("mobile", 5, 0)])]);
        assert_eq!(matched[0].completion, None);
        assert_eq!((matched[1].taken.completion(), matched[1].completion), (Some(0.0), None));
        assert!(wait_words(&matched).starts_with("Too few"));
    }
}
