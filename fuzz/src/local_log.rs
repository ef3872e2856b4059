//! The local log's files, damaged in any way: it opens or says why not, gives out nothing that was never written, and
//! never gives a number out twice under the same epoch.
//!
//! The bytes are a list of damages to a small log that was closed, or killed with its write-ahead log unfolded.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use felt_eventlog::local::DirectLog;
use felt_eventlog::{Entry, EventLog, LocalLog, LocalLogConfig, LogConsumer, LogError, LogRecord, partition_of};
use felt_schema::clock::ManualClock;

const PARTITIONS: u32 = 2;
const NOW_MS: i64 = 1_795_341_600_000;
const PAGE_BYTES: usize = 4096;
/// Damages of one input; more only repeat each other.
const DAMAGES_MAX: usize = 16;

/// A log as it was left, and what was in it.
struct Template {
    killed: Vec<(String, Vec<u8>)>,
    closed: Vec<(String, Vec<u8>)>,
    records: HashMap<(u32, u64), LogRecord>,
    /// The first offset that was not given out, by partition.
    end: Vec<u64>,
    epoch: u32,
}

/// Damages the files as the bytes say, opens them and reads and writes.
pub fn run(data: &[u8]) {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| block_on(template()));
    let Some((kind, rest)) = data.split_first() else { return };
    let dir = tempfile::tempdir().expect("a folder for the log");
    let mut files = if kind & 1 == 0 { template.killed.clone() } else { template.closed.clone() };
    let mut bytes = Bytes(rest);
    for _ in 0..DAMAGES_MAX {
        if bytes.0.is_empty() {
            break;
        }
        damage(&mut files, &mut bytes);
    }
    for (name, content) in &files {
        std::fs::write(dir.path().join(name), content).expect("the folder takes files");
    }
    inspect(
        dir.path(),
        template,
        Look { ticks: kind & 2 != 0, writes: kind & 4 == 0, first: u32::from(kind >> 3 & 1) },
    );
}

/// What is done with a damaged log. Not everything with each: that would be half as many a second.
struct Look {
    /// The writer looks after its file between reading and writing.
    ticks: bool,
    writes: bool,
    /// The partition that is looked at first, and alone unless the log is written to.
    first: u32,
}

fn config(dir: &Path) -> LocalLogConfig {
    LocalLogConfig { dir: dir.to_owned(), partitions: PARTITIONS, ..LocalLogConfig::default() }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(1)
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

fn entry(number: usize) -> Entry {
    // Different lengths, and hardly compressible, so that rows spill over pages.
    let noise = (0..number * 17).map(|at| ((at * at + number * 7919) >> 3) as u8);
    Entry { key: key(number).into(), value: noise.collect::<Vec<_>>().into() }
}

fn key(number: usize) -> String {
    format!("key-{number}")
}

/// An entry that lands in a partition.
fn entry_for(partition: u32) -> Entry {
    let lands = |key: &String| partition_of(key.as_bytes(), PARTITIONS) == partition;
    let key = (1_000..).map(key).find(lands).expect("some key lands there");
    Entry { key: key.into(), value: "new".into() }
}

async fn template() -> Template {
    let dir = tempfile::tempdir().expect("a folder for the log");
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let log = LocalLog::open(config(dir.path()), clock).expect("a new log opens");
    for group in 0..10 {
        log.append((group * 5..group * 5 + 5).map(entry).collect()).await.expect("a new log takes entries");
    }
    let consumer = log.consumer();
    let mut records = HashMap::new();
    let (mut end, mut epoch) = (Vec::new(), 0);
    for partition in 0..PARTITIONS {
        epoch = consumer.claim(partition).await.expect("the only owner").epoch;
        for record in consumer.read(partition, 0, 1_000, 1 << 20, Duration::ZERO).await.expect("a whole log") {
            records.insert((partition, record.offset), record);
        }
        end.push(consumer.end_offset(partition).await.expect("the only owner"));
    }
    consumer.declare(0, 0, 5).await.expect("an open range");
    consumer.declare(1, 0, 3).await.expect("a range");
    consumer.advance(1, 4).await.expect("its end");
    let killed = files(dir.path());
    drop(consumer);
    log.close().await.expect("a whole log closes");
    Template { killed, closed: files(dir.path()), records, end, epoch }
}

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .expect("the folder is there")
        .map(|file| file.expect("and can be read"))
        // Shared memory is made anew by whoever opens the file; the lock file is empty.
        .filter(|file| !file.file_name().to_string_lossy().ends_with("-shm"))
        .map(|file| {
            let content = std::fs::read(file.path()).expect("a file of the log");
            (file.file_name().to_string_lossy().into_owned(), content)
        })
        .collect();
    files.sort();
    files
}

/// Takes numbers off the front; there is always a next one.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        let number = usize::from(self.byte()) << 16 | usize::from(self.byte()) << 8 | usize::from(self.byte());
        number % end
    }
}

fn damage(files: &mut [(String, Vec<u8>)], bytes: &mut Bytes<'_>) {
    let what = bytes.byte();
    let count = files.len();
    let Some((_, content)) = files.get_mut(usize::from(what >> 4) % count.max(1)) else { return };
    if content.is_empty() {
        return;
    }
    let at = bytes.below(content.len());
    let page = at / PAGE_BYTES * PAGE_BYTES..(at / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES).min(content.len());
    match what & 0xf {
        0..=5 => content[at] ^= bytes.byte().max(1),
        6 => content[at..].iter_mut().zip(0..bytes.byte()).for_each(|(byte, _)| *byte = 0),
        7 => content[at..].iter_mut().zip(0..bytes.byte()).for_each(|(byte, _)| *byte = 0xff),
        8 => content.truncate(at),
        9 => content[page].fill(0),
        10 => {
            // One page in the place of another, as a controller does that mixes sectors up.
            let from = bytes.below(content.len()) / PAGE_BYTES * PAGE_BYTES;
            let copy = content[from..(from + page.len()).min(content.len())].to_vec();
            content[page.start..page.start + copy.len()].copy_from_slice(&copy);
        }
        11 => {
            let number = [bytes.byte(), bytes.byte(), bytes.byte(), bytes.byte()];
            content[at..].iter_mut().zip(number).for_each(|(byte, new)| *byte = new);
        }
        12 => content.extend(std::iter::repeat_n(bytes.byte(), PAGE_BYTES)),
        13 => {
            let half = page.start + page.len() / 2;
            content[half..page.end].fill(bytes.byte());
        }
        14 => content.clear(),
        _ => {
            let end = (at + usize::from(bytes.byte())).min(content.len());
            content.drain(at..end);
        }
    }
}

fn inspect(dir: &Path, template: &Template, look: Look) {
    let clock = Arc::new(ManualClock::new(NOW_MS + 100_000));
    let Ok(mut log) = DirectLog::open(config(dir), clock) else { return };
    for partition in (0..PARTITIONS).map(|nth| (look.first + nth) % PARTITIONS).take(1 + usize::from(look.writes)) {
        let Ok(position) = log.claim(partition) else { continue };
        read_all(&log, partition, template);
        if let Some(open) = position.open {
            assert!(open.first <= open.last && open.first == position.next, "an open range is where work goes on");
            for record in log.read(partition, open.first, Some(open.last + 1), usize::MAX).unwrap_or_default() {
                known(template, partition, &record);
            }
        }
        if look.ticks {
            log.tick();
        }
        // The next record's number is new, or of another epoch: tokens are made of both.
        if !look.writes || log.append(vec![entry_for(partition)]).is_err() {
            continue;
        }
        let (end, given_out) = (log.end_offset(partition), template.end[partition as usize]);
        assert!(
            position.epoch != template.epoch || end > given_out,
            "offset {} of partition {partition} was given out before under this epoch, up to {given_out}",
            end - 1
        );
    }
    log.close();
}

fn read_all(log: &DirectLog, partition: u32, template: &Template) {
    let mut from = 0;
    // Every turn goes forward by a record at least, and there are not so many.
    for _ in 0..template.records.len() + 2 {
        match log.read(partition, from, None, 17) {
            Ok(records) => {
                let Some(last) = records.last() else { return };
                records.iter().for_each(|record| known(template, partition, record));
                assert!(last.offset >= from, "reading goes forward");
                from = last.offset + 1;
            }
            Err(LogError::RangeLost { available, .. }) if available > from => from = available,
            Err(_) => return,
        }
    }
    panic!("partition {partition} gives out more records than were written");
}

fn known(template: &Template, partition: u32, record: &LogRecord) {
    let written = template.records.get(&(partition, record.offset));
    assert_eq!(written, Some(record), "what is read of partition {partition} was written there");
}
