//! An answer before it is written: the question's echo, what is to be known about it, and the data.

use crate::grammar::{Call, Parameter, Query, Step, rfc3339};
use crate::planner::{SourceKind, Window};
use crate::record::{Record, number_or_null};
use crate::watermark::Mark;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The data of an answer.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Flat rows.
    Rows(Vec<Record>),
    /// One thing.
    One(Value),
    /// One thing that is told by rows where only rows can be written.
    Told {
        /// The thing.
        #[serde(flatten)]
        one: Value,
        /// The rows.
        #[serde(skip)]
        rows: Vec<Record>,
    },
}

/// Everything that a question gave, as it is kept for the next who asks the same.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The question, normalised.
    pub query: Map<String, Value>,
    /// Where it came from.
    pub source: SourceKind,
    /// The share of views that sampling kept.
    pub sample_rate: Option<f64>,
    /// Page views that the question is about.
    pub views: i64,
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// Groups in all, where only a page of them is in the data.
    pub groups: Option<usize>,
    /// The query string of the next page.
    pub next: Option<String>,
    /// What else `meta` tells.
    pub more: Map<String, Value>,
    /// The data.
    pub data: Data,
}

impl Answer {
    /// An answer from nothing but the configuration and small tables.
    pub fn plain(query: Map<String, Value>, views: i64, data: Data) -> Self {
        let (warnings, source) = (Vec::new(), SourceKind::Rollup);
        Answer { query, source, sample_rate: None, views, warnings, groups: None, next: None, more: Map::new(), data }
    }

    /// How much of the cache it takes: about one for each value.
    pub fn weight(&self) -> usize {
        match &self.data {
            Data::Rows(rows) | Data::Told { rows, .. } => {
                16 + rows.iter().map(|row| row.columns().len() + 4).sum::<usize>()
            }
            Data::One(_) => 256,
        }
    }

    /// The JSON body. Freshness is of this moment, also where the data was kept.
    pub fn to_json(&self, mark: Mark) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            query: &'a Map<String, Value>,
            meta: Value,
            data: &'a Data,
        }
        let mut meta = json!({
            "fresh_to": mark.fresh_to_ms.map(rfc3339),
            "source": self.source.name(),
            "sample_rate": number_or_null(self.sample_rate),
            "views": self.views,
            "warnings": self.warnings,
        });
        if let SourceKind::Sample(one_in) = self.source {
            meta["one_in"] = one_in.get().into();
        }
        if let Some(groups) = self.groups {
            meta["groups"] = groups.into();
        }
        if let Some(next) = &self.next {
            meta["next"] = next.as_str().into();
        }
        for (name, value) in &self.more {
            meta[name] = value.clone();
        }
        // Maps with text keys and JSON values always can be written.
        serde_json::to_vec(&Body { query: &self.query, meta, data: &self.data }).unwrap_or_default()
    }
}

/// The echo of a question.
pub fn echo(query: &Query, window: Window, step: Option<Step>) -> Map<String, Value> {
    let mut echo = Map::new();
    let mut put = |name: &str, value: Value| {
        echo.insert(name.to_owned(), value);
    };
    let takes = |parameter| query.call.takes(parameter);
    if takes(Parameter::From) {
        put("from", rfc3339(window.from_ms).into());
        put("to", rfc3339(window.to_ms).into());
        put("tz", query.zone.name().into());
    }
    if takes(Parameter::Who) {
        put("who", query.who.name().into());
    }
    let names = |list: Vec<String>| Value::from(list);
    if takes(Parameter::Metrics) || takes(Parameter::Metric) {
        put("metrics", names(query.metrics.iter().map(|metric| metric.name().into_owned()).collect()));
    }
    if takes(Parameter::F) {
        let filters = query.filters.iter();
        put("filters", filters.map(|f| json!([f.dimension.name(), f.op.name(), f.values])).collect::<Vec<_>>().into());
    }
    if takes(Parameter::Stats) && query.stats != query.call.default_stats() {
        put("stats", names(query.stats.iter().map(|stat| stat.name().to_owned()).collect()));
    }
    if takes(Parameter::By) && (!query.by.is_empty() || query.call == Call::Breakdown) {
        put("by", names(query.by.iter().map(|dimension| dimension.name().into_owned()).collect()));
    }
    if takes(Parameter::Order) {
        put("order", query.order.print().into());
    }
    if takes(Parameter::Min) {
        put("min", query.min.into());
    }
    if let Some(step) = step {
        put("step", step.name().into());
    }
    if takes(Parameter::Limit) {
        put("limit", query.limit.into());
    }
    if query.exact {
        put("exact", true.into());
    }
    for (name, text) in [("journey", &query.journey), ("currency", &query.currency)] {
        if !text.is_empty() {
            put(name, text.as_str().into());
        }
    }
    if query.call == Call::Values {
        put("q", query.q.as_str().into());
    }
    echo
}
