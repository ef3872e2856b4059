//! The thresholds that hold for a view, as an expression over its row: of the closest scale that is for it, else the built-in ones.

use crate::grammar::{Dimension, Filter, Op, Who};
use crate::planner::Window;
use crate::planner::conditions::{conditions, raw_column};
use crate::planner::scope::{Scope, SiteTable};
use felt_schema::anchors::{Anchors, Edge};
use felt_schema::metric::{MISSING, Metric};
use felt_schema::scale::{Effective, Measured};
use felt_store::Param;

/// How long somebody waited who left, in micro units.
pub fn waited() -> String {
    format!("least(toUInt64(least(first_hidden_ms, left_ms)) * 1000, {MISSING})")
}

/// The level of a value: how many thresholds it has reached.
pub fn classify(value: &str, thresholds: &str, edge: Edge) -> String {
    let reached = if edge == Edge::Worse { ">=" } else { ">" };
    format!("toInt64(arrayCount(threshold -> {value} {reached} threshold, {thresholds}))")
}

/// Scales over the views of a window.
pub struct Yardsticks<'s> {
    /// What holds.
    pub scales: &'s Effective,
    /// When the views began.
    pub window: Window,
    /// The statement that it becomes a part of.
    pub scope: &'s mut Scope,
}

impl Yardsticks<'_> {
    /// Of a metric that judges.
    pub fn of_metric(&mut self, metric: Metric) -> String {
        let built_in = self.array(metric.anchors());
        self.thresholds(&Measured::Metric(metric), built_in)
    }

    /// Of anything that may have a scale.
    pub fn thresholds(&mut self, measured: &Measured, otherwise: String) -> String {
        let mut branches = Vec::new();
        for scale in self.scales.scales().iter().filter(|scale| scale.metric == *measured) {
            let mut holds = Vec::new();
            if let Some(pattern) = &scale.page {
                let filter = Filter { dimension: Dimension::Page, op: Op::Glob, values: vec![pattern.clone()] };
                holds.extend(conditions(self.scope, &[filter], &raw_column));
            }
            if let Some(journey) = &scale.journey {
                holds.push(self.of_journey(journey));
            }
            let thresholds = self.array(scale.anchors());
            if holds.is_empty() {
                // It is for every view, so nothing that is less close is ever looked at.
                return branch(branches, thresholds);
            }
            branches.push((holds.join(" AND "), thresholds));
        }
        branch(branches, otherwise)
    }

    /// Whether the view has a step event of the journey.
    fn of_journey(&mut self, journey: &str) -> String {
        let mut steps = crate::journeys::event_conditions(self.scope, self.window, Who::Humans);
        steps.push(format!("name = {}", self.scope.text(journey)));
        format!("view IN {}", self.scope.rows(SiteTable::Events, "DISTINCT view", &steps).within())
    }

    /// Anchors as an array.
    pub fn array(&mut self, anchors: Anchors) -> String {
        let thresholds = anchors.thresholds.iter().copied().map(u64::from).collect();
        self.scope.bind("Array(UInt32)", Param::UInts(thresholds))
    }
}

fn branch(branches: Vec<(String, String)>, otherwise: String) -> String {
    if branches.is_empty() {
        return otherwise;
    }
    let list: Vec<String> = branches.into_iter().map(|(holds, thresholds)| format!("{holds}, {thresholds}")).collect();
    format!("multiIf({}, {otherwise})", list.join(", "))
}
