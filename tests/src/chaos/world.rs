//! Everything under fire: the processes, the lines between them, and what a fault does to each.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use felt_eventlog::KafkaConfig;
use felt_eventlog::testing::kafka::KafkaServer;
use tokio::sync::{Mutex, Semaphore};

use super::door::{BAIT_SITE, Plant};
use super::journal::Journal;
use super::machine;
use super::oracle::Oracle;
use super::proxy::{Proxy, Toxic};
use super::role::Role;
use super::schedule::{Event, Fault, Target};
use super::seen::Seen;
use super::settings::{Log, Machine, Settings};
use super::told::SITES;
use crate::process::{children_of, run_felt, try_signal};

/// A zombie sleeps no longer than this, whatever its successor does.
const ZOMBIE_SLEEP: Duration = Duration::from_secs(60);

/// Partitions of the topic.
const KAFKA_PARTITIONS: u32 = 6;

/// Longest time for the broker's delivery and a processor's silence; short, so that a run sees many of both.
const KAFKA_SETTINGS: &str = "partitions = 6\nsession_timeout_ms = 6000\nmessage_timeout_ms = 10000\n";

/// Plants with bait, unless none of it was met.
const BAITS: u64 = 3;

/// Faults of one process that are being played or wait for their turn.
const FAULTS_QUEUED_MAX: usize = 2;

/// All processes and lines of a run.
pub struct World {
    /// What happened.
    pub journal: Arc<Journal>,
    /// What the processes said about themselves.
    pub seen: Seen,
    oracle: Arc<Oracle>,
    settings: Settings,
    roles: BTreeMap<Target, Arc<Role>>,
    lines: BTreeMap<Target, Arc<Proxy>>,
    kafka: Option<Arc<KafkaServer>>,
    /// One fault of the broker at a time.
    kafka_fault: Mutex<()>,
    /// One fault of the machine at a time.
    machine_fault: Mutex<()>,
    /// Places in the queue of each target.
    turns: std::sync::Mutex<BTreeMap<Target, Arc<Semaphore>>>,
    /// Faults that began, and those that are not over: an orderly end needs an orderly world.
    began: AtomicU64,
    going_on: AtomicU64,
    plants: AtomicU64,
    dir: tempfile::TempDir,
    /// For all roles.
    environment: Vec<(String, String)>,
}

impl World {
    /// Starts everything.
    ///
    /// # Errors
    /// When something does not come up.
    pub async fn start(settings: Settings, oracle: &Arc<Oracle>) -> Result<Arc<Self>> {
        let dir = tempfile::Builder::new().prefix("felt-chaos-").tempdir()?;
        let environment = match settings.machine {
            Machine::JumpingClock => machine::faked_clock(dir.path())?,
            Machine::Sound | Machine::SmallDisk => Vec::new(),
        };
        let mut world = Self {
            journal: Arc::default(),
            seen: Seen::default(),
            oracle: oracle.clone(),
            settings,
            roles: BTreeMap::new(),
            lines: BTreeMap::from([(Target::Visitors, Arc::new(Proxy::start().await?))]),
            kafka: None,
            kafka_fault: Mutex::default(),
            machine_fault: Mutex::default(),
            turns: std::sync::Mutex::default(),
            began: AtomicU64::new(0),
            going_on: AtomicU64::new(0),
            plants: AtomicU64::new(0),
            dir,
            environment,
        };
        match settings.log {
            Log::Local => world.start_local().await?,
            Log::Kafka => world.start_cluster().await?,
        }
        Ok(Arc::new(world))
    }

    async fn start_local(&mut self) -> Result<()> {
        self.configure("felt.toml", "")?;
        self.role(Target::Serve, "serve", &["serve", "--data", "data"], &[Target::Visitors]).await
    }

    async fn start_cluster(&mut self) -> Result<()> {
        for line in [Target::Store, Target::Questions, Target::Broker] {
            self.lines.insert(line, Arc::new(Proxy::start().await?));
        }
        let (store, questions) = (self.line(Target::Store)?, self.line(Target::Questions)?);
        let broker = self.line(Target::Broker)?;
        let proxy = broker.address().port();
        let kafka = tokio::task::spawn_blocking(move || KafkaServer::start_behind(Some(proxy))).await?;
        broker.set_upstream(([127, 0, 0, 1], kafka.side_port()).into());
        let brokers = kafka.brokers();
        self.kafka = Some(Arc::new(kafka));
        self.role(Target::Engine, "engine", &["engine", "--data", "engine"], &[Target::Store, Target::Questions])
            .await?;
        let sections = |brokers: &str, clickhouse: &str| {
            format!("[kafka]\nbrokers = \"{brokers}\"\n{KAFKA_SETTINGS}\n[clickhouse]\nurl = \"{clickhouse}\"\n")
        };
        self.configure("processor.toml", &sections(&brokers, &store.url()))?;
        self.configure("felt.toml", &sections(&broker.address().to_string(), &questions.url()))?;
        let (dir, config) = (self.dir().to_owned(), ["migrate"]);
        let (code, printed, faults) = tokio::task::spawn_blocking(move || run_felt(&config, &dir)).await??;
        anyhow::ensure!(code == 0, "felt migrate ended with {code}: {printed}{faults}");
        self.role(Target::Ingest, "ingest", &["ingest"], &[Target::Visitors]).await?;
        self.role(Target::Query, "query", &["query"], &[]).await?;
        let processor = ["processor", "--config", "processor.toml"];
        self.role(Target::Processor, "processor", &processor, &[]).await?;
        self.role(Target::Other, "other processor", &processor, &[]).await
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn line(&self, target: Target) -> Result<Arc<Proxy>> {
        self.lines.get(&target).cloned().with_context(|| format!("there is no line {target:?}"))
    }

    fn configure(&self, file: &str, sections: &str) -> Result<()> {
        let sites: String = SITES
            .into_iter()
            .chain([BAIT_SITE])
            .map(|key| {
                format!(
                    "[[sites]]\nkey = \"{key}\"\norigins = [\"*\"]\nrate_per_second = 1000000\n\
                     client_rate_per_second = 1000000\n\n"
                )
            })
            .collect();
        let config = format!("[processor]\nretry_wait_ms_max = 2000\n\n{sections}\n{sites}");
        std::fs::write(self.dir().join(file), config).with_context(|| format!("{file} cannot be written"))
    }

    async fn role(&mut self, target: Target, name: &'static str, args: &[&str], fronts: &[Target]) -> Result<()> {
        let fronts: Result<Vec<Arc<Proxy>>> = fronts.iter().map(|line| self.line(*line)).collect();
        let args: Vec<&str> = args.iter().copied().chain(["--listen", "127.0.0.1:0"]).collect();
        let role =
            Role::new(name, &args, self.dir(), fronts?, &self.journal).with_environment(self.environment.clone());
        role.start().await?;
        self.roles.insert(target, Arc::new(role));
        Ok(())
    }

    /// Where visitors send to.
    ///
    /// # Errors
    /// Never in a world that was started.
    pub fn ingest_url(&self) -> Result<String> {
        Ok(self.line(Target::Visitors)?.url())
    }

    /// Where questions are asked.
    ///
    /// # Errors
    /// When the role is down.
    pub fn query_url(&self) -> Result<String> {
        let role = self.roles.get(&Target::Query).or_else(|| self.roles.get(&Target::Serve));
        role.and_then(|role| role.at().1).context("nobody answers questions")
    }

    /// ClickHouse itself.
    ///
    /// # Errors
    /// When the engine is down.
    pub fn engine_url(&self) -> Result<String> {
        if let Some(engine) = self.roles.get(&Target::Engine) {
            return engine.at().1.context("the engine is down");
        }
        let running = felt_store::engine::find(&self.dir().join("data/engine"));
        Ok(running.context("the engine is down")?.url)
    }

    /// The topic, or the local log, has so many partitions.
    pub fn partitions(&self) -> u32 {
        if self.kafka.is_some() { KAFKA_PARTITIONS } else { felt_eventlog::LocalLogConfig::default().partitions }
    }

    /// All roles.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values().map(|role| &**role)
    }

    /// Starts again what ended by itself.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn tend(&self) -> Result<()> {
        for role in self.roles() {
            role.tend().await?;
        }
        Ok(())
    }

    /// Plays one fault to its end.
    ///
    /// # Errors
    /// When something does not come up afterwards.
    pub async fn play(&self, event: Event) -> Result<()> {
        let Event { target, fault, for_ms, .. } = event;
        let Some(_turn) = self.turn(target) else {
            self.journal.note(format!("{target:?}: no {fault:?}, it is still busy with the faults before"));
            return Ok(());
        };
        self.began.fetch_add(1, Ordering::SeqCst);
        self.going_on.fetch_add(1, Ordering::SeqCst);
        self.journal.note(format!("{target:?}: {fault:?} for {for_ms} ms"));
        let played = self.fault(event, Duration::from_millis(for_ms)).await;
        self.journal.note(format!("{target:?}: {fault:?} is over"));
        self.going_on.fetch_sub(1, Ordering::SeqCst);
        played
    }

    /// A place in the queue of those who fault the same process; there are few, or a slow machine would be at it for hours.
    fn turn(&self, target: Target) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let whom = match target {
            Target::Engine | Target::Log if self.kafka.is_none() => Target::Serve,
            other => other,
        };
        let mut turns = self.turns.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let turn = turns.entry(whom).or_insert_with(|| Arc::new(Semaphore::new(FAULTS_QUEUED_MAX)));
        turn.clone().try_acquire_owned().ok()
    }

    async fn fault(&self, event: Event, last: Duration) -> Result<()> {
        let wait = async || {
            tokio::time::sleep(last).await;
            Ok(())
        };
        match (event.target, event.fault) {
            (Target::Log, _) => self.plant().await,
            (_, Fault::Fill) => {
                let _one = self.machine_fault.lock().await;
                machine::fill(self.dir(), last).await
            }
            (_, Fault::Jump { seconds }) => {
                let _one = self.machine_fault.lock().await;
                machine::jump(self.dir(), seconds, last).await
            }
            (Target::Kafka, fault) => self.fault_kafka(fault, last).await,
            (Target::Engine, fault) if self.kafka.is_none() => self.fault_child(fault, last).await,
            (line, Fault::Line(toxic)) => {
                let line = self.line(line)?;
                line.set(toxic);
                tokio::time::sleep(last).await;
                line.set(Toxic::None);
                Ok(())
            }
            (target, Fault::Kill) => self.role_of(target)?.kill(wait()).await,
            (target, Fault::Zombie) => self.zombie(target).await,
            (target, Fault::Term) => self.term(target, last).await,
            (target, _) => self.role_of(target)?.freeze(wait()).await,
        }
    }

    /// An end in good order, which is a promise while nothing else is wrong.
    async fn term(&self, target: Target, last: Duration) -> Result<()> {
        let began = self.began.load(Ordering::SeqCst);
        let alone = self.going_on.load(Ordering::SeqCst) == 1;
        let calm = || alone && self.began.load(Ordering::SeqCst) == began;
        self.role_of(target)?.term(last, calm).await
    }

    fn role_of(&self, target: Target) -> Result<&Role> {
        self.roles.get(&target).map(|role| &**role).with_context(|| format!("there is no {target:?}"))
    }

    /// The engine is a child of `felt serve`, which starts it again by itself.
    async fn fault_child(&self, fault: Fault, last: Duration) -> Result<()> {
        let serve = self.role_of(Target::Serve)?.process().await;
        let Some(felt) = serve.as_ref() else { return Ok(()) };
        let Some(engine) = children_of(felt.pid())?.first().copied() else { return Ok(()) };
        if fault == Fault::Freeze {
            try_signal(engine, "STOP");
            tokio::time::sleep(last).await;
            try_signal(engine, "CONT");
        } else {
            try_signal(engine, "KILL");
        }
        Ok(())
    }

    async fn fault_kafka(&self, fault: Fault, last: Duration) -> Result<()> {
        let kafka = self.kafka.clone().context("there is no Kafka")?;
        let _one = self.kafka_fault.lock().await;
        tokio::task::spawn_blocking(move || {
            if fault == Fault::Freeze {
                kafka.freeze();
                std::thread::sleep(last);
                kafka.thaw();
            } else {
                if fault == Fault::Term {
                    kafka.stop()
                } else {
                    kafka.kill()
                }
                std::thread::sleep(last);
                kafka.restart();
            }
        })
        .await
        .context("Kafka did not come up again")
    }

    async fn plant(&self) -> Result<()> {
        let round = self.plants.fetch_add(1, Ordering::Relaxed);
        let bait = round < BAITS || self.seen.total("felt_processor_bisected_total") == 0;
        let plant = Plant::new(self.settings.seed, round, bait);
        match &self.kafka {
            None => self.role_of(Target::Serve)?.kill(plant.local(self.dir(), &self.oracle)).await,
            Some(kafka) => {
                let (brokers, partitions) = (kafka.brokers(), KAFKA_PARTITIONS);
                plant.kafka(KafkaConfig { brokers, partitions, ..KafkaConfig::default() }, &self.oracle).await;
                Ok(())
            }
        }
    }

    /// Sleeps with work in its hands until its successor has claimed its partitions and gone on, then wakes.
    async fn zombie(&self, target: Target) -> Result<()> {
        let heir = self.role_of(if target == Target::Processor { Target::Other } else { Target::Processor })?;
        let count = async |name| {
            self.seen.look([heir]).await;
            self.seen.total_of(heir.name, name)
        };
        let claims = count("felt_eventlog_rebalances_total").await;
        let meanwhile = async {
            let deadline = tokio::time::Instant::now() + ZOMBIE_SLEEP;
            let mut batches = None;
            while tokio::time::Instant::now() < deadline {
                if batches.is_none() && count("felt_eventlog_rebalances_total").await > claims {
                    batches = Some(count("felt_processor_batches_total").await);
                }
                if let Some(batches) = batches
                    && count("felt_processor_batches_total").await >= batches + u64::from(KAFKA_PARTITIONS)
                {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Ok(())
        };
        self.role_of(target)?.freeze(meanwhile).await
    }

    /// Ends all lines' troubles.
    pub fn heal(&self) {
        self.lines.values().for_each(|line| line.set(Toxic::None));
    }

    /// Stops everything in good order, those first who lean on others.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub async fn stop(&self) -> Result<()> {
        for target in [Target::Serve, Target::Ingest, Target::Query, Target::Processor, Target::Other, Target::Engine] {
            if let Some(role) = self.roles.get(&target) {
                role.stop().await?;
            }
        }
        Ok(())
    }

    /// The ends of all processes' logs.
    pub async fn last_words(&self) -> String {
        let mut words = String::new();
        for role in self.roles() {
            words += &role.last_words().await;
            words.push('\n');
        }
        words
    }
}
