//! How many distinct values a site may have a day, per dimension: strangers choose URLs, releases and tags, and each new
//! value costs rollup rows for a year. Values beyond the budget become `(other)` and are counted; known ones stay.
//!
//! Values are remembered as 64-bit hashes, so a full site-day of pages costs 32 kB. What earlier processes admitted today is
//! loaded from the store when a partition is claimed ([`Budgets::remember`]). Partitions of one process share one `Budgets`;
//! several processes may each admit a full budget of different values, which bounds rows all the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;

use felt_schema::site::Site;
use parking_lot::Mutex;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::identity::Identity;

/// What stands for a value beyond its budget.
pub const OTHER: &str = "(other)";

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
            Self::Host => "host",
            Self::Referrer => "referrer",
            Self::Lang => "lang",
            Self::Zone => "tz",
            Self::Connection => "connection",
        }
    }

    /// Distinct values a site-day; the first three are the site's to choose.
    fn values_max(self, site: &Site) -> usize {
        match self {
            Self::Page => site.pages_max_per_day as usize,
            Self::Release => site.releases_max_per_day as usize,
            Self::TagValue => site.tag_values_max_per_day as usize,
            Self::TagName => 100,
            Self::Timing => 100,
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
    days: HashMap<u16, HashMap<u64, HashesOf, BuildHasherDefault<Identity>>>,
}

/// Days kept: today, and yesterday for what arrives around midnight.
const DAYS_KEPT: u16 = 2;

impl Budgets {
    /// Whether `value` may stand for itself. `part` tells sets of one dimension apart, such as the name of a tag.
    pub fn admit(&mut self, day: u16, site: &Site, dimension: Dimension, part: &str, value: &str) -> bool {
        if value.is_empty() || value == OTHER {
            return true;
        }
        let known = self.known(day, &site.key, dimension, part);
        let value = xxh3_64(value.as_bytes());
        if known.contains(&value) {
            return true;
        }
        known.len() < dimension.values_max(site) && known.insert(value)
    }

    /// Takes a value that the store already holds for this day, whatever the budget says.
    pub fn remember(&mut self, day: u16, site: &str, dimension: Dimension, value: &str) {
        if !value.is_empty() && value != OTHER {
            self.known(day, site, dimension, "").insert(xxh3_64(value.as_bytes()));
        }
    }

    /// Distinct values known of a dimension on a day.
    pub fn len(&self, day: u16, site: &str, dimension: Dimension) -> usize {
        let set = set_of(site, dimension, "");
        self.days.get(&day).and_then(|sets| sets.get(&set)).map_or(0, HashSet::len)
    }

    fn known(&mut self, day: u16, site: &str, dimension: Dimension, part: &str) -> &mut HashesOf {
        if !self.days.contains_key(&day) {
            let newest = self.days.keys().copied().max().unwrap_or(day).max(day);
            self.days.retain(|kept, _| kept + DAYS_KEPT > newest);
        }
        self.days.entry(day).or_default().entry(set_of(site, dimension, part)).or_default()
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
    fn only_the_last_days_are_kept() {
        let (mut budgets, site) = (Budgets::default(), site(10));
        for day in 100..110 {
            budgets.admit(day, &site, Dimension::Page, "", "/a");
        }
        assert_eq!(budgets.days.len(), usize::from(DAYS_KEPT));
        assert_eq!(budgets.len(109, "shop", Dimension::Page), 1);
    }
}
