//! Apdex of page views, as SQL: what each view waited, and against which target it is held.
//!
//! The target T is where `annoying` begins on the scale that the view's load was judged by: that of `usable` where the app sends it, else that of
//! LCP, of the version that held when it was received. A view that failed frustrates. Who left before the page was there waited at least so
//! long; what was not yet longer than T says nothing. Only single views tell all of this: no rollup has a counter at 4 T, or of what failed.

use super::Window;
use super::scope::{Rows, Scope};
use crate::scales::yardsticks::{Yardsticks, classify, waited};
use felt_schema::anchors::Edge;
use felt_schema::metric::{MISSING, Metric};
use felt_schema::scale::Effective;
use felt_store::Param;

/// Most targets that an answer tells.
const TARGETS_MAX: usize = 16;

/// The scales that the views of a time were judged by, each from its time on; the built-in ones where there are none.
pub type Eras = Vec<(i64, Effective)>;

/// Adds `apdex_target` to rows of page views, 0 where nothing was waited for, and `apdex_zone`: 0 satisfied, 1 tolerating, 2 frustrated,
/// -1 where the view does not count.
pub fn judged(scope: &mut Scope, rows: Rows, eras: &Eras, window: Window) -> Rows {
    let [usable, lcp] = [Metric::Usable, Metric::Lcp].map(|metric| thresholds(scope, eras, window, metric));
    let waited = waited();
    let sample = |value: &str, thresholds: &str, counts: u8| {
        format!("(toUInt64({value}), toUInt64({thresholds}[1]), toUInt8({counts}))")
    };
    let (in_full, at_least, nothing) = (0, 1, 2);
    // As `felt_schema::happiness::judge` finds what was waited for; a row tells it by the cause and level that were written.
    let written_by_lcp = format!("{} = level", classify(&waited, &lcp, Edge::Better));
    let sample = format!(
        "multiIf(usable != {MISSING}, {}, lcp != {MISSING} AND cause != 'gave_up', {}, lcp != {MISSING}, {}, \
         cause = 'gave_up', if({written_by_lcp}, {}, {}), \
         hidden_at_start = 1 OR least(first_hidden_ms, left_ms) = {MISSING} OR nav = 'soft' OR load != {MISSING}, {}, {})",
        sample("usable", &usable, in_full),
        sample("lcp", &lcp, in_full),
        sample(&waited, &usable, at_least),
        sample(&waited, &lcp, at_least),
        sample(&waited, &usable, at_least),
        sample("0", "[0]", nothing),
        sample(&waited, &lcp, at_least),
    );
    let zone = format!(
        "multiIf(failed = 1, 2, opened.3 = {nothing}, -1, opened.1 <= opened.2, if(opened.3 = {at_least}, -1, 0), \
         opened.1 <= 4 * opened.2, 1, 2)"
    );
    rows.select(&format!("*, {sample} AS opened, opened.2 AS apdex_target, toInt8({zone}) AS apdex_zone"), "")
}

/// What is read of each group of such rows: the counts of the zones, and the targets in micro units.
pub fn columns() -> [String; 4] {
    let count = |zone: u8| format!("sumIf(sign, apdex_zone = {zone})");
    let targets = format!(
        "arraySort(groupUniqArrayIf({TARGETS_MAX})(apdex_target, sign = 1 AND apdex_zone >= 0 AND apdex_target > 0))"
    );
    [count(0), count(1), count(2), targets]
}

/// The thresholds of a metric that held when a view was received.
fn thresholds(scope: &mut Scope, eras: &Eras, window: Window, metric: Metric) -> String {
    let built_in = Effective::default();
    let of = |scope: &mut Scope, scales: &Effective| Yardsticks { scales, window, scope }.of_metric(metric);
    let mut held = of(scope, eras.first().map_or(&built_in, |(_, scales)| scales));
    for (era_ms, scales) in eras.iter().skip(1) {
        let (era, next) = (scope.bind("Int64", Param::Int(*era_ms)), of(scope, scales));
        held = format!("if(received_at >= fromUnixTimestamp64Milli({era}, 'UTC'), {next}, {held})");
    }
    held
}
