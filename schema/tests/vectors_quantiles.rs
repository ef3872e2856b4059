//! `tests/vectors/quantiles.json`: nearest rank within 1 %, of the whole and of seven merged shards.

mod support;

use std::collections::BTreeMap;
use std::io::Read;

use felt_schema::histogram::{Histogram, bounds, bucket_of_wide, nearest_rank_of, representative};
use sha2::{Digest, Sha256};
use support::{items, text, vector_bytes, vectors};

const SHARDS: usize = 7;

/// The files of the archive by name. A tar is a row of blocks of 512 bytes: a header with the name at 0 and the size
/// in octal at 124, then the content.
fn inputs() -> BTreeMap<String, String> {
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&vector_bytes("quantile_inputs.tar.gz")[..]).read_to_end(&mut tar).expect("gzip");
    let mut files = BTreeMap::new();
    let mut rest = &tar[..];
    while rest.len() >= 512 && rest[0] != 0 {
        let field = |from: usize, to: usize| {
            let bytes = rest[from..to].split(|&byte| byte == 0).next().unwrap_or_default();
            String::from_utf8(bytes.to_vec()).expect("headers are ASCII")
        };
        let size = usize::from_str_radix(field(124, 136).trim(), 8).expect("an octal size");
        let content = String::from_utf8(rest[512..512 + size].to_vec()).expect("inputs are digits");
        let name = field(0, 100);
        let stem = name.rsplit('/').next().and_then(|file| file.strip_suffix(".txt"));
        if let Some(stem) = stem {
            files.insert(stem.to_owned(), content);
        }
        rest = &rest[(512 + size.div_ceil(512) * 512).min(rest.len())..];
    }
    files
}

/// A histogram of values in a unit so small that whole numbers of it stand for milliseconds.
fn histogram(values: impl Iterator<Item = u64>, micro_per_unit: u64) -> Histogram {
    values.map(|value| (bucket_of_wide(value * micro_per_unit), 1)).collect()
}

fn assert_within_one_percent(found: f64, expected: u64, what: &str) {
    if expected < 100 {
        assert_eq!(found, expected as f64, "{what}: exact below 100");
    } else {
        let error = (found - expected as f64).abs() / expected as f64;
        assert!(error <= 0.01, "{what}: {found} is {error} off {expected}");
    }
}

#[test]
fn nearest_ranks_are_within_one_percent_whole_or_merged() {
    let inputs = inputs();
    let mut seen = 0;
    for case in items(&vectors("quantiles.json")["distributions"]) {
        let name = text(&case["name"]);
        let input = &inputs[name];
        let digest: String =
            Sha256::digest(input.trim_end().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, text(&case["sha256_of_newline_joined_input"]), "{name}: another input");
        let values: Vec<u64> = input.split_ascii_whitespace().map(|line| line.parse().expect("a number")).collect();
        assert_eq!(values.len() as u64, case["n"].as_u64().unwrap(), "{name}");
        let mut sorted = values.clone();
        sorted.sort_unstable();

        // As milliseconds in micro units, which is how they are stored, and as plain units.
        for unit in [1_000, 1] {
            let whole = histogram(values.iter().copied(), unit);
            let shard = |k: usize| values.iter().copied().skip(k).step_by(SHARDS);
            let mut merged = Histogram::new();
            for (k, size) in items(&case["shard_sizes"]).enumerate() {
                let part = histogram(shard(k), unit);
                assert_eq!(part.count(), size.as_i64().unwrap(), "{name}: shard {k}");
                if let Some(expected) = case["shard_p75"][k].as_u64() {
                    let found = part.nearest_rank(75).expect("a shard with values") / unit as f64;
                    assert_within_one_percent(found, expected, &format!("{name}: p75 of shard {k}"));
                }
                merged.merge(&part);
            }
            assert_eq!(merged, whole, "{name}: shards merge to the whole");
            for (percent, expected) in case["quantiles"].as_object().unwrap() {
                let p: u32 = percent[1..].parse().expect("p and a number");
                let expected = expected.as_u64().unwrap();
                let found = merged.nearest_rank(p).expect("not empty") / unit as f64;
                assert_within_one_percent(found, expected, &format!("{name} {percent}"));
                let rank = nearest_rank_of(p, whole.count()).expect("not empty");
                assert_eq!(sorted[rank as usize - 1], expected, "{name} {percent}: rank");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, inputs.len(), "every input has its case");
}

#[test]
fn the_largest_value_does_not_saturate() {
    let huge = 3_598_717_947_087_u64;
    let (low, high) = bounds(bucket_of_wide(huge));
    assert!(low <= huge && huge <= high);
    assert!((representative(bucket_of_wide(huge)) / huge as f64 - 1.0).abs() < 0.01);
}
