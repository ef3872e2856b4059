//! The length of a series' points, and who is looked at.

use super::{Fault, fault::cut};

/// The length of one point of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[allow(missing_docs)] // Each is what its name says.
pub enum Step {
    /// The shortest that gives a readable number of points.
    #[default]
    Auto,
    Minute,
    FiveMinutes,
    Hour,
    /// A day of the question's time zone.
    Day,
}

impl Step {
    /// Every step, as it is offered.
    pub const ALL: [Step; 5] = [Step::Auto, Step::Minute, Step::FiveMinutes, Step::Hour, Step::Day];
    /// The steps of a definite length, shortest first.
    pub const DEFINITE: [Step; 4] = [Step::Minute, Step::FiveMinutes, Step::Hour, Step::Day];

    /// Its name in questions.
    pub fn name(self) -> &'static str {
        match self {
            Step::Auto => "auto",
            Step::Minute => "1m",
            Step::FiveMinutes => "5m",
            Step::Hour => "1h",
            Step::Day => "1d",
        }
    }

    /// Reads a step.
    ///
    /// # Errors
    /// When there is no such step.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|step| step.name() == name)
            .ok_or_else(|| Fault::unknown("step", "step", cut(name), Self::ALL.iter().map(|step| step.name())))
    }
}

/// Whose views count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Who {
    /// People's.
    #[default]
    Humans,
    /// Bots'.
    Bots,
    /// Everybody's.
    All,
}

impl Who {
    /// Every choice.
    pub const ALL: [Who; 3] = [Who::Humans, Who::Bots, Who::All];

    /// Its name in questions.
    pub fn name(self) -> &'static str {
        match self {
            Who::Humans => "humans",
            Who::Bots => "bots",
            Who::All => "all",
        }
    }

    /// Reads a choice.
    ///
    /// # Errors
    /// When there is no such choice.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|who| who.name() == name)
            .ok_or_else(|| Fault::unknown("who", "choice", cut(name), Self::ALL.iter().map(|who| who.name())))
    }
}
