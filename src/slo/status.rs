//! `felt slo status`: how the promises of a running Felt stand, for people at a terminal and for release gates.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::cli::SloStatus;

/// The exit code when a budget is spent.
const EXIT_SPENT: u8 = 2;
/// The longest wait for an answer: a thousand promises are worked out for it.
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// The statuses of a budget of which nothing is left.
const SPENT: [&str; 2] = ["exhausted", "breached"];
/// What a figure is that nobody has.
const NOTHING: &str = "-";

/// Asks, tells, and judges: 0 when every budget has something left, 2 when one is spent.
///
/// # Errors
/// When the other end cannot be reached or refuses.
pub async fn run(args: SloStatus) -> Result<ExitCode> {
    let http = reqwest::Client::builder().timeout(ANSWER_MAX).build().context("the HTTP client cannot be made")?;
    let client = Client { http, base: args.to.trim_end_matches('/').to_owned(), token: args.token };
    let sites = match args.site {
        Some(site) => vec![site],
        None => client.sites().await?,
    };
    let mut slos = Vec::new();
    for site in sites {
        for slo in client.get(&format!("/api/v1/sites/{site}/slos")).await? {
            slos.push((site.clone(), slo));
        }
    }
    let spent = slos.iter().any(|(_, slo)| slo["status"].as_str().is_some_and(|status| SPENT.contains(&status)));
    let told = if args.json { as_json(slos, spent) } else { table(&slos) };
    match io::stdout().write_all(told.as_bytes()) {
        // Whoever reads may go away early, as `head` does; the verdict stays.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ if spent => Ok(ExitCode::from(EXIT_SPENT)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    async fn sites(&self) -> Result<Vec<String>> {
        let sites = self.get("/api/v1/sites").await?;
        Ok(sites.iter().filter_map(|site| Some(site["key"].as_str()?.to_owned())).collect())
    }

    /// The rows of an answer.
    async fn get(&self, path: &str) -> Result<Vec<Value>> {
        let mut request = self.http.get(format!("{}{path}", self.base)).header("accept", "application/json");
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.with_context(|| format!("{} cannot be reached", self.base))?;
        let status = answer.status();
        let body = answer.bytes().await.context("the answer broke off")?;
        if !status.is_success() {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
        }
        let mut answer: Value = serde_json::from_slice(&body).context("the answer is not JSON")?;
        match answer["data"].take() {
            Value::Array(rows) => Ok(rows),
            _ => bail!("{path} did not answer a list: is this the address of a Felt?"),
        }
    }
}

fn as_json(slos: Vec<(String, Value)>, spent: bool) -> String {
    let row = |(site, mut slo): (String, Value)| {
        slo["site"] = site.into();
        slo
    };
    format!("{:#}\n", json!({"spent": spent, "slos": slos.into_iter().map(row).collect::<Vec<_>>()}))
}

fn table(slos: &[(String, Value)]) -> String {
    let head = ["SITE", "SLO", "STATUS", "SLI", "PROMISED", "LEFT", "BURN 1h", "BURN 6h", "BURN 3d", "FIRING"];
    let rows: Vec<[String; 10]> = slos.iter().map(|(site, slo)| row(site, slo)).collect();
    let mut widths = head.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in std::iter::once(&head.map(str::to_owned)).chain(&rows) {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    if rows.is_empty() {
        text.push_str("nothing was promised yet\n");
    }
    text
}

fn row(site: &str, slo: &Value) -> [String; 10] {
    let word = |value: &Value| value.as_str().unwrap_or(NOTHING).to_owned();
    let percent = |value: &Value| value.as_f64().map_or(NOTHING.into(), |share| format!("{:.2} %", share * 100.0));
    let rate = |window: &str| slo["burn"][window].as_f64().map_or(NOTHING.into(), |rate| format!("{rate:.1}"));
    let firing = slo["alerts"].as_array().into_iter().flatten().filter(|alert| alert["state"] == "firing");
    let firing: Vec<String> = firing.map(|alert| word(&alert["rule"])).collect();
    [
        site.to_owned(),
        word(&slo["id"]),
        word(&slo["status"]),
        percent(&slo["sli"]),
        percent(&slo["objective"]),
        percent(&slo["budget"]["remaining"]),
        rate("1h"),
        rate("6h"),
        rate("3d"),
        if firing.is_empty() { NOTHING.into() } else { firing.join(", ") },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash_and_columns_stand_in_line() {
        let slos = [
            (
                "shop".to_owned(),
                json!({"id": "checkout-fast", "status": "ok", "sli": 0.9612, "objective": 0.95,
                "budget": {"remaining": 0.224}, "burn": {"1h": 1.4, "6h": 1.06, "3d": null},
                "alerts": [{"rule": "page_fast", "state": "firing"}, {"rule": "page_slow", "state": "inactive"}]}),
            ),
            ("blog".to_owned(), json!({"id": "works", "status": "no_data", "sli": null, "objective": 0.999})),
        ];
        let text = table(&slos);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "SITE  SLO            STATUS   SLI      PROMISED  LEFT     BURN 1h  BURN 6h  BURN 3d  FIRING"
        );
        assert_eq!(
            lines[1],
            "shop  checkout-fast  ok       96.12 %  95.00 %   22.40 %  1.4      1.1      -        page_fast"
        );
        assert_eq!(lines[2], "blog  works          no_data  -        99.90 %   -        -        -        -        -");
    }
}
