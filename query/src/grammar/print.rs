//! From a [`Query`] back to the shortest query string that says the same.

use super::{Filter, Op, Parameter, Query, Range, Step, Vs, Who, Zone, codec};

impl Query {
    /// The query string; [`Query::parse`] of it gives this query again.
    pub fn print(&self) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        if self.range != Range::default() {
            pairs.extend(self.range.print().into_iter().map(|(name, value)| (name, codec::encode(&value))));
        }
        if self.zone != Zone::default() {
            pairs.push(("tz", codec::encode(self.zone.name())));
        }
        if self.call.takes(Parameter::Metric) {
            pairs.extend(self.metrics.iter().map(|metric| ("metric", codec::encode(&metric.name()))));
        } else if self.metrics != self.call.default_metrics() {
            pairs.push(("metrics", list(self.metrics.iter().map(|metric| metric.name()))));
        }
        if self.stats != self.call.default_stats() {
            pairs.push(("stats", list(self.stats.iter().map(|stat| stat.name()))));
        }
        if !self.by.is_empty() {
            pairs.push(("by", list(self.by.iter().map(|dimension| dimension.name()))));
        }
        pairs.extend(self.filters.iter().map(|filter| ("f", filter.print())));
        if self.step != Step::default() {
            pairs.push(("step", self.step.name().into()));
        }
        if self.who != Who::default() {
            pairs.push(("who", self.who.name().into()));
        }
        if self.vs != Vs::default() {
            pairs.push(("vs", codec::encode(&self.vs.print())));
        }
        if self.order != self.call.default_order() {
            pairs.push(("order", codec::encode(&self.order.print())));
        }
        if self.limit != self.call.default_limit() {
            pairs.push(("limit", self.limit.to_string()));
        }
        if let Some(cursor) = &self.cursor {
            pairs.push(("cursor", codec::encode(cursor)));
        }
        if self.min > 0 {
            pairs.push(("min", self.min.to_string()));
        }
        if !self.q.is_empty() {
            pairs.push(("q", codec::encode(&self.q)));
        }
        for (name, text) in [("journey", &self.journey), ("currency", &self.currency)] {
            if !text.is_empty() {
                pairs.push((name, codec::encode(text)));
            }
        }
        if self.exact {
            pairs.push(("exact", "true".into()));
        }
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

impl Filter {
    /// The value of an `f` parameter that says this.
    pub fn print(&self) -> String {
        let head = format!("{}:{}", codec::encode_dimension(&self.dimension.name()), self.op.name());
        if self.op == Op::Set && self.values.is_empty() {
            return head;
        }
        let values: Vec<String> = self.values.iter().map(|value| codec::encode(value)).collect();
        format!("{head}:{}", values.join(","))
    }
}

fn list<S: AsRef<str>>(items: impl Iterator<Item = S>) -> String {
    items.map(|item| codec::encode_item(item.as_ref())).collect::<Vec<_>>().join(",")
}
