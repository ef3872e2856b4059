//! The views of the last while, in bounded memory: most snapshots are the first of a view that just began, and nobody needs
//! to ask the store about those.
//!
//! Two generations: a full one becomes the old one, the one before is forgotten. The memory knows every view that began
//! after `complete_since` and was worked off; so the first word of a view that began later and is not in it is new. Views
//! that began before, and later words of any view, are asked for in the store, unless their rows happen to be here: a
//! browser may hold a later word back, and it then says the age that the view had when it was written.

use super::{ByView, ViewKey};
use crate::state::StateRow;

/// Bounds of the memory of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentLimits {
    /// Views per generation.
    pub views_max: usize,
    /// Bytes of kept rows per generation.
    pub bytes_max: usize,
}

/// A copy of a beacon that was held up on its way says the same `age` as the original, so its view seems to begin later
/// by the delay. Copies up to this late are still told from views that are new.
const DELAY_MS_MAX: i64 = 120_000;

/// The same in the time after a claim, as long as nothing had to be forgotten: what the owner before worked off is only in
/// the store, and a copy of it may come a quarter of an hour later.
const DELAY_AFTER_CLAIM_MS_MAX: i64 = 15 * 60_000;

/// What the memory says about a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Nothing of it was ever worked off.
    New,
    /// Its latest state, serialised.
    State(&'a [u8]),
    /// Only the store knows.
    Unknown,
}

/// The memory of one partition.
pub struct Recent {
    limits: RecentLimits,
    young: Generation,
    old: Option<Generation>,
    /// Latest arrival among everything worked off.
    latest_ms: i64,
}

struct Generation {
    complete_since_ms: i64,
    views: ByView<Box<[u8]>>,
    bytes: usize,
}

impl Generation {
    fn new(complete_since_ms: i64) -> Self {
        Self { complete_since_ms, views: ByView::default(), bytes: 0 }
    }
}

impl Recent {
    /// An empty memory: complete for what arrives from `now_ms` on.
    pub fn new(limits: RecentLimits, now_ms: i64) -> Self {
        Self { limits, young: Generation::new(now_ms), old: None, latest_ms: now_ms }
    }

    /// What is known about a view that began at `started_ms`; `first` says that this is its first snapshot, sent for the first time.
    pub fn ask(&self, view: ViewKey, started_ms: i64, first: bool) -> Known<'_> {
        let seen = self.young.views.get(&view).or_else(|| self.old.as_ref()?.views.get(&view));
        match seen {
            Some(state) => Known::State(state),
            None if first && started_ms.saturating_sub(self.delay_ms_max()) >= self.complete_since_ms() => Known::New,
            None => Known::Unknown,
        }
    }

    /// Takes in what a batch wrote; only after the store has it.
    pub fn take(&mut self, states: Vec<StateRow>, latest_ms: i64) {
        self.latest_ms = self.latest_ms.max(latest_ms);
        for row in states {
            if self.young.views.len() >= self.limits.views_max || self.young.bytes >= self.limits.bytes_max {
                let young = Generation::new(self.latest_ms);
                self.old = Some(std::mem::replace(&mut self.young, young));
            }
            self.young.bytes += row.state.len();
            let key = ViewKey::of_hash(&row.site, row.view_hash);
            self.young.views.insert(key, row.state.into_boxed_slice());
        }
    }

    /// Views held.
    pub fn len(&self) -> usize {
        self.young.views.len() + self.old.as_ref().map_or(0, |old| old.views.len())
    }

    /// Whether none are held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn delay_ms_max(&self) -> i64 {
        if self.old.is_none() { DELAY_AFTER_CLAIM_MS_MAX } else { DELAY_MS_MAX }
    }

    fn complete_since_ms(&self) -> i64 {
        self.old.as_ref().unwrap_or(&self.young).complete_since_ms
    }
}

#[cfg(test)]
mod tests {
    use felt_schema::rows::ViewStateRow;

    use super::*;

    const LIMITS: RecentLimits = RecentLimits { views_max: 3, bytes_max: 1_000 };

    fn state(view: &str) -> StateRow {
        StateRow {
            site: "shop".into(),
            view_hash: ViewStateRow::hash_of(view),
            state: view.as_bytes().to_vec(),
            ..StateRow::default()
        }
    }

    fn key(view: &str) -> ViewKey {
        ViewKey::new("shop", view)
    }

    #[test]
    fn a_view_that_began_after_the_claim_and_was_not_seen_is_new() {
        let mut recent = Recent::new(LIMITS, 1_000_000);
        assert_eq!(recent.ask(key("a"), 1_000_000 + DELAY_AFTER_CLAIM_MS_MAX, true), Known::New);
        assert_eq!(recent.ask(key("a"), 1_000_000 + DELAY_MS_MAX, true), Known::Unknown);
        assert_eq!(recent.ask(key("a"), 1_000_000 + DELAY_AFTER_CLAIM_MS_MAX, false), Known::Unknown, "a later word");
        recent.take(vec![state("a")], 1_200_000);
        assert_eq!(recent.ask(key("a"), 0, true), Known::State(b"a"));
        assert_eq!(recent.ask(ViewKey::new("blog", "a"), 2_000_000, true), Known::New);
    }

    #[test]
    fn what_is_forgotten_is_asked_for_again() {
        let mut recent = Recent::new(LIMITS, 0);
        for (index, view) in ["a", "b", "c", "d", "e", "f", "g"].iter().enumerate() {
            recent.take(vec![state(view)], 1_000_000 * (index as i64 + 1));
        }
        // "a" to "c" are gone; the memory is complete since the fourth arrived.
        assert_eq!(recent.len(), 4);
        assert_eq!(recent.ask(key("a"), 500_000, true), Known::Unknown);
        assert_eq!(recent.ask(key("x"), 2_000_000, true), Known::Unknown);
        assert_eq!(recent.ask(key("x"), 5_000_000, true), Known::New);
        assert_eq!(recent.ask(key("d"), 0, true), Known::State(b"d"));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut recent = Recent::new(RecentLimits { views_max: 1_000, bytes_max: 10 }, 0);
        for index in 0..100 {
            recent.take(vec![state(&format!("view-{index:05}"))], index);
        }
        assert!(recent.len() <= 4);
    }
}
