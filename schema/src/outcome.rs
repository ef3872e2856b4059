//! What became of each snapshot: exactly one outcome, so that received = accepted + replaced + filtered + refused.

use std::fmt;

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the `reason` column.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

reasons! {
    /// How a snapshot stands to an earlier one of its view.
    ReplaceReason {
        /// A higher `seq`: its values replaced the earlier ones.
        Newer = "newer",
        /// A lower `seq`: the later one already counts.
        Older = "older",
        /// The same `seq` again.
        Repeated = "repeated",
    }
}

reasons! {
    /// Why a well-formed snapshot is not counted on purpose.
    FilterReason {
        /// Prerendered, and never shown to anyone.
        NeverActivated = "never_activated",
        /// The person asked not to be measured (GPC, DNT).
        OptedOut = "opted_out",
        /// The view began before everything the store keeps.
        TooOld = "too_old",
        /// The visitor's data was erased on request.
        Erased = "erased",
    }
}

reasons! {
    /// Why something was not taken at all.
    RefuseReason {
        /// No valid `view`.
        InvalidView = "invalid_view",
        /// An element of the array is not an object.
        NotAnObject = "not_an_object",
        /// The body is not UTF-8, not JSON, or neither object nor array.
        NotJson = "not_json",
        /// The array is empty.
        Empty = "empty",
        /// More snapshots than one beacon may hold.
        TooManySnapshots = "too_many_snapshots",
        /// More bytes than a beacon may have, as sent or unpacked.
        TooLarge = "too_large",
        /// No site has this key.
        UnknownSite = "unknown_site",
        /// The site does not allow this origin.
        OriginNotAllowed = "origin_not_allowed",
        /// The site or the client sends more than its rate.
        RateLimited = "rate_limited",
        /// Nothing durable could take it.
        Unavailable = "unavailable",
        /// A line of an import has no valid time.
        InvalidTime = "invalid_time",
        /// The record could not be read or written and went to the dead letters.
        DeadLetter = "dead_letter",
    }
}

/// What became of one snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The first snapshot of its view: accepted = number of distinct page views.
    Accepted,
    /// Another snapshot of a view that is already counted.
    Replaced(ReplaceReason),
    /// Not counted, on purpose.
    Filtered(FilterReason),
    /// Not taken.
    Refused(RefuseReason),
}

/// The `outcome` column of the side counts, which are no part of what was received.
pub mod side {
    /// A field was dropped; the reason is the field.
    pub const FIELD_DROP: &str = "field_drop";
    /// A value was folded into `(other)`; the reason is the dimension.
    pub const FOLDED: &str = "folded";
}

impl Outcome {
    /// The name in the `outcome` column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Replaced(_) => "replaced",
            Self::Filtered(_) => "filtered",
            Self::Refused(_) => "refused",
        }
    }

    /// The name in the `reason` column; empty where there is none.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Accepted => "",
            Self::Replaced(reason) => reason.name(),
            Self::Filtered(reason) => reason.name(),
            Self::Refused(reason) => reason.name(),
        }
    }

    /// The outcome of these two columns; `None` for side counts and anything unknown.
    pub fn from_names(outcome: &str, reason: &str) -> Option<Self> {
        match outcome {
            "accepted" => Some(Self::Accepted),
            "replaced" => ReplaceReason::from_name(reason).map(Self::Replaced),
            "filtered" => FilterReason::from_name(reason).map(Self::Filtered),
            "refused" => RefuseReason::from_name(reason).map(Self::Refused),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_lead_back_to_the_outcome() {
        let mut all = vec![Outcome::Accepted];
        all.extend(ReplaceReason::ALL.iter().copied().map(Outcome::Replaced));
        all.extend(FilterReason::ALL.iter().copied().map(Outcome::Filtered));
        all.extend(RefuseReason::ALL.iter().copied().map(Outcome::Refused));
        for outcome in all {
            assert_eq!(Outcome::from_names(outcome.name(), outcome.reason()), Some(outcome));
        }
        assert_eq!(Outcome::from_names(side::FIELD_DROP, "metrics.lcp"), None);
    }
}
