//! `histogram_quantile` over classic histograms, as Prometheus works it out: linear within a bucket.
//! <https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>

use super::value::{Labels, NAME, Series};
use std::collections::BTreeMap;

const LE: &str = "le";

/// The quantile of each histogram among the series.
pub fn histogram_quantile(quantile: &[f64], series: Vec<Series>) -> Vec<Series> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, Series)>> = BTreeMap::new();
    for series in series {
        let Some(edge) = series.labels.get(LE).and_then(|le| le.parse::<f64>().ok()) else { continue };
        let others = series.labels.iter().filter(|(name, _)| *name != LE && *name != NAME);
        let labels = others.map(|(name, value)| (name.clone(), value.clone())).collect();
        histograms.entry(labels).or_default().push((edge, series));
    }
    let one = |(labels, mut buckets): (Labels, Vec<(f64, Series)>)| {
        buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let at = |(index, quantile): (usize, &f64)| {
            let counts: Vec<(f64, f64)> = buckets
                .iter()
                .filter_map(|(edge, series)| Some((*edge, series.values.get(index).copied().flatten()?)))
                .collect();
            (!counts.is_empty()).then(|| of_buckets(*quantile, counts))
        };
        Series { labels, values: quantile.iter().enumerate().map(at).collect() }
    };
    histograms.into_iter().map(one).filter(|series| series.values.iter().any(Option::is_some)).collect()
}

/// The quantile of cumulative counts by their upper edges, lowest first.
fn of_buckets(quantile: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if quantile.is_nan() {
        return f64::NAN;
    }
    if quantile < 0.0 {
        return f64::NEG_INFINITY;
    }
    if quantile > 1.0 {
        return f64::INFINITY;
    }
    // Rates of buckets may differ in their last digits where nothing lies between two edges.
    let mut highest = 0.0_f64;
    for (_, count) in &mut buckets {
        highest = highest.max(*count);
        *count = highest;
    }
    let Some(&(last_edge, observed)) = buckets.last() else { return f64::NAN };
    if last_edge != f64::INFINITY || buckets.len() < 2 || observed == 0.0 || observed.is_nan() {
        return f64::NAN;
    }
    let rank = quantile * observed;
    let bucket = buckets.iter().position(|(_, count)| *count >= rank).unwrap_or(buckets.len() - 1);
    if bucket == buckets.len() - 1 {
        return buckets[bucket - 1].0;
    }
    let (end, count) = buckets[bucket];
    if bucket == 0 && end <= 0.0 {
        return end;
    }
    let (start, below) = if bucket == 0 { (0.0, 0.0) } else { buckets[bucket - 1] };
    start + (end - start) * ((rank - below) / (count - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_within_their_bucket_and_stay_at_the_last_edge() {
        let buckets = || vec![(0.5, 0.0), (1.0, 10.0), (2.5, 30.0), (f64::INFINITY, 40.0)];
        for (quantile, expected) in [(0.25, 1.0), (0.5, 1.75), (0.75, 2.5), (0.99, 2.5), (0.125, 0.75)] {
            assert_eq!(of_buckets(quantile, buckets()), expected, "{quantile}");
        }
        assert!(of_buckets(0.5, vec![(1.0, 0.0), (f64::INFINITY, 0.0)]).is_nan());
        assert!(of_buckets(0.5, vec![(1.0, 3.0)]).is_nan(), "without the open end nobody knows the whole");
        assert_eq!((of_buckets(-1.0, buckets()), of_buckets(2.0, buckets())), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
