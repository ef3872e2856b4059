//! The local log against a model that fits on a page: whatever is appended, read, declared, advanced, taken over, crashed and
//! opened again, both agree.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use felt_eventlog::local::UNCLEAN_JUMP;
use felt_eventlog::protocol::Cursor;
use felt_eventlog::{
    Entry, EventLog, LocalConsumer, LocalLog, LocalLogConfig, LogConsumer, LogError, Position, partition_of,
};
use felt_schema::clock::ManualClock;
use proptest::prelude::*;

const PARTITIONS: u32 = 2;
const ALL: usize = usize::MAX;

#[derive(Clone, Debug)]
enum Step {
    Append { keys: Vec<u8> },
    Claim { partition: u32 },
    Read { partition: u32, from: usize, records_max: usize },
    Declare { partition: u32, count: usize },
    Advance { partition: u32 },
    Contradict { partition: u32 },
    TakeOver,
    ZombieDeclares { partition: u32 },
    Crash,
    CloseAndOpen,
}

fn step() -> impl Strategy<Value = Step> {
    let partition = 0..PARTITIONS;
    prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 1..6).prop_map(|keys| Step::Append { keys }),
        3 => partition.clone().prop_map(|partition| Step::Claim { partition }),
        3 => (partition.clone(), 0..20usize, 1..5usize)
            .prop_map(|(partition, from, records_max)| Step::Read { partition, from, records_max }),
        4 => (partition.clone(), 1..6usize).prop_map(|(partition, count)| Step::Declare { partition, count }),
        4 => partition.clone().prop_map(|partition| Step::Advance { partition }),
        1 => partition.clone().prop_map(|partition| Step::Contradict { partition }),
        1 => Just(Step::TakeOver),
        1 => partition.prop_map(|partition| Step::ZombieDeclares { partition }),
        1 => Just(Step::Crash),
        1 => Just(Step::CloseAndOpen),
    ]
}

/// What the log should hold.
struct Model {
    partitions: Vec<ModelPartition>,
    appended: u64,
}

#[derive(Clone)]
struct ModelPartition {
    records: Vec<(u64, Bytes)>,
    end: u64,
    jump: bool,
    cursor: Cursor,
    claimed: bool,
    zombie_claimed: bool,
}

struct World {
    dir: tempfile::TempDir,
    lives: usize,
    clock: Arc<ManualClock>,
    log: LocalLog,
    consumer: LocalConsumer,
    zombie: Option<LocalConsumer>,
    model: Model,
}

fn open(dir: &Path, clock: &Arc<ManualClock>) -> LocalLog {
    let config = LocalLogConfig { dir: dir.into(), partitions: PARTITIONS, ..LocalLogConfig::default() };
    LocalLog::open(config, clock.clone()).unwrap()
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(1_700_000_000_000));
        let log = open(&dir.path().join("0"), &clock);
        let consumer = log.consumer();
        let epoch = consumer.claim(0).await.unwrap().epoch;
        let fresh = ModelPartition {
            records: Vec::new(),
            end: 0,
            jump: false,
            cursor: Cursor::at(Position { next: 0, open: None, epoch }),
            claimed: false,
            zombie_claimed: false,
        };
        let mut partitions = vec![fresh; PARTITIONS as usize];
        partitions[0].claimed = true;
        Self { dir, lives: 0, clock, log, consumer, zombie: None, model: Model { partitions, appended: 0 } }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Append { keys } => self.append(keys).await,
            Step::Claim { partition } => {
                let model = &mut self.model.partitions[partition as usize];
                let position = self.consumer.claim(partition).await.unwrap();
                assert_eq!(position, model.cursor.position());
                model.claimed = true;
                if let Some(open) = position.open {
                    let expected: Vec<_> =
                        model.records.iter().filter(|(at, _)| (open.first..=open.last).contains(at)).cloned().collect();
                    let records = self.consumer.read_range(partition, open).await.unwrap();
                    assert_eq!(records.into_iter().map(|r| (r.offset, r.value)).collect::<Vec<_>>(), expected);
                }
            }
            Step::Read { partition, from, records_max } => self.read(partition, from, records_max).await,
            Step::Declare { partition, count } => {
                let model = &mut self.model.partitions[partition as usize];
                let position = model.cursor.position();
                let mut ahead = model.records.iter().map(|(at, _)| *at).filter(|at| *at >= position.next).take(count);
                let Some(first) = ahead.next() else { return };
                let last = ahead.last().unwrap_or(first);
                let first = position.open.map_or(first, |open| open.first);
                let declared = self.consumer.declare(partition, first, last).await;
                if !model.claimed {
                    assert_eq!(declared, Err(LogError::Fenced { partition }));
                } else if model.cursor.declare(first, last).is_ok() {
                    declared.unwrap();
                } else {
                    assert!(matches!(declared, Err(LogError::Invalid(_))), "{declared:?}");
                }
            }
            Step::Advance { partition } => {
                let model = &mut self.model.partitions[partition as usize];
                let Some(open) = model.cursor.position().open.filter(|_| model.claimed) else { return };
                self.consumer.advance(partition, open.last + 1).await.unwrap();
                model.cursor.advance(open.last + 1).unwrap();
            }
            Step::Contradict { partition } => {
                let model = &self.model.partitions[partition as usize];
                if !model.claimed {
                    return;
                }
                let next = model.cursor.position().next;
                for refused in [
                    self.consumer.declare(partition, next + 5, next + 4).await,
                    self.consumer.declare(partition, next, model.end).await,
                    if next > 0 {
                        self.consumer.advance(partition, next - 1).await
                    } else {
                        Err(LogError::Invalid("".into()))
                    },
                ] {
                    assert!(matches!(refused, Err(LogError::Invalid(_))), "{refused:?}");
                }
            }
            Step::TakeOver => {
                let former = std::mem::replace(&mut self.consumer, self.log.consumer());
                self.zombie = Some(former);
                for partition in &mut self.model.partitions {
                    partition.zombie_claimed = partition.claimed;
                    partition.claimed = false;
                }
            }
            Step::ZombieDeclares { partition } => {
                let model = &self.model.partitions[partition as usize];
                // Between the hand-over and the heir's claim a declare of the former owner is lawful: the heir will find it.
                let (Some(zombie), true) = (&self.zombie, model.claimed) else { return };
                let next = model.cursor.position().next;
                assert_eq!(zombie.declare(partition, next, next).await, Err(LogError::Fenced { partition }));
                assert_eq!(zombie.claim(partition).await, Err(LogError::Fenced { partition }));
            }
            Step::Crash => {
                // What a power cut leaves: the files as they are, nothing closed.
                let image = self.dir.path().join((self.lives + 1).to_string());
                fs::create_dir(&image).unwrap();
                for file in fs::read_dir(self.dir.path().join(self.lives.to_string())).unwrap() {
                    let file = file.unwrap();
                    if file.file_name() != "log.db-shm" {
                        fs::copy(file.path(), image.join(file.file_name())).unwrap();
                    }
                }
                self.reborn(true);
            }
            Step::CloseAndOpen => {
                self.log.close().await.unwrap();
                let here = self.dir.path().join(self.lives.to_string());
                fs::rename(here, self.dir.path().join((self.lives + 1).to_string())).unwrap();
                self.reborn(false);
            }
        }
    }

    fn reborn(&mut self, unclean: bool) {
        // Whoever dies with a jump still to come leaves it to the next life.
        let unclean = unclean || self.model.partitions.iter().any(|partition| partition.jump);
        self.lives += 1;
        self.zombie = None;
        self.log = open(&self.dir.path().join(self.lives.to_string()), &self.clock);
        self.consumer = self.log.consumer();
        for partition in &mut self.model.partitions {
            partition.claimed = false;
            partition.jump |= unclean;
        }
    }

    async fn append(&mut self, keys: Vec<u8>) {
        let mut entries = Vec::new();
        for key in keys {
            self.model.appended += 1;
            let (key, value) = (Bytes::from(vec![key]), Bytes::from(self.model.appended.to_string()));
            let model = &mut self.model.partitions[partition_of(&key, PARTITIONS) as usize];
            model.end += if std::mem::take(&mut model.jump) { UNCLEAN_JUMP } else { 0 };
            model.records.push((model.end, value.clone()));
            model.end += 1;
            entries.push(Entry { key, value });
        }
        self.log.append(entries).await.unwrap();
    }

    async fn read(&self, partition: u32, from: usize, records_max: usize) {
        let model = &self.model.partitions[partition as usize];
        let from = model.records.get(from).map_or(0, |(at, _)| *at);
        let read = self.consumer.read(partition, from, records_max, ALL, Duration::ZERO).await;
        if !model.claimed {
            assert_eq!(read, Err(LogError::Fenced { partition }));
            return;
        }
        let expected: Vec<_> = model.records.iter().filter(|(at, _)| *at >= from).take(records_max).cloned().collect();
        let read: Vec<_> = read.unwrap().into_iter().map(|record| (record.offset, record.value)).collect();
        assert_eq!(read, expected);
        assert_eq!(self.consumer.end_offset(partition).await.unwrap(), model.end);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_local_log_agrees_with_its_model(steps in proptest::collection::vec(step(), 1..60)) {
        replay(steps);
    }
}

fn replay(steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for step in steps {
            world.take(step).await;
        }
    });
}

#[test]
fn a_jump_is_not_forgotten_by_a_life_that_appends_nothing() {
    replay(vec![
        Step::Append { keys: vec![1] },
        Step::Crash,
        Step::CloseAndOpen,
        Step::Append { keys: vec![1, 69] },
        Step::Claim { partition: 0 },
        Step::Claim { partition: 1 },
        Step::Read { partition: 0, from: 0, records_max: 9 },
        Step::Read { partition: 1, from: 0, records_max: 9 },
    ]);
}
