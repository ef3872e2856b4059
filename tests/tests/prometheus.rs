//! A real Prometheus scrapes a site, over a restart of Felt, and is then asked the same as Felt itself; another judges by the rules that Felt
//! exports.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use felt_tests::api::Api;
use felt_tests::beacons::snapshot;
use felt_tests::process::{Felt, signal};
use serde_json::{Value, json};

/// Views of the first batch, which stand before the first scrape, and of the second.
const BEFORE: u64 = 200;
const AFTER: u64 = 20;
/// How long a scrape, or a beacon's way into it, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A Prometheus of this test's own.
struct Prometheus {
    child: Child,
    url: String,
}

impl Prometheus {
    /// One that scrapes `target`, and judges by the files of rules in `dir`.
    fn start(target: &str, dir: &Path) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [\"*.rules.yml\"]\nscrape_configs:\n  - job_name: felt\n    metrics_path: /metrics/sites/shop\n    \
             static_configs: [{{targets: [\"{target}\"], labels: {{site: shop}}}}]\n"
        );
        std::fs::write(dir.join("prometheus.yml"), config)?;
        let child = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--log.level=warn"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.join("prometheus.log"))?)
            .spawn()
            .context("prometheus is missing: scripts/ensure-prometheus.sh installs it")?;
        Ok(Self { child, url: format!("http://{address}") })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.child.id(), "KILL");
            let _ = self.child.wait();
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn rows(base: &str, query: &str, at: Option<f64>) -> Result<Vec<Value>> {
    let mut request = reqwest::Client::new().get(format!("{base}/api/v1/query")).query(&[("query", query)]);
    if let Some(at) = at {
        request = request.query(&[("time", at)]);
    }
    let answer: Value = request.send().await?.json().await?;
    ensure!(answer["status"] == "success", "{query}: {answer}");
    Ok(answer["data"]["result"].as_array().context("no rows")?.clone())
}

/// What an expression is worth, by labels; those of the scrape itself left out.
async fn worth(base: &str, query: &str) -> Result<BTreeMap<String, f64>> {
    worth_at(base, query, None).await
}

/// The same at a moment in Unix seconds.
async fn worth_at(base: &str, query: &str, at: Option<f64>) -> Result<BTreeMap<String, f64>> {
    let rows = rows(base, query, at).await?;
    let of_row = |row: &Value| {
        let labels = row["metric"].as_object()?.iter();
        let labels: Vec<String> = labels
            .filter(|(name, _)| *name != "job" && *name != "instance")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some((labels.join(","), row["value"][1].as_str()?.parse().ok()?))
    };
    rows.iter().map(|row| of_row(row).context("no value")).collect()
}

/// Waits until an expression has one value, and gives the moment at which it had it.
async fn until(base: &str, query: &str, value: u64) -> Result<f64> {
    let begin = Instant::now();
    loop {
        let now = rows(base, query, None).await;
        if let Ok([row]) = now.as_deref()
            && row["value"][1].as_str().and_then(|told| told.parse().ok()) == Some(value)
        {
            return row["value"][0].as_f64().context("no time");
        }
        if begin.elapsed() > PATIENCE {
            bail!("{query} at {base} is not {value}: {now:?}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What Prometheus answers to a call of its own interface.
async fn asked(base: &str, call: &str) -> Result<Value> {
    let answer: Value = reqwest::Client::new().get(format!("{base}/api/v1/{call}")).send().await?.json().await?;
    ensure!(answer["status"] == "success", "{call}: {answer}");
    Ok(answer["data"].clone())
}

async fn send(api: &Api, views: std::ops::Range<u64>) -> Result<()> {
    for n in views {
        let mut view = snapshot(&format!("view-{n:06}"), 0, 300.0 + (n * 97 % 6_000) as f64);
        view["route"] = ["/", "/cart", "/p/:id"][(n % 3) as usize].into();
        assert_eq!(api.beacon(view.to_string()).await?, 204);
    }
    Ok(())
}

#[tokio::test]
async fn prometheus_scrapes_totals_that_outlive_a_restart_and_felt_answers_as_it_does() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let args = ["serve", "--data", "data", "--listen", &address];
    let felt = Felt::start(&args, dir.path())?;
    let api = Api::new(&felt.url, "shop");
    send(&api, 0..BEFORE).await?;
    api.until_views(BEFORE, "range=1h").await?;

    // Whatever promtool has to say against the text, it says.
    let (status, text) = api.get("/metrics/sites/shop").await?;
    assert_eq!(status, 200);
    let mut promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    std::io::Write::write_all(&mut promtool.stdin.take().context("a pipe")?, text.as_bytes())?;
    let checked = promtool.wait_with_output()?;
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    let prometheus = Prometheus::start(&address, dir.path())?;
    until(&prometheus.url, "sum(felt_views_total)", BEFORE).await?;
    assert!(felt.stop()?.success());
    let felt = Felt::start(&args, dir.path())?;
    let api = Api::new(&felt.url, "shop");
    send(&api, BEFORE..BEFORE + AFTER).await?;
    let at = until(&prometheus.url, "sum(felt_views_total)", BEFORE + AFTER).await?;

    // All at that moment: a later scrape that a busy machine answers too late would leave Prometheus without samples.
    let oracle = |query: &'static str| worth_at(&prometheus.url, query, Some(at));
    assert_eq!(oracle("sum(resets(felt_views_total[1h]))").await?.values().sum::<f64>(), 0.0, "no total fell");
    assert_eq!(oracle("sum(resets(felt_lcp_seconds_bucket[1h]))").await?.values().sum::<f64>(), 0.0);
    let increase: f64 = oracle("sum(increase(felt_views_total[1h]))").await?.values().sum();
    assert!(increase > AFTER as f64 * 0.9 && increase < BEFORE as f64 / 2.0, "{increase} is not about {AFTER}");

    // Everything arrived where it began, so both count the same.
    let ours = format!("{}/prometheus", felt.url);
    assert_eq!(
        worth(&ours, "sum(increase(felt_views_total[1h]))").await?.values().sum::<f64>(),
        (BEFORE + AFTER) as f64
    );
    for query in [
        "felt_views_total",
        "felt_lcp_seconds_bucket",
        "felt_lcp_seconds_count{page!=\"/\"}",
        "felt_lcp_seconds_bucket{page=~\"/c.*|/\",le=\"2.5\"} > 10",
        "sum by (page) (felt_lcp_seconds_count)",
        "sum without (level) (felt_views_total)",
        "avg by (le) (felt_inp_seconds_bucket)",
        "max(felt_lcp_seconds_count) - min(felt_lcp_seconds_count)",
        "count by (le) (felt_cls_bucket)",
        "histogram_quantile(0.75, felt_lcp_seconds_bucket)",
        "histogram_quantile(0.5, sum by (le) (felt_ttfb_seconds_bucket))",
        "felt_lcp_seconds_bucket{le=\"4\"} / ignoring (le) felt_lcp_seconds_count",
        "felt_lcp_seconds_sum / felt_lcp_seconds_count",
        "sum(felt_views_total{level=\"delighted\"}) / sum(felt_views_total) > bool 0.1",
        "felt_views_total{level=\"brutal\"} or vector(1)",
        "felt_lcp_seconds_count unless on (page) felt_lcp_seconds_count{page=\"/\"}",
        "-sum(felt_views_total) ^ 2 % 7",
    ] {
        let (theirs, own) = (oracle(query).await?, worth(&ours, query).await?);
        assert_eq!(theirs.keys().collect::<Vec<_>>(), own.keys().collect::<Vec<_>>(), "{query}");
        for (labels, expected) in &theirs {
            let found = own[labels];
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{query} {{{labels}}}: {found}, Prometheus says {expected}"
            );
        }
        assert!(!theirs.is_empty(), "{query} says nothing");
    }
    drop(prometheus);
    assert!(felt.stop()?.success());
    Ok(())
}

#[tokio::test]
async fn a_running_prometheus_takes_the_exported_rules_and_fires_by_them() -> Result<()> {
    const GOOD: u64 = 20;
    const BAD: u64 = 40;
    let dir = tempfile::tempdir()?;
    let address = format!("127.0.0.1:{}", free_port()?);
    let felt = Felt::start(&["serve", "--data", "data", "--listen", &address], dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let promise = json!({"promise": "Pages \"open\" fast {{ .Odd }}", "objective": 0.95, "window": {"rolling": "28d"},
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500}});
    let (status, saved) = api.send("PUT", "slos/pages-fast", &promise).await?;
    assert_eq!(status, 201, "{saved}");
    let open = async |views: std::ops::Range<u64>, lcp_ms: f64| -> Result<()> {
        let counted = views.end;
        for n in views {
            assert_eq!(api.beacon(snapshot(&format!("view-{n:06}"), 0, lcp_ms).to_string()).await?, 204);
        }
        api.until("slos/pages-fast", |slo| slo["valid"] == counted).await.map(drop)
    };
    open(0..GOOD, 1_000.0).await?;

    let (status, rules) = api.get("/api/v1/sites/shop/slos?format=prometheus-rules").await?;
    assert_eq!(status, 200, "{rules}");
    std::fs::write(dir.path().join("shop.rules.yml"), rules)?;
    let prometheus = Prometheus::start(&address, dir.path())?;
    until(&prometheus.url, "felt_sli_valid_total{slo=\"pages-fast\"}", GOOD).await?;
    let loaded = asked(&prometheus.url, "rules").await?;
    let groups = loaded["groups"].as_array().context("no groups")?;
    let names: Vec<&str> = groups.iter().filter_map(|group| group["name"].as_str()).collect();
    assert!(names.contains(&"felt/shop/pages-fast") && names.contains(&"felt/shop/felt-figures-fresh"), "{names:?}");

    // From here on all of them are bad, which is 20 times too fast.
    open(GOOD..GOOD + BAD, 9_000.0).await?;
    until(&prometheus.url, "felt:sli_bad_total{slo=\"pages-fast\"}", BAD).await?;
    until(
        &prometheus.url,
        "ALERTS{alertname=\"FeltBudgetBurns\",alertstate=\"firing\",slo=\"pages-fast\",rule=\"page_fast\"}",
        1,
    )
    .await?;
    let alerts = asked(&prometheus.url, "alerts").await?;
    let alerts = alerts["alerts"].as_array().context("no alerts")?;
    let page = alerts.iter().find(|alert| alert["labels"]["rule"] == "page_fast").context("no page")?;
    assert_eq!((&page["labels"]["site"], &page["labels"]["severity"]), (&json!("shop"), &json!("page")), "{page}");
    assert_eq!(page["annotations"]["summary"], "The promise is being broken: Pages \"open\" fast { { .Odd }}");
    let description = page["annotations"]["description"].as_str().context("no description")?;
    assert!(description.contains("of the last 1h were bad"), "{description}");
    // Not one of the rules, of this promise or of the one that ships, fails when it is evaluated.
    let judged = asked(&prometheus.url, "rules").await?;
    let groups = judged["groups"].as_array().context("no groups")?;
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().into_iter().flatten()) {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
    drop(prometheus);
    assert!(felt.stop()?.success());
    Ok(())
}
