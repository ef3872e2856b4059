//! A log that is late, silent, gone or full, with a spool before it: what the sender hears, what the log has in the end, and that
//! nothing of it needs a restart. The log is a local one with moods; `tests/tests/outage.rs` has the real thing.

mod support;

use felt_eventlog::AppendError;
use felt_ingest::{Spool, SpoolConfig};
use felt_schema::clock::ManualClock;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Felt, Log, Mood, Moody, Request, array, snapshot};

/// Far more than anything here takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(90);

fn away() -> Mood {
    Mood::Refusing(AppendError::Transient("broker away".into()))
}

fn spool(dir: &Path) -> SpoolConfig {
    SpoolConfig { dir: dir.join("spool"), append_timeout_ms: 10_000, ..SpoolConfig::default() }
}

async fn start(config: SpoolConfig, mood: Mood) -> (Felt, Arc<Mutex<Mood>>) {
    let (mut options, switch) = Moody::options(mood);
    options.spool = Some(config);
    (Felt::start_with(options).await, switch)
}

/// Asks until it is so.
async fn until(felt: &Felt, what: &str, is_so: impl Fn(u16, &str) -> bool) {
    let asked = async {
        loop {
            let answer = felt.send(Request::get("/readyz")).await;
            let text = answer.text();
            if is_so(answer.status, &text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asked).await.is_ok(), "never {what}");
}

async fn until_ready(felt: &Felt) {
    until(felt, "ready", |status, text| status == 200 && text.contains("\"status\":\"ready\",\"checks\"")).await;
}

async fn send(felt: &Felt, numbers: std::ops::Range<usize>, status: u16) {
    for number in numbers {
        assert_eq!(felt.send(Request::beacon(snapshot(number))).await.status, status, "view {number}");
    }
}

fn views(log: &Log) -> BTreeSet<String> {
    log.views.iter().map(|view| view.snapshot.view.to_string()).collect()
}

fn expected(numbers: std::ops::Range<usize>) -> BTreeSet<String> {
    numbers.map(|number| format!("view{number:08}")).collect()
}

#[tokio::test]
async fn a_log_that_refuses_costs_no_beacon_and_gets_each_once_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (felt, mood) = start(spool(dir.path()), Mood::Well).await;
    send(&felt, 0..20, 204).await;
    *mood.lock().unwrap() = away();
    send(&felt, 20..80, 204).await;
    let answer = felt.send(Request::get("/readyz")).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"degraded".into()), "{answer:?}");
    let reason = answer.json()["checks"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("records wait in the spool"), "{reason}");
    *mood.lock().unwrap() = Mood::Well;
    until_ready(&felt).await;
    send(&felt, 80..100, 204).await;
    let log = felt.stop().await;
    assert_eq!(views(&log), expected(0..100));
    assert_eq!(log.views.len(), 100, "nothing twice: the log had said that it has none of them");
}

/// Those under way when it freezes are acknowledged late: their copies in the spool are not sent again.
#[tokio::test]
async fn a_log_that_freezes_gets_each_record_once_when_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (felt, mood) = start(spool(dir.path()), Mood::Well).await;
    send(&felt, 0..10, 204).await;
    *mood.lock().unwrap() = Mood::Frozen;
    let at_once = (10..40).map(|number| felt.send(Request::beacon(snapshot(number))));
    let answers = futures::future::join_all(at_once).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
    // By now nobody waits for the log any more.
    send(&felt, 40..60, 204).await;
    until(&felt, "degraded", |status, text| status == 200 && text.contains("does not answer in time")).await;
    *mood.lock().unwrap() = Mood::Well;
    until_ready(&felt).await;
    let log = felt.stop().await;
    assert_eq!(views(&log), expected(0..60));
    assert_eq!(log.views.len(), 60);
}

#[tokio::test]
async fn what_the_log_may_have_is_sent_again_rather_than_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (felt, mood) = start(spool(dir.path()), Mood::Doubtful).await;
    send(&felt, 0..5, 204).await;
    *mood.lock().unwrap() = Mood::Well;
    until_ready(&felt).await;
    assert_eq!(views(&felt.stop().await), expected(0..5));
}

#[tokio::test]
async fn a_full_spool_refuses_with_a_time_that_varies_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let config = SpoolConfig { bytes_max: 8_000, ..spool(dir.path()) };
    let (felt, mood) = start(config, away()).await;
    let mut kept = BTreeSet::new();
    let mut waits = BTreeSet::new();
    for number in 0..1_000 {
        let answer = felt.send(Request::beacon(snapshot(number))).await;
        match answer.status {
            204 => kept.insert(format!("view{number:08}")),
            503 => {
                assert_eq!(answer.problem(), "not-durable");
                waits.insert(answer.header("retry-after").parse::<u64>().unwrap())
            }
            other => panic!("{other}: {answer:?}"),
        };
        if waits.len() >= 3 {
            break;
        }
    }
    assert!(kept.len() >= 8, "{kept:?}");
    assert!(waits.len() >= 3 && waits.iter().all(|wait| (5..=15).contains(wait)), "{waits:?}");
    let answer = felt.send(Request::get("/readyz")).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.text().contains("is full"), "{answer:?}");
    *mood.lock().unwrap() = Mood::Well;
    until_ready(&felt).await;
    send(&felt, 5_000..5_001, 204).await;
    kept.insert("view00005000".into());
    assert_eq!(views(&felt.stop().await), kept);
    assert!(waits.len() >= 3);
}

#[tokio::test]
async fn a_spool_that_cannot_be_used_is_said_and_used_as_soon_as_it_can() {
    let dir = tempfile::tempdir().unwrap();
    // A file where the folder should be: not even an administrator can make one there.
    std::fs::write(dir.path().join("spool"), "in the way").unwrap();
    let (felt, mood) = start(spool(dir.path()), Mood::Well).await;
    until(&felt, "degraded", |status, text| status == 200 && text.contains("the spool cannot be used")).await;
    send(&felt, 0..5, 204).await;
    *mood.lock().unwrap() = away();
    send(&felt, 5..20, 503).await;
    until(&felt, "not ready", |status, _| status == 503).await;
    // Kafka comes back while there is no spool to try it with …
    *mood.lock().unwrap() = Mood::Well;
    until(&felt, "taking beacons", |status, text| status == 200 && text.contains("the spool cannot be used")).await;
    send(&felt, 20..25, 204).await;
    // … and the spool's disk comes back.
    std::fs::remove_file(dir.path().join("spool")).unwrap();
    until_ready(&felt).await;
    *mood.lock().unwrap() = away();
    send(&felt, 25..45, 204).await;
    *mood.lock().unwrap() = Mood::Well;
    until_ready(&felt).await;
    assert_eq!(views(&felt.stop().await), (0..5).chain(20..45).map(|n| format!("view{n:08}")).collect());
}

/// Fills a spool, ends the process in good order, and gives the folder of its records.
async fn leave_behind(dir: &Path, numbers: std::ops::Range<usize>) {
    let (felt, _mood) = start(spool(dir), away()).await;
    let bodies: Vec<_> = numbers.map(|number| Request::beacon(array(&[snapshot(number), "{}".into()]))).collect();
    for body in bodies {
        assert_eq!(felt.send(body).await.status, 204);
    }
    assert_eq!(felt.stop().await.received(), 0, "the log was away");
}

#[tokio::test]
async fn the_next_process_sends_what_the_last_one_left_and_counts_of_refusals_once() {
    let dir = tempfile::tempdir().unwrap();
    leave_behind(dir.path(), 0..30).await;
    let (felt, _mood) = start(spool(dir.path()), Mood::Well).await;
    until_ready(&felt).await;
    let log = felt.stop().await;
    assert_eq!((views(&log), log.views.len()), (expected(0..30), 30));
    assert_eq!(log.refused, [("invalid_view".to_owned(), 30)].into());
    let (felt, _mood) = start(spool(dir.path()), Mood::Well).await;
    until_ready(&felt).await;
    assert_eq!(felt.stop().await.received(), 0, "all of it was sent, and none of it again");
}

#[tokio::test]
async fn each_process_has_a_folder_of_its_own_and_one_that_is_left_is_adopted() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(support::NOW_MS));
    let first = Spool::open(spool(dir.path()), 1 << 20, clock.clone()).await.unwrap();
    // The second process is given another folder, and leaves its records there.
    leave_behind(dir.path(), 0..10).await;
    assert_ne!(first.dir(), None);
    assert!(dir.path().join("spool/1/log.db").exists());
    drop(first);
    let (felt, _mood) = start(spool(dir.path()), Mood::Well).await;
    let gone = async {
        while dir.path().join("spool/1/log.db").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the other folder is drained");
    let log = felt.stop().await;
    assert_eq!((views(&log), log.refused["invalid_view"]), (expected(0..10), 10));
}

#[tokio::test]
async fn more_processes_than_a_spool_has_folders_are_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut locks = Vec::new();
    for number in 0..64 {
        let slot = dir.path().join(format!("spool/{number}"));
        std::fs::create_dir_all(&slot).unwrap();
        let lock = std::fs::File::create(slot.join("process")).unwrap();
        lock.lock().unwrap();
        locks.push(lock);
    }
    let clock = Arc::new(ManualClock::new(support::NOW_MS));
    let error = Spool::open(spool(dir.path()), 1 << 20, clock).await.err().expect("no folder is free").to_string();
    assert!(error.contains("in use by 64 processes") && error.contains("[ingest.spool] dir"), "{error}");
}

/// Whatever became of the file: the process starts, sends what can be read, and works on.
#[tokio::test]
async fn a_damaged_spool_costs_what_is_damaged_and_never_the_process() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 5] = [
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("a tail that is zeros", |bytes| {
            let half = bytes.len() / 2;
            bytes[half..].fill(0);
        }),
        ("bits flipped all over", |bytes| (4_096..bytes.len()).step_by(997).for_each(|at| bytes[at] ^= 1 << (at % 8))),
        ("another kind of file", |bytes| *bytes = b"%PDF-1.7 not a spool at all".repeat(300)),
        ("empty", |bytes| bytes.clear()),
    ];
    for (name, damage) in damages {
        let dir = tempfile::tempdir().unwrap();
        leave_behind(dir.path(), 0..120).await;
        let file = dir.path().join("spool/0/log.db");
        let mut bytes = std::fs::read(&file).unwrap();
        damage(&mut bytes);
        std::fs::write(&file, bytes).unwrap();
        let (felt, mood) = start(spool(dir.path()), Mood::Well).await;
        until_ready(&felt).await;
        *mood.lock().unwrap() = away();
        send(&felt, 500..520, 204).await;
        *mood.lock().unwrap() = Mood::Well;
        until_ready(&felt).await;
        let found = views(&felt.stop().await);
        assert!(found.is_superset(&expected(500..520)), "{name}: {found:?}");
        assert!(found.is_subset(&expected(0..520)), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn nothing_is_spooled_that_the_log_would_never_take() {
    let dir = tempfile::tempdir().unwrap();
    let too_large = Mood::Refusing(AppendError::TooLarge { bytes: 2, bytes_max: 1 });
    let (felt, mood) = start(spool(dir.path()), too_large).await;
    send(&felt, 0..3, 413).await;
    *mood.lock().unwrap() = Mood::Well;
    let log = felt.stop().await;
    assert_eq!((log.views.len(), log.refused["too_large"]), (0, 3));
}
