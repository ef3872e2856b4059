//! A sample of sessions instead of all page views, for questions that would read too many of them.
//!
//! The store keeps one in eight sessions apart, sorted by bucket, for the days of arrival that are over (`felt_store::sample`). A question
//! reads as many buckets as come to what it may read. Of days that are not kept so, the same sessions are chosen from the page views
//! themselves. What is counted then stands for so many times more; percentiles, shares and intervals are of what was read, so an
//! interval is as wide as a sample makes it.

use super::scope::{Rows, Scope, SiteTable, Statement};
use felt_store::Param;
use felt_store::sample::{BUCKETS, BUCKETS_KEPT};

/// How many page views each one that was read stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneIn(u32);

impl Default for OneIn {
    fn default() -> Self {
        OneIn::ALL
    }
}

impl OneIn {
    /// Every page view was read.
    pub const ALL: OneIn = OneIn(1);

    /// The largest part of the sessions that can be read.
    pub const LEAST: OneIn = OneIn(BUCKETS / BUCKETS_KEPT);

    /// The largest part of so many rows that is no more than half of `rows_max`, where reading [`OneIn::LEAST`] of them from the sample
    /// would look at `sampled`: one page of many is a little of each bucket, and a little is read as a granule. `None` where all may be
    /// read. Half, because an answer that is approximate should at least be quick.
    pub fn of_rows(rows: u64, sampled: u64, rows_max: u64) -> Option<Self> {
        if rows <= rows_max {
            return None;
        }
        let rows_max = (rows_max / 2).max(1);
        let parts = rows.max(sampled.saturating_mul(Self::LEAST.0.into())).div_ceil(rows_max);
        let parts = u32::try_from(parts).unwrap_or(u32::MAX).min(BUCKETS);
        Some(OneIn(parts.next_power_of_two().clamp(Self::LEAST.0, BUCKETS)))
    }

    /// Of so many rows of the sample that are looked at for [`OneIn::LEAST`], how many for this part: each bucket has its own.
    pub fn of_least(self, sampled: u64) -> u64 {
        sampled * u64::from(Self::LEAST.0) / u64::from(self.0)
    }

    /// Half of that part, if that is a part.
    pub fn half(self) -> Option<Self> {
        Some(OneIn(self.0 * 2)).filter(|half| half.0 <= BUCKETS)
    }

    /// What a count of what was read is of all.
    pub fn times(self, count: i64) -> i64 {
        count.saturating_mul(i64::from(self.0))
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// What the reader should know, where not all were read.
    pub fn warning(self) -> Option<String> {
        (self != OneIn::ALL).then(|| {
            format!(
                "estimated from one in {} sessions, so counts are approximate; exact=true reads every page view",
                self.0
            )
        })
    }
}

/// Which sessions are read, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many there are for each that is read.
    pub one_in: OneIn,
    /// The days of arrival that are kept sorted by bucket.
    pub days: Vec<String>,
}

impl Sample {
    fn rows(&self, scope: &mut Scope, columns: &str, conditions: &[String]) -> Rows {
        let days = scope.bind("Array(Date)", Param::Texts(self.days.clone()));
        let buckets = BUCKETS / self.one_in.0;
        let with = |more: [String; 2]| conditions.iter().cloned().chain(more).collect::<Vec<_>>();
        let kept = with([format!("bucket < {buckets}"), format!("day IN {days}")]);
        let others = with([format!("bucket < {buckets}"), format!("day NOT IN {days}")]);
        let kept = scope.rows(SiteTable::PageViewSample, "*", &kept);
        kept.and(scope.rows(SiteTable::PageViews, "*", &others)).select(columns, "")
    }
}

/// The site's page views for which all `conditions` hold: all of them, or those of a sample.
pub fn view_rows(scope: &mut Scope, sample: Option<&Sample>, columns: &str, conditions: &[String]) -> Rows {
    match sample {
        None => scope.rows(SiteTable::PageViews, columns, conditions),
        Some(sample) => sample.rows(scope, columns, conditions),
    }
}

/// The statement for how many rows those are that would have to be looked at for `rows`, as the index tells: it reads none.
pub fn estimate(scope: Scope, rows: Rows) -> Statement {
    scope.statement("sign", rows, "").explained("ESTIMATE")
}

/// The rows in the answer to [`estimate`]: in all, and of those the ones of the sample.
pub fn estimated(rows: &[felt_store::JsonRow]) -> (u64, u64) {
    let of = |row: &felt_store::JsonRow| {
        Some((row.get(1)?.as_str()? == SiteTable::PageViewSample.name(), row.get(3)?.as_u64()?))
    };
    rows.iter().filter_map(of).fold((0, 0), |(all, sampled), (of_sample, rows)| {
        (all + rows, if of_sample { sampled + rows } else { sampled })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_may_be_and_never_less_than_a_bucket() {
        for (rows, expected) in [(0, None), (2_000, None), (2_001, Some(8)), (8_000, Some(8)), (8_001, Some(16))] {
            assert_eq!(OneIn::of_rows(rows, 0, 2_000).map(OneIn::get), expected, "{rows}");
        }
        // A sample whose granules hold more than was asked for.
        assert_eq!(OneIn::of_rows(8_000, 1_001, 2_000).map(OneIn::get), Some(16));
        assert_eq!(OneIn::of_rows(u64::MAX, u64::MAX, 1).map(OneIn::get), Some(256));
        assert_eq!(OneIn::of_rows(5, 0, 0).map(OneIn::get), Some(8));
        let some = OneIn::of_rows(64, 0, 2).unwrap();
        assert_eq!((some.times(3), some.of_least(8), some.half().map(OneIn::get)), (192, 1, Some(128)));
        assert_eq!(OneIn::of_rows(u64::MAX, 0, 1).unwrap().half(), None);
    }
}
