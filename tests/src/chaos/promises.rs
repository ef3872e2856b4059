//! SLO minutes under fire: promises made before the first fault must, once everything is counted, have been counted minute by minute
//! from exactly the page views that are there.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::clickhouse::ClickHouse;
use super::told::SITES;
use super::verdict::Verdict;

/// A promise, and the same in SQL over raw rows: what is good of what is valid.
struct Promise {
    id: &'static str,
    sli: fn() -> Value,
    good: &'static str,
    valid: &'static str,
}

const PROMISES: [Promise; 2] = [
    Promise {
        id: "fast",
        sli: || json!({"kind": "fast", "metric": "lcp", "at_most": 2500}),
        good: "lcp <= 2500000",
        valid: "lcp != 4294967295",
    },
    Promise {
        id: "happy",
        sli: || json!({"kind": "happy", "level_at_least": "annoying"}),
        good: "level <= 1",
        valid: "level <= 3",
    },
];

/// Makes every promise for every site.
///
/// # Errors
/// When one is refused.
pub async fn make(query_url: &str) -> Result<()> {
    let http = reqwest::Client::new();
    for site in SITES {
        for promise in &PROMISES {
            let body =
                json!({"promise": promise.id, "objective": 0.9, "sli": (promise.sli)(), "window": {"rolling": "28d"}});
            let url = format!("{query_url}/api/v1/sites/{site}/slos/{}", promise.id);
            let answer = http.put(url).json(&body).send().await?;
            let status = answer.status();
            ensure!(status.is_success(), "{status}: {}", answer.text().await.unwrap_or_default());
        }
    }
    Ok(())
}

/// Minutes that were counted otherwise than the page views say.
///
/// # Errors
/// ClickHouse's.
pub async fn differences(clickhouse: &ClickHouse) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for promise in &PROMISES {
        let rows: Vec<(String,)> = clickhouse.rows(&sql(promise)).await.context("promises cannot be compared")?;
        all.extend(rows.into_iter().map(|(difference,)| difference));
    }
    Ok(all)
}

/// Compares every minute of every promise.
///
/// # Errors
/// ClickHouse's.
pub async fn judge(clickhouse: &ClickHouse, verdict: &mut Verdict) -> Result<()> {
    for difference in differences(clickhouse).await? {
        verdict.found("promise minutes", difference);
    }
    let minutes = clickhouse.number("SELECT toInt64(uniqExact(site, slo, minute)) FROM slo_minutes").await?;
    verdict.fact(format!("{minutes} minutes of {} promises", PROMISES.len() * SITES.len()));
    Ok(())
}

/// The newest count of each minute, less what the raw rows say of it: nothing may be left.
fn sql(promise: &Promise) -> String {
    let Promise { id, good, valid, .. } = promise;
    let sites = SITES.map(|site| format!("'{site}'")).join(", ");
    format!(
        "SELECT concat(k_site, ' {id} ', toString(toDateTime(k_minute, 'UTC')), ': ', toString(sum(g)), ' good and ', toString(sum(v)), \
           ' valid too many') FROM ( \
         SELECT toString(site) AS k_site, toUnixTimestamp(minute) AS k_minute, argMax(good, counted_at) AS g, argMax(valid, counted_at) AS v \
           FROM slo_minutes WHERE slo = '{id}' AND site IN ({sites}) GROUP BY k_site, k_minute \
         UNION ALL \
         SELECT toString(site) AS k_site, toUnixTimestamp(toStartOfMinute(started_at)) AS k_minute, \
           -sum(toInt64(sign) * ({good})) AS g, -sum(toInt64(sign) * ({valid})) AS v \
           FROM page_views WHERE bot = '' AND site IN ({sites}) GROUP BY k_site, k_minute \
         ) GROUP BY k_site, k_minute HAVING sum(g) != 0 OR sum(v) != 0 ORDER BY k_site, k_minute LIMIT 50"
    )
}
