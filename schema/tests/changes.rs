//! Change detection over simulated sites: how often it cries wolf in a month of noise, and that it finds what was planted, at its hour.

use felt_schema::compare::changes::{Change, Point, changes, threshold};

/// Chance that is the same on every run (xorshift64*, S. Vigna 2016).
struct Chance(u64);

impl Chance {
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, about enough: the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }

    fn times(&mut self, count: u32, share: f64) -> u32 {
        (0..count).filter(|_| self.share() < share).count() as u32
    }
}

const DAY: usize = 24;
const PAST: usize = 28 * DAY;
const MONTH: usize = 28 * DAY;
/// Pages times metrics that are looked at together.
const SERIES: usize = 100;

/// Two months of a page: quiet nights, other weekends, days that differ by more than chance, and whatever `moved` adds to the log odds.
fn page(chance: &mut Chance, views: f64, moved: impl Fn(usize) -> f64) -> Vec<Point> {
    let mut of_day = 0.0;
    (0..PAST + MONTH)
        .map(|hour| {
            if hour % DAY == 0 {
                of_day = 0.06 * chance.normal();
            }
            let clock = (hour % DAY) as f64 / 24.0 * std::f64::consts::TAU;
            // The first hour is that of 1 January 1970, a Thursday.
            let weekend = (hour / DAY + 3) % 7 >= 5;
            let busy = (1.0 - 0.8 * clock.cos()) * if weekend { 0.6 } else { 1.0 };
            let count = (views * busy * (1.0 + 0.1 * chance.normal()).max(0.1)).round() as u32;
            let odds = -1.9
                + 0.4 * clock.sin()
                + if weekend { 0.25 } else { 0.0 }
                + of_day
                + 0.05 * chance.normal()
                + moved(hour);
            let bad = chance.times(count, 1.0 / (1.0 + (-odds).exp()));
            Point { bad: f64::from(bad), count: f64::from(count) }
        })
        .collect()
}

fn found(points: &[Point]) -> Vec<Change> {
    changes(points, 0, PAST, threshold(SERIES, MONTH))
}

#[test]
fn four_months_of_noise_on_a_hundred_series_raise_at_most_one_false_alarm() {
    let mut chance = Chance(17);
    let mut alarms = Vec::new();
    for series in 0..4 * SERIES {
        let views = [4.0, 15.0, 60.0, 150.0][series % 4];
        let points = page(&mut chance, views, |_| 0.0);
        alarms.extend(found(&points).into_iter().map(|change| (series, change)));
    }
    println!("{} false alarms in {} series of {} days", alarms.len(), 4 * SERIES, MONTH / DAY);
    assert!(alarms.len() <= 1, "{alarms:?}");
}

#[test]
fn a_planted_regression_is_found_at_its_hour_and_its_end_too() {
    let mut chance = Chance(23);
    for (views, size, late_max, off_max) in [(150.0, 1.1, 4, 1), (60.0, 1.1, 6, 2), (15.0, 1.3, 36, 5)] {
        let (begin, end) = (PAST + 9 * DAY + 10, PAST + 12 * DAY + 15);
        let points = page(&mut chance, views, |hour| if (begin..end).contains(&hour) { size } else { 0.0 });
        let found = found(&points);
        assert_eq!(found.len(), 2, "{views}: {found:?}");
        let (worse, better) = (found[0], found[1]);
        assert!(worse.at.abs_diff(begin) <= off_max, "{views}: begun at {begin}, found {worse:?}");
        assert!(worse.found - begin <= late_max, "{views}: {} hours late", worse.found - begin);
        assert!(worse.after > worse.before * 1.6 && better.after < better.before, "{views}: {found:?}");
        assert!(better.at.abs_diff(end) <= off_max + 2, "{views}: ended at {end}, found {better:?}");
    }
}

#[test]
fn a_large_change_is_dated_at_its_hour_though_chance_hours_went_before_it() {
    let change = PAST + 9 * DAY + 10;
    let points: Vec<Point> = (0..PAST + MONTH)
        .map(|hour| {
            // A few hours in the half day before it had more bad views than usual, none of them enough to be told from chance.
            let chance_hours = [12, 8, 7, 4].contains(&change.wrapping_sub(hour));
            let bad = if hour >= change {
                12.0
            } else if chance_hours {
                7.0
            } else {
                3.0
            };
            Point { bad, count: 34.0 }
        })
        .collect();
    let found = found(&points);
    assert_eq!(found.iter().map(|change| change.at).collect::<Vec<_>>(), [change], "{found:?}");
}

#[test]
fn a_small_regression_on_a_busy_page_is_found_and_a_burst_of_one_hour_is_none() {
    let mut chance = Chance(29);
    let begin = PAST + 5 * DAY;
    let points = page(&mut chance, 150.0, |hour| if hour >= begin { 0.5 } else { 0.0 });
    let small = found(&points);
    assert!(small.len() == 1 && small[0].at.abs_diff(begin) <= 6, "begun at {begin}: {small:?}");
    let burst = page(&mut chance, 150.0, |hour| if hour == begin + 12 { 3.0 } else { 0.0 });
    assert!(found(&burst).is_empty(), "{:?}", found(&burst));
}

/// Found by a simulated month: an outage that passed the threshold twice was told twice from the same hour, the first time without any hours.
#[test]
fn an_outage_begins_once_and_every_change_has_hours() {
    let mut chance = Chance(37);
    for n in 0..60 {
        let (begin, hours) = (PAST + 5 * DAY + 12, 3 + n % 3);
        let views = [20.0, 40.0, 80.0, 150.0][n / 15];
        let points = page(&mut chance, views, |hour| if (begin..begin + hours).contains(&hour) { 6.0 } else { 0.0 });
        let found = found(&points);
        assert!(found.iter().all(|change| change.at < change.end && change.count > 0.0), "{views}: {found:?}");
        let begun = found.iter().filter(|change| change.at == begin).count();
        assert!(begun == 1 || (begun == 0 && views < 80.0), "{views}: {found:?}");
    }
}

#[test]
fn without_a_past_there_is_nothing_to_find() {
    let mut chance = Chance(31);
    let points = page(&mut chance, 60.0, |_| 0.0);
    assert!(changes(&points[..PAST], 0, 0, threshold(1, PAST)).len() <= 1);
    assert!(changes(&[], 0, 0, threshold(1, 1)).is_empty());
    assert!(changes(&vec![Point::default(); PAST + MONTH], 0, PAST, threshold(1, MONTH)).is_empty());
}
