//! Journeys: ways through a site, told by steps. A step is reached by an event of its name, or by a view of a page.
//!
//! Who skips a step and reaches a later one has passed it. What a visit made of a journey is worked out where its views are read;
//! here is what a journey is, and how those who waited differently are compared.

mod speed;

pub use speed::{Matched, Taken, WAIT_EDGES_MS, like_with_like, wait_words};

use serde::{Deserialize, Serialize};

/// Most steps of a journey.
pub const STEPS_MAX: usize = 20;
/// Longest time in which a journey can be meant to be done, in seconds.
pub const WITHIN_S_MAX: u32 = 86_400;
/// Most bytes of a name.
pub const NAME_BYTES_MAX: usize = 128;

/// A journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// What people call it.
    pub name: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// In how many seconds it is meant to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_s: Option<u32>,
}

/// A step of a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What people call it.
    pub name: String,
    /// How it is reached.
    #[serde(flatten)]
    pub reach: Reach,
}

/// How a step is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// By a `step` event of this journey with this name.
    Step(String),
    /// By a view of a page that this pattern matches: `*` is any text, `?` one character.
    Page(String),
}

impl Journey {
    /// The journey that events tell without anybody having defined it: its steps are called as the events call them.
    pub fn told(name: &str, steps: impl IntoIterator<Item = String>) -> Self {
        let step = |step: String| Step { name: step.clone(), reach: Reach::Step(step) };
        Self { name: name.to_owned(), steps: steps.into_iter().take(STEPS_MAX).map(step).collect(), within_s: None }
    }

    /// The place of its last step.
    pub fn last(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journey_is_written_as_it_is_read() {
        let text = r#"{"name":"Check out","steps":[{"name":"Cart","page":"/cart"},{"name":"Pay","step":"pay"}],"within_s":90}"#;
        let journey: Journey = serde_json::from_str(text).unwrap();
        assert_eq!(journey.steps[1].reach, Reach::Step("pay".into()));
        assert_eq!(serde_json::to_string(&journey).unwrap(), text);
    }
}
