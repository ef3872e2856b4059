//! `felt load`: synthetic visitors that come at a steady rate, whatever the answers take, and what became of their beacons.
//!
//! The load is *open*: a beacon is due at its own time and is sent then, answered the earlier ones or not, as visitors do. Its time is
//! measured from when it was due to the answer, so that a stall shows in every beacon that had to wait for it ("coordinated omission"
//! hides that where each connection waits for its answer before it sends again).

mod report;
mod visitor;

use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::report::{Outcome, Report};
use self::visitor::Visitors;
use crate::cli;

/// Beacons that wait for their answers at once. Beyond it the load is not what was asked for any more, and each is counted as not sent.
const WAITING_MAX: usize = 20_000;
/// Longest wait for an answer: a browser would have given up.
const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Beacons a second from one address, and most addresses: half of what a site takes from one client by default.
const ADDRESS_RATE: f64 = 50.0;
const ADDRESSES_MAX: u8 = 200;
/// How many due beacons are sent before others get their turn on this thread.
const BURST_MAX: u64 = 64;

/// Sends the load, prints the report, and fails when nothing was accepted.
pub async fn run(args: cli::Load) -> Result<ExitCode> {
    let target = target(&client(None)?, &args).await?;
    let clients = clients(&target, args.rate)?;
    eprintln!("{} beacons a second to {target} for {} s", args.rate, args.duration.as_secs_f64());
    let report = load(&clients, &target, &args).await?;
    if args.json {
        println!("{}", report.to_json());
    } else {
        println!("{report}");
    }
    Ok(if report.accepted > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn client(from: Option<IpAddr>) -> Result<reqwest::Client> {
    let http = reqwest::Client::builder().timeout(ANSWER_WAIT).local_address(from);
    http.build().context("the HTTP client cannot be made")
}

/// One client for each address that visitors come from. To this machine itself they come from as many as the rate wants, because Felt
/// limits what one address may send; elsewhere they all come from here.
fn clients(target: &str, rate: f64) -> Result<Vec<reqwest::Client>> {
    let here = reqwest::Url::parse(target).is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1")));
    // Only Linux answers on the whole of 127.0.0.0/8.
    if !here || !cfg!(target_os = "linux") {
        return Ok(vec![client(None)?]);
    }
    let count = (rate / ADDRESS_RATE).ceil().clamp(1.0, f64::from(ADDRESSES_MAX)) as u8;
    (1..=count).map(|n| client(Some(IpAddr::from([127, 20, 0, n])))).collect()
}

/// The address of the beacon of a site: the one that was named, else the first that the other end has.
async fn target(http: &reqwest::Client, args: &cli::Load) -> Result<String> {
    let to = args.to.trim_end_matches('/');
    if to.contains("/v1/beacon") {
        return Ok(to.to_owned());
    }
    let site = match &args.site {
        Some(site) => site.clone(),
        None => {
            let asked = http.get(format!("{to}/api/v1/sites")).send().await;
            let answer = asked.with_context(|| format!("{to} cannot be reached"))?;
            let sites: Value = answer.json().await.unwrap_or_default();
            let Some(site) = sites["data"][0]["key"].as_str() else {
                bail!("{to} does not tell its sites: name one with --site KEY");
            };
            site.to_owned()
        }
    };
    Ok(format!("{to}/v1/beacon?site={site}"))
}

async fn load(clients: &[reqwest::Client], target: &str, args: &cli::Load) -> Result<Report> {
    let count = (args.rate * args.duration.as_secs_f64()).round().max(1.0) as u64;
    let mut visitors = Visitors::new();
    let waiting = Arc::new(Semaphore::new(WAITING_MAX));
    let (tell, mut told) = mpsc::channel::<(Outcome, Duration)>(1_024);
    let started = Instant::now();
    let counting = tokio::spawn(async move {
        let mut report = Report::default();
        while let Some((outcome, took)) = told.recv().await {
            report.add(outcome, took);
        }
        report
    });
    let mut beacons = JoinSet::new();
    let (mut overdue, mut late_max) = (0, Duration::ZERO);
    for n in 0..count {
        let due = started + Duration::from_secs_f64(n as f64 / args.rate);
        tokio::time::sleep_until(due).await;
        late_max = late_max.max(due.elapsed());
        let Ok(place) = waiting.clone().try_acquire_owned() else {
            overdue += 1;
            continue;
        };
        let http = &clients[visitors.visit() as usize % clients.len()];
        let mut request = http
            .post(target)
            .header("content-type", "text/plain;charset=UTF-8")
            .header("user-agent", visitors.user_agent())
            .body(visitors.beacon());
        if let Some(origin) = &args.origin {
            request = request.header("origin", origin);
        }
        let tell = tell.clone();
        beacons.spawn(async move {
            let outcome = Outcome::of(request.send().await);
            let _ = tell.send((outcome, due.elapsed())).await;
            drop(place);
        });
        if n.is_multiple_of(BURST_MAX) {
            // Many may be due at once after a stall: those that were sent want to be driven too.
            tokio::task::yield_now().await;
            while beacons.try_join_next().is_some() {}
        }
    }
    drop(tell);
    while beacons.join_next().await.is_some() {}
    let mut report = counting.await.context("the count broke off")?;
    report.finish(args.rate, overdue, late_max, started.elapsed());
    Ok(report)
}

/// A length of time as people write it: `60s`, `2m`, `500ms`, or plain seconds.
pub fn length(text: &str) -> Result<Duration, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => f64::NAN,
    };
    let seconds = number.parse().unwrap_or(f64::NAN) * seconds;
    if (0.001..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("write a length of time up to a day, such as 60s or 2m".into())
    }
}

/// Beacons a second.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.01..=1e6).contains(&rate) => Ok(rate),
        _ => Err("write a number of beacons a second, from 0.01 to 1,000,000".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_rates_are_read_as_people_write_them() {
        assert_eq!(length("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(length("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(length("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(length("1.5"), Ok(Duration::from_millis(1_500)));
        for wrong in ["", "0s", "-1s", "1y", "s", "2d", "1e9"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
        assert_eq!(rate("0.5"), Ok(0.5));
        assert!(rate("0").is_err() && rate("NaN").is_err() && rate("many").is_err());
    }
}
