//! What a page view adds to the rollups, and what a cancelled one takes back: the same, with the sign turned.
//!
//! The contribution is a pure function of the stored [`PageViewRow`], so that a row read back from the store years of code
//! later is taken out exactly as it was put in. A view falls into one cell per grouping; headline metrics, custom timings
//! and happiness are kept in all groupings, the phases of navigation only for the site and its pages.
//!
//! Minutes are summed first, hours from them and days from those. A view older than [`MINUTE_AGE_MS_MAX`] at arrival (history brought in)
//! has no minutes: nobody can ask for them any more.

mod cell;
mod words;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use felt_schema::anchors::{Anchors, Level};
use felt_schema::grouping::Grouping;
use felt_schema::happiness::Cause;
use felt_schema::metric::{HAPPINESS, MISSING, Metric, TIMING_PREFIX};
use felt_schema::rows::{PageViewRow, RollupRow};

use cell::{Cell, HappinessCell, Value};
use words::{PerWord, Word, WordHasher, Words};

/// Minutes are kept for eight days, and answer for seven.
pub const MINUTE_AGE_MS_MAX: i64 = 7 * 24 * 3_600_000;

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 3_600;
const DAY_S: u32 = 24 * HOUR_S;

/// Where a page view counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct GroupKey {
    site: Word,
    page: Word,
    value: Word,
    /// Floored to the minute, or to the hour for views without minutes.
    time_s: u32,
    day: u16,
    grouping: Grouping,
    bot: bool,
    minutes: bool,
}

/// All metrics of one group. Boxed cells: few groups have all of them.
#[derive(Default)]
struct Group {
    happiness: HappinessCell,
    metrics: [Option<Box<Cell>>; Metric::COUNT],
    timings: Vec<(Word, Cell)>,
}

impl Group {
    fn merge(&mut self, other: &Self) {
        self.happiness.merge(&other.happiness);
        for (to, from) in self.metrics.iter_mut().zip(&other.metrics) {
            if let Some(from) = from {
                to.get_or_insert_default().merge(from);
            }
        }
        for (name, from) in &other.timings {
            self.timing(*name).0.merge(from);
        }
    }

    /// The cell of a timing, and whether it is new.
    fn timing(&mut self, name: Word) -> (&mut Cell, bool) {
        match self.timings.iter().position(|(known, _)| *known == name) {
            Some(index) => (&mut self.timings[index].1, false),
            None => {
                self.timings.push((name, Cell::default()));
                let last = self.timings.len() - 1;
                (&mut self.timings[last].1, true)
            }
        }
    }
}

type Groups = HashMap<GroupKey, Group, WordHasher>;

/// The rows of the three tables, in the order of the tables' keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollupRows {
    /// For `rollup_minute`.
    pub minute: Vec<RollupRow>,
    /// For `rollup_hour`.
    pub hour: Vec<RollupRow>,
    /// For `rollup_day`.
    pub day: Vec<RollupRow>,
}

/// Sums page views into cells.
#[derive(Default)]
pub struct Rollup {
    words: Words,
    timings: Words,
    groups: Groups,
    rows: usize,
}

impl Rollup {
    /// Counts a page view `sign` times: 1 for what is written, −1 for what is cancelled.
    pub fn add(&mut self, view: &PageViewRow, sign: i64) {
        let minutes = view.received_at - view.started_at <= MINUTE_AGE_MS_MAX;
        let started_s = u32::try_from(view.started_at.div_euclid(1_000).max(0)).unwrap_or(u32::MAX);
        let step = if minutes { MINUTE_S } else { HOUR_S };
        let site = self.words.learn(&view.site);
        let page = self.words.learn(&view.page);
        let nothing = self.words.learn("");
        let values = [&view.device, &view.country, &view.release, &view.browser].map(|value| self.words.learn(value));
        let level = Level::from_u8(view.level);
        let cause = Cause::from_name(&view.cause).map(|cause| cause as usize);
        let measured = Metric::ALL.map(|metric| {
            let micro = view.metric(metric);
            (micro != MISSING).then(|| Value::new(micro, metric.rate(micro), metric.anchors().classify(micro)))
        });
        let timings: Vec<(Word, Value)> = view
            .timing_names
            .iter()
            .zip(&view.timing_values)
            .map(|(name, &micro)| (self.timings.learn(name), Value::new(micro, None, Anchors::WAIT.classify(micro))))
            .collect();
        for grouping in Grouping::ALL {
            let value = match grouping {
                Grouping::Site | Grouping::Page => nothing,
                Grouping::PageDevice => values[0],
                Grouping::Country => values[1],
                Grouping::Release => values[2],
                Grouping::Browser => values[3],
            };
            let key = GroupKey {
                site,
                page: if grouping.has_page() { page } else { nothing },
                value,
                time_s: started_s - started_s % step,
                day: view.day,
                grouping,
                bot: !view.bot.is_empty(),
                minutes,
            };
            let group = match self.groups.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    self.rows += 1;
                    new.insert(Group::default())
                }
            };
            group.happiness.add(level, cause, sign);
            for (metric, value) in Metric::ALL.into_iter().zip(&measured) {
                let Some(value) = value.filter(|_| metric.headline() || grouping.has_all_metrics()) else { continue };
                let cell = &mut group.metrics[metric as usize];
                self.rows += usize::from(cell.is_none());
                cell.get_or_insert_default().add(value, sign);
            }
            for (name, value) in &timings {
                let (cell, new) = group.timing(*name);
                self.rows += usize::from(new);
                cell.add(*value, sign);
            }
        }
    }

    /// At most how many rows any of the tables will get.
    pub fn rows_max(&self) -> usize {
        self.rows
    }

    /// The rows of the tables. Cells in which nothing is left have none.
    pub fn finish(self) -> RollupRows {
        let Self { words, timings, groups, .. } = self;
        let names = MetricNames::new(&timings);
        let hours = by(HOUR_S, &groups);
        let days = by(DAY_S, &hours);
        let minutes = groups.into_iter().filter(|(key, _)| key.minutes);
        RollupRows {
            minute: rows_of(minutes, &words, &names),
            hour: rows_of(hours.into_iter(), &words, &names),
            day: rows_of(days.into_iter(), &words, &names),
        }
    }
}

/// The same groups by a longer unit of time.
fn by(unit_s: u32, groups: &Groups) -> Groups {
    let mut longer = Groups::default();
    for (key, group) in groups {
        let key = GroupKey { time_s: key.time_s - key.time_s % unit_s, minutes: false, ..*key };
        longer.entry(key).or_default().merge(group);
    }
    longer
}

fn rows_of(groups: impl Iterator<Item = (GroupKey, Group)>, words: &Words, names: &MetricNames) -> Vec<RollupRow> {
    let ranks = words.ranks();
    let mut rows = Vec::new();
    for (key, group) in groups {
        let mut push = |name: NameRank, row: Option<RollupRow>| {
            if let Some(row) = row {
                let order =
                    (ranks[key.site], key.grouping, name, key.bot, key.time_s, ranks[key.page], ranks[key.value]);
                rows.push(((order, key.day), key, row));
            }
        };
        push(names.happiness, group.happiness.into_row());
        for (name, cell) in names.metrics.into_iter().zip(group.metrics) {
            push(name, cell.and_then(|cell| cell.into_row()));
        }
        for (name, cell) in group.timings {
            push(names.timings[name], cell.into_row());
        }
    }
    // The order of the tables' own keys, so that ClickHouse need not sort, and a replay sends the same bytes.
    rows.sort_unstable_by_key(|(order, ..)| *order);
    let named = rows.into_iter().map(|(((_, _, name, ..), _), key, row)| RollupRow {
        site: words[key.site].to_owned(),
        grouping: key.grouping.column(),
        metric: names.texts[name as usize].clone(),
        bot: u8::from(key.bot),
        time: key.time_s,
        page: words[key.page].to_owned(),
        value: words[key.value].to_owned(),
        day: key.day,
        ..row
    });
    named.collect()
}

/// The place of a metric's name among all names of a batch.
type NameRank = u32;

/// All metric names of a batch in alphabetical order, custom timings among them.
struct MetricNames {
    texts: Vec<String>,
    happiness: NameRank,
    metrics: [NameRank; Metric::COUNT],
    timings: PerWord,
}

impl MetricNames {
    fn new(timings: &Words) -> Self {
        let timing = |name: Word| format!("{TIMING_PREFIX}{}", &timings[name]);
        let fixed = Metric::ALL.iter().map(|metric| metric.name()).chain([HAPPINESS]).map(str::to_owned);
        let mut texts: Vec<String> = fixed.chain(timings.all().map(timing)).collect();
        texts.sort_unstable();
        let rank =
            |name: &str| texts.binary_search_by(|known| known.as_str().cmp(name)).unwrap_or_default() as NameRank;
        Self {
            happiness: rank(HAPPINESS),
            metrics: Metric::ALL.map(|metric| rank(metric.name())),
            timings: timings.all().map(|name| rank(&timing(name))).collect(),
            texts,
        }
    }
}

#[cfg(test)]
mod tests;
