//! The order of groups: `-unhappy`, `lcp.p75`, `page`; a minus sign puts the largest first.

use super::{Dimension, Fault, Measure, Stat, fault::cut};

/// What groups are ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OrderKey {
    /// Page views.
    Views,
    /// Happiness.
    Happiness,
    /// Unhappiness: 100 less happiness.
    Unhappy,
    /// Apdex.
    Apdex,
    /// Unhappiness times judged views: where the most is to be won.
    Lost,
    /// A figure of a metric; of the first one asked for where none is named.
    Figure(Option<Measure>, Stat),
    /// The group's own name.
    Name(Dimension),
    /// When it began; of visits only.
    Started,
}

/// A key and its direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// Largest first.
    pub descending: bool,
    /// By what.
    pub key: OrderKey,
}

impl Default for Order {
    fn default() -> Self {
        Self { descending: true, key: OrderKey::Views }
    }
}

impl Order {
    /// Reads an order; `by` are the dimensions and `metrics` the metrics that the question names.
    ///
    /// # Errors
    /// When the key is unknown or not part of the question.
    pub fn parse(text: &str, by: &[Dimension], metrics: &[Measure]) -> Result<Self, Fault> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let key = match name {
            "views" => OrderKey::Views,
            "happiness" | "value" => OrderKey::Happiness,
            "unhappy" => OrderKey::Unhappy,
            "apdex" => OrderKey::Apdex,
            "lost" => OrderKey::Lost,
            _ => match by.iter().find(|dimension| dimension.name() == name) {
                Some(dimension) => OrderKey::Name(dimension.clone()),
                None => figure(name, by, metrics)?,
            },
        };
        Ok(Order { descending, key })
    }

    /// Reads an order of visits.
    ///
    /// # Errors
    /// When visits are not ordered by that.
    pub fn of_visits(text: &str) -> Result<Self, Fault> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let key = match name {
            "started_at" => OrderKey::Started,
            "unhappy" => OrderKey::Unhappy,
            "happiness" => OrderKey::Happiness,
            "views" => OrderKey::Views,
            _ => {
                let known =
                    ["started_at", "-started_at", "unhappy", "-unhappy", "happiness", "-happiness", "views", "-views"];
                return Err(Fault::unknown("order", "key", cut(text), known));
            }
        };
        Ok(Order { descending, key })
    }

    /// The order as it is written.
    pub fn print(&self) -> String {
        let name = match &self.key {
            OrderKey::Views => "views".to_owned(),
            OrderKey::Happiness => "happiness".to_owned(),
            OrderKey::Unhappy => "unhappy".to_owned(),
            OrderKey::Apdex => "apdex".to_owned(),
            OrderKey::Lost => "lost".to_owned(),
            OrderKey::Figure(None, stat) => stat.name().to_owned(),
            OrderKey::Figure(Some(measure), stat) => format!("{}.{}", measure.name(), stat.name()),
            OrderKey::Name(dimension) => dimension.name().into_owned(),
            OrderKey::Started => "started_at".to_owned(),
        };
        if self.descending { format!("-{name}") } else { name }
    }
}

fn figure(name: &str, by: &[Dimension], metrics: &[Measure]) -> Result<OrderKey, Fault> {
    let (metric, stat) = match name.rsplit_once('.') {
        Some((metric, stat)) => (Some(metric), stat),
        None => (None, name),
    };
    let Some(stat) = Stat::ALL.into_iter().find(|known| known.name() == stat) else {
        let keys = ["views", "happiness", "unhappy", "lost", "apdex"].into_iter().map(str::to_owned);
        let figures = Stat::ALL.iter().map(|stat| stat.name().to_owned());
        let names = by.iter().map(|dimension| dimension.name().into_owned());
        return Err(Fault::unknown("order", "key", cut(name), keys.chain(names).chain(figures)));
    };
    let Some(metric) = metric else { return Ok(OrderKey::Figure(None, stat)) };
    let measure = Measure::parse("order", metric)?;
    if !measure.has_values() || !metrics.contains(&measure) {
        let detail = format!("`{}` is not among the metrics of this question: add it to `metrics`", cut(metric));
        return Err(Fault::new("order", detail));
    }
    Ok(OrderKey::Figure(Some(measure), stat))
}
