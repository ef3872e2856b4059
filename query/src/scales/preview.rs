//! What the views of a time would have scored by other scales: [`felt_schema::happiness::judge`] over again, as SQL.
//!
//! Columns hold only values that count. Whether somebody left before the page was there is told by the cause that was written then;
//! where a row does not tell which of the two load metrics was waited for, the level that was written says it, and where both
//! give the same level it is taken for LCP. An LCP from after the page was hidden leaves no trace beside a load event that was seen:
//! as long as it made no level then, it makes none here.

use super::yardsticks::{Yardsticks, classify, waited};
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Window, window_conditions};
use felt_schema::anchors::Edge;
use felt_schema::metric::{MISSING, Metric};
use felt_schema::scale::{Effective, Measured};

/// The statement for the levels that were written, then those by `scales`: eight counts, best first.
pub fn statement(site: &str, scales: &Effective, window: Window) -> Statement {
    let mut scope = Scope::of(site);
    let mut of_views = window_conditions(&mut scope, window);
    of_views.push("bot = ''".into());
    let level = level(&mut scope, scales, window);
    let counts = |name: &str| -> Vec<String> { (0..4).map(|level| format!("sumIf(sign, {name} = {level})")).collect() };
    let rows = scope.rows(SiteTable::PageViews, "*", &of_views).select(&format!("sign, level, {level} AS other"), "");
    scope.statement(&[counts("level"), counts("other")].concat().join(", "), rows, "")
}

/// The level of a view by these scales, -1 where nothing about it can be judged.
fn level(scope: &mut Scope, scales: &Effective, window: Window) -> String {
    let mut yardsticks = Yardsticks { scales, window, scope };
    let value = |name: &str, thresholds: &str, edge: Edge| {
        format!("if({name} = {MISSING}, -1, {})", classify(name, thresholds, edge))
    };
    let (inp, cls) = (yardsticks.of_metric(Metric::Inp), yardsticks.of_metric(Metric::Cls));
    let mut parts = vec![
        "if(failed = 1, 3, -1)".to_owned(),
        yardsticks.load(),
        value("inp", &inp, Edge::Better),
        value("cls", &cls, Edge::Better),
        "if(rage_clicks > 0, 2, -1)".to_owned(),
        "if(errors > 0 OR dead_clicks > 0, 1, -1)".to_owned(),
    ];
    parts.extend(yardsticks.timings());
    format!("toInt8(greatest({}))", parts.iter().map(|part| format!("toInt64({part})")).collect::<Vec<_>>().join(", "))
}

impl Yardsticks<'_> {
    /// Until the page was usable or its largest thing was there, or as long as somebody waited who left first.
    fn load(&mut self) -> String {
        let (usable, lcp) = (self.of_metric(Metric::Usable), self.of_metric(Metric::Lcp));
        let built_in = self.array(Metric::Lcp.anchors());
        let waited = waited();
        // What was not yet too long to delight says nothing.
        let censored = |thresholds: &str, edge| {
            let level = classify(&waited, thresholds, edge);
            format!("if({level} = 0, -1, {level})")
        };
        let (by_usable, by_lcp) = (censored(&usable, Edge::Worse), censored(&lcp, Edge::Better));
        let written_by_lcp = format!("{} = level", classify(&waited, &built_in, Edge::Better));
        format!(
            "multiIf(usable != {MISSING}, {}, lcp != {MISSING} AND cause != 'gave_up', {}, lcp != {MISSING}, {by_usable}, \
             cause = 'gave_up', if({written_by_lcp}, {by_lcp}, {by_usable}), \
             hidden_at_start = 1 OR least(first_hidden_ms, left_ms) = {MISSING} OR nav = 'soft' OR load != {MISSING}, -1, {by_lcp})",
            classify("usable", &usable, Edge::Worse),
            classify("lcp", &lcp, Edge::Better)
        )
    }

    /// The worst of each of the app's own timings that has a scale.
    fn timings(&mut self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for scale in self.scales.scales() {
            if let Measured::Timing(name) = &scale.metric
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        let part = |name: &String| {
            let thresholds = self.thresholds(&Measured::Timing(name.clone()), "CAST([], 'Array(UInt32)')".to_owned());
            let name = self.scope.text(name);
            let values = format!("arrayFilter((value, name) -> name = {name}, timing_values, timing_names)");
            let level = classify(&format!("arrayMax({values})"), &thresholds, Edge::Worse);
            format!("if(empty({thresholds}) OR empty({values}), -1, {level})")
        };
        names.iter().map(part).collect()
    }
}
