//! What is wrong with a question, and the nearest thing that would have been right.

use felt_http::Problem;
use serde_json::{Value, json};

/// One fault of a query string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the parameter, as sent.
    pub parameter: String,
    /// What is wrong and what to do, as a sentence without capital and full stop.
    pub detail: String,
    /// The nearest thing that would have been accepted, where the fault is an unknown word.
    pub did_you_mean: Option<String>,
}

impl Fault {
    /// A fault that is not about an unknown word.
    pub fn new(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: parameter.into(), detail: detail.into(), did_you_mean: None }
    }

    /// An unknown word: names what is known and the nearest of it.
    pub fn unknown<I>(parameter: impl Into<String>, what: &str, word: &str, known: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let known: Vec<String> = known.into_iter().map(|name| name.as_ref().to_owned()).collect();
        let shown = if known.len() <= 24 { format!("; known: {}", known.join(", ")) } else { String::new() };
        let did_you_mean = nearest(word, &known);
        Self { parameter: parameter.into(), detail: format!("there is no {what} `{}`{shown}", cut(word)), did_you_mean }
    }
}

/// Most faults that one answer tells; a question with more is not a person's.
const TOLD_MAX: usize = 20;

/// All faults of a query string; never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|fault| format!("{}: {}", cut(&fault.parameter), fault.detail)).collect::<Vec<_>>().join("; "))]
pub struct Faults(pub Vec<Fault>);

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Problem {
        let mut faults = faults;
        let untold = faults.0.len().saturating_sub(TOLD_MAX);
        faults.0.truncate(TOLD_MAX);
        let more = if untold > 0 { format!("; and {untold} more") } else { String::new() };
        let mut problem = Problem::bad_request("invalid-query", format!("{faults}{more}"));
        if let Some(suggestion) = faults.0.iter().find_map(|fault| fault.did_you_mean.clone()) {
            problem = problem.field("did_you_mean", suggestion);
        }
        let errors: Vec<Value> = faults
            .0
            .into_iter()
            .map(|fault| {
                let mut error = json!({"parameter": cut(&fault.parameter), "detail": fault.detail});
                if let Some(suggestion) = fault.did_you_mean {
                    error["did_you_mean"] = suggestion.into();
                }
                error
            })
            .collect();
        problem.field("errors", errors)
    }
}

/// The known word nearest to `word`. There always is one where anything is known: even a far guess shows what a
/// right word looks like.
pub fn nearest<S: AsRef<str>>(word: &str, known: &[S]) -> Option<String> {
    let word = cut(word).to_lowercase();
    let score = |name: &str| {
        let name = name.to_lowercase();
        let typo = strsim::normalized_damerau_levenshtein(&word, &name);
        // Whoever writes `dev` means the name that begins so, and with `version` the one that it is a part of.
        let begins = strsim::jaro_winkler(&word, &name) * 0.9;
        let part = if word.len() >= 4 && name.contains(&word) { 0.8 } else { 0.0 };
        typo.max(begins).max(part)
    };
    known
        .iter()
        .map(|name| (score(name.as_ref()), name.as_ref()))
        // The first of equals, so that the order of the list is the order of preference.
        .fold(
            None::<(f64, &str)>,
            |best, next| if best.is_some_and(|best| best.0 >= next.0) { best } else { Some(next) },
        )
        .map(|(_, name)| name.to_owned())
}

/// A foreign word, short enough to be repeated in an answer.
pub(super) fn cut(word: &str) -> &str {
    let end = word.char_indices().nth(64).map_or(word.len(), |(index, _)| index);
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_what_a_person_meant() {
        let known = ["page", "path", "country", "device", "browser", "browser_version", "release"];
        for (word, meant) in [
            ("pages", "page"),
            ("contry", "country"),
            ("Device", "device"),
            ("dev", "device"),
            ("version", "browser_version"),
            ("browserversion", "browser_version"),
            ("relaese", "release"),
        ] {
            assert_eq!(nearest(word, &known).as_deref(), Some(meant), "{word}");
        }
        assert_eq!(nearest::<&str>("x", &[]), None);
        assert!(nearest("", &known).is_some());
    }
}
