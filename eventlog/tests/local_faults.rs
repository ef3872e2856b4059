//! What the local log survives: flipped bits, cut and foreign files, a second process, kill -9, a full disk; and what it removes
//! on its own.

use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use felt_eventlog::local::UNCLEAN_JUMP;
use felt_eventlog::testing::{entries, entries_of};
use felt_eventlog::{
    AppendError, EventLog, Health, LocalConsumer, LocalLog, LocalLogConfig, LogConsumer, LogError, LogRecord, Position,
    Remedy, partition_of,
};
use felt_schema::clock::{ManualClock, SystemClock};
use proptest::prelude::*;

const ALL: usize = usize::MAX;
const START_MS: i64 = 1_700_000_000_000;

fn config(dir: &Path) -> LocalLogConfig {
    LocalLogConfig { dir: dir.into(), partitions: 1, ..LocalLogConfig::default() }
}

fn open(dir: &Path) -> LocalLog {
    LocalLog::open(config(dir), Arc::new(SystemClock)).unwrap()
}

/// A claim that waits while a damaged file is being replaced.
async fn claim(consumer: &LocalConsumer) -> Position {
    loop {
        match consumer.claim(0).await {
            Err(LogError::Transient(_)) => tokio::task::yield_now().await,
            other => return other.unwrap(),
        }
    }
}

async fn read_all(log: &LocalLog) -> Vec<LogRecord> {
    let consumer = log.consumer();
    let mut from = claim(&consumer).await.next;
    let mut records = Vec::new();
    loop {
        let batch = match consumer.read(0, from, ALL, ALL, Duration::ZERO).await {
            Err(LogError::RangeLost { available, .. }) => {
                from = available;
                continue;
            }
            // While a damaged file is being replaced.
            Err(LogError::Transient(_)) => {
                tokio::task::yield_now().await;
                continue;
            }
            other => other.unwrap(),
        };
        let Some(last) = batch.last() else { return records };
        from = last.offset + 1;
        records.extend(batch);
    }
}

fn numbers(records: &[LogRecord]) -> Vec<u64> {
    records.iter().map(|record| String::from_utf8_lossy(&record.value).parse().unwrap()).collect()
}

/// Ten chunks of ten records each, closed in good order.
async fn ten_chunks(dir: &Path) {
    let log = open(dir);
    let all = entries_of("k", 100);
    for chunk in all.chunks(10) {
        log.append(chunk.to_vec()).await.unwrap();
    }
    log.close().await.unwrap();
}

fn sql(dir: &Path, statement: &str) {
    rusqlite::Connection::open(dir.join("log.db")).unwrap().execute_batch(statement).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_costs_its_own_row_only() {
    let dir = tempfile::tempdir().unwrap();
    ten_chunks(dir.path()).await;
    sql(dir.path(), "update chunk set packed = zeroblob(length(packed)) where id = 30");
    sql(dir.path(), "update chunk set count = 11 where id = 50");
    sql(dir.path(), "update chunk set id = 71 where id = 70");
    let log = open(dir.path());
    let expected: Vec<u64> = (0..100).filter(|n| ![3, 5, 7].contains(&(n / 10))).collect();
    assert_eq!(numbers(&read_all(&log).await), expected);
    log.append(entries_of("k", 1)).await.unwrap();
    assert_eq!(read_all(&log).await.last().unwrap().offset, 100);
}

#[tokio::test]
async fn a_declared_range_with_a_damaged_row_comes_back_without_it() {
    let dir = tempfile::tempdir().unwrap();
    ten_chunks(dir.path()).await;
    sql(dir.path(), "update chunk set packed = zeroblob(length(packed)) where id in (30, 90)");
    let log = open(dir.path());
    let consumer = log.consumer();
    consumer.claim(0).await.unwrap();
    consumer.declare(0, 25, 99).await.unwrap();
    let heir = log.consumer();
    let range = heir.claim(0).await.unwrap().open.unwrap();
    let records = heir.read_range(0, range).await.unwrap();
    assert_eq!(numbers(&records), (25..30).chain(40..90).collect::<Vec<_>>());
    // The tail is damaged: a read there waits instead of spinning, and new records are found.
    assert_eq!(heir.read(0, 90, ALL, ALL, Duration::ZERO).await.unwrap(), []);
    log.append(entries_of("k", 1)).await.unwrap();
    assert_eq!(heir.read(0, 90, ALL, ALL, Duration::from_secs(30)).await.unwrap()[0].offset, 100);
}

#[tokio::test]
async fn an_offset_that_lies_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    ten_chunks(dir.path()).await;
    sql(dir.path(), "update partition set end = 40");
    let log = open(dir.path());
    assert_eq!(numbers(&read_all(&log).await), (0..100).collect::<Vec<_>>());
    log.append(entries_of("k", 1)).await.unwrap();
    assert!(read_all(&log).await.last().unwrap().offset >= 100 + UNCLEAN_JUMP);
    assert!(dir.path().join("damaged.db").exists());
}

/// Taken for a log that nobody has written to, it would give its offsets out again under the same epoch.
#[tokio::test]
async fn a_log_without_its_positions_starts_a_new_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let log = LocalLog::open(config(dir.path()), clock.clone()).unwrap();
        log.append(entries_of("k", 3)).await.unwrap();
        epochs.push(log.consumer().claim(0).await.unwrap().epoch);
        log.close().await.unwrap();
        sql(
            dir.path(),
            "delete from partition; delete from chunk; delete from meta where name not in ('epoch', 'partitions')",
        );
        clock.advance(5_000);
    }
    assert!(epochs[0] < epochs[1], "{epochs:?}");
}

#[tokio::test]
async fn a_foreign_file_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("log.db"),
        "certainly not a database, and longer than its header of a hundred bytes".repeat(9),
    )
    .unwrap();
    let log = open(dir.path());
    log.append(entries_of("k", 3)).await.unwrap();
    assert_eq!(read_all(&log).await.len(), 3);
    assert!(dir.path().join("damaged.db").exists());
}

#[tokio::test]
async fn a_log_whose_folder_was_emptied_starts_a_new_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let log = LocalLog::open(config(&dir.path().join("log")), clock.clone()).unwrap();
        epochs.push(log.consumer().claim(0).await.unwrap().epoch);
        log.close().await.unwrap();
        fs::remove_dir_all(dir.path().join("log")).unwrap();
        clock.advance(5_000);
    }
    assert!(epochs[0] < epochs[1], "{epochs:?}");
}

#[tokio::test]
async fn another_number_of_partitions_is_refused_with_the_right_one() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).close().await.unwrap();
    let config = LocalLogConfig { partitions: 3, ..config(dir.path()) };
    let refused = LocalLog::open(config, Arc::new(SystemClock)).err().unwrap();
    assert!(refused.to_string().contains("has 1 partitions"), "{refused}");
    assert_eq!(refused.remedy(), Remedy::Stop);
}

/// A log of 300 records, half of them done, at rest (closed) or as a power cut leaves it; and its epoch.
fn healthy(closed: bool) -> &'static (tempfile::TempDir, u32) {
    static MADE: [OnceLock<(tempfile::TempDir, u32)>; 2] = [OnceLock::new(), OnceLock::new()];
    MADE[usize::from(closed)].get_or_init(|| {
        let made = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let (here, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
                let log = LocalLog::open(config(here.path()), Arc::new(ManualClock::new(START_MS))).unwrap();
                for chunk in entries_of("k", 300).chunks(7) {
                    log.append(chunk.to_vec()).await.unwrap();
                }
                let consumer = log.consumer();
                let epoch = consumer.claim(0).await.unwrap().epoch;
                consumer.declare(0, 0, 99).await.unwrap();
                consumer.advance(0, 100).await.unwrap();
                consumer.declare(0, 100, 149).await.unwrap();
                if closed {
                    log.close().await.unwrap();
                }
                copy(here.path(), image.path());
                (image, epoch)
            })
        });
        made.join().unwrap()
    })
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        // Shared memory is not on the disk that a power cut leaves.
        if file.file_name() != "log.db-shm" {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

fn damage(dir: &Path, blows: &[(bool, u16, u8)], cut: Option<u16>) {
    for (in_wal, place, mask) in blows {
        let path = dir.join(if *in_wal { "log.db-wal" } else { "log.db" });
        let Ok(mut file) = fs::File::options().read(true).write(true).open(path) else { continue };
        let size = file.metadata().unwrap().len();
        let at = u64::from(*place) * size / 65_536;
        let mut byte = [0];
        file.seek(SeekFrom::Start(at)).unwrap();
        if file.read(&mut byte).unwrap() == 1 {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&[byte[0] ^ mask]).unwrap();
        }
    }
    if let Some(cut) = cut {
        let file = fs::File::options().write(true).open(dir.join("log.db")).unwrap();
        file.set_len(u64::from(cut) * file.metadata().unwrap().len() / 65_536).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Flip bytes anywhere in the files at rest, cut them anywhere: the log opens, gives out only what was appended, takes new
    /// records, and never gives an offset out twice in one epoch.
    #[test]
    fn no_damage_stops_the_log_or_repeats_an_offset(
        blows in proptest::collection::vec((any::<bool>(), any::<u16>(), 1u8..), 0..8),
        cut in proptest::option::weighted(0.3, any::<u16>()),
        closed in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (image, clock) = (dir.path().join("image"), Arc::new(ManualClock::new(START_MS + 60_000)));
            let (healthy, before) = healthy(closed);
            copy(healthy.path(), &image);
            damage(&image, &blows, cut);
            let log = LocalLog::open(config(&image), clock.clone()).unwrap();
            for record in read_all(&log).await {
                let value: u64 = String::from_utf8_lossy(&record.value).parse().unwrap();
                prop_assert_eq!((record.offset, &record.key[..]), (value, &b"k"[..]));
            }
            let mut appended = log.append(entries_of("new", 1)).await;
            if appended.is_err() {
                // Damage that only writing meets: the file is replaced, the next try succeeds.
                appended = log.append(entries_of("new", 1)).await;
            }
            appended.unwrap();
            let epoch = claim(&log.consumer()).await.epoch;
            // A damaged page in the way is met by the first reader, and the writer replaces the file in its next round.
            until("the new record was not found", || async {
                read_all(&log).await.last().is_some_and(|last| last.key == "new")
            })
            .await;
            let last = read_all(&log).await.pop().unwrap();
            prop_assert!(epoch != *before || last.offset >= 300, "offset {} again in epoch {}", last.offset, epoch);
            Ok(())
        })?;
    }
}

/// The other process; killed when the test ends, however it ends.
struct Other(Child, BufReader<std::process::ChildStdout>);

impl Other {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self(child, out)
    }

    fn run(arguments: &[&str]) -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_felt-eventlog-other")).args(arguments))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_processes_cannot_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap().to_owned();
    let mut first = Other::run(&["hold", &path]);
    assert_eq!(first.line(), "open");
    assert!(Other::run(&["hold", &path]).line().contains("in use by another process"));
    let refused = LocalLog::open(config(dir.path()), Arc::new(SystemClock)).err().unwrap();
    assert_eq!(refused.remedy(), Remedy::Stop);
    // A killed process leaves no lock behind.
    drop(first);
    assert_eq!(Other::run(&["hold", &path]).line(), "open");
}

#[tokio::test]
async fn kill_nine_while_appending_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap().to_owned();
    for round in 1..=5 {
        let mut other = Other::run(&["append", &path]);
        let mut acknowledged = 0;
        for _ in 0..round * 40 {
            acknowledged = other.line().parse::<u64>().unwrap();
        }
        other.0.kill().unwrap();
        // What it said before it died counts too.
        let mut rest = String::new();
        other.1.read_to_string(&mut rest).unwrap();
        let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
        acknowledged = whole.lines().last().map_or(acknowledged, |line| line.parse().unwrap());
        drop(other);
        let config = LocalLogConfig { dir: dir.path().into(), ..LocalLogConfig::default() };
        let log = LocalLog::open(config, Arc::new(SystemClock)).unwrap();
        let consumer = log.consumer();
        let mut found = std::collections::BTreeSet::new();
        for partition in 0..log.partitions() {
            let position = consumer.claim(partition).await.unwrap();
            let records = consumer.read(partition, position.next, ALL, ALL, Duration::ZERO).await.unwrap();
            found.extend(records.iter().map(|r| String::from_utf8_lossy(&r.key).parse::<u64>().unwrap()));
            let Some(last) = records.last() else { continue };
            consumer.declare(partition, records[0].offset, last.offset).await.unwrap();
            consumer.advance(partition, last.offset + 1).await.unwrap();
        }
        // One more may be there: durable, and killed before it could be said.
        assert!((0..=acknowledged).all(|n| found.contains(&n)), "lost among {acknowledged}");
        assert!(found.len() as u64 <= acknowledged + 2);
    }
}

#[test]
fn a_full_disk_is_transient_and_heals_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    // Ignored signals stay ignored over exec: a write beyond the limit is an error instead of the end.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' XFSZ; exec \"$0\" full \"$1\"", env!("CARGO_BIN_EXE_felt-eventlog-other")])
        .arg(dir.path());
    let mut other = Other::start(&mut shell);
    let refused = other.line();
    assert!(refused.starts_with("Down"), "{refused}");
    assert_eq!(other.line(), "Ready");
    let durable: usize = other.line().parse().unwrap();
    assert!(other.0.wait().unwrap().success());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = LocalLogConfig { dir: dir.path().into(), ..LocalLogConfig::default() };
        let log = LocalLog::open(config, Arc::new(SystemClock)).unwrap();
        let consumer = log.consumer();
        let mut found = std::collections::BTreeSet::new();
        for partition in 0..log.partitions() {
            let position = consumer.claim(partition).await.unwrap();
            let records = consumer.read(partition, position.next, ALL, ALL, Duration::ZERO).await.unwrap();
            found.extend(records.into_iter().map(|record| record.key));
        }
        assert_eq!(found.len(), durable);
    });
}

/// Waits for the writer's own rounds: they are twice a second, and nothing tells when they are done.
async fn until<F: Future<Output = bool>>(what: &str, mut is: impl FnMut() -> F) {
    let started = std::time::Instant::now();
    while !is().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn done_records_go_with_age_and_open_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START_MS));
    let config = LocalLogConfig { done_keep_ms: 10_000, ..config(dir.path()) };
    let log = LocalLog::open(config, clock.clone()).unwrap();
    for chunk in entries_of("k", 100).chunks(10) {
        log.append(chunk.to_vec()).await.unwrap();
    }
    let consumer = log.consumer();
    consumer.claim(0).await.unwrap();
    consumer.declare(0, 0, 44).await.unwrap();
    consumer.advance(0, 45).await.unwrap();
    consumer.declare(0, 45, 69).await.unwrap();
    let before = log.stored_bytes().await.unwrap();
    clock.advance(10_000);
    until("nothing was removed", || async { log.stored_bytes().await.unwrap() < before }).await;
    let lost = consumer.read(0, 0, 1, ALL, Duration::ZERO).await.unwrap_err();
    assert_eq!(lost, LogError::RangeLost { partition: 0, wanted: 0, available: 40 });
    let open = log.consumer().claim(0).await.unwrap().open.unwrap();
    assert_eq!((open.first, open.last), (45, 69));
    let heir = log.consumer();
    heir.claim(0).await.unwrap();
    assert_eq!(heir.read_range(0, open).await.unwrap().len(), 25);
}

#[tokio::test]
async fn a_full_log_refuses_until_its_reader_has_passed() {
    let dir = tempfile::tempdir().unwrap();
    let config = LocalLogConfig { bytes_max: 40_000, done_keep_ms: i64::MAX, ..config(dir.path()) };
    let log = LocalLog::open(config, Arc::new(SystemClock)).unwrap();
    let mut last = 0;
    let refused = loop {
        match log.append(entries(&format!("batch {last}"), 200)).await {
            Ok(()) => last += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Full { bytes_max: 40_000, .. }), "{refused}");
    assert_eq!(refused.remedy(), Remedy::Wait);
    assert!(matches!(log.healthy().await, Health::Down(_)));
    let consumer = log.consumer();
    consumer.claim(0).await.unwrap();
    let end = consumer.end_offset(0).await.unwrap();
    consumer.declare(0, 0, end - 1).await.unwrap();
    assert!(log.append(entries("still", 1)).await.is_err(), "an open range is not done");
    consumer.advance(0, end).await.unwrap();
    log.append(entries("room", 1)).await.unwrap();
    assert_eq!(log.healthy().await, Health::Ready);
}

#[tokio::test]
async fn an_emptied_log_gives_its_disk_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let config = LocalLogConfig { done_keep_ms: 0, ..config(dir.path()) };
    let log = LocalLog::open(config, Arc::new(SystemClock)).unwrap();
    let noise = |seed: u64| -> Vec<u8> {
        let mut state = seed | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..200_000).map(|_| next()).collect()
    };
    for seed in 0..100 {
        log.append(vec![felt_eventlog::Entry { key: "k".into(), value: noise(seed).into() }]).await.unwrap();
    }
    let file = dir.path().join("log.db");
    let consumer = log.consumer();
    consumer.claim(0).await.unwrap();
    consumer.declare(0, 0, 99).await.unwrap();
    consumer.advance(0, 100).await.unwrap();
    until("the file kept its size", || async { fs::metadata(&file).unwrap().len() < 1_000_000 }).await;
    log.append(entries_of("k", 1)).await.unwrap();
    assert_eq!(consumer.read(0, 100, 1, ALL, Duration::ZERO).await.unwrap().len(), 1);
}

#[test]
fn keys_are_spread_and_stay_where_they_are() {
    let mut counts = [0; 12];
    for n in 0..12_000 {
        counts[partition_of(format!("shop/{n}").as_bytes(), 12) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    // The hash is a promise: both logs, and every version of felt over the same topic, must agree.
    let places: Vec<u32> = ["", "a", "shop/session-1"].iter().map(|key| partition_of(key.as_bytes(), 12)).collect();
    assert_eq!(places, [10, 7, 9]);
    assert_eq!(partition_of(b"a", 0), 0);
}
