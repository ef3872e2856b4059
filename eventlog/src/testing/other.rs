//! The other process of this crate's tests. It speaks by lines: what it has done on standard output, what to do next on standard
//! input. `felt-eventlog-other append DIR | hold DIR | full DIR | zombie BROKERS TOPIC GROUP`.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::{AppendError, EventLog, KafkaConfig, KafkaConsumer, LocalLog, LocalLogConfig, LogConsumer};
use felt_schema::clock::SystemClock;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["append", dir] => append(dir).await,
        ["hold", dir] => hold(dir),
        ["full", dir] => full(dir).await,
        ["zombie", brokers, topic, group] => zombie(brokers, topic, group).await,
        _ => panic!("unknown arguments: {arguments:?}"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the test listens");
}

fn hear() -> String {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("the test speaks");
    line.trim().to_owned()
}

fn open(dir: &str) -> Result<LocalLog, felt_eventlog::LogError> {
    let config = LocalLogConfig { dir: Path::new(dir).to_owned(), ..LocalLogConfig::default() };
    LocalLog::open(config, Arc::new(SystemClock))
}

/// Appends without end and says each number once it is durable.
async fn append(dir: &str) {
    let log = open(dir).expect("the log opens");
    for number in 0u64.. {
        let entry = felt_eventlog::Entry { key: number.to_string().into(), value: format!("value {number}").into() };
        log.append(vec![entry]).await.expect("the log takes it");
        say(&number.to_string());
    }
}

/// Opens the log and keeps it, or says why it cannot.
fn hold(dir: &str) {
    match open(dir) {
        Ok(_log) => {
            say("open");
            hear();
        }
        Err(error) => say(&error.to_string()),
    }
}

/// Fills a disk (a file size limit; the caller has this process ignore its signal), and goes on when there is room again.
async fn full(dir: &str) {
    let log = open(dir).expect("the log opens");
    let entry = |n: u64| {
        let noise: Vec<u8> = (0..1000u64).map(|i| (n * 7919 + i * i * 31 + (n ^ i) * 131) as u8).collect();
        felt_eventlog::Entry { key: n.to_string().into(), value: noise.into() }
    };
    let limit = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(2 << 20), maximum: limit.maximum }).expect("a limit");
    let mut durable = 0u64;
    let refused = loop {
        let batch = (durable..durable + 50).map(entry).collect();
        match log.append(batch).await {
            Ok(()) => durable += 50,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Transient(_)), "{refused:?}");
    say(&format!("{:?}", log.healthy().await));
    setrlimit(Resource::Fsize, limit).expect("no limit");
    log.append(vec![entry(durable)]).await.expect("there is room again");
    say(&format!("{:?}", log.healthy().await));
    log.close().await.expect("it closes");
    say(&(durable + 1).to_string());
}

/// Claims and declares, and says so; on the next line tries to go on, and says how that went.
async fn zombie(brokers: &str, topic: &str, group: &str) {
    let config = KafkaConfig {
        brokers: brokers.into(),
        topic: topic.into(),
        group: group.into(),
        session_timeout_ms: 2_000,
        ..KafkaConfig::default()
    };
    let consumer = KafkaConsumer::connect(config).await.expect("the broker answers");
    let mut assigned = consumer.assigned();
    let assignment = assigned.wait_for(|assignment| !assignment.partitions.is_empty()).await.expect("it lives").clone();
    let partition = *assignment.partitions.first().expect("one at least");
    let position = consumer.claim(partition).await.expect("it is ours");
    let records =
        consumer.read(partition, position.next, 10, usize::MAX, Duration::from_secs(30)).await.expect("records");
    let last = records.last().expect("records").offset;
    consumer.declare(partition, position.next, last).await.expect("it is ours");
    say(&format!("{partition} {} {last}", position.next));
    hear();
    let advanced = consumer.advance(partition, last + 1).await;
    let declared = consumer.declare(partition, last + 1, last + 5).await;
    say(&format!("{advanced:?} then {declared:?}"));
}
