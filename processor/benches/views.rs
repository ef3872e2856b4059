//! Page views per CPU second of the processor's own work: decode, transform, encode. ClickHouse is not in it.
//!
//! `cargo bench -p felt-processor --bench views`; `FELT_BENCH_VIEWS` sets the number of views (200,000).

use std::hint::black_box;
use std::time::{Duration, Instant};

use felt_eventlog::LogRecord;
use felt_processor::batch::{BatchRows, Draft, Source, transform};
use felt_processor::budget::{Budgets, Folder};
use felt_processor::prior::Priors;
use felt_processor::route::Router;
use felt_processor::user_agent::UserAgents;
use felt_processor::view::Rules;
use felt_schema::record::{Record, ViewRecord};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::parse_snapshot;
use parking_lot::Mutex;

const BATCH: usize = 50_000;
const START_MS: i64 = 1_795_341_600_000;

/// The interface's own example, some 1.5 kB, with what varies from view to view filled in.
fn record(n: usize) -> LogRecord {
    let agents = [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    ];
    let countries = ["DE", "FR", "GB", "US", "PL", "NL", "ES", "IT"];
    let json = format!(
        r#"{{"v": 1, "view": "view-{n:08}-0f6c2f3a", "seq": 0, "attempt": 0, "session": "session-{:08}", "visitor": "c0de{:08}",
        "nav": "navigate", "url": "https://shop.example/{}/{n}", "referrer": "https://search.example/", "title": "A product of the shop",
        "age": 12034, "status": 200, "hidden_at_start": false, "first_hidden": 11800, "left": 12030, "sample_rate": 1,
        "metrics": {{"lcp": {}.2, "inp": {}, "cls": 0.031, "fcp": 912, "ttfb": 320, "redirect": 0, "dns": 12, "connect": 30, "tls": 18,
        "request": 210, "response": 40, "dom_interactive": 900, "dom_content_loaded": 950, "load": 2100}},
        "attribution": {{"lcp": {{"target": "main>img.hero", "url": "https://shop.example/hero.webp", "ttfb": 320, "load_delay": 200, "load_time": 900, "render_delay": 414}},
        "inp": {{"target": "button#buy", "event": "click", "input_delay": 4, "processing": 70, "presentation": 22, "script": "https://shop.example/app.js"}},
        "cls": {{"target": "div.banner", "time": 1200}}}},
        "events": [{{"type": "timing", "at": 8200, "name": "login_to_play", "value": 8123}},
        {{"type": "step", "at": 9000, "journey": "checkout", "step": "pay", "amount": 49.90, "currency": "EUR"}}],
        "client": {{"viewport": [390, 844], "dpr": 3, "connection": "4g", "rtt": 50, "save_data": false, "memory": 8, "cores": 8,
        "lang": "de-DE", "tz": "Europe/Berlin", "webdriver": false}}, "release": "2026.11.{}", "tags": {{"plan": "pro", "arm": "b"}}}}"#,
        n / 4,
        n / 8,
        ["p", "category", "cart", "search", "help", "account", "checkout", "blog"][n % 8],
        800 + n * 7919 % 4_000,
        20 + n * 104_729 % 600,
        n % 3,
    );
    let snapshot = parse_snapshot(json.as_bytes()).expect("JSON").expect("a snapshot").snapshot;
    let record = Record::View(ViewRecord {
        received_at_ms: START_MS + (n / 20) as i64,
        started_at_ms: None,
        site: "shop".into(),
        country: countries[n % countries.len()].into(),
        region: "".into(),
        ua: agents[n % agents.len()].into(),
        drops: Vec::new(),
        snapshot,
    });
    LogRecord { offset: n as u64, key: Default::default(), value: record.encode().into() }
}

/// User and system time of this thread so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// What going over the wire costs: every row as RowBinary has it, which is postcard's layout but for its varints.
fn encode(rows: &BatchRows) -> usize {
    fn bytes<T: serde::Serialize>(rows: &[T]) -> usize {
        let mut buffer = Vec::with_capacity(1 << 20);
        let mut total = 0;
        for row in rows {
            buffer = postcard::to_extend(row, buffer).expect("rows can be written");
            if buffer.len() > 1 << 19 {
                total += buffer.len();
                buffer.clear();
            }
        }
        total + buffer.len()
    }
    bytes(&rows.page_views)
        + bytes(&rows.events)
        + bytes(&rows.rollup_minute)
        + bytes(&rows.rollup_hour)
        + bytes(&rows.rollup_day)
        + bytes(&rows.outcomes)
        + bytes(&rows.view_states)
}

fn main() {
    let views = std::env::var_os("FELT_BENCH_VIEWS").and_then(|views| views.into_string().ok()?.parse().ok());
    let records: Vec<LogRecord> = (0..views.unwrap_or(200_000)).map(record).collect();
    let bytes: usize = records.iter().map(|record| record.value.len()).sum();
    let sites = Sites::new(vec![Site { key: "shop".into(), ..Site::default() }]).expect("the site is valid");
    let (budgets, mut agents, mut router) = (Mutex::new(Budgets::default()), UserAgents::default(), Router::default());
    let source = Source { topic: "bench".into(), partition: 0, arrival_ms: START_MS };
    felt_processor::user_agent::warm_up();

    let [mut decoding, mut transforming, mut encoding] = [Duration::ZERO; 3];
    let (mut rows_written, mut bytes_written) = (0, 0);
    let wall = Instant::now();
    for batch in records.chunks(BATCH) {
        let start = cpu();
        let draft = Draft::decode(black_box(batch));
        let decoded = cpu();
        let mut rules = Rules {
            sites: &sites,
            folder: Folder::new(&budgets),
            agents: &mut agents,
            router: &mut router,
            settings: &felt_processor::settings::Settings::default(),
        };
        let rows = transform(&draft, &Priors::default(), &source, &mut rules).expect("a batch fits");
        let transformed = cpu();
        bytes_written += black_box(encode(&rows));
        rows_written += rows.len();
        drop((draft, rows));
        let encoded = cpu();
        decoding += decoded - start;
        transforming += transformed - decoded;
        encoding += encoded - transformed;
    }
    let total = decoding + transforming + encoding;
    let each = |part: Duration| part.as_secs_f64() * 1e6 / records.len() as f64;
    println!("{} views of {} bytes in {:.2} s", records.len(), bytes / records.len(), wall.elapsed().as_secs_f64());
    println!("  decode    {:6.2} us a view", each(decoding));
    println!("  transform {:6.2} us a view", each(transforming));
    println!("  encode    {:6.2} us a view", each(encoding));
    println!("  {rows_written} rows, {} bytes a view written", bytes_written / records.len());
    println!("  {:.0} views per CPU second", records.len() as f64 / total.as_secs_f64());
}
