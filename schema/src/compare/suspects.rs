//! Whom a change hit: values of dimensions that are over-represented among the bad page views it brought.

/// What one value has, since the change and in the time before that is compared with it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Part {
    /// Views since.
    pub count: f64,
    /// Bad ones of them.
    pub bad: f64,
    /// Views before.
    pub count_before: f64,
    /// Bad ones of them.
    pub bad_before: f64,
}

/// A value that is over-represented.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect {
    /// Its index.
    pub index: usize,
    /// Its part of the bad views.
    pub share_of_bad: f64,
    /// Its part of all views.
    pub share_of_all: f64,
    /// Its part of the bad views that are more than before.
    pub share_of_excess: f64,
}

/// A value is suspected when its part of what is more than before is so many times its part of all views.
const TIMES: f64 = 1.5;
/// … and what it has more is so many standard deviations: many values are looked at.
const DEVIATIONS: f64 = 4.0;
/// Earlier views of all values that stand in where a value had none.
const VIEWS_BORROWED: f64 = 20.0;

/// The suspects among the values of one dimension, the most over-represented first.
///
/// A value that was always worse than others, as phones are, is none: what counts is what each has more than at its own earlier share.
pub fn suspects(parts: &[Part]) -> Vec<Suspect> {
    let sum = |of: fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
    let (count, bad) = (sum(|part| part.count), sum(|part| part.bad));
    let (count_before, bad_before) = (sum(|part| part.count_before), sum(|part| part.bad_before));
    if count <= 0.0 || bad <= 0.0 || count_before <= 0.0 {
        return Vec::new();
    }
    let whole = bad_before / count_before;
    let share = |part: &Part| (part.bad_before + VIEWS_BORROWED * whole) / (part.count_before + VIEWS_BORROWED);
    let excess = |part: &Part| part.bad - part.count * share(part);
    let excess_all: f64 = parts.iter().map(excess).sum();
    if excess_all <= 0.0 {
        return Vec::new();
    }
    let suspect = |(index, part): (usize, &Part)| {
        let (excess, share) = (excess(part), share(part));
        let (share_of_bad, share_of_all) = (part.bad / bad, part.count / count);
        let share_of_excess = excess / excess_all;
        let scatter =
            (part.count * share * (1.0 - share) * (1.0 + part.count / (part.count_before + VIEWS_BORROWED))).sqrt();
        let over = share_of_excess > TIMES * share_of_all && share_of_bad > share_of_all;
        (over && excess > DEVIATIONS * scatter.max(0.5)).then_some(Suspect {
            index,
            share_of_bad,
            share_of_all,
            share_of_excess,
        })
    };
    let mut found: Vec<Suspect> = parts.iter().enumerate().filter_map(suspect).collect();
    let over = |suspect: &Suspect| suspect.share_of_excess - suspect.share_of_all;
    found.sort_by(|one, other| over(other).total_cmp(&over(one)).then(one.index.cmp(&other.index)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(count: f64, bad: f64, count_before: f64, bad_before: f64) -> Part {
        Part { count, bad, count_before, bad_before }
    }

    #[test]
    fn the_country_that_the_change_hit_is_named_and_no_other() {
        let countries = [part(500.0, 50.0, 500.0, 52.0), part(400.0, 44.0, 420.0, 40.0), part(100.0, 70.0, 90.0, 9.0)];
        let found = suspects(&countries);
        assert_eq!(found.iter().map(|suspect| suspect.index).collect::<Vec<_>>(), [2]);
        assert!((found[0].share_of_all - 0.1).abs() < 1e-9 && (found[0].share_of_bad - 70.0 / 164.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_always_worse_is_no_suspect_when_all_got_worse() {
        let devices = [part(500.0, 300.0, 500.0, 200.0), part(500.0, 140.0, 500.0, 40.0)];
        assert!(suspects(&devices).is_empty());
        assert!(suspects(&[]).is_empty());
        assert!(suspects(&[part(100.0, 10.0, 100.0, 20.0)]).is_empty(), "what got better has no suspects");
    }

    #[test]
    fn what_is_new_is_weighed_against_all_others() {
        let releases = [part(400.0, 40.0, 900.0, 90.0), part(300.0, 150.0, 0.0, 0.0)];
        assert_eq!(suspects(&releases).first().map(|suspect| suspect.index), Some(1));
    }
}
