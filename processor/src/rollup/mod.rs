//! What a page view adds to the rollups, and what a cancelled one takes back: the same, with the sign turned.
//!
//! The contribution is a pure function of the stored [`PageViewRow`], so that a row read back from the store years of code
//! later is taken out exactly as it was put in. A view falls into one cell per grouping; headline metrics, custom timings
//! and happiness are kept in all groupings, the phases of navigation only for the site and its pages.
//!
//! Minutes are summed first, hours from them and days from those; devices over all pages from the days by page and device. A view older than [`MINUTE_AGE_MS_MAX`] at arrival (history brought in)
//! has no minutes: nobody can ask for them any more.

mod cell;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use felt_schema::anchors::{Anchors, Level};
use felt_schema::grouping::Grouping;
use felt_schema::happiness::Cause;
use felt_schema::metric::{HAPPINESS, MISSING, Metric, TIMING_PREFIX};
use felt_schema::rows::{PageViewRow, RollupRow};

use cell::{Cells, HappinessCell, Value};
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

/// All metrics of one group. Cells stand by their numbers: few groups have all of them, and a batch has hundreds of thousands.
#[derive(Default)]
struct Group {
    happiness: HappinessCell,
    metrics: [Option<cell::Number>; Metric::COUNT],
    timings: Vec<(Word, cell::Number)>,
}

/// Groups and the cells that they point to.
#[derive(Default)]
struct Table {
    groups: HashMap<GroupKey, Group, WordHasher>,
    cells: Cells,
}

impl Table {
    /// The same groups by a longer unit of time.
    fn by(&self, unit_s: u32) -> Self {
        let mut longer = Self::default();
        for (key, group) in &self.groups {
            let key = GroupKey { time_s: key.time_s - key.time_s % unit_s, minutes: false, ..*key };
            longer.merge(key, group, &self.cells);
        }
        longer
    }

    /// With the sums of each device over all pages; `nowhere` is no page.
    fn with_devices(mut self, nowhere: Word) -> Self {
        let mut devices = Self::default();
        for (key, group) in self.groups.iter().filter(|(key, _)| key.grouping == Grouping::PageDevice) {
            devices.merge(GroupKey { grouping: Grouping::Device, page: nowhere, ..*key }, group, &self.cells);
        }
        for (key, group) in &devices.groups {
            self.merge(*key, group, &devices.cells);
        }
        self
    }

    /// Adds a group of another table to the group of this key.
    fn merge(&mut self, key: GroupKey, other: &Group, cells: &Cells) {
        let group = self.groups.entry(key).or_default();
        group.happiness.merge(&other.happiness);
        for (to, from) in group.metrics.iter_mut().zip(&other.metrics) {
            if let Some(from) = from {
                self.cells.of(to).merge(&cells[*from]);
            }
        }
        for (name, from) in &other.timings {
            self.cells.timing(&mut group.timings, *name).merge(&cells[*from]);
        }
    }
}

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
    table: Table,
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
        for grouping in Grouping::ALL.into_iter().filter(|grouping| !grouping.only_by_day()) {
            let value = match grouping {
                Grouping::Site | Grouping::Page => nothing,
                Grouping::PageDevice | Grouping::Device => values[0],
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
            let Table { groups, cells } = &mut self.table;
            let group = groups.entry(key).or_default();
            group.happiness.add(level, cause, sign);
            for (metric, value) in Metric::ALL.into_iter().zip(&measured) {
                let Some(value) = value.filter(|_| metric.headline() || grouping.has_all_metrics()) else { continue };
                cells.of(&mut group.metrics[metric as usize]).add(value, sign);
            }
            for (name, value) in &timings {
                cells.timing(&mut group.timings, *name).add(*value, sign);
            }
        }
    }

    /// At most how many rows any of the tables will get, but for the devices of a day, of which there are few.
    pub fn rows_max(&self) -> usize {
        self.table.groups.len() + self.table.cells.len()
    }

    /// The rows of the tables. Cells in which nothing is left have none.
    pub fn finish(self) -> RollupRows {
        let Self { mut words, timings, table, .. } = self;
        let nowhere = words.learn("");
        let names = MetricNames::new(&timings);
        let hours = table.by(HOUR_S);
        let days = hours.by(DAY_S).with_devices(nowhere);
        let all = |_: &GroupKey| true;
        RollupRows {
            minute: rows_of(table, |key| key.minutes, &words, &names),
            hour: rows_of(hours, all, &words, &names),
            day: rows_of(days, all, &words, &names),
        }
    }
}

/// The rows of those groups that are wanted.
fn rows_of(table: Table, wanted: impl Fn(&GroupKey) -> bool, words: &Words, names: &MetricNames) -> Vec<RollupRow> {
    let Table { groups, mut cells } = table;
    let ranks = words.ranks();
    let mut places = Vec::with_capacity(groups.len() + cells.len());
    for (key, group) in groups.iter().filter(|(key, _)| wanted(key)) {
        let mut place = |name: NameRank, cell: Option<cell::Number>| {
            let order = (ranks[key.site], key.grouping, name, key.bot, key.time_s, ranks[key.page], ranks[key.value]);
            places.push(((order, key.day), name, key, &group.happiness, cell));
        };
        place(names.happiness, None);
        for (name, cell) in names.metrics.into_iter().zip(group.metrics) {
            if cell.is_some() {
                place(name, cell);
            }
        }
        for (name, cell) in &group.timings {
            place(names.timings[*name], Some(*cell));
        }
    }
    // The order of the tables' own keys, so that ClickHouse need not sort, and a replay sends the same bytes.
    places.sort_unstable_by_key(|(order, ..)| *order);
    let rows = places.into_iter().filter_map(|(_, name, key, happiness, cell)| {
        let head = RollupRow {
            site: words[key.site].clone(),
            grouping: key.grouping.column(),
            metric: names.texts[name as usize].clone(),
            bot: u8::from(key.bot),
            time: key.time_s,
            page: words[key.page].clone(),
            value: words[key.value].clone(),
            day: key.day,
            ..RollupRow::default()
        };
        match cell {
            None => happiness.row(head),
            Some(number) => cells.take(number).into_row(head),
        }
    });
    rows.collect()
}

/// The place of a metric's name among all names of a batch.
type NameRank = u32;

/// All metric names of a batch in alphabetical order, custom timings among them.
struct MetricNames {
    texts: Vec<Arc<str>>,
    happiness: NameRank,
    metrics: [NameRank; Metric::COUNT],
    timings: PerWord,
}

impl MetricNames {
    fn new(timings: &Words) -> Self {
        let timing = |name: Word| format!("{TIMING_PREFIX}{}", &timings[name]);
        let fixed = Metric::ALL.iter().map(|metric| metric.name()).chain([HAPPINESS]).map(str::to_owned);
        let mut texts: Vec<Arc<str>> = fixed.chain(timings.all().map(timing)).map(Arc::from).collect();
        texts.sort_unstable();
        let rank = |name: &str| texts.binary_search_by(|known| (**known).cmp(name)).unwrap_or_default() as NameRank;
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
