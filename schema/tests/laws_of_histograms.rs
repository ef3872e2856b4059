//! Laws of the histogram: the indexing of the hdrhistogram crate, merging in any order, cancelling without a trace.

use felt_schema::histogram::{
    Histogram, Limit, bounds, bucket_of, bucket_of_wide, nearest_rank_of, rank_interval, representative,
};
use proptest::prelude::*;

/// Spread over the magnitudes, where evenly drawn numbers would all be large.
fn any_value() -> impl Strategy<Value = u32> {
    (0..32_u32, any::<u32>()).prop_map(|(shift, value)| value >> shift)
}

fn histogram(values: &[u32]) -> Histogram {
    let mut histogram = Histogram::new();
    values.iter().for_each(|&value| histogram.add(value, 1));
    histogram
}

fn merged(parts: &[&Histogram]) -> Histogram {
    let mut whole = Histogram::new();
    parts.iter().for_each(|part| whole.merge(part));
    whole
}

/// The same index in the arithmetic of [`felt_schema::histogram::sql_bucket`].
fn as_sql_computes_it(value: u32) -> u32 {
    let round_to_exp2 = |value: u32| 1_u32 << (31 - value.leading_zeros());
    let shift = (round_to_exp2(value | 255) - 1).count_ones() - 7;
    shift * 128 + (value >> shift)
}

proptest! {
    #[test]
    fn a_bucket_is_that_of_the_hdrhistogram_crate(value in any_value()) {
        let oracle = hdrhistogram::Histogram::<u64>::new_with_bounds(1, u64::from(u32::MAX) * 2, 2).unwrap();
        let (low, high) = bounds(bucket_of(value));
        prop_assert_eq!(low, oracle.lowest_equivalent(u64::from(value)));
        prop_assert_eq!(high, oracle.highest_equivalent(u64::from(value)));
    }

    #[test]
    fn sql_computes_the_same_bucket(value in any_value()) {
        prop_assert_eq!(as_sql_computes_it(value), u32::from(bucket_of(value)));
    }

    #[test]
    fn buckets_are_in_the_order_of_their_values(a in any::<u64>(), b in any::<u64>()) {
        prop_assert_eq!(a.min(b) <= a.max(b), bucket_of_wide(a.min(b)) <= bucket_of_wide(a.max(b)));
    }

    #[test]
    fn a_representative_is_in_its_bucket_and_within_one_percent(value in any_value()) {
        let (low, high) = bounds(bucket_of(value));
        let stands_for_it = representative(bucket_of(value));
        prop_assert!(low as f64 <= stands_for_it && stands_for_it <= high as f64);
        prop_assert!((stands_for_it - f64::from(value)).abs() <= 0.01 * f64::from(value));
    }

    #[test]
    fn merging_knows_neither_order_nor_grouping(
        a in prop::collection::vec(any_value(), 0..50),
        b in prop::collection::vec(any_value(), 0..50),
        c in prop::collection::vec(any_value(), 0..50),
    ) {
        let (ha, hb, hc) = (histogram(&a), histogram(&b), histogram(&c));
        let all = histogram(&[a, b, c].concat());
        prop_assert_eq!(&merged(&[&merged(&[&ha, &hb]), &hc]), &all);
        prop_assert_eq!(&merged(&[&ha, &merged(&[&hc, &hb])]), &all);
        prop_assert_eq!(&merged(&[&hc, &ha, &hb]), &all);
    }

    #[test]
    fn what_is_taken_out_again_leaves_nothing(
        stays in prop::collection::vec(any_value(), 0..50),
        goes in prop::collection::vec(any_value(), 0..50),
    ) {
        let mut both = histogram(&[stays.clone(), goes.clone()].concat());
        goes.iter().for_each(|&value| both.add(value, -1));
        prop_assert_eq!(both, histogram(&stays));
    }

    #[test]
    fn a_percentile_is_the_nearest_rank_within_one_percent(
        mut values in prop::collection::vec(any_value(), 1..200),
        percent in 1..=100_u32,
        limit in any_value(),
    ) {
        let histogram = histogram(&values);
        values.sort_unstable();
        let rank = nearest_rank_of(percent, values.len() as i64).unwrap();
        let exact = values[rank as usize - 1];
        let found = histogram.nearest_rank(percent).unwrap();
        prop_assert!((found - f64::from(exact)).abs() <= 0.01 * f64::from(exact));

        // With the exact count of a limit, the answer is on the limit's right side.
        let count = values.iter().filter(|&&value| value <= limit).count() as i64;
        let limits = [Limit { at_most: limit, count }];
        let found = histogram.value_at_rank(rank, &limits).unwrap();
        prop_assert_eq!(found <= f64::from(limit), exact <= limit);
        prop_assert!((found - f64::from(exact)).abs() <= 0.01 * f64::from(exact));

        let (low, high) = rank_interval(percent, values.len() as i64).unwrap();
        prop_assert!(1 <= low && low <= rank && rank <= high && high <= values.len() as i64);
    }

    #[test]
    fn bins_hold_everything_once_and_are_exact_at_the_limits(
        values in prop::collection::vec(any_value(), 1..200),
        first in 1..10_000_000_u32,
        more in 1..10_000_000_u32,
    ) {
        let second = first + more;
        let good = values.iter().filter(|&&value| value <= first).count() as i64;
        let fair = values.iter().filter(|&&value| value > first && value <= second).count() as i64;
        let bins = histogram(&values).bins(&Limit::of_counts((first, second), good, fair));
        prop_assert_eq!(bins.iter().map(|bin| bin.count).sum::<i64>(), values.len() as i64);
        prop_assert!(bins.iter().all(|bin| bin.count >= 0));
        prop_assert!(bins.len() <= 44);
        for (edge, count) in [(first, good), (second, good + fair)] {
            let up_to: i64 =
                bins.iter().filter(|bin| bin.to.is_some_and(|to| to <= u64::from(edge))).map(|bin| bin.count).sum();
            prop_assert_eq!(up_to, count);
        }
        for pair in bins.windows(2) {
            prop_assert_eq!(pair[0].to, Some(pair[1].from));
        }
    }
}
