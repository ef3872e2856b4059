//! The query API of Prometheus, below `/prometheus`: what Grafana asks of a data source, as GET and as a form that is posted.
//! <https://prometheus.io/docs/prometheus/latest/querying/api/>

use super::answer::{Failure, instant, matrix, metric, success};
use super::families::{COUNTERS, HISTOGRAMS, UNJUDGED};
use super::promql::{self, POINTS_MAX, Plan, Reader, Selector, Window, evaluate, names};
use crate::grammar::{Dimension, Who, codec};
use crate::planner::{Ask, Top, Window as Span};
use crate::slos::Promise;
use crate::state::{QueryState, store_problem};
use axum::extract::{FromRequest, Path, Request};
use axum::http::header;
use axum::response::Response;
use felt_http::{Denied, Scope};
use felt_schema::anchors::Level;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Most bytes of a posted form.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// The content type of a posted form.
const FORM: &[u8] = b"application/x-www-form-urlencoded";
/// Most `match[]` parameters.
const MATCHES_MAX: usize = 10;
/// How far back series and the values of labels are looked for, where nobody says.
const LOOK_MS: i64 = 28 * 86_400_000;
/// Most values of a label that are listed.
const VALUES_MAX: u32 = 1_000;
/// The version of Prometheus whose API this is a part of: Grafana chooses its questions by it.
const API_VERSION: &str = "2.42.0";
/// Every label that a series can have.
const LABELS: [&str; 8] = ["__name__", "device", "journey", "le", "level", "page", "site", "slo"];

/// What comes with a request, and what its sender may read.
pub struct Asked {
    state: QueryState,
    parameters: Vec<(String, String)>,
    sites: Vec<String>,
    bearer: Option<String>,
    now_ms: i64,
}

impl FromRequest<QueryState> for Asked {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &QueryState) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers;
        // Who asks is settled before anything of a body is read.
        let mut asked = Self::by(state, felt_http::bearer(&headers)).await?;
        let is_form = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(FORM));
        let form = axum::body::to_bytes(body, FORM_BYTES_MAX).await;
        let form = form.map_err(|_| Failure::bad(format!("a form has at most {FORM_BYTES_MAX} bytes")))?;
        let form =
            if is_form { std::str::from_utf8(&form).map_err(|_| Failure::bad("the form is not UTF-8"))? } else { "" };
        asked.parameters = parameters(parts.uri.query().unwrap_or_default())?;
        asked.parameters.extend(parameters(form)?);
        if let Some(site) = asked.get("site").map(str::to_owned) {
            state.site(&site, asked.bearer.as_deref(), Scope::ReadMetrics).await?;
            asked.sites = vec![site];
        }
        Ok(asked)
    }
}

fn parameters(form: &str) -> Result<Vec<(String, String)>, Failure> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = codec::decode_form(name).zip(codec::decode_form(value));
        decoded.ok_or_else(|| Failure::bad("a parameter is not UTF-8"))
    };
    form.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

impl Asked {
    /// What the bearer may read.
    async fn by(state: &QueryState, bearer: Option<&str>) -> Result<Self, Failure> {
        let mut sites = Vec::new();
        for site in state.sites.iter() {
            match state.authorize.authorize(bearer, &site.key, Scope::ReadMetrics).await {
                Ok(()) => sites.push(site.key.clone()),
                Err(Denied::NotGranted(_)) => {}
                Err(denied) => return Err(denied.into()),
            }
        }
        if sites.is_empty() {
            return Err(Denied::NotGranted(Scope::ReadMetrics).into());
        }
        let (bearer, now_ms) = (bearer.map(str::to_owned), state.clock.now_ms());
        Ok(Self { state: state.clone(), parameters: Vec::new(), sites, bearer, now_ms })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::bad(format!("invalid parameter \"{name}\": it is missing")))
    }

    fn time(&self, name: &str, otherwise: i64) -> Result<i64, Failure> {
        let Some(text) = self.get(name) else { return Ok(otherwise) };
        time(text).ok_or_else(|| {
            Failure::bad(format!("invalid parameter \"{name}\": `{text}` is neither Unix seconds nor RFC 3339"))
        })
    }

    /// The selectors of `match[]`, over the time that is asked about.
    async fn matches(&self) -> Result<(Vec<Selector>, i64), Failure> {
        let to_ms = self.time("end", self.now_ms)?.min(self.now_ms);
        let from_ms = self.time("start", to_ms - LOOK_MS)?;
        let window = Window::Increase((to_ms - from_ms).max(60_000));
        let texts: Vec<&String> =
            self.parameters.iter().filter(|(name, _)| name == "match[]").map(|(_, text)| text).collect();
        if texts.len() > MATCHES_MAX {
            return Err(Failure::bad(format!("at most {MATCHES_MAX} selectors at once")));
        }
        let selectors: Vec<Selector> =
            texts.into_iter().map(|text| promql::selectors_of(text, window)).collect::<Result<_, _>>()?;
        self.check(&selectors).await?;
        Ok((selectors, to_ms))
    }

    /// Refuses selectors that name a site which the sender may not read.
    async fn check(&self, selectors: &[Selector]) -> Result<(), Failure> {
        let named = selectors.iter().flat_map(|selector| selector.compared("site").0);
        for site in named.filter(|site| !self.sites.iter().any(|known| known == site)) {
            self.state.authorize.authorize(self.bearer.as_deref(), site, Scope::ReadMetrics).await?;
        }
        Ok(())
    }

    async fn value(&self, times_ms: &[i64]) -> Result<promql::Value, Failure> {
        let plan = Plan::parse(self.needed("query")?)?;
        self.check(&plan.selectors).await?;
        let reader = Reader { state: &self.state, sites: &self.sites, times_ms };
        let mut read = Vec::with_capacity(plan.selectors.len());
        for selector in &plan.selectors {
            read.push(reader.read(selector).await?);
        }
        Ok(evaluate(&plan.expr, times_ms, read)?)
    }
}

/// An instant in Unix ms.
fn time(text: &str) -> Option<i64> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e11);
    seconds
        .map(|seconds| (seconds * 1e3).round() as i64)
        .or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()))
}

/// A length of time in ms: seconds, or `1h30m`.
fn length(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds.abs() < 1e10).then(|| (seconds * 1e3).round() as i64);
    }
    let length = promql_parser::util::parse_duration(text).ok()?;
    i64::try_from(length.as_millis()).ok()
}

/// The value of an expression at one moment.
#[utoipa::path(
    method(get, post), path = "/prometheus/api/v1/query", tag = "prometheus", operation_id = "prometheus_query",
    params(("query" = String, Query, description = "An expression"), ("time" = Option<String>, Query, description = "Unix seconds or RFC 3339; now by default"),
        ("site" = Option<String>, Query, description = "Only this site; the label `site` does the same")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn query(asked: Asked) -> Result<Response, Failure> {
    let time_ms = asked.time("time", asked.now_ms)?;
    let value = asked.value(&[time_ms]).await?;
    Ok(success(instant(value, time_ms)))
}

/// The value of an expression over time.
#[utoipa::path(
    method(get, post), path = "/prometheus/api/v1/query_range", tag = "prometheus", operation_id = "prometheus_query_range",
    params(("query" = String, Query, description = "An expression"), ("start" = String, Query, description = "The first point"),
        ("end" = String, Query, description = "The last point, if a step ends there"), ("step" = String, Query, description = "Seconds, or a length such as 5m"),
        ("site" = Option<String>, Query, description = "Only this site; the label `site` does the same")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn query_range(asked: Asked) -> Result<Response, Failure> {
    for name in ["start", "end"] {
        asked.needed(name)?;
    }
    let (start_ms, end_ms) = (asked.time("start", 0)?, asked.time("end", 0)?);
    let step = asked.needed("step")?;
    let step_ms = length(step)
        .ok_or_else(|| Failure::bad(format!("invalid parameter \"step\": `{step}` is no length of time")))?;
    if end_ms < start_ms {
        return Err(Failure::bad("invalid parameter \"end\": end timestamp must not be before start time"));
    }
    if step_ms <= 0 {
        return Err(Failure::bad(
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    if (end_ms - start_ms) / step_ms > POINTS_MAX as i64 {
        return Err(Failure::bad(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    let times_ms: Vec<i64> = (start_ms..=end_ms).step_by(usize::try_from(step_ms).unwrap_or(usize::MAX)).collect();
    let value = asked.value(&times_ms).await?;
    Ok(success(matrix(value, &times_ms)?))
}

/// The series that selectors give.
#[utoipa::path(
    method(get, post), path = "/prometheus/api/v1/series", tag = "prometheus", operation_id = "prometheus_series",
    params(("match[]" = String, Query, description = "A selector; may be repeated"), ("start" = Option<String>, Query, description = "28 days before the end by default"),
        ("end" = Option<String>, Query, description = "Now by default"), ("site" = Option<String>, Query, description = "Only this site")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn series(asked: Asked) -> Result<Response, Failure> {
    let (selectors, to_ms) = asked.matches().await?;
    if selectors.is_empty() {
        return Err(Failure::bad("no match[] parameter provided"));
    }
    let reader = Reader { state: &asked.state, sites: &asked.sites, times_ms: &[to_ms] };
    let mut found = BTreeSet::new();
    for selector in &selectors {
        found.extend(reader.read(selector).await?.into_iter().map(|series| series.labels));
    }
    Ok(success(found.iter().map(metric).collect()))
}

/// The labels that series have.
#[utoipa::path(
    method(get, post), path = "/prometheus/api/v1/labels", tag = "prometheus", operation_id = "prometheus_labels",
    params(("match[]" = Option<String>, Query, description = "Only those of series that fit")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn labels(asked: Asked) -> Result<Response, Failure> {
    let (selectors, _) = asked.matches().await?;
    let fits =
        |label: &&&str| selectors.is_empty() || named(&selectors).iter().any(|name| labels_of(name).contains(*label));
    Ok(success(LABELS.iter().filter(fits).map(|label| Value::from(*label)).collect()))
}

/// The names that selectors let through.
fn named(selectors: &[Selector]) -> Vec<String> {
    names()
        .into_iter()
        .filter(|name| selectors.is_empty() || selectors.iter().any(|selector| selector.allows("__name__", name)))
        .collect()
}

fn labels_of(name: &str) -> &'static [&'static str] {
    match name {
        super::families::VIEWS => &["__name__", "level", "site"],
        super::families::SLI_GOOD | super::families::SLI_VALID => &["__name__", "journey", "site", "slo"],
        name if name.ends_with("_bucket") => &["__name__", "device", "le", "page", "site"],
        _ => &["__name__", "device", "page", "site"],
    }
}

/// The values of a label.
#[utoipa::path(
    get, path = "/prometheus/api/v1/label/{name}/values", tag = "prometheus", operation_id = "prometheus_label_values",
    params(("name" = String, Path, description = "The label"), ("match[]" = Option<String>, Query, description = "Only those of series that fit"),
        ("start" = Option<String>, Query, description = "28 days before the end by default"), ("end" = Option<String>, Query, description = "Now by default")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn label_values(Path(label): Path<String>, asked: Asked) -> Result<Response, Failure> {
    let (selectors, to_ms) = asked.matches().await?;
    let names = named(&selectors);
    let is_of = |value: &str| selectors.is_empty() || selectors.iter().any(|selector| selector.allows(&label, value));
    let has_label = names.iter().any(|name| labels_of(name).contains(&label.as_str()));
    let mut values: BTreeSet<String> = BTreeSet::new();
    match label.as_str() {
        _ if !has_label => {}
        "__name__" => values.extend(names),
        "site" => values.extend(asked.sites.iter().cloned()),
        "level" => values.extend(Level::ALL.map(Level::name).into_iter().chain([UNJUDGED]).map(str::to_owned)),
        "le" => {
            let families = HISTOGRAMS.iter().filter(|family| names.contains(&format!("{}_bucket", family.name)));
            values.extend(
                families.flat_map(|family| family.edges).map(|(_, le)| (*le).to_owned()).chain(["+Inf".to_owned()]),
            );
        }
        label => {
            let from_ms = asked.time("start", to_ms - LOOK_MS)?;
            let window = Span { from_ms: promql::minute_floor(from_ms), to_ms: promql::minute_floor(to_ms) + 60_000 };
            for site in &asked.sites {
                if selectors.is_empty() || selectors.iter().any(|selector| selector.allows("site", site)) {
                    values.extend(site_values(&asked.state, site, label, window).await?);
                }
            }
        }
    }
    Ok(success(values.iter().filter(|value| is_of(value)).map(|value| Value::from(value.as_str())).collect()))
}

async fn site_values(state: &QueryState, site: &str, label: &str, window: Span) -> Result<Vec<String>, Failure> {
    let dimension = match label {
        "page" => Dimension::Page,
        "device" => Dimension::Device,
        "slo" | "journey" => {
            let promises = Promise::of_site(state, site).await.map_err(store_problem)?;
            let value =
                |promise: &Promise| if label == "slo" { promise.slo.id.clone() } else { promise.journey().to_owned() };
            return Ok(promises.iter().map(value).filter(|value| !value.is_empty()).collect());
        }
        _ => return Ok(Vec::new()),
    };
    let top = Some(Top { contains: String::new(), limit: VALUES_MAX });
    let ask = Ask { by: vec![dimension], top, ..Ask::counts(&[], Who::Humans) };
    let plan = state.plan(&ask, window)?;
    let groups = state.cells("promql_values", site, &ask, &plan).await?.groups;
    Ok(groups
        .into_iter()
        .filter_map(|group| group.names.into_iter().next())
        .filter(|value| !value.is_empty())
        .collect())
}

/// What the metrics say.
#[utoipa::path(
    get, path = "/prometheus/api/v1/metadata", tag = "prometheus", operation_id = "prometheus_metadata",
    params(("metric" = Option<String>, Query, description = "Only this one")),
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn metadata(asked: Asked) -> Result<Response, Failure> {
    let counters = COUNTERS.iter().map(|(name, help)| (*name, "counter", (*help).to_owned()));
    let histograms = HISTOGRAMS.iter().map(|family| (family.name, "histogram", family.help()));
    let wanted = |name: &str| asked.get("metric").is_none_or(|metric| metric.is_empty() || metric == name);
    let all = counters.chain(histograms).filter(|(name, ..)| wanted(name));
    let entry =
        |(name, kind, help): (&str, &str, String)| (name.to_owned(), json!([{"type": kind, "help": help, "unit": ""}]));
    Ok(success(Value::Object(all.map(entry).collect::<Map<_, _>>())))
}

/// Which Prometheus this is like.
#[utoipa::path(
    get, path = "/prometheus/api/v1/status/buildinfo", tag = "prometheus", operation_id = "prometheus_buildinfo",
    responses((status = 200, description = "Prometheus' envelope", body = Object), super::answer::Failures),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn buildinfo(_: Asked) -> Result<Response, Failure> {
    let revision = concat!("felt ", env!("CARGO_PKG_VERSION"));
    Ok(success(
        json!({"version": API_VERSION, "revision": revision, "branch": "", "buildUser": "", "buildDate": "", "goVersion": ""}),
    ))
}

/// What is not there, in the envelope that whoever asks here reads.
pub async fn unknown(Path(call): Path<String>) -> Failure {
    let calls = "query, query_range, series, labels, label/NAME/values, metadata, status/buildinfo";
    Failure::not_found(format!("there is no `{call}` here; there are: {calls}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lengths_are_read_in_both_spellings() {
        assert_eq!(time("1795000000.5"), Some(1_795_000_000_500));
        assert_eq!(time("2026-11-18T10:26:40Z"), Some(1_794_997_600_000));
        assert_eq!((time("now"), time("NaN"), time("1e300")), (None, None, None));
        assert_eq!((length("15"), length("1h30m"), length("0.5")), (Some(15_000), Some(5_400_000), Some(500)));
        assert_eq!((length("x"), length("inf")), (None, None));
    }
}
