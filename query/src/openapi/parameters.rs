//! The parameters of each call, as the document tells them; a test holds them against the grammar.

// The fields only describe.
#![allow(dead_code)]

use utoipa::IntoParams;

/// What the calls about a time have in common.
macro_rules! parameters {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// The last while: a number of minutes, hours, days or weeks. Not together with `from`.
            #[param(example = "7d")]
            range: Option<String>,
            /// Beginning of the time, inclusive: RFC 3339, or a date in `tz`.
            from: Option<String>,
            /// End of the time, exclusive; now where it is left out.
            to: Option<String>,
            /// IANA time zone of day boundaries.
            #[param(example = "Europe/Berlin")]
            tz: Option<String>,
            $($(#[$field_doc])* $field: $kind,)*
        }
    };
}

parameters! {
    /// Parameters of `summary`.
    SummaryParameters {
        /// Metrics, comma-separated: `happiness`, `apdex`, names from `schema`, `timing:NAME`.
        metrics: Option<String>,
        /// Figures, comma-separated: p50 p75 p90 p95 p99 good fair poor count mean.
        stats: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated. Commas inside values are percent-encoded.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `series`.
    SeriesParameters {
        /// Metrics, comma-separated.
        metrics: Option<String>,
        /// Figures, comma-separated.
        stats: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Length of a point: `auto`, `1m`, `5m`, `1h`, `1d`; at most 1,000 points.
        step: Option<String>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `breakdown`.
    BreakdownParameters {
        /// Metrics, comma-separated.
        metrics: Option<String>,
        /// Figures, comma-separated.
        stats: Option<String>,
        /// One or two dimensions, comma-separated.
        by: String,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// `views`, `happiness`, `unhappy`, `lost`, `apdex`, a figure such as `lcp.p75`, or a dimension; `-` for largest first.
        order: Option<String>,
        /// Most groups, at most 1,000.
        limit: Option<u32>,
        /// Where the previous page ended, from `Link` or `meta.next`.
        cursor: Option<String>,
        /// Fewest views of a group that is shown.
        min: Option<u64>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `compare`.
    CompareParameters {
        /// What to compare with: `prev` (the time right before, the default), `week` and `year` (the same time 7 and 364 days earlier),
        /// `release:NAME` (the same time, that release's page views), `release` (the same of the release before the one in `f`, or before
        /// the newest; with `by=release` each against the one before it), or `FROM/TO`.
        #[param(example = "prev")]
        vs: Option<String>,
        /// Metrics, comma-separated.
        metrics: Option<String>,
        /// A dimension: the same for each of its values.
        by: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Most groups, at most 1,000.
        limit: Option<u32>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `changes`.
    ChangesParameters {
        /// Metrics with limits, comma-separated, and `happiness`.
        metrics: Option<String>,
        /// What is watched: `page` (the default), `device`, `country`, `release` or `browser`.
        by: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Most changes, of which at most 20 are told.
        limit: Option<u32>,
    }
}

parameters! {
    /// Parameters of `releases`.
    ReleasesParameters {
        /// Most releases, at most 1,000.
        limit: Option<u32>,
    }
}

parameters! {
    /// Parameters of `annotations`.
    AnnotationsParameters {}
}

parameters! {
    /// Parameters of `distribution`.
    DistributionParameters {
        /// The metric.
        metric: String,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `values`.
    ValuesParameters {
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Text that the value contains, in any case.
        q: Option<String>,
        /// Most values, at most 1,000.
        limit: Option<u32>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `health`.
    HealthParameters {}
}

parameters! {
    /// Parameters of `sessions`.
    SessionsParameters {
        /// A filter `dimension:op:v1,v2`; may be repeated. A visit passes when any of its page views does.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// `-started_at` (newest first), `-unhappy` (fewest points first), `happiness`, `views`; `-` turns each around.
        order: Option<String>,
        /// Most visits, at most 1,000.
        limit: Option<u32>,
        /// Where the previous page ended, from `Link` or `meta.next`.
        cursor: Option<String>,
        /// Fewest page views of a visit that is shown.
        min: Option<u64>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `attribution`.
    AttributionParameters {
        /// The metric: `lcp`, `inp`, `cls`, `fcp`, `ttfb` or `usable`.
        metric: String,
        /// One or two dimensions, comma-separated, where culprits are wanted for each group by itself.
        by: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Most rows, at most 1,000.
        limit: Option<u32>,
        /// Fewest page views of a culprit that is shown.
        min: Option<u64>,
        /// `true` reads every page view, however long that takes, where otherwise a sample of sessions would do.
        exact: Option<bool>,
    }
}

parameters! {
    /// Parameters of `feedback`.
    FeedbackParameters {
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Most rows, at most 1,000.
        limit: Option<u32>,
        /// Where the previous page ended, from `Link` or `meta.next`.
        cursor: Option<String>,
    }
}

parameters! {
    /// Parameters of `impact`.
    ImpactParameters {
        /// A filter `dimension:op:v1,v2`; may be repeated. It chooses the views that count in the window and its control.
        f: Option<Vec<String>>,
        /// The journey whose losses and orders are told.
        journey: Option<String>,
        /// The currency of its orders, ISO 4217.
        #[param(example = "EUR")]
        currency: Option<String>,
    }
}
