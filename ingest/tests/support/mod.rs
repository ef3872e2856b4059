//! A whole ingest server on a local log in a temporary folder, and a client that says exactly the bytes it is told to.

#![allow(dead_code, reason = "each test file uses a part of it")]

use felt_eventlog::{AppendError, Entry, EventLog, Health, LocalConsumer, LocalLog, LocalLogConfig, LogConsumer};
use felt_http::{OpenAccess, ServerLimits, health, telemetry};
use felt_ingest::{IngestConfig, IngestState, Spool, SpoolConfig};
use felt_schema::clock::ManualClock;
use felt_schema::record::{Record, ViewRecord};
use felt_schema::site::{Site, Sites};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// 2026-11-22T10:42:00Z.
pub const NOW_MS: i64 = 1_795_344_120_000;

pub struct Felt {
    pub address: SocketAddr,
    pub state: IngestState,
    pub clock: Arc<ManualClock>,
    pub log: LocalLog,
    consumer: LocalConsumer,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    _dir: tempfile::TempDir,
}

pub struct Options {
    pub ingest: IngestConfig,
    pub limits: ServerLimits,
    pub sites: Vec<Site>,
    /// Puts another log before the local one.
    pub wrap: Box<dyn FnOnce(LocalLog) -> Arc<dyn EventLog>>,
    pub authorize: Arc<dyn felt_http::Authorize>,
    /// With a spool before the log.
    pub spool: Option<SpoolConfig>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ingest: IngestConfig { outcomes_flush_ms: 3_600_000, ..IngestConfig::default() },
            limits: ServerLimits::default(),
            sites: vec![shop(), Site { key: "open".into(), origins: vec!["*".into()], ..Site::default() }],
            wrap: Box::new(|log| Arc::new(log)),
            authorize: Arc::new(OpenAccess),
            spool: None,
        }
    }
}

pub fn shop() -> Site {
    Site {
        key: "shop".into(),
        origins: vec!["https://shop.example".into()],
        query_allow: vec!["page".into()],
        ..Site::default()
    }
}

impl Felt {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let config = LocalLogConfig { dir: dir.path().to_owned(), ..LocalLogConfig::default() };
        let log = LocalLog::open(config, clock.clone()).unwrap();
        let sites = Arc::new(Sites::new(options.sites).unwrap());
        let port = (options.wrap)(log.clone());
        let state = match options.spool {
            None => IngestState::new(options.ingest, port, sites, clock.clone(), options.authorize).unwrap(),
            Some(spool) => {
                let spool = Spool::open(spool, 900 << 10, clock.clone()).await.unwrap();
                IngestState::with_spool(options.ingest, port, spool, sites, clock.clone(), options.authorize).unwrap()
            }
        };
        let checks = health::Checks::new().with(state.readiness());
        let router = felt_ingest::router(state.clone()).merge(health::router(checks, telemetry::install().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(felt_http::serve(listener, router, options.limits, async move {
            let _ = stopped.await;
        }));
        let consumer = log.consumer();
        Self { address, state, clock, log, consumer, stop: Some(stop), task, _dir: dir }
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, request: Request) -> Answer {
        self.send_raw(&request.to_bytes()).await
    }

    /// Sends bytes, and reads until the server closes.
    pub async fn send_raw(&self, bytes: &[u8]) -> Answer {
        let (mut read, mut write) = TcpStream::connect(self.address).await.unwrap().into_split();
        let mut answer = Vec::new();
        // Both at once: the server may answer before it has read everything. Resets show as a missing answer.
        let (_, _) = tokio::join!(write.write_all(bytes), read.read_to_end(&mut answer));
        Answer::parse(&answer)
    }

    /// Everything in the log, counts of refusals included.
    pub async fn log(&self) -> Log {
        self.state.drain().await;
        let mut log = Log::default();
        for partition in 0..self.log.partitions() {
            self.consumer.claim(partition).await.unwrap();
            let mut from = 0;
            loop {
                let records = self.consumer.read(partition, from, 10_000, 64 << 20, Duration::ZERO).await.unwrap();
                let Some(last) = records.last() else { break };
                from = last.offset + 1;
                for record in &records {
                    match Record::decode(&record.value).unwrap() {
                        Record::View(view) => log.views.push(view.into_owned()),
                        Record::Outcomes(outcomes) => {
                            for (_, reason, count) in outcomes.counts {
                                *log.refused.entry(reason.into_owned()).or_default() += count;
                            }
                        }
                    }
                }
            }
        }
        log
    }

    /// Begins to shut down.
    pub fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Shuts down as the process would, and gives what is in the log then.
    pub async fn stop(mut self) -> Log {
        self.begin_stop();
        (&mut self.task).await.unwrap().unwrap();
        self.log().await
    }

    /// The value of a metric without labels; the sum over all labels otherwise.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.send(Request::get("/metrics")).await.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.filter(|line| line.split(['{', ' ']).next() == Some(name));
        values.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).sum()
    }
}

/// A log that can be told to fail.
pub struct Moody {
    log: LocalLog,
    mood: Arc<Mutex<Mood>>,
}

/// How a [`Moody`] log feels.
#[derive(Debug, Clone, PartialEq)]
pub enum Mood {
    /// Appends go through.
    Well,
    /// Appends fail with this, and its health is down.
    Refusing(AppendError),
    /// Appends never end.
    Silent,
    /// Appends wait for another mood, as with a broker that is stopped and goes on later.
    Frozen,
    /// Appends go through, and nobody is told.
    Doubtful,
    /// Appends go through, and its health has a complaint.
    Complaining,
}

impl Moody {
    /// Options with such a log, and the switch.
    pub fn options(mood: Mood) -> (Options, Arc<Mutex<Mood>>) {
        let mood = Arc::new(Mutex::new(mood));
        let switch = mood.clone();
        (Options { wrap: Box::new(|log| Arc::new(Moody { log, mood })), ..Options::default() }, switch)
    }

    fn mood(&self) -> Mood {
        self.mood.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl EventLog for Moody {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), AppendError> {
        match self.mood() {
            Mood::Well | Mood::Complaining => self.log.append(entries).await,
            Mood::Refusing(error) => Err(error),
            Mood::Silent => std::future::pending().await,
            Mood::Frozen => {
                while self.mood() == Mood::Frozen {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                self.log.append(entries).await
            }
            Mood::Doubtful => {
                self.log.append(entries).await?;
                Err(AppendError::InDoubt("no acknowledgement".into()))
            }
        }
    }

    fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    async fn healthy(&self) -> Health {
        match self.mood() {
            Mood::Well | Mood::Frozen | Mood::Doubtful => Health::Ready,
            Mood::Complaining => Health::Degraded("using the spool".into()),
            Mood::Refusing(error) => Health::Down(error.to_string()),
            Mood::Silent => std::future::pending().await,
        }
    }

    async fn flush(&self) -> Result<(), AppendError> {
        self.log.flush().await
    }

    async fn close(&self) -> Result<(), AppendError> {
        self.log.close().await
    }
}

/// What was found in the log.
#[derive(Debug, Default, Clone)]
pub struct Log {
    pub views: Vec<ViewRecord<'static>>,
    pub refused: BTreeMap<String, u64>,
}

impl Log {
    pub fn received(&self) -> u64 {
        self.views.len() as u64 + self.refused.values().sum::<u64>()
    }
}

/// A request, written as it is said.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self { method: "GET".into(), path: path.into(), headers: Vec::new(), body: None }
    }

    pub fn post(path: &str, body: impl AsRef<[u8]>) -> Self {
        Self { method: "POST".into(), path: path.into(), headers: Vec::new(), body: Some(body.as_ref().to_vec()) }
    }

    pub fn beacon(body: impl AsRef<[u8]>) -> Self {
        Self::post("/v1/beacon?site=shop", body)
    }

    pub fn method(mut self, method: &str) -> Self {
        self.method = method.into();
        self
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_on("close")
    }

    pub fn to_bytes_on(&self, connection: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: felt\r\nconnection: {connection}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body {
            bytes += &format!("content-length: {}\r\n", body.len());
        }
        let mut bytes = (bytes + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

/// An answer; status 0 when there was none.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: bytes.get(end + 4..).unwrap_or_default().to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The kind of a problem, without its prefix.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let json = self.json();
        assert_eq!(json["status"], self.status);
        assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{json}");
        json["type"].as_str().unwrap().trim_start_matches("urn:felt:problem:").to_owned()
    }
}

/// A snapshot of a view with this number.
pub fn snapshot(number: usize) -> String {
    format!(
        r#"{{"v":1,"view":"view{number:08}","seq":0,"session":"session1","nav":"navigate","url":"https://shop.example/p/{number}?page=2&token=s3cr3t#top","age":1500,"metrics":{{"lcp":1834.2,"inp":96,"cls":0.031}}}}"#
    )
}

/// An array of snapshots.
pub fn array(elements: &[String]) -> String {
    format!("[{}]", elements.join(","))
}

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}
