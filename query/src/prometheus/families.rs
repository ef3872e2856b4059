//! The families of series that a site has in Prometheus: their names, what they say, and where their buckets end.

use felt_schema::metric::Metric;

/// Page views by level.
pub const VIEWS: &str = "felt_views_total";
/// What counted for a promise.
pub const SLI_VALID: &str = "felt_sli_valid_total";
/// What was good of it.
pub const SLI_GOOD: &str = "felt_sli_good_total";
/// The level of page views that could not be judged.
pub const UNJUDGED: &str = "unjudged";

/// What the counters say, by name.
pub const COUNTERS: [(&str, &str); 3] = [
    (VIEWS, "Page views of humans, by the level that they felt"),
    (SLI_VALID, "What counted for a promise"),
    (SLI_GOOD, "What was good of what counted for a promise"),
];

/// A classic histogram of one metric, by page and device.
#[derive(Debug)]
pub struct Family {
    /// The base of its series' names.
    pub name: &'static str,
    /// What is measured.
    pub metric: Metric,
    /// Upper ends of its buckets in micro units, with the text of the label `le`; the last, open one is not among them.
    pub edges: &'static [(u32, &'static str)],
}

/// Every histogram. The limits of each metric, and the thresholds of its levels, are among the edges.
pub static HISTOGRAMS: [Family; 6] = [
    Family { name: "felt_lcp_seconds", metric: Metric::Lcp, edges: &LCP },
    Family { name: "felt_inp_seconds", metric: Metric::Inp, edges: &INP },
    Family { name: "felt_cls", metric: Metric::Cls, edges: &CLS },
    Family { name: "felt_fcp_seconds", metric: Metric::Fcp, edges: &FCP },
    Family { name: "felt_ttfb_seconds", metric: Metric::Ttfb, edges: &TTFB },
    Family { name: "felt_usable_seconds", metric: Metric::Usable, edges: &USABLE },
];

const LCP: [(u32, &str); 12] = [
    (500_000, "0.5"),
    (1_000_000, "1"),
    (1_500_000, "1.5"),
    (2_000_000, "2"),
    (2_500_000, "2.5"),
    (3_000_000, "3"),
    (4_000_000, "4"),
    (6_000_000, "6"),
    (8_000_000, "8"),
    (12_000_000, "12"),
    (20_000_000, "20"),
    (30_000_000, "30"),
];
const INP: [(u32, &str); 10] = [
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (150_000, "0.15"),
    (200_000, "0.2"),
    (300_000, "0.3"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_000_000, "2"),
    (5_000_000, "5"),
];
const CLS: [(u32, &str); 9] = [
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (150_000, "0.15"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_000_000, "2"),
];
const FCP: [(u32, &str); 10] = [
    (500_000, "0.5"),
    (1_000_000, "1"),
    (1_500_000, "1.5"),
    (1_800_000, "1.8"),
    (2_500_000, "2.5"),
    (3_000_000, "3"),
    (4_000_000, "4"),
    (6_000_000, "6"),
    (12_000_000, "12"),
    (30_000_000, "30"),
];
const TTFB: [(u32, &str); 10] = [
    (100_000, "0.1"),
    (200_000, "0.2"),
    (400_000, "0.4"),
    (600_000, "0.6"),
    (800_000, "0.8"),
    (1_200_000, "1.2"),
    (1_800_000, "1.8"),
    (3_600_000, "3.6"),
    (8_000_000, "8"),
    (20_000_000, "20"),
];
const USABLE: [(u32, &str); 9] = [
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_000_000, "2"),
    (3_000_000, "3"),
    (5_000_000, "5"),
    (8_000_000, "8"),
    (12_000_000, "12"),
    (20_000_000, "20"),
    (30_000_000, "30"),
];

/// What a series of a histogram counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Values up to an edge.
    Bucket,
    /// The values' sum.
    Sum,
    /// How many values.
    Count,
}

impl Part {
    /// All of them, with the end of their series' names.
    pub const ALL: [(Part, &str); 3] = [(Part::Bucket, "_bucket"), (Part::Sum, "_sum"), (Part::Count, "_count")];
}

impl Family {
    /// The histogram whose series have that name, and which of them.
    pub fn of_series(name: &str) -> Option<(&'static Family, Part)> {
        HISTOGRAMS.iter().find_map(|family| {
            let end = name.strip_prefix(family.name)?;
            Part::ALL.iter().find(|(_, known)| *known == end).map(|(part, _)| (family, *part))
        })
    }

    /// What it says.
    pub fn help(&self) -> String {
        let unit = if self.metric.unit() == "ms" { "seconds" } else { "the score" };
        format!("{} of humans' page views, by page and device, in {unit}", self.metric.label())
    }

    /// Micro units in one unit of its series: seconds, or the score itself.
    pub fn micro_per_unit(&self) -> f64 {
        1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn official_limits_are_edges_and_edges_rise_and_read_as_what_they_are() {
        for family in &HISTOGRAMS {
            let edges: Vec<u32> = family.edges.iter().map(|(edge, _)| *edge).collect();
            let (good, poor) = family.metric.limits().unwrap();
            assert!(edges.contains(&good) && edges.contains(&poor), "{}", family.name);
            assert!(edges.is_sorted_by(|one, next| one < next), "{}", family.name);
            for (edge, text) in family.edges {
                assert_eq!(text.parse::<f64>().unwrap(), f64::from(*edge) / family.micro_per_unit(), "{}", family.name);
            }
            let buckets: BTreeSet<u16> = edges.iter().map(|edge| felt_schema::histogram::bucket_of(*edge)).collect();
            assert_eq!(buckets.len(), edges.len(), "{}: totals are kept by the bucket of their edge", family.name);
        }
    }

    #[test]
    fn series_are_found_by_their_names() {
        let found = |name| Family::of_series(name).map(|(family, part)| (family.name, part));
        assert_eq!(found("felt_cls_bucket"), Some(("felt_cls", Part::Bucket)));
        assert_eq!(found("felt_lcp_seconds_sum"), Some(("felt_lcp_seconds", Part::Sum)));
        assert_eq!(found("felt_lcp_seconds"), None);
        assert_eq!(found("felt_lcp_bucket"), None);
    }
}
