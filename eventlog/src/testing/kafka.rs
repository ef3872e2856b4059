//! A real Kafka of one node for tests: KRaft, free ports, a folder of its own; it can be frozen, killed and started again, and it
//! dies with the test's process.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

/// Pinned in third-party/kafka/pom.xml as well.
const VERSION: &str = "4.1.0";

/// A JVM on a busy machine may take its time; nothing waits longer than needed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that answers. Its calls block: from async code they belong into `spawn_blocking` or a test's own set-up.
pub struct KafkaServer {
    dir: tempfile::TempDir,
    libs: PathBuf,
    port: u16,
    /// A second listener, for those who are to come through a proxy.
    side_port: u16,
    child: Mutex<Option<Running>>,
}

struct Running {
    child: Child,
    /// The thread that started the child must outlive it (see `spawn`).
    _parent: SyncSender<()>,
}

impl KafkaServer {
    /// Formats a folder and starts a broker on it; returns when it answers.
    ///
    /// # Panics
    /// When the jars are missing (run scripts/fetch-kafka.sh), or the broker does not come up.
    pub fn start() -> Self {
        Self::start_behind(None)
    }

    /// The same, with a second listener ([`side_port`](Self::side_port)) that sends its clients to the proxy at this port: a client
    /// follows the address that the broker names, so a proxy that the broker does not know of would be left at once.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_behind(proxy: Option<u16>) -> Self {
        let libs = libs();
        let dir = tempfile::Builder::new().prefix("felt-kafka-").tempdir().expect("a temporary folder");
        let (port, side_port, controller) = (free_port(), free_port(), free_port());
        let properties = properties(dir.path(), port, (side_port, proxy.unwrap_or(side_port)), controller);
        fs::write(dir.path().join("server.properties"), properties).expect("a properties file");
        let server = Self { dir, libs, port, side_port, child: Mutex::new(None) };
        let mut format = server.java("kafka.tools.StorageTool");
        format.args(["format", "--cluster-id", "ZmVsdC10ZXN0LWthZmthMQ", "--config", "server.properties"]);
        let output = format.stdin(Stdio::null()).output().expect("java runs");
        assert!(
            output.status.success(),
            "kafka's storage was not formatted: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        server.restart();
        server
    }

    /// One broker for all tests of a process, started by the first that asks.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<KafkaServer> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// `host:port` for clients; stays the same over restarts.
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What the proxy given to [`start_behind`](Self::start_behind) leads to; stays the same over restarts.
    pub fn side_port(&self) -> u16 {
        self.side_port
    }

    /// Starts the broker again on the same folder and port, after `kill` or `stop`, and waits until it answers.
    pub fn restart(&self) {
        let mut running = self.child.lock();
        assert!(running.is_none(), "the broker runs already");
        *running = Some(self.spawn());
        drop(running);
        self.wait_until_it_answers();
    }

    /// `kill -9`.
    pub fn kill(&self) {
        if let Some(mut running) = self.child.lock().take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Stops it in good order.
    pub fn stop(&self) {
        if let Some(mut running) = self.child.lock().take() {
            signal(&running.child, Signal::TERM);
            let _ = running.child.wait();
        }
    }

    /// Freezes it: connections stay open, nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends a freeze.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Removes all records, topics and offsets of a stopped broker: a broker that lost its disk.
    pub fn forget_everything(&self) {
        assert!(self.child.lock().is_none(), "stop the broker first");
        fs::remove_dir_all(self.dir.path().join("data")).expect("the broker's data");
        let mut format = self.java("kafka.tools.StorageTool");
        format.args(["format", "--cluster-id", "ZmVsdC10ZXN0LWthZmthMQ", "--config", "server.properties"]);
        assert!(format.stdin(Stdio::null()).output().expect("java runs").status.success());
    }

    /// What the broker printed.
    pub fn output(&self) -> String {
        fs::read_to_string(self.dir.path().join("output.log")).unwrap_or_default()
    }

    fn signal(&self, which: Signal) {
        if let Some(running) = self.child.lock().as_ref() {
            signal(&running.child, which);
        }
    }

    fn java(&self, class: &str) -> Command {
        let mut java = Command::new("java");
        // Small and quick to start: a test broker carries little.
        java.args(["-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]);
        java.arg(format!("-Dkafka.logs.dir={}", self.dir.path().display()));
        java.arg("-cp").arg(self.libs.join("*")).arg(class).current_dir(self.dir.path());
        java
    }

    fn spawn(&self) -> Running {
        let mut java = self.java("kafka.Kafka");
        let output = File::options().create(true).append(true).open(self.dir.path().join("output.log"));
        let output = output.expect("an output file");
        java.arg("server.properties").stdin(Stdio::null()).stdout(output.try_clone().expect("a file")).stderr(output);
        let test = std::process::id();
        // SAFETY: both calls are async-signal-safe system calls; nothing is allocated between fork and exec.
        unsafe {
            java.pre_exec(move || {
                set_parent_process_death_signal(Some(Signal::KILL))?;
                match rustix::process::getppid() {
                    Some(parent) if parent.as_raw_nonzero().get() as u32 == test => Ok(()),
                    _ => Err(io::Error::other("the test is gone already")),
                }
            });
        }
        // The death signal comes when the *thread* that forked ends, and each test has a thread of its own: so one is kept.
        let (started, child) = sync_channel(1);
        let (parent, ended) = sync_channel::<()>(0);
        let starter = std::thread::Builder::new().name("kafka-parent".into());
        let spawned = starter.spawn(move || {
            let _ = started.send(java.spawn());
            let _ = ended.recv();
        });
        spawned.expect("a thread");
        let child = child.recv().expect("the starter answers").expect("java runs");
        Running { child, _parent: parent }
    }

    fn wait_until_it_answers(&self) {
        let started = Instant::now();
        loop {
            let client: AdminClient<DefaultClientContext> = ClientConfig::new()
                .set("bootstrap.servers", self.brokers())
                .set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg)
                .create()
                .expect("a client");
            if client.inner().fetch_metadata(None, Duration::from_secs(2)).is_ok_and(|all| !all.brokers().is_empty()) {
                return;
            }
            let ended = self.child.lock().as_mut().and_then(|running| running.child.try_wait().ok().flatten());
            assert!(ended.is_none(), "kafka ended ({ended:?}): {}", self.output());
            assert!(started.elapsed() < PATIENCE, "kafka did not answer in {PATIENCE:?}: {}", self.output());
        }
    }
}

impl Drop for KafkaServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(child: &Child, which: Signal) {
    if let Some(pid) = Pid::from_raw(child.id() as i32) {
        let _ = kill_process(pid, which);
    }
}

#[allow(clippy::disallowed_methods, reason = "where test tools are cached is the machine's affair, not configuration")]
fn libs() -> PathBuf {
    let cache = match (std::env::var("FELT_CACHE_DIR"), std::env::var("HOME")) {
        (Ok(cache), _) if !cache.is_empty() => PathBuf::from(cache),
        (_, Ok(home)) => Path::new(&home).join(".cache/felt"),
        _ => panic!("neither FELT_CACHE_DIR nor HOME is set: cannot find Kafka's jars"),
    };
    let libs = cache.join(format!("kafka-{VERSION}/libs"));
    assert!(
        libs.join(format!("kafka_2.13-{VERSION}.jar")).exists(),
        "Kafka {VERSION} is not in {}: run scripts/fetch-kafka.sh",
        libs.display()
    );
    libs
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn properties(dir: &Path, port: u16, (side, advertised): (u16, u16), controller: u16) -> String {
    let data = dir.join("data");
    // One replica of everything, few threads; groups start without the usual wait for more members.
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},SIDE://127.0.0.1:{side},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},SIDE://127.0.0.1:{advertised}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SIDE:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         controller.listener.names=CONTROLLER\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.num.partitions=1\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.num.partitions=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         share.coordinator.state.topic.num.partitions=1\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=500\n\
         broker.session.timeout.ms=1500\n\
         broker.heartbeat.interval.ms=250\n\
         num.network.threads=2\n\
         num.io.threads=2\n\
         log.cleaner.enable=false\n\
         log.retention.check.interval.ms=500\n",
        data.display()
    )
}
