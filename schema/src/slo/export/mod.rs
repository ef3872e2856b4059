//! Promises written for others: OpenSLO v1, Sloth, Pyrra, and plain Prometheus rules.
//!
//! OpenSLO is written strictly: what the specification's text and its SDK both take, without a warning of our own reader, which
//! reads it back as the same promise. The others ask Prometheus for `felt_sli_good_total` and `felt_sli_valid_total`, whose label
//! `slo` is the promise's id.

mod openslo;
mod prometheus;
mod pyrra;
mod sloth;
mod yaml;

pub use openslo::openslo;
pub use prometheus::prometheus_rules;
pub use pyrra::pyrra;
pub use sloth::sloth;

/// The counter of what was good.
const GOOD: &str = "felt_sli_good_total";
/// The counter of what counted.
const VALID: &str = "felt_sli_valid_total";

/// The matchers of a promise's series. An id has no character that would end the text.
fn selector(id: &str) -> String {
    format!("{{slo=\"{id}\"}}")
}

/// A name that everybody takes: small letters, digits and `-`, at most 63, the first and last a letter or digit (RFC 1123).
fn label(text: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' };
    let mut label: String = text.chars().map(plain).take(super::ID_CHARS_MAX).collect();
    label = label.trim_matches('-').to_owned();
    if label.is_empty() { "felt".to_owned() } else { label }
}

/// Labels of several ids, each once.
fn labels<'s>(slos: impl Iterator<Item = &'s super::Slo>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    slos.map(|slo| {
        let label = label(&slo.id);
        let mut unique = label.clone();
        let mut number = 2;
        while !seen.insert(unique.clone()) {
            let suffix = format!("-{number}");
            unique = label.chars().take(super::ID_CHARS_MAX - suffix.len()).collect::<String>() + &suffix;
            number += 1;
        }
        unique
    })
    .collect()
}

/// Minutes as Prometheus writes them.
fn span(minutes: i64) -> String {
    match minutes {
        minutes if minutes % 1_440 == 0 => format!("{}d", minutes / 1_440),
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

/// A percentage of billionths, without the noise of floats.
fn percent(share: super::Share) -> String {
    let (whole, rest) = (share.billionths() / 10_000_000, share.billionths() % 10_000_000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{}", format!("{rest:07}").trim_end_matches('0')) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::Share;

    #[test]
    fn names_and_figures_are_those_that_others_read() {
        assert_eq!([label("Checkout_fast.2"), label("a"), label("A-")], ["checkout-fast-2", "a", "a"]);
        assert_eq!([span(40_320), span(60), span(5)], ["28d", "1h", "5m"]);
        let percents = [0.95, 0.9995, 0.999_999_999].map(|ratio| Share::of_ratio(ratio).map(percent));
        assert_eq!(percents.map(Option::unwrap), ["95", "99.95", "99.9999999"]);
    }
}
