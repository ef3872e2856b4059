//! Indicators: a threshold over one metric, or a ratio of two, and where the numbers come from.

use super::super::finding::Findings;
use super::super::tree::{At, Fields};
use super::document::{description, metadata};
use super::references::Registry;
use super::{FELT, Kind, Version};

/// What an indicator is made of, as far as the rest of the document needs to know.
#[derive(Debug, Clone)]
pub struct Indicator<'n> {
    /// A threshold, else a ratio.
    threshold: bool,
    /// A ratio of failures: `bad`, or `rawType: failure`.
    pub failures: bool,
    /// Sources that Felt answers: the role and the `spec`.
    pub felt: Vec<(&'static str, At<'n>)>,
    /// Sources that it does not.
    pub foreign: usize,
    /// Where it stands.
    pub at: At<'n>,
}

impl Indicator<'_> {
    /// Whether values are compared with a threshold.
    pub fn is_threshold(&self) -> bool {
        self.threshold
    }

    /// Whether Felt's source itself says the threshold, so that the objective need not.
    pub fn says_threshold(&self) -> bool {
        let says = |at: &At<'_>| {
            let mut ignored = Findings::new();
            at.fields(&mut ignored).is_some_and(|mut fields| fields.has("at_most") || fields.has("sli"))
        };
        self.felt.iter().any(|(_, at)| says(at))
    }
}

/// An indicator of an SLO or of an objective, if one is given.
#[derive(Debug, Default)]
pub struct One<'n> {
    /// Inline or by reference.
    pub given: bool,
    /// What it is, where that could be found out.
    pub indicator: Option<Indicator<'n>>,
}

/// Reads `indicator` or `indicatorRef`, or what v2alpha calls them.
pub fn one<'n>(
    fields: &mut Fields<'n>,
    inline: &'static str,
    by_name: &'static str,
    version: Version,
    registry: &Registry<'_, 'n>,
    out: &mut Findings,
) -> One<'n> {
    match (fields.get(inline), fields.get(by_name)) {
        (None, None) => One::default(),
        (Some(at), named) => {
            if named.is_some() {
                out.error(
                    fields.line(),
                    fields.path(),
                    format!("has both `{inline}` and `{by_name}`: leave one of them out"),
                );
            }
            One { given: true, indicator: inline_of(&at, version, registry, out) }
        }
        (None, Some(at)) => {
            let indicator = registry.resolve(Kind::Sli, &at, out).and_then(|head| {
                // Its own faults are told where it stands.
                let mut told_elsewhere = Findings::new();
                spec(head.spec.as_ref()?, head.document.version, registry, &mut told_elsewhere)
            });
            One { given: true, indicator }
        }
    }
}

fn inline_of<'n>(
    at: &At<'n>,
    version: Version,
    registry: &Registry<'_, 'n>,
    out: &mut Findings,
) -> Option<Indicator<'n>> {
    let mut fields = at.fields(out)?;
    match fields.get("metadata") {
        Some(at) => drop(metadata(&at, Some(version), out)),
        None => out.warning(fields.line(), &fields.path_of("metadata"), "others may refuse it without a name"),
    }
    fields.has("kind");
    fields.has("apiVersion");
    let indicator = fields.required("spec", out).and_then(|at| spec(&at, version, registry, out));
    fields.refuse_others(out);
    indicator
}

/// Reads the spec of an SLI.
pub fn spec<'n>(
    at: &At<'n>,
    version: Version,
    registry: &Registry<'_, 'n>,
    out: &mut Findings,
) -> Option<Indicator<'n>> {
    let mut fields = at.fields(out)?;
    description(&mut fields, out);
    let threshold = fields.get("thresholdMetric");
    let ratio = fields.get("ratioMetric");
    let mut indicator =
        Indicator { threshold: threshold.is_some(), failures: false, felt: Vec::new(), foreign: 0, at: at.clone() };
    match (&threshold, &ratio) {
        (None, None) => at.error(out, "needs `thresholdMetric` or `ratioMetric`"),
        (Some(_), Some(_)) => at.error(out, "has both `thresholdMetric` and `ratioMetric`: leave one of them out"),
        _ => {}
    }
    let both = threshold.is_some() && ratio.is_some();
    if let Some(at) = &threshold {
        source(at, "threshold", version, registry, &mut indicator, out);
    }
    if let Some(at) = &ratio {
        ratio_metric(at, version, registry, &mut indicator, out);
    }
    fields.refuse_others(out);
    ((threshold.is_some() || ratio.is_some()) && !both).then_some(indicator)
}

fn ratio_metric<'n>(
    at: &At<'n>,
    version: Version,
    registry: &Registry<'_, 'n>,
    indicator: &mut Indicator<'n>,
    out: &mut Findings,
) {
    let Some(mut fields) = at.fields(out) else { return };
    let counter = fields.get("counter").map(|at| at.boolean(out));
    let [good, bad, total, raw] = ["good", "bad", "total", "raw"].map(|name| (name, fields.get(name)));
    let raw_type = fields.get("rawType");
    match (&raw.1, &total.1) {
        (Some(raw), _) if good.1.is_some() || bad.1.is_some() || total.1.is_some() => {
            raw.error(out, "cannot be used together with `good`, `bad` or `total`");
        }
        (Some(_), _) => {}
        (None, None) => at.error(out, "needs `total` with `good` or `bad`, or `raw`"),
        (None, Some(_)) => match (&good.1, &bad.1) {
            (None, None) => at.error(out, "needs `good` or `bad` beside `total`"),
            (Some(_), Some(_)) => at.error(out, "has both `good` and `bad`: leave one of them out"),
            _ => {}
        },
    }
    if counter.is_none() && raw.1.is_none() {
        at.warning(out, "others may want `counter: true` or `counter: false`");
    }
    indicator.failures = bad.1.is_some();
    match (&raw.1, raw_type) {
        (Some(_), Some(at)) => {
            indicator.failures = at.one_of(out, &[("success", false), ("failure", true)]).unwrap_or_default();
        }
        (Some(_), None) => drop(fields.required("rawType", out)),
        (None, Some(at)) => at.error(out, "belongs to `raw` only"),
        (None, None) => {}
    }
    for (role, at) in [good, bad, total, raw] {
        if let Some(at) = at {
            source(&at, role, version, registry, indicator, out);
        }
    }
    fields.refuse_others(out);
}

/// Reads where a metric comes from: `metricSource` in v1, the data source itself in v2alpha.
fn source<'n>(
    at: &At<'n>,
    role: &'static str,
    version: Version,
    registry: &Registry<'_, 'n>,
    indicator: &mut Indicator<'n>,
    out: &mut Findings,
) {
    let Some(mut fields) = at.fields(out) else { return };
    let found = match (version, fields.get("metricSource")) {
        (Version::V1, None) => {
            fields.required("metricSource", out);
            None
        }
        (version, Some(at)) => {
            if version == Version::V2Alpha {
                at.warning(
                    out,
                    "others may refuse it: openslo.com/v2alpha has `dataSourceRef` or `dataSourceSpec` instead",
                );
            }
            metric_source(&at, registry, out)
        }
        (Version::V2Alpha, None) => data_source(&mut fields, registry, out),
    };
    fields.refuse_others(out);
    match found {
        Some((kind, Some(spec))) if kind == FELT => indicator.felt.push((role, spec)),
        Some((kind, None)) if kind == FELT => {
            at.error(out, "is of the type `felt`, so it needs a `spec` with `kind` and what belongs to it");
        }
        _ => indicator.foreign += 1,
    }
}

/// The type of a source and its spec.
type Found<'n> = Option<(String, Option<At<'n>>)>;

fn metric_source<'n>(at: &At<'n>, registry: &Registry<'_, 'n>, out: &mut Findings) -> Found<'n> {
    let mut fields = at.fields(out)?;
    let named = fields.get("metricSourceRef").map(|at| type_of(&at, registry, out));
    let own = fields.get("type").and_then(|at| at.text(out).map(str::to_owned));
    if named.is_none() && own.is_none() {
        at.warning(out, "others may refuse it: it has neither `type` nor `metricSourceRef`");
    }
    let spec = fields.get("spec");
    if spec.is_none() {
        at.warning(out, "others may refuse it without a `spec`");
    }
    fields.refuse_others(out);
    Some((own.or(named.flatten()).unwrap_or_default(), spec))
}

fn data_source<'n>(fields: &mut Fields<'n>, registry: &Registry<'_, 'n>, out: &mut Findings) -> Found<'n> {
    let named = fields.get("dataSourceRef");
    // The text's own example once calls it `dataSource`.
    let own = fields.get("dataSourceSpec").or_else(|| fields.get("dataSource"));
    let kind = match (&named, &own) {
        (Some(_), Some(_)) => {
            out.error(
                fields.line(),
                fields.path(),
                "has both `dataSourceRef` and `dataSourceSpec`: leave one of them out",
            );
            None
        }
        (None, None) => {
            out.error(fields.line(), fields.path(), "needs `dataSourceRef` or `dataSourceSpec`");
            None
        }
        (Some(at), None) => type_of(at, registry, out),
        (None, Some(at)) => {
            let mut fields = at.fields(out)?;
            description(&mut fields, out);
            let kind = fields.required("type", out).and_then(|at| at.text(out).map(str::to_owned));
            fields.has("connectionDetails");
            fields.refuse_others(out);
            kind
        }
    };
    Some((kind.unwrap_or_default(), fields.get("spec")))
}

/// The type of a data source that is named. `felt` needs no document of its own.
fn type_of(at: &At<'_>, registry: &Registry<'_, '_>, out: &mut Findings) -> Option<String> {
    let mut ignored = Findings::new();
    if at.text(&mut ignored) == Some(FELT) {
        let known = registry.resolve(Kind::DataSource, at, &mut ignored);
        return known.map_or(Some(FELT.to_owned()), |head| kind_of(head));
    }
    registry.resolve(Kind::DataSource, at, out).and_then(kind_of)
}

fn kind_of(head: &super::Head<'_>) -> Option<String> {
    let mut told_elsewhere = Findings::new();
    let mut fields = head.spec.as_ref()?.fields(&mut told_elsewhere)?;
    fields.get("type").and_then(|at| at.text(&mut told_elsewhere).map(str::to_owned))
}
