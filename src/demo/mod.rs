//! `felt demo`: `serve`, a small shop that carries the beacon, four weeks of simulated history, and visitors that go on.
//!
//! The history comes in by `POST import`, through the log and the processor, as anybody's history does.

mod crowd;
mod feedback;
mod marks;
mod regulars;
mod shop;
mod story;
mod visitors;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use felt_schema::clock::{Clock, SystemClock};
use felt_schema::site::{Site, Sites};
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::config::Config;
use crate::import::Client;
use crate::serve::serve;
use crate::shutdown;
use story::Story;
use visitors::{HOUR_MS, Line};

/// The site of the demo's shop.
const SITE: &str = "shop";
/// Page views sent at once.
const PIECE_VIEWS: usize = 10_000;
/// How often the visitors of the last moments are told.
const LIVE_PERIOD: Duration = Duration::from_secs(2);
/// The file that tells how far the history reaches.
const REACHED_FILE: &str = "demo-reached-ms";

/// Runs until told to stop.
pub async fn run(args: cli::Demo, mut config: Config) -> Result<()> {
    if config.sites_are_example {
        let shop =
            Site { key: SITE.into(), name: "Luma, the demo shop".into(), origins: vec!["*".into()], ..Site::default() };
        config.sites = Sites::new(vec![shop]).map_err(|f| anyhow::anyhow!("the demo's own site is faulty: {f:?}"))?;
    } else if config.sites.get(SITE).is_none() {
        anyhow::bail!("the demo needs a site with the key `{SITE}`; add it to felt.toml, or run without that file");
    }
    let shutdown = shutdown::on_signal()?;
    let serve_args = cli::Serve { data: args.data.clone(), listen: args.listen };
    let stop = shutdown.clone();
    serve(&serve_args, &config, shop::router(), shutdown, move |url| {
        println!("The dashboard is at {url}/");
        println!("The shop is at      {url}/shop/   (click about in it, then look at the dashboard)");
        if args.days == 0 {
            return; // no simulated visitors at all
        }
        let url = url.to_owned();
        tokio::spawn(async move {
            if let Err(error) = visit(&args, &url, stop).await {
                tracing::error!("the simulated visitors stay away: {error:#}");
            }
        });
    })
    .await
}

/// Brings the history in, then goes on with visitors as time passes.
async fn visit(args: &cli::Demo, url: &str, stop: CancellationToken) -> Result<()> {
    let client = Client::new(url, SITE, None)?;
    let now_ms = SystemClock.now_ms();
    let story = Story::ending(url, now_ms);
    let disappointed = visitors::disappointed(&story, args.sessions_per_day);
    let story = story.with_disappointed(disappointed);
    let mut reached = Reached::read(&args.data)?;
    let first_start = reached.at_ms.is_none();
    let first_ms = now_ms - i64::from(args.days) * 24 * HOUR_MS;
    let from_ms = reached.at_ms.unwrap_or(first_ms).max(first_ms);
    let mut source = Source {
        story,
        sessions_per_day: args.sessions_per_day,
        next_hour_ms: from_ms / HOUR_MS * HOUR_MS,
        waiting: Vec::new(),
    };

    let started = std::time::Instant::now();
    let mut views = 0;
    loop {
        let lines = source.until(now_ms, PIECE_VIEWS);
        if lines.is_empty() || stop.is_cancelled() {
            break;
        }
        views += lines.len();
        send(&client, &lines).await?;
    }
    if first_start && !stop.is_cancelled() {
        marks::tell(url, SITE, &source.story).await?;
    }
    reached.keep(now_ms)?;
    if views > 0 && !stop.is_cancelled() {
        let days = (now_ms - from_ms) as f64 / (24.0 * HOUR_MS as f64);
        let seconds = started.elapsed().as_secs_f64();
        println!("{views} simulated page views of {days:.1} days came in within {seconds:.0} s");
    }
    if args.no_live {
        return Ok(());
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(LIVE_PERIOD) => {}
        }
        let now_ms = SystemClock.now_ms();
        let lines = source.until(now_ms, PIECE_VIEWS);
        if !lines.is_empty() {
            send(&client, &lines).await?;
        }
        reached.keep(now_ms)?;
    }
}

async fn send(client: &Client, lines: &[Line]) -> Result<()> {
    let mut piece = Vec::with_capacity(lines.iter().map(|l| l.json.len() + 1).sum());
    for line in lines {
        piece.extend_from_slice(line.json.as_bytes());
        piece.push(b'\n');
    }
    let report = client.send(piece, 0).await?;
    anyhow::ensure!(report.accepted == lines.len() as u64, "lines of the simulation were refused: {report}");
    Ok(())
}

/// Draws hour after hour, and gives page views out once they are over.
struct Source {
    story: Story,
    sessions_per_day: u32,
    next_hour_ms: i64,
    waiting: Vec<Line>,
}

impl Source {
    /// At most `max` page views that are over at `until_ms` and were not given out yet, those that began first before others.
    fn until(&mut self, until_ms: i64, max: usize) -> Vec<Line> {
        while self.next_hour_ms <= until_ms && self.waiting.iter().filter(|l| l.until_ms <= until_ms).count() < max {
            self.waiting.extend(visitors::hour(&self.story, self.next_hour_ms, self.sessions_per_day));
            self.next_hour_ms += HOUR_MS;
        }
        self.waiting.sort_by_key(|line| line.at_ms);
        let mut out = Vec::new();
        let mut kept = Vec::new();
        for line in std::mem::take(&mut self.waiting) {
            if line.until_ms <= until_ms && out.len() < max { out.push(line) } else { kept.push(line) }
        }
        self.waiting = kept;
        out
    }
}

/// How far the history reaches, so that the next start goes on from there. Repeating an hour would be harmless, but slow.
struct Reached {
    path: PathBuf,
    at_ms: Option<i64>,
}

impl Reached {
    fn read(data: &Path) -> Result<Self> {
        let path = data.join(REACHED_FILE);
        let at_ms = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().parse().with_context(|| format!("{} is damaged: remove it", path.display()))?),
            Err(_) => None,
        };
        // The sessions of the hour before may have gone on beyond it.
        Ok(Self { path, at_ms: at_ms.map(|ms: i64| ms - HOUR_MS) })
    }

    fn keep(&mut self, at_ms: i64) -> Result<()> {
        std::fs::write(&self.path, at_ms.to_string())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// RFC 3339 in UTC with milliseconds.
fn rfc3339(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string()
}
