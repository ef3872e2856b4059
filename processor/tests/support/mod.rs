//! A whole little installation for tests: a local log, a real engine, a processor between them.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod fickle;
pub mod front;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::{DeclaredRange, Entry, EventLog, LocalLog, LocalLogConfig, LogConsumer, Position};
use felt_processor::{Failpoints, Processor, ProcessorConfig, ProcessorError};
use felt_schema::clock::{Clock, ManualClock, SystemClock};
use felt_schema::record::{Record, ViewRecord, key};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::parse_snapshot;
use felt_store::testing::TestEngine;
use felt_store::{Param, QueryLimits, Store};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// 2035-11-22T10:00:00Z: what the tests call now. Far enough ahead that ClickHouse, which has a clock of its own, lets no row
/// of theirs expire.
pub const NOW_MS: i64 = 2_079_338_400_000;

pub const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

pub struct Rig {
    pub log: LocalLog,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub config: ProcessorConfig,
    pub sites: Arc<Sites>,
    pub engine: Arc<TestEngine>,
    log_dir: Arc<TempDir>,
    lives: usize,
}

/// What one snapshot says, as far as tests care.
#[derive(Clone, Debug, Default)]
pub struct Beacon {
    pub site: &'static str,
    pub view: String,
    pub seq: u32,
    /// When it arrives, after [`NOW_MS`].
    pub arrives_ms: i64,
    /// Since the view began.
    pub age_ms: i64,
    /// More members of the snapshot, as JSON.
    pub body: String,
    /// The browser's header; a common one when empty.
    pub ua: String,
    /// Instead of arrival − age.
    pub imported_at_ms: Option<i64>,
}

impl Beacon {
    pub fn new(view: &str, seq: u32, arrives_ms: i64, age_ms: i64, body: &str) -> Self {
        Self { site: "shop", view: view.into(), seq, arrives_ms, age_ms, body: body.into(), ..Self::default() }
    }

    pub fn entry(&self) -> Entry {
        let comma = if self.body.is_empty() { "" } else { "," };
        let json = format!(
            r#"{{"view": "{}", "seq": {}, "age": {}, "session": "session-{}"{comma} {}}}"#,
            self.view, self.seq, self.age_ms, self.view, self.body
        );
        let parsed = parse_snapshot(json.as_bytes()).expect("the test's JSON is JSON").expect("and a snapshot");
        let key = key(self.site, &parsed.snapshot.session);
        let record = Record::View(ViewRecord {
            received_at_ms: NOW_MS + self.arrives_ms,
            started_at_ms: self.imported_at_ms,
            site: self.site.into(),
            country: "DE".into(),
            region: "".into(),
            ua: if self.ua.is_empty() { CHROME } else { &self.ua }.into(),
            drops: Vec::new(),
            snapshot: parsed.snapshot,
        });
        Entry { key: key.into(), value: record.encode().into() }
    }
}

impl Rig {
    pub async fn start() -> Self {
        Self::with_sites(vec![Site { key: "shop".into(), ..Site::default() }], 1).await
    }

    pub async fn with_sites(sites: Vec<Site>, partitions: u32) -> Self {
        Self::over(Arc::new(TestEngine::start().await), "felt", sites, partitions).await
    }

    /// The same over a database and a log of its own, on the same engine.
    pub async fn with_database(&self, database: &str) -> Self {
        let sites = self.sites.iter().cloned().collect();
        Self::over(self.engine.clone(), database, sites, self.log.partitions()).await
    }

    async fn over(engine: Arc<TestEngine>, database: &str, sites: Vec<Site>, partitions: u32) -> Self {
        let store = engine.migrated(database).await;
        let log_dir = Arc::new(tempfile::tempdir().expect("a scratch directory can be made"));
        let log = open(&log_dir.path().join("0"), partitions);
        let config =
            ProcessorConfig { idle_flush_ms: 1, batch_age_ms: 20, idle_poll_ms: 50, ..ProcessorConfig::default() };
        let sites = Arc::new(Sites::new(sites).expect("the test's sites are valid"));
        let clock = Arc::new(ManualClock::new(NOW_MS));
        Self { log, store, clock, config, sites, engine, log_dir, lives: 0 }
    }

    /// The same log before another store.
    pub fn over_store(&self, store: Store) -> Self {
        Self {
            log: self.log.clone(),
            store,
            clock: self.clock.clone(),
            config: self.config.clone(),
            sites: self.sites.clone(),
            engine: self.engine.clone(),
            log_dir: self.log_dir.clone(),
            lives: self.lives,
        }
    }

    /// What a power cut leaves of the log: its files as they are, nothing closed. Whoever reads the old one goes on with it,
    /// unheard.
    pub fn cut_the_logs_power(&mut self) {
        let (here, there) = (self.life(), self.log_dir.path().join((self.lives + 1).to_string()));
        std::fs::create_dir(&there).expect("a folder");
        for file in std::fs::read_dir(here).expect("the log's files") {
            let file = file.expect("a file");
            if file.file_name() != "log.db-shm" {
                std::fs::copy(file.path(), there.join(file.file_name())).expect("a copy");
            }
        }
        self.lives += 1;
        self.log = open(&there, self.log.partitions());
    }

    /// The log's disk is gone: a new one begins, a day later.
    pub fn lose_the_log(&mut self) {
        let there = self.log_dir.path().join((self.lives + 1).to_string());
        self.lives += 1;
        self.log = open_at(&there, self.log.partitions(), Arc::new(ManualClock::new(NOW_MS + 86_400_000)));
    }

    fn life(&self) -> std::path::PathBuf {
        self.log_dir.path().join(self.lives.to_string())
    }

    pub async fn append(&self, beacons: &[Beacon]) {
        self.append_entries(beacons.iter().map(Beacon::entry).collect()).await;
    }

    pub async fn append_entries(&self, entries: Vec<Entry>) {
        self.log.append(entries).await.expect("the log takes entries");
    }

    pub fn processor(&self) -> Processor {
        let clock: Arc<dyn Clock> = self.clock.clone();
        // A processor of its own has connections of its own.
        let store = Store::connect(self.store.config().clone());
        Processor::new(self.config.clone(), Arc::new(self.log.consumer()), store, self.sites.clone(), clock)
    }

    /// A processor over another way to the same store, and over another way to the same log.
    pub fn processor_by(&self, url: &str, consumer: Arc<dyn LogConsumer>) -> Processor {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let store = Store::connect(felt_store::StoreConfig { url: url.into(), ..self.store.config().clone() });
        Processor::new(self.config.clone(), consumer, store, self.sites.clone(), clock)
    }

    /// A front before the engine, which can kill it.
    pub async fn front(&self, rule: impl Fn(&front::Seen) -> front::Act + Send + Sync + 'static) -> front::Front {
        let engine = self.engine.clone();
        front::before(self.engine.url(), move || kill(&engine), rule).await
    }

    /// Where an heir of the partition would go on; takes it over.
    pub async fn position(&self) -> Position {
        self.log.consumer().claim(0).await.expect("the log answers")
    }

    /// The range that is left open.
    pub async fn open_range(&self) -> Option<DeclaredRange> {
        self.position().await.open
    }

    /// Which tables have rows, in the order in which they are written.
    pub async fn written(&self) -> Vec<&'static str> {
        let mut written = Vec::new();
        for table in TABLES {
            if self.line(&format!("SELECT count() FROM {table}")).await != "0" {
                written.push(table);
            }
        }
        written
    }

    /// Works everything off that is in the log, with a processor that starts now and ends then.
    pub async fn work_off(&self) {
        self.run(self.processor()).await.expect("the processor does its work");
    }

    /// Runs a processor until the log is worked off, or it ends by itself.
    pub async fn run(&self, processor: Processor) -> Result<(), ProcessorError> {
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(processor.run(shutdown.clone()));
        while !running.is_finished() && self.log.backlog().await.expect("the log answers") > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shutdown.cancel();
        running.await.expect("the processor does not panic")
    }

    /// Everything that readers see after `waves` waves and no fault at all.
    pub async fn smooth(&self, waves: i64) -> BTreeMap<&'static str, Vec<Vec<serde_json::Value>>> {
        let rig = self.with_database("felt_smooth").await;
        for wave in 0..waves {
            append_wave(&rig, wave).await;
            rig.work_off().await;
        }
        rig.sums().await
    }

    /// Runs a processor that must end by itself.
    pub async fn run_until_ended(&self, processor: Processor) -> Result<(), ProcessorError> {
        let running = processor.run(CancellationToken::new());
        tokio::time::timeout(Duration::from_secs(120), running).await.expect("it was to end by itself")
    }

    /// Runs a processor that ends at a failpoint.
    pub async fn crash_at(&self, point: &'static str) {
        let processor = self.processor().with_failpoints(Arc::new(At(point)));
        match self.run(processor).await {
            Err(ProcessorError::Aborted(at)) => assert_eq!(at, point),
            other => panic!("expected to end at {point}, not with {other:?}"),
        }
    }

    pub async fn query(&self, sql: &str) -> Vec<Vec<serde_json::Value>> {
        let none: &[(&str, Param)] = &[];
        self.store.query_json(sql, none, QueryLimits::default()).await.expect("the question is answered")
    }

    /// One row as text, values between spaces.
    pub async fn line(&self, sql: &str) -> String {
        let rows = self.query(sql).await;
        let words = rows.first().map(|row| row.iter().map(word).collect::<Vec<_>>());
        words.unwrap_or_default().join(" ")
    }

    /// Everything that readers can see, summed as they sum it: equal installations give equal text.
    pub async fn sums(&self) -> BTreeMap<&'static str, Vec<Vec<serde_json::Value>>> {
        let mut sums = BTreeMap::new();
        sums.insert(
            "page_views",
            self.query(
                "SELECT site, view, page, seq, started_at, lcp, inp, level, cause, bot, sum(sign) AS n FROM page_views \
                 GROUP BY ALL HAVING n != 0 ORDER BY ALL",
            )
            .await,
        );
        sums.insert(
            "events",
            self.query(
                "SELECT site, view, seq, n, type, name, at, sum(sign) AS s FROM events \
                 GROUP BY ALL HAVING s != 0 ORDER BY ALL",
            )
            .await,
        );
        for table in ["rollup_minute", "rollup_hour", "rollup_day"] {
            let sql = format!(
                "SELECT site, grouping, metric, bot, time, page, value, sum(views) AS v, sum(valid) AS n, \
                 sum(total_micro), sum(good), sum(fair), sum(poor), sum(delighted), sum(annoying), sum(painful), \
                 sum(brutal), sum(slow_open), sum(slow_react), sum(jumped), sum(broke), sum(gave_up), \
                 arraySort(arrayFilter(p -> p.2 != 0, CAST(sumMap(histogram), 'Array(Tuple(UInt16, Int64))'))) \
                 FROM {table} GROUP BY site, grouping, metric, bot, time, page, value HAVING v != 0 OR n != 0 ORDER BY ALL"
            );
            sums.insert(table, self.query(&sql).await);
        }
        sums.insert(
            "outcomes",
            self.query("SELECT site, outcome, sum(count) FROM outcomes GROUP BY ALL ORDER BY ALL").await,
        );
        sums
    }
}

/// The tables in the order in which a range is written.
pub const TABLES: [&str; 9] = [
    "page_views",
    "events",
    "rollup_minute",
    "rollup_hour",
    "rollup_day",
    "outcomes",
    "dead_letters",
    "positions",
    "view_states",
];

fn open(dir: &Path, partitions: u32) -> LocalLog {
    open_at(dir, partitions, Arc::new(SystemClock))
}

fn open_at(dir: &Path, partitions: u32, clock: Arc<dyn Clock>) -> LocalLog {
    let config = LocalLogConfig { dir: dir.to_owned(), partitions, ..LocalLogConfig::default() };
    LocalLog::open(config, clock).expect("the log opens")
}

/// `kill -9` of the engine; its supervisor starts another.
pub fn kill(engine: &TestEngine) {
    let pid = engine.handle().pid().and_then(|pid| rustix::process::Pid::from_raw(pid as i32));
    if let Some(pid) = pid {
        // It may be gone already, killed a moment ago.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Two waves of snapshots; the second replaces a part of the first, and one record in each cannot be read.
pub async fn append_wave(rig: &Rig, wave: i64) {
    let seqs = 0..=u32::try_from(wave).unwrap_or_default();
    let beacons = seqs.flat_map(|seq| {
        (0..30).map(move |n| {
            let body = format!(
                r#""url": "/p/{n}/x", "metrics": {{"lcp": {}, "inp": 90}}, "events": [{{"type": "error", "at": 1}}]"#,
                1_000 + 100 * n + i64::from(seq)
            );
            let arrives_ms = wave * 60_000 + n;
            Beacon::new(&format!("view-{n:04}"), seq, arrives_ms, arrives_ms + 500, &body)
        })
    });
    let mut entries: Vec<_> = beacons.map(|beacon| beacon.entry()).collect();
    entries.push(Entry { key: "broken".into(), value: "not a record".into() });
    rig.append_entries(entries).await;
}

fn word(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Ends the processor at one point.
pub struct At(pub &'static str);

impl Failpoints for At {
    fn abort_at(&self, point: &'static str) -> bool {
        point == self.0
    }
}
