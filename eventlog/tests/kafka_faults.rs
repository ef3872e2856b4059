//! What the log over Kafka survives: brokers killed, frozen and emptied, members that share, die and come back as zombies,
//! records gone by retention.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::testing::kafka::KafkaServer;
use felt_eventlog::testing::{entries, entries_of};
use felt_eventlog::{EventLog, Health, KafkaConfig, KafkaConsumer, KafkaLog, LogConsumer, LogError, LogRecord, Remedy};
use felt_schema::clock::{Clock, ManualClock, SystemClock};
use rustix::process::{Pid, Signal, kill_process};

const ALL: usize = usize::MAX;
const PATIENCE: Duration = Duration::from_secs(60);

fn config(server: &KafkaServer, name: &str, partitions: u32) -> KafkaConfig {
    KafkaConfig {
        brokers: server.brokers(),
        topic: name.into(),
        group: name.into(),
        partitions,
        replication: 1,
        message_timeout_ms: 3_000,
        session_timeout_ms: 2_000,
        idle_commit_ms: 50,
        ..KafkaConfig::default()
    }
}

async fn start() -> Arc<KafkaServer> {
    tokio::task::spawn_blocking(|| Arc::new(KafkaServer::start())).await.unwrap()
}

async fn on(server: &Arc<KafkaServer>, act: impl FnOnce(&KafkaServer) + Send + 'static) {
    let server = server.clone();
    tokio::task::spawn_blocking(move || act(&server)).await.unwrap();
}

async fn owns(consumer: &KafkaConsumer, wanted: impl Fn(&BTreeSet<u32>) -> bool) -> BTreeSet<u32> {
    let mut assigned = consumer.assigned();
    let found = assigned.wait_for(|assignment| wanted(&assignment.partitions));
    let assignment = tokio::time::timeout(PATIENCE, found).await.expect("the group settled otherwise").unwrap();
    assignment.partitions.clone()
}

async fn read(consumer: &KafkaConsumer, partition: u32, from: u64) -> Vec<LogRecord> {
    let records = consumer.read(partition, from, ALL, ALL, PATIENCE).await.unwrap();
    assert!(!records.is_empty());
    records
}

/// Repeats what may be told to wait.
async fn patiently<T, F: Future<Output = Result<T, LogError>>>(mut call: impl FnMut() -> F) -> T {
    let started = std::time::Instant::now();
    loop {
        match call().await {
            Ok(done) => return done,
            Err(error) => {
                assert_eq!(error.remedy(), Remedy::Wait, "{error}");
                assert!(started.elapsed() < PATIENCE, "{error}");
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_makes_appends_wait_and_loses_nothing() {
    let server = start().await;
    let config = config(&server, "killed", 1);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("before", 50)).await.unwrap();
    let consumer = KafkaConsumer::connect(config).await.unwrap();
    owns(&consumer, |owned| !owned.is_empty()).await;
    let position = consumer.claim(0).await.unwrap();
    let records = read(&consumer, 0, position.next).await;
    consumer.declare(0, records[0].offset, records[9].offset).await.unwrap();

    on(&server, KafkaServer::kill).await;
    let refused = log.append(entries("meanwhile", 1)).await.unwrap_err();
    assert_eq!(refused.remedy(), Remedy::Wait, "{refused}");
    assert!(matches!(log.healthy().await, Health::Down(_)));
    // Reading what is not there is waiting, not failing.
    let none = consumer.read(0, 1_000_000, ALL, ALL, Duration::from_millis(50)).await;
    assert!(!matches!(none, Ok(ref records) if !records.is_empty()), "{none:?}");

    on(&server, KafkaServer::restart).await;
    patiently(|| async { log.append(entries("after", 10)).await.map_err(|e| LogError::Transient(e.to_string())) })
        .await;
    assert_eq!(log.healthy().await, Health::Ready);
    // The member may have been put out meanwhile: then the next owner goes on with the open range.
    owns(&consumer, |owned| !owned.is_empty()).await;
    let position = patiently(|| async {
        match consumer.claim(0).await {
            Err(LogError::Fenced { .. }) => Err(LogError::Transient("rejoining".into())),
            other => other,
        }
    })
    .await;
    let open = position.open.expect("declared before the kill");
    assert_eq!((open.first, open.last), (records[0].offset, records[9].offset));
    assert_eq!(patiently(|| consumer.read_range(0, open)).await, records[..10]);
    let mut keys = BTreeSet::new();
    let mut from = 0;
    while keys.len() < 60 {
        let batch = patiently(|| consumer.read(0, from, ALL, ALL, PATIENCE)).await;
        from = batch.last().expect("more to come").offset + 1;
        keys.extend(batch.into_iter().map(|record| record.key).filter(|key| !key.starts_with(b"meanwhile")));
    }
    consumer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_delays_and_a_late_declare_is_still_true() {
    let server = start().await;
    let config = config(&server, "frozen", 1);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 20)).await.unwrap();
    let consumer = Arc::new(KafkaConsumer::connect(config.clone()).await.unwrap());
    owns(&consumer, |owned| !owned.is_empty()).await;
    let position = consumer.claim(0).await.unwrap();
    let records = read(&consumer, 0, position.next).await;

    server.freeze();
    let declaring = consumer.clone();
    let (first, last) = (records[0].offset, records[4].offset);
    let declared = tokio::spawn(async move { declaring.declare(0, first, last).await });
    let refused = log.append(entries("meanwhile", 1)).await.unwrap_err();
    assert_eq!(refused.remedy(), Remedy::Wait, "{refused}");
    server.thaw();

    // Either it is declared, or we were put out: never "maybe".
    let outcome = declared.await.unwrap();
    let heir = KafkaConsumer::connect(config).await;
    drop(consumer);
    let heir = heir.unwrap();
    owns(&heir, |owned| !owned.is_empty()).await;
    let position = heir.claim(0).await.unwrap();
    match outcome {
        Ok(()) => assert_eq!(position.open.map(|open| (open.first, open.last)), Some((first, last))),
        Err(error) => assert!(matches!(error, LogError::Fenced { .. } | LogError::Transient(_)), "{error}"),
    }
    patiently(|| async { log.append(entries("after", 1)).await.map_err(|e| LogError::Transient(e.to_string())) }).await;
    heir.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_starts_a_new_epoch() {
    let server = start().await;
    let config = KafkaConfig { instance_id: Some("same".into()), ..config(&server, "emptied", 1) };
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 20)).await.unwrap();
    let consumer = KafkaConsumer::connect(config.clone()).await.unwrap();
    owns(&consumer, |owned| !owned.is_empty()).await;
    let position = consumer.claim(0).await.unwrap();
    consumer.declare(0, position.next, position.next + 9).await.unwrap();
    consumer.close().await.unwrap();
    log.close().await.unwrap();

    delete_topic(&config).await;
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("new", 3)).await.unwrap();
    let later = Arc::new(ManualClock::new(i64::from(position.epoch) * 1000 + 60_000));
    for life in 0..2 {
        let consumer = KafkaConsumer::connect_with_clock(config.clone(), later.clone()).await.unwrap();
        owns(&consumer, |owned| !owned.is_empty()).await;
        let found = consumer.claim(0).await.unwrap();
        assert_eq!(found.epoch, position.epoch + 60, "life {life}");
        if life == 0 {
            assert_eq!((found.next, found.open), (0, None));
            assert!(read(&consumer, 0, 0).await[0].key.starts_with(b"new"));
            consumer.declare(0, 0, 2).await.unwrap();
            consumer.advance(0, 3).await.unwrap();
        } else {
            assert_eq!((found.next, found.open), (3, None));
        }
        consumer.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_the_committed_position_starts_a_new_epoch() {
    use rdkafka::consumer::{CommitMode, Consumer};
    let server = start().await;
    let config = config(&server, "shortened", 1);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 20)).await.unwrap();
    // What is left when the records are lost and the positions are not: a broker with a memory engine, a restored disk.
    for (committed, metadata) in [(500, "v1::7"), (15, "v1:15-25:7")] {
        let former: rdkafka::consumer::BaseConsumer = rdkafka::ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("group.id", &config.group)
            .create()
            .unwrap();
        let mut list = rdkafka::TopicPartitionList::new();
        list.add_partition_offset(&config.topic, 0, rdkafka::Offset::Offset(committed)).unwrap();
        list.find_partition(&config.topic, 0).unwrap().set_metadata(metadata);
        former.commit(&list, CommitMode::Sync).unwrap();
        let consumer = KafkaConsumer::connect_with_clock(config.clone(), Arc::new(ManualClock::new(0))).await.unwrap();
        owns(&consumer, |owned| !owned.is_empty()).await;
        let position = consumer.claim(0).await.unwrap();
        assert_eq!((position.next, position.open, position.epoch), (0, None, 8));
        consumer.close().await.unwrap();
    }
}

async fn delete_topic(config: &KafkaConfig) {
    use rdkafka::admin::{AdminClient, AdminOptions};
    let admin: AdminClient<rdkafka::client::DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &config.brokers).create().unwrap();
    admin.delete_topics(&[&config.topic], &AdminOptions::new().operation_timeout(Some(PATIENCE))).await.unwrap();
    let gone = || {
        let metadata = admin.inner().fetch_metadata(None, PATIENCE).unwrap();
        metadata.topics().iter().all(|topic| topic.name() != config.topic)
    };
    while !gone() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_gone_by_retention_are_an_event_and_not_a_jump() {
    use rdkafka::admin::{AdminClient, AdminOptions};
    let server = start().await;
    let config = config(&server, "expired", 1);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 20)).await.unwrap();
    let consumer = KafkaConsumer::connect(config.clone()).await.unwrap();
    owns(&consumer, |owned| !owned.is_empty()).await;
    consumer.claim(0).await.unwrap();
    consumer.declare(0, 0, 9).await.unwrap();
    let admin: AdminClient<rdkafka::client::DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", &config.brokers).create().unwrap();
    let mut upto = rdkafka::TopicPartitionList::new();
    upto.add_partition_offset(&config.topic, 0, rdkafka::Offset::Offset(12)).unwrap();
    admin.delete_records(&upto, &AdminOptions::new()).await.unwrap();
    let open = consumer.claim(0).await.unwrap().open.unwrap();
    let lost = LogError::RangeLost { partition: 0, wanted: 0, available: 12 };
    assert_eq!(consumer.read_range(0, open).await.unwrap_err(), lost);
    assert_eq!(consumer.read(0, 0, ALL, ALL, PATIENCE).await.unwrap_err(), lost);
    assert_eq!(lost.remedy(), Remedy::Mend);
    consumer.advance(0, 12).await.unwrap();
    assert_eq!(read(&consumer, 0, 12).await[0].offset, 12);
    consumer.declare(0, 12, 19).await.unwrap();
    consumer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_share_and_one_takes_over_what_the_other_left_open() {
    let server = start().await;
    let config = config(&server, "shared", 4);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 100)).await.unwrap();
    let first = KafkaConsumer::connect(config.clone()).await.unwrap();
    owns(&first, |owned| owned.len() == 4).await;
    let second = KafkaConsumer::connect(config.clone()).await.unwrap();
    let (mine, theirs) = (owns(&first, |owned| owned.len() == 2).await, owns(&second, |owned| owned.len() == 2).await);
    assert_eq!(mine.union(&theirs).count(), 4);
    for (member, owned, others) in [(&first, &mine, &theirs), (&second, &theirs, &mine)] {
        for partition in owned {
            let position = member.claim(*partition).await.unwrap();
            let records = read(member, *partition, position.next).await;
            member.declare(*partition, records[0].offset, records[3].offset).await.unwrap();
        }
        for partition in others {
            assert_eq!(member.claim(*partition).await, Err(LogError::Fenced { partition: *partition }));
        }
    }
    second.close().await.unwrap();
    owns(&first, |owned| owned.len() == 4).await;
    for partition in theirs {
        let position = first.claim(partition).await.unwrap();
        assert_eq!(position.open.map(|open| (open.first, open.last)), Some((0, 3)));
    }
    // What stayed where it was needs no second claim.
    for partition in mine {
        first.advance(partition, 4).await.unwrap();
    }
    first.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_position_is_committed_by_itself() {
    let server = start().await;
    let config = KafkaConfig { instance_id: Some("same".into()), ..config(&server, "idle", 1) };
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries("k", 10)).await.unwrap();
    let consumer = KafkaConsumer::connect(config.clone()).await.unwrap();
    owns(&consumer, |owned| !owned.is_empty()).await;
    let epoch = consumer.claim(0).await.unwrap().epoch;
    consumer.declare(0, 0, 9).await.unwrap();
    consumer.advance(0, 10).await.unwrap();
    // Other eyes than ours: what an heir would find.
    let eyes: rdkafka::consumer::BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", &config.group)
        .create()
        .unwrap();
    let started = std::time::Instant::now();
    loop {
        use rdkafka::consumer::Consumer;
        let mut list = rdkafka::TopicPartitionList::new();
        list.add_partition(&config.topic, 0);
        let found = eyes.committed_offsets(list, PATIENCE).unwrap();
        let element = found.find_partition(&config.topic, 0).unwrap();
        if element.offset() == rdkafka::Offset::Offset(10) && element.metadata() == format!("v1::{epoch}") {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "the idle position was never committed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    consumer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_process_wakes_up_fenced() {
    let server = start().await;
    let config = config(&server, "zombie", 1);
    let log = KafkaLog::connect(config.clone()).await.unwrap();
    log.append(entries_of("k", 30)).await.unwrap();
    let mut zombie = Zombie::start(&config);
    let declared = zombie.line();
    zombie.signal(Signal::STOP);

    let heir = KafkaConsumer::connect(config).await.unwrap();
    owns(&heir, |owned| !owned.is_empty()).await;
    let position = heir.claim(0).await.unwrap();
    let open = position.open.expect("the zombie declared it");
    assert_eq!(declared, format!("0 {} {}", open.first, open.last));
    heir.advance(0, open.last + 1).await.unwrap();
    heir.declare(0, open.last + 1, open.last + 2).await.unwrap();

    zombie.signal(Signal::CONT);
    zombie.say("go on");
    let outcome = zombie.line();
    assert!(outcome.ends_with("then Err(Fenced { partition: 0 })"), "{outcome}");
    heir.advance(0, open.last + 3).await.unwrap();
    heir.close().await.unwrap();
}

struct Zombie(Child, BufReader<std::process::ChildStdout>);

impl Zombie {
    fn start(config: &KafkaConfig) -> Self {
        let mut other = Command::new(env!("CARGO_BIN_EXE_felt-eventlog-other"));
        other.args(["zombie", &config.brokers, &config.topic, &config.group]);
        let mut child = other.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self(child, out)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn say(&mut self, line: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn signal(&self, which: Signal) {
        kill_process(Pid::from_child(&self.0), which).unwrap();
    }
}

impl Drop for Zombie {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_ingest_starts_and_connects_later() {
    let server = start().await;
    on(&server, KafkaServer::kill).await;
    let config = config(&server, "late", 3);
    let unreachable = KafkaLog::connect(config.clone()).await.err().unwrap();
    assert_eq!(unreachable.remedy(), Remedy::Wait, "{unreachable}");
    let log = KafkaLog::lazy(config);
    assert_eq!(log.append(entries("k", 1)).await.unwrap_err().remedy(), Remedy::Wait);
    assert_eq!(log.partitions(), 3);
    on(&server, KafkaServer::restart).await;
    patiently(|| async { log.append(entries("k", 1)).await.map_err(|e| LogError::Transient(e.to_string())) }).await;
    assert_eq!(log.healthy().await, Health::Ready);
}

/// The machine's clock, off by so much.
#[derive(Default)]
struct ClockOff(ManualClock);

impl Clock for ClockOff {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() + self.0.now_ms()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_more_than_a_minute_off_the_brokers_is_said_until_it_agrees() {
    let server = start().await;
    let clock = Arc::new(ClockOff::default());
    let log = KafkaLog::lazy_with_clock(config(&server, "skew", 1), clock.clone());
    for (off_ms, said) in [
        (0, None),
        (-3_600_000, Some("s behind the Kafka broker's")),
        (86_400_000, Some("s ahead of the Kafka broker's")),
        (30_000, None),
        (0, None),
    ] {
        clock.0.set(off_ms);
        log.append(entries("skew", 3)).await.unwrap();
        match (log.healthy().await, said) {
            (Health::Ready, None) => {}
            (Health::Degraded(why), Some(said)) => assert!(why.contains(said), "{off_ms}: {why}"),
            (other, _) => panic!("{off_ms}: {other:?}"),
        }
    }
}
