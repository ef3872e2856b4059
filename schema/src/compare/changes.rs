//! Finds when something changed: hour by hour, against the same hours of the days before.
//!
//! What is watched is a share of bad page views. The share to expect in an hour comes from the same hour of day, and the hours beside it, of
//! up to 28 earlier days, weekdays and weekends apart. A cumulative sum of log likelihood ratios (E. S. Page, "Continuous inspection
//! schemes", Biometrika 41, 1954; with an expectation of its own for each step as in S. H. Steiner et al., Biostatistics 1, 2000) adds
//! up what speaks for a change of the odds by [`ODDS`]: many views decide quickly, few slowly, and no hour is judged alone. When it passes
//! the threshold, the change is dated where the likelihood is greatest, and from there on its level is the one expected.
//!
//! The mean time between false alarms is at least e^threshold steps (G. Lorden, "Procedures for reacting to a change in distribution",
//! Ann. Math. Stat. 42, 1971), which [`threshold`] turns round; a test counts them over months of noise.

/// How many times greater or smaller the odds of a bad view have to be at least, about, to be found.
pub const ODDS: f64 = 1.6;
/// False changes that are expected in one look at all series together, at most.
const FALSE_MAX: f64 = 0.05;
/// Days back from which expectations come.
pub const DAYS_BACK: usize = 28;
/// Fewest earlier views that make an expectation.
const COUNT_TO_EXPECT: f64 = 30.0;
/// What one hour can add of the threshold: a burst within an hour is no change.
const HOUR_PART_MAX: f64 = 0.6;
/// Hours of the new level after which it is known well enough.
const SETTLED_H: usize = 48;
/// The median of the square of a normal value: it tells a spread that outliers do not move.
const MEDIAN_OF_SQUARE: f64 = 0.4549;

/// An hour of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// Bad views; fractions where a view is bad in part.
    pub bad: f64,
    /// All views.
    pub count: f64,
}

/// A change that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The first hour of the new level, as an index.
    pub at: usize,
    /// The hour in which it was found.
    pub found: usize,
    /// The first hour after it: the next change, or the end.
    pub end: usize,
    /// The share that was to be expected in these hours without it.
    pub before: f64,
    /// The share that was.
    pub after: f64,
    /// Views in these hours.
    pub count: f64,
}

/// The threshold for so many series of so many hours that are looked at together: with more of them each needs more.
pub fn threshold(series: usize, hours: usize) -> f64 {
    // Each is watched for both directions.
    (2.0 * series.max(1) as f64 * hours.max(1) as f64 / FALSE_MAX).ln()
}

/// The changes of a series from the hour `from` on; the hours before are its past. `first_hour` is the hour of the first point since
/// 1970.
pub fn changes(points: &[Point], first_hour: i64, from: usize, threshold: f64) -> Vec<Change> {
    let mut watch = Watch::new(points, first_hour, from);
    let mut found = Vec::new();
    let mut sums = [Sum::default(), Sum::default()];
    for hour in from..points.len() {
        let Some(expected) = watch.expect(hour) else { continue };
        let Point { bad, count } = points[hour];
        if count > 0.0 {
            for (sum, odds) in sums.iter_mut().zip([ODDS, 1.0 / ODDS]) {
                let step = likelihood(points[hour], expected.share, odds.ln()) / (watch.spread * expected.doubt(count));
                sum.add(step.min(HOUR_PART_MAX * threshold), hour);
            }
        }
        watch.expected[hour] = expected.share;
        let alarm = sums.iter().find(|sum| sum.value >= threshold).map(|sum| sum.since);
        if let Some(since) = alarm {
            let at = watch.begin(since.max(watch.regime).saturating_sub(2).max(from), hour);
            watch.move_to(at, hour);
            // An outage may pass the threshold twice before its level is known: it began once.
            if found.last().is_none_or(|last: &Change| last.at != at) {
                found.push(Change { at, found: hour, end: points.len(), before: 0.0, after: 0.0, count: 0.0 });
            }
            sums = [Sum::default(), Sum::default()];
        } else {
            watch.learn(hour, bad, count);
        }
    }
    let begins: Vec<usize> = found.iter().map(|change| change.at).collect();
    for (index, change) in found.iter_mut().enumerate() {
        change.end = begins.get(index + 1).copied().unwrap_or(points.len());
        let (mut bad, mut before) = (0.0, 0.0);
        for (hour, point) in points.iter().enumerate().take(change.end).skip(change.at) {
            bad += point.bad;
            before += point.count * watch.unmoved(hour, change.at);
            change.count += point.count;
        }
        if change.count > 0.0 {
            (change.before, change.after) = (before / change.count, bad / change.count);
        }
    }
    found
}

/// A cumulative sum that never falls below nothing.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    value: f64,
    since: usize,
}

impl Sum {
    fn add(&mut self, step: f64, hour: usize) {
        if self.value <= 0.0 {
            self.since = hour;
        }
        self.value = (self.value + step).max(0.0);
    }
}

/// What is expected of an hour, and from how many views.
#[derive(Debug, Clone, Copy)]
struct Expected {
    share: f64,
    views: f64,
}

impl Expected {
    /// How much wider an hour's count scatters because the expectation is an estimate too.
    fn doubt(&self, count: f64) -> f64 {
        1.0 + count / self.views
    }
}

struct Watch<'a> {
    points: &'a [Point],
    first_hour: i64,
    /// The log odds by which each hour's level lies away from that of the past.
    offsets: Vec<f64>,
    /// What was expected of each hour when it was judged.
    expected: Vec<f64>,
    /// The first hour of the present level, its offset before it was learned, and what was seen of it.
    regime: usize,
    offset: f64,
    settling: bool,
    /// How much more than a fair coin's the counts scatter.
    spread: f64,
}

impl<'a> Watch<'a> {
    fn new(points: &'a [Point], first_hour: i64, from: usize) -> Self {
        let (offsets, expected) = (vec![0.0; points.len()], vec![0.0; points.len()]);
        let mut watch =
            Self { points, first_hour, offsets, expected, regime: 0, offset: 0.0, settling: false, spread: 1.0 };
        watch.spread = watch.scatter(from);
        watch
    }

    fn weekend(&self, hour: usize) -> bool {
        // 1 January 1970 was a Thursday.
        ((self.first_hour + hour as i64).div_euclid(24) + 3).rem_euclid(7) >= 5
    }

    /// What is to be expected of an hour at the present level.
    fn expect(&self, hour: usize) -> Option<Expected> {
        self.by_days(hour, true).or_else(|| self.by_days(hour, false))
    }

    fn by_days(&self, hour: usize, alike: bool) -> Option<Expected> {
        let mut levels: Vec<(f64, Point)> = Vec::new();
        let kind = self.weekend(hour);
        for day in 1..=DAYS_BACK {
            for beside in 0..3 {
                let Some(earlier) = (hour + beside).checked_sub(24 * day + 1) else { continue };
                if earlier >= hour || (alike && self.weekend(earlier) != kind) {
                    continue;
                }
                let (offset, Point { bad, count }) = (self.offsets[earlier], self.points[earlier]);
                match levels.iter_mut().find(|(known, _)| *known == offset) {
                    Some((_, held)) => *held = Point { bad: held.bad + bad, count: held.count + count },
                    None => levels.push((offset, Point { bad, count })),
                }
            }
        }
        let views: f64 = levels.iter().map(|(_, held)| held.count).sum();
        if views < COUNT_TO_EXPECT {
            return None;
        }
        let moved = |(offset, held): &(f64, Point)| {
            held.count * shifted((held.bad + 0.5) / (held.count + 1.0), self.offset - offset)
        };
        let share = levels.iter().map(moved).sum::<f64>() / views;
        // A level that began lately is known from few views, however many there were before it.
        let own: f64 =
            if self.settling { self.points[self.regime..hour].iter().map(|point| point.count).sum() } else { views };
        Some(Expected { share: share.clamp(1e-4, 1.0 - 1e-4), views: views.min(own.max(1.0)) })
    }

    /// How much counts scatter, by hours and by days, of the past: whichever is more, and never less than chance makes them.
    fn scatter(&self, from: usize) -> f64 {
        let (mut hours, mut days) = (Vec::new(), Vec::new());
        let (mut of_day, mut day) = ((0.0, 0.0), i64::MIN);
        for hour in 24 * 7..from.min(self.points.len()) {
            let Some(expected) = self.expect(hour) else { continue };
            let Point { bad, count } = self.points[hour];
            let variance = count * expected.share * (1.0 - expected.share) * expected.doubt(count);
            let off = bad - count * expected.share;
            if variance >= 3.0 {
                hours.push(off * off / variance);
            }
            let this_day = (self.first_hour + hour as i64).div_euclid(24);
            if this_day != day {
                if of_day.1 >= 3.0 {
                    days.push(of_day.0 * of_day.0 / of_day.1);
                }
                (of_day, day) = ((0.0, 0.0), this_day);
            }
            of_day = (of_day.0 + off, of_day.1 + variance);
        }
        let of = |squares: &mut Vec<f64>| {
            squares.sort_by(f64::total_cmp);
            squares.get(squares.len() / 2).map_or(1.0, |middle| middle / MEDIAN_OF_SQUARE)
        };
        of(&mut hours).max(of(&mut days)).max(1.0)
    }

    /// The first hour of a change that was found in `last`: from there on the hours are likeliest to be moved, by the size that they
    /// have together. With the size of all hours since `since` a few chance hours before a large change would be taken for its
    /// beginning.
    fn begin(&self, since: usize, last: usize) -> usize {
        let likelihood_from = |first: usize| {
            let size = self.size(first, last);
            let of = |hour: usize| likelihood(self.points[hour], self.expected[hour].max(1e-4), size);
            (first..=last).map(of).sum::<f64>()
        };
        let seen = (since..=last).filter(|hour| self.points[*hour].count > 0.0);
        let likelihoods = seen.map(|first| (likelihood_from(first), first));
        likelihoods.max_by(|(one, _), (other, _)| one.total_cmp(other)).map_or(last, |(_, first)| first)
    }

    /// The log odds by which these hours lie away from what was expected of them.
    fn size(&self, first: usize, last: usize) -> f64 {
        let (mut bad, mut expected, mut count) = (0.5, 0.5, 1.0);
        for hour in first..=last {
            bad += self.points[hour].bad;
            expected += self.points[hour].count * self.expected[hour];
            count += self.points[hour].count;
        }
        log_odds(bad / count) - log_odds(expected / count)
    }

    fn move_to(&mut self, at: usize, hour: usize) {
        self.offset += self.size(at, hour);
        self.offsets[at..=hour].fill(self.offset);
        (self.regime, self.settling) = (at, true);
    }

    /// Takes an hour in; while a level is new, its offset follows what is seen of it.
    fn learn(&mut self, hour: usize, bad: f64, count: f64) {
        if self.settling && count > 0.0 && self.expected[hour] > 0.0 {
            let seen: f64 = self.points[self.regime..=hour].iter().map(|point| point.count).sum();
            let step =
                log_odds((bad + 0.5) / (count + 1.0)) - log_odds((count * self.expected[hour] + 0.5) / (count + 1.0));
            self.offset += step * count / seen.max(count);
            self.offsets[self.regime..=hour].fill(self.offset);
            self.settling = hour - self.regime < SETTLED_H;
        }
        self.offsets[hour] = self.offset;
    }

    /// What would have been expected of an hour at the level before the change at `at`.
    fn unmoved(&self, hour: usize, at: usize) -> f64 {
        let before = at.checked_sub(1).map_or(0.0, |hour| self.offsets[hour]);
        let there =
            Watch { offset: before, settling: false, offsets: self.offsets.clone(), expected: Vec::new(), ..*self };
        there.expect(hour).map_or(0.0, |expected| expected.share)
    }
}

fn log_odds(share: f64) -> f64 {
    let share = share.clamp(1e-6, 1.0 - 1e-6);
    (share / (1.0 - share)).ln()
}

/// A share whose log odds are moved.
fn shifted(share: f64, by: f64) -> f64 {
    1.0 / (1.0 + (-(log_odds(share) + by)).exp())
}

/// How much more likely a count is when the log odds are moved by `size` than when they are not, as a logarithm.
fn likelihood(point: Point, share: f64, size: f64) -> f64 {
    let moved = shifted(share, size);
    point.bad * (moved / share).ln() + (point.count - point.bad) * ((1.0 - moved) / (1.0 - share)).ln()
}
