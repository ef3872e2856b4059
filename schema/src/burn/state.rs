//! An alert's life: pending, firing, resolved. It is judged once a minute, at the minute's end.

use super::{NoData, Options, Rule, Verdict};

/// Where an alert stands. Minutes are whatever the evaluator counts in, as long as they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is wrong.
    #[default]
    Inactive,
    /// The rule has held since then, not yet for long enough.
    Pending {
        /// The first minute in which it held.
        since_min: i64,
    },
    /// Somebody was told.
    Firing {
        /// The minute in which it fired.
        since_min: i64,
    },
}

/// What changed, for those who are to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It fires.
    Fired,
    /// It no longer does.
    Resolved,
}

impl State {
    /// The state after the minute `at_min`, and what changed by it.
    pub fn step(self, rule: &Rule, options: &Options, verdict: Verdict, at_min: i64) -> (Self, Option<Change>) {
        let holds = match (verdict, options.no_data) {
            (Verdict::Unknown, NoData::Hold) => return (self, None),
            (Verdict::Holds, _) => true,
            (Verdict::Clear | Verdict::Unknown, _) => false,
        };
        match self {
            Self::Firing { .. } if holds => (self, None),
            Self::Firing { .. } => (Self::Inactive, Some(Change::Resolved)),
            _ if !holds => (Self::Inactive, None),
            Self::Inactive | Self::Pending { .. } => {
                let since_min = if let Self::Pending { since_min } = self { since_min } else { at_min };
                if at_min - since_min >= i64::from(rule.for_min) {
                    (Self::Firing { since_min: at_min }, Some(Change::Fired))
                } else {
                    (Self::Pending { since_min }, None)
                }
            }
        }
    }
}
