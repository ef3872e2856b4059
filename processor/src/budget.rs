//! How many distinct values a site may have a day, per dimension: strangers choose URLs, releases and tags, and each new
//! value costs rollup rows for a year. Values beyond the budget become `(other)` and are counted; known ones stay.
//!
//! First come is first served, but not to the end: the last quarter of a budget is kept for values that come back. A flood
//! of made-up URLs names each of them once; a real page is seen again, today or because it was known yesterday. So a flood
//! that uses a day's budget up before breakfast does not cost the real pages their rows: one that first appears after that
//! loses its first view to `(other)` and is itself from the second on.
//!
//! Values are remembered as 64-bit hashes, so a full site-day of pages costs 32 kB, and what was turned away eight times that
//! at most. What others admitted is loaded from the store when a partition is claimed and once a minute
//! ([`Budgets::remember`]). Partitions of one process share one `Budgets`; within that minute several processes may each
//! admit a full budget of different values, which bounds rows all the same.

pub use felt_schema::limits::OTHER;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;

use felt_schema::site::Site;
use parking_lot::Mutex;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::identity::Identity;

/// A dimension whose values a stranger can make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Normalised page.
    Page,
    /// Release.
    Release,
    /// Name of a tag.
    TagName,
    /// Value of one tag.
    TagValue,
    /// Name of a custom timing.
    Timing,
    /// Browser: its name comes out of a header that the sender writes.
    Browser,
    /// Operating system.
    Os,
    /// Host of the page's address.
    Host,
    /// Referring host.
    Referrer,
    /// Language.
    Lang,
    /// Time zone.
    Zone,
    /// Connection type.
    Connection,
}

impl Dimension {
    /// The name in the `reason` column of the `folded` side count.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Release => "release",
            Self::TagName => "tag_name",
            Self::TagValue => "tag_value",
            Self::Timing => "timing",
            Self::Browser => "browser",
            Self::Os => "os",
            Self::Host => "host",
            Self::Referrer => "referrer",
            Self::Lang => "lang",
            Self::Zone => "tz",
            Self::Connection => "connection",
        }
    }

    /// Distinct values a site-day. The site chooses three of them, see [`Site`]; the others are known to be few.
    fn values_max(self, site: &Site) -> usize {
        match self {
            Self::Page => site.pages_max_per_day as usize,
            Self::Release => site.releases_max_per_day as usize,
            Self::TagValue => site.tag_values_max_per_day as usize,
            Self::TagName | Self::Timing | Self::Browser | Self::Os => 100,
            Self::Host => 200,
            Self::Referrer => 1_000,
            Self::Lang => 300,
            Self::Zone => 600,
            Self::Connection => 20,
        }
    }
}

type HashesOf = HashSet<u64, BuildHasherDefault<Identity>>;

/// The values that each site has today, by hash.
#[derive(Clone, Default)]
pub struct Budgets {
    days: HashMap<u16, HashMap<u64, Values, BuildHasherDefault<Identity>>>,
}

/// The values of one dimension of one site on one day.
#[derive(Clone, Default)]
struct Values {
    admitted: HashesOf,
    turned_away: TurnedAway,
}

/// Values that were folded lately, in two generations: a full one becomes the old one.
#[derive(Clone, Default)]
struct TurnedAway {
    young: HashesOf,
    old: HashesOf,
}

impl TurnedAway {
    /// Takes a value in; true when it was there already.
    fn again(&mut self, value: u64, most: usize) -> bool {
        if self.young.contains(&value) || self.old.contains(&value) {
            return true;
        }
        if self.young.len() >= most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(value);
        false
    }
}

/// One in so many places is kept for values that come back …
const KEPT_ONE_IN: usize = 4;

/// … in budgets that are not small: a site that allows itself ten values means ten.
const KEPT_FROM: usize = 100;

/// Values turned away that are remembered per generation, for each place of the budget.
const TURNED_AWAY_PER_PLACE: usize = 4;

/// Days kept: today, and yesterday for what arrives around midnight.
const DAYS_KEPT: u16 = 2;

impl Budgets {
    /// Whether `value` may stand for itself. `part` tells sets of one dimension apart, such as the name of a tag.
    pub fn admit(&mut self, day: u16, site: &Site, dimension: Dimension, part: &str, value: &str) -> bool {
        if value.is_empty() || value == OTHER {
            return true;
        }
        let set = set_of(&site.key, dimension, part);
        let value = xxh3_64(value.as_bytes());
        let yesterday = day.checked_sub(1).and_then(|day| self.days.get(&day)?.get(&set));
        let was_known = yesterday.is_some_and(|values| values.admitted.contains(&value));
        let values = self.values(day, set);
        if values.admitted.contains(&value) {
            return true;
        }
        let most = dimension.values_max(site);
        let kept = if most >= KEPT_FROM { most / KEPT_ONE_IN } else { 0 };
        let open = values.admitted.len() < most - kept;
        let full = values.admitted.len() >= most;
        let comes_back = was_known || (!open && values.turned_away.again(value, most * TURNED_AWAY_PER_PLACE));
        (open || (comes_back && !full)) && values.admitted.insert(value)
    }

    /// Takes a value that the store already holds for this day, whatever the budget says.
    pub fn remember(&mut self, day: u16, site: &str, dimension: Dimension, value: &str) {
        if !value.is_empty() && value != OTHER {
            self.values(day, set_of(site, dimension, "")).admitted.insert(xxh3_64(value.as_bytes()));
        }
    }

    /// Distinct values known of a dimension on a day.
    pub fn len(&self, day: u16, site: &str, dimension: Dimension) -> usize {
        let set = set_of(site, dimension, "");
        self.days.get(&day).and_then(|sets| sets.get(&set)).map_or(0, |values| values.admitted.len())
    }

    fn values(&mut self, day: u16, set: u64) -> &mut Values {
        if !self.days.contains_key(&day) {
            let newest = self.days.keys().copied().max().unwrap_or(day).max(day);
            self.days.retain(|kept, _| newest - kept < DAYS_KEPT);
        }
        self.days.entry(day).or_default().entry(set).or_default()
    }
}

fn set_of(site: &str, dimension: Dimension, part: &str) -> u64 {
    xxh3_64_with_seed(part.as_bytes(), xxh3_64(site.as_bytes()) ^ ((dimension as u64 + 1) << 56))
}

/// One worker's way to the shared budgets: remembers what was admitted, so that known values need no lock, and counts
/// what was folded.
pub struct Folder<'a> {
    budgets: &'a Mutex<Budgets>,
    admitted: HashSet<u64, BuildHasherDefault<Identity>>,
    folded: BTreeMap<Dimension, u32>,
}

impl<'a> Folder<'a> {
    /// For one batch.
    pub fn new(budgets: &'a Mutex<Budgets>) -> Self {
        Self { budgets, admitted: HashSet::default(), folded: BTreeMap::new() }
    }

    /// The value itself, or [`OTHER`] when the day's budget for it is used up.
    pub fn keep<'v>(&mut self, day: u16, site: &Site, dimension: Dimension, part: &str, value: &'v str) -> &'v str {
        if value.is_empty() {
            return value;
        }
        let seed = set_of(&site.key, dimension, part) ^ u64::from(day);
        let seen = xxh3_64_with_seed(value.as_bytes(), seed);
        if self.admitted.contains(&seen) {
            return value;
        }
        if self.budgets.lock().admit(day, site, dimension, part, value) {
            self.admitted.insert(seen);
            value
        } else {
            *self.folded.entry(dimension).or_default() += 1;
            OTHER
        }
    }

    /// What was folded since the last call, by dimension.
    pub fn take_folded(&mut self) -> BTreeMap<Dimension, u32> {
        std::mem::take(&mut self.folded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pages_max_per_day: u32) -> Site {
        Site { key: "shop".into(), pages_max_per_day, ..Site::default() }
    }

    #[test]
    fn values_beyond_the_budget_are_refused_and_known_ones_stay() {
        let (mut budgets, site) = (Budgets::default(), site(2));
        let mut admit = |day, page: &str| budgets.admit(day, &site, Dimension::Page, "", page);
        assert!(admit(1, "/a"));
        assert!(admit(1, "/b"));
        assert!(!admit(1, "/c"));
        assert!(admit(1, "/a"));
        assert!(admit(1, OTHER));
        assert!(admit(2, "/c"), "another day has a budget of its own");
    }

    #[test]
    fn what_the_store_holds_stays_even_beyond_the_budget() {
        let (mut budgets, site) = (Budgets::default(), site(1));
        for page in ["/a", "/b", "/c"] {
            budgets.remember(1, "shop", Dimension::Page, page);
        }
        assert!(budgets.admit(1, &site, Dimension::Page, "", "/c"));
        assert!(!budgets.admit(1, &site, Dimension::Page, "", "/d"));
    }

    #[test]
    fn tags_sites_and_dimensions_do_not_share_a_budget() {
        let mut budgets = Budgets::default();
        let shop = Site { tag_values_max_per_day: 1, ..site(1) };
        let blog = Site { key: "blog".into(), ..shop.clone() };
        assert!(budgets.admit(1, &shop, Dimension::TagValue, "plan", "pro"));
        assert!(!budgets.admit(1, &shop, Dimension::TagValue, "plan", "free"));
        assert!(budgets.admit(1, &shop, Dimension::TagValue, "arm", "b"));
        assert!(budgets.admit(1, &blog, Dimension::TagValue, "plan", "free"));
        assert!(budgets.admit(1, &shop, Dimension::Page, "", "/a"));
    }

    #[test]
    fn the_last_quarter_is_for_values_that_come_back() {
        let (mut budgets, site) = (Budgets::default(), site(200));
        let mut admit = |day, page: &str| budgets.admit(day, &site, Dimension::Page, "", page);
        let junk = |n: u32| format!("/junk-{n}");
        assert!(admit(6, "/known-yesterday"));
        assert_eq!((0..1_000).filter(|n| admit(7, &junk(*n))).count(), 150);
        assert!(!admit(7, "/real"), "its first view is folded");
        assert!((1_000..1_500).all(|n| !admit(7, &junk(n))));
        assert!(admit(7, "/real"));
        assert!(admit(7, "/known-yesterday"));
        // Junk that is repeated can use up the rest, and no more than that.
        (0..3).for_each(|_| (2_000..2_400).for_each(|n| _ = admit(7, &junk(n))));
        assert_eq!(budgets.len(7, "shop", Dimension::Page), 200);
    }

    #[test]
    fn what_is_turned_away_takes_bounded_memory() {
        let mut turned_away = TurnedAway::default();
        assert!((0..100_000).all(|value| !turned_away.again(value, 100)));
        assert!(turned_away.young.len() + turned_away.old.len() <= 200);
        assert!(turned_away.again(99_999, 100));
    }

    #[test]
    fn only_the_last_days_are_kept() {
        let (mut budgets, site) = (Budgets::default(), site(10));
        for day in 100..110 {
            budgets.admit(day, &site, Dimension::Page, "", "/a");
        }
        assert_eq!(budgets.days.len(), usize::from(DAYS_KEPT));
        assert_eq!(budgets.len(109, "shop", Dimension::Page), 1);
    }
}
