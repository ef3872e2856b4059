//! One metric in one cell of the rollups while a batch is summed: exact signed counters and a histogram that is cheap to
//! fill. Which cells a page view falls into is [`super`]'s.

use std::num::NonZeroU32;
use std::ops::Index;

use felt_schema::anchors::Level;
use felt_schema::histogram::bucket_of;
use felt_schema::metric::Rating;
use felt_schema::rows::RollupRow;
use smallvec::SmallVec;

use super::words::Word;

/// Entries kept as a list before they are counted: most cells of a batch stay below.
const LIST_MAX: usize = 1024;

/// A measured value and where it counts: the same in every cell it falls into, so it is worked out once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    micro: u32,
    rating: Option<Rating>,
    level: Level,
    bucket: u16,
}

impl Value {
    pub(super) fn new(micro: u32, rating: Option<Rating>, level: Level) -> Self {
        Self { micro, rating, level, bucket: bucket_of(micro) }
    }
}

/// Signed counts of one metric.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    valid: i64,
    total_micro: i64,
    ratings: [i64; 3],
    levels: [i64; 4],
    buckets: Buckets,
}

impl Cell {
    /// Counts a value `sign` times.
    pub(super) fn add(&mut self, value: Value, sign: i64) {
        self.valid += sign;
        self.total_micro += sign * i64::from(value.micro);
        if let Some(rating) = value.rating {
            self.ratings[rating as usize] += sign;
        }
        self.levels[value.level as usize] += sign;
        self.buckets.add(value.bucket, sign);
    }

    /// Adds another cell's counts to these.
    pub(super) fn merge(&mut self, other: &Self) {
        self.valid += other.valid;
        self.total_micro += other.total_micro;
        add_each(&mut self.ratings, &other.ratings);
        add_each(&mut self.levels, &other.levels);
        self.buckets.merge(&other.buckets);
    }

    /// The row of these columns with the counts; `None` when nothing is left of them.
    pub(super) fn into_row(self, head: RollupRow) -> Option<RollupRow> {
        let Self { valid, total_micro, ratings, levels, buckets } = self;
        let histogram = buckets.into_pairs();
        if is_zero(&[valid, total_micro]) && is_zero(&ratings) && is_zero(&levels) && histogram.is_empty() {
            return None;
        }
        let [good, fair, poor] = ratings;
        let [delighted, annoying, painful, brutal] = levels;
        Some(RollupRow {
            valid,
            total_micro,
            good,
            fair,
            poor,
            delighted,
            annoying,
            painful,
            brutal,
            histogram,
            ..head
        })
    }
}

/// How happy the page views of one cell were.
#[derive(Clone, Debug, Default)]
pub(super) struct HappinessCell {
    views: i64,
    levels: [i64; 4],
    causes: [i64; 5],
}

impl HappinessCell {
    /// Counts a page view `sign` times; `cause` is an index into the columns `slow_open` to `gave_up`.
    pub(super) fn add(&mut self, level: Option<Level>, cause: Option<usize>, sign: i64) {
        self.views += sign;
        if let Some(level) = level {
            self.levels[level as usize] += sign;
        }
        if let Some(cause) = cause {
            self.causes[cause] += sign;
        }
    }

    /// Adds another cell's counts to these.
    pub(super) fn merge(&mut self, other: &Self) {
        self.views += other.views;
        add_each(&mut self.levels, &other.levels);
        add_each(&mut self.causes, &other.causes);
    }

    /// The row of these columns with the counts; `None` when nothing is left of them.
    pub(super) fn row(&self, head: RollupRow) -> Option<RollupRow> {
        if self.views == 0 && is_zero(&self.levels) && is_zero(&self.causes) {
            return None;
        }
        let [delighted, annoying, painful, brutal] = self.levels;
        let [slow_open, slow_react, jumped, broke, gave_up] = self.causes;
        Some(RollupRow {
            views: self.views,
            valid: self.levels.iter().sum(),
            delighted,
            annoying,
            painful,
            brutal,
            slow_open,
            slow_react,
            jumped,
            broke,
            gave_up,
            ..head
        })
    }
}

/// The cells of a table by their numbers: one piece of memory instead of hundreds of thousands.
#[derive(Default)]
pub(super) struct Cells(Vec<Cell>);

/// The place of a cell among the cells of its table, plus one.
pub(super) type Number = NonZeroU32;

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The cell that `number` names; a new one, and its number, where there is none yet.
    pub(super) fn of(&mut self, number: &mut Option<Number>) -> &mut Cell {
        let number = *number.get_or_insert_with(|| {
            self.0.push(Cell::default());
            let count = u32::try_from(self.0.len()).ok().and_then(Number::new);
            count.unwrap_or_else(|| unreachable!("a batch is bounded far below four billion cells"))
        });
        &mut self.0[number.get() as usize - 1]
    }

    /// The cell of a timing of this name.
    pub(super) fn timing(&mut self, timings: &mut Vec<(Word, Number)>, name: Word) -> &mut Cell {
        let mut number = timings.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
        let is_new = number.is_none();
        let cell = self.of(&mut number);
        timings.extend(number.filter(|_| is_new).map(|number| (name, number)));
        cell
    }

    /// Takes a cell out and leaves an empty one.
    pub(super) fn take(&mut self, number: Number) -> Cell {
        std::mem::take(&mut self.0[number.get() as usize - 1])
    }
}

impl Index<Number> for Cells {
    type Output = Cell;
    fn index(&self, number: Number) -> &Cell {
        &self.0[number.get() as usize - 1]
    }
}

fn is_zero(counts: &[i64]) -> bool {
    counts.iter().all(|count| *count == 0)
}

fn add_each<const N: usize>(to: &mut [i64; N], from: &[i64; N]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// A histogram as a list of signed entries that is counted now and then: appending costs a nanosecond, a tree does not.
#[derive(Clone, Debug, Default)]
struct Buckets {
    /// `bucket << 1 | negative`.
    list: SmallVec<[u32; 4]>,
    counted: Vec<(u16, i64)>,
}

impl Buckets {
    fn add(&mut self, bucket: u16, sign: i64) {
        let entry = u32::from(bucket) << 1 | u32::from(sign < 0);
        for _ in 0..sign.unsigned_abs() {
            self.list.push(entry);
        }
        if self.list.len() >= LIST_MAX {
            self.count();
        }
    }

    fn merge(&mut self, other: &Self) {
        self.list.extend_from_slice(&other.list);
        if !other.counted.is_empty() || self.list.len() >= LIST_MAX {
            self.count();
            self.counted = merge_pairs(&self.counted, &other.counted);
        }
    }

    fn count(&mut self) {
        self.list.sort_unstable();
        let mut pairs: Vec<(u16, i64)> = Vec::new();
        for entry in self.list.drain(..) {
            let (bucket, one) = ((entry >> 1) as u16, if entry & 1 == 1 { -1 } else { 1 });
            match pairs.last_mut() {
                Some((last, count)) if *last == bucket => *count += one,
                _ => pairs.push((bucket, one)),
            }
        }
        self.counted = if self.counted.is_empty() { pairs } else { merge_pairs(&self.counted, &pairs) };
    }

    /// Buckets in order with their counts; emptied ones are left out.
    fn into_pairs(mut self) -> Vec<(u16, i64)> {
        self.count();
        self.counted.retain(|(_, count)| *count != 0);
        self.counted
    }
}

/// Two ordered lists as one.
fn merge_pairs(left: &[(u16, i64)], right: &[(u16, i64)]) -> Vec<(u16, i64)> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
    loop {
        merged.push(match (left.peek().copied(), right.peek().copied()) {
            (Some((a, n)), Some((b, m))) if a == b => {
                left.next();
                right.next();
                (a, n + m)
            }
            (Some((a, _)), Some((b, _))) => if a < b { left.next() } else { right.next() }.unwrap_or_default(),
            (Some(one), None) => {
                left.next();
                one
            }
            (None, Some(one)) => {
                right.next();
                one
            }
            (None, None) => return merged,
        });
    }
}

#[cfg(test)]
mod tests {
    use felt_schema::histogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_list_counts_as_the_histogram_does(
            values in prop::collection::vec((0..600_000_000_u32, prop::bool::ANY), 0..5_000),
            split in 0..5_000_usize,
        ) {
            let split = split.min(values.len());
            let (mut first, mut second, mut oracle) = (Buckets::default(), Buckets::default(), Histogram::new());
            for (index, (value, plus)) in values.iter().enumerate() {
                let sign = if *plus { 1 } else { -1 };
                let part = if index < split { &mut first } else { &mut second };
                part.add(bucket_of(*value), sign);
                oracle.add(*value, sign);
            }
            first.merge(&second);
            prop_assert_eq!(first.into_pairs(), oracle.into_pairs());
        }
    }

    #[test]
    fn what_is_taken_back_leaves_no_row() {
        let mut cell = Cell::default();
        let value = Value::new(1_500_000, Some(Rating::Good), Level::Delighted);
        cell.add(value, 1);
        cell.add(value, -1);
        assert_eq!(cell.into_row(RollupRow::default()), None);
    }
}
