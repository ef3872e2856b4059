//! The declare protocol at random, with owners replaced at any moment and zombies that keep stepping: every record is counted
//! once. The broken variants are here too, because a model that finds no fault in them would prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use felt_eventlog::protocol::Cursor;
use felt_eventlog::{DeclaredRange, Position};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const RECORDS: u64 = 30;

/// What is done, or left out, at a declare.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// The product's: one commit carries position and range, and the log refuses it from anyone but the last owner.
    Fenced,
    /// Anyone may commit.
    NoFence,
    /// The range is not stored: an heir collects anew.
    NoIntent,
    /// An heir collects from the open range's start, ending where it pleases.
    NewBoundaries,
}

/// The log's side: the committed position with its metadata, and who may change it.
struct Log {
    committed: Position,
    generation: u64,
}

/// The store's side: tokens seen, and how often each record was counted.
#[derive(Default)]
struct Store {
    tokens: BTreeSet<DeclaredRange>,
    counted: BTreeMap<u64, u64>,
}

impl Store {
    fn insert(&mut self, range: DeclaredRange) {
        if self.tokens.insert(range) {
            (range.first..=range.last).for_each(|at| *self.counted.entry(at).or_default() += 1);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Collect,
    Declare(DeclaredRange),
    Insert(DeclaredRange),
    Advance(DeclaredRange),
    Stopped,
}

/// One processor that believes it owns the partition.
struct Owner {
    generation: u64,
    cursor: Cursor,
    stage: Stage,
}

impl Owner {
    fn claim(log: &mut Log, rule: Rule) -> Self {
        log.generation += 1;
        let mut position = log.committed;
        if matches!(rule, Rule::NoIntent | Rule::NewBoundaries) {
            position.open = None;
        }
        let stage = position.open.map_or(Stage::Collect, Stage::Insert);
        Self { generation: log.generation, cursor: Cursor::at(position), stage }
    }

    fn step(&mut self, log: &mut Log, store: &mut Store, rule: Rule, random: &mut StdRng) {
        self.stage = match self.stage {
            Stage::Collect => {
                let first = self.cursor.position().next;
                if first >= RECORDS {
                    return;
                }
                let last = (first + random.random_range(0..4)).min(RECORDS - 1);
                Stage::Declare(DeclaredRange { first, last })
            }
            Stage::Declare(range) => {
                let fenced = rule != Rule::NoFence && self.generation != log.generation;
                if fenced || self.cursor.declare(range.first, range.last).is_err() {
                    Stage::Stopped
                } else {
                    log.committed = self.cursor.position();
                    Stage::Insert(range)
                }
            }
            Stage::Insert(range) => {
                store.insert(range);
                // The acknowledgement may be lost: then the same insert is repeated.
                if random.random_bool(0.2) { Stage::Insert(range) } else { Stage::Advance(range) }
            }
            Stage::Advance(range) => {
                self.cursor.advance(range.last + 1).expect("the range is ours");
                Stage::Collect
            }
            Stage::Stopped => Stage::Stopped,
        };
    }
}

/// Runs one schedule to its end; true when every record was counted exactly once.
fn exact(rule: Rule, seed: u64) -> bool {
    let mut random = StdRng::seed_from_u64(seed);
    let mut log = Log { committed: Position { next: 0, open: None, epoch: 0 }, generation: 0 };
    let mut store = Store::default();
    let mut owners = vec![Owner::claim(&mut log, rule)];
    for _ in 0..150 {
        if random.random_bool(0.08) {
            owners.push(Owner::claim(&mut log, rule));
        }
        // Mostly the newest, now and then any zombie.
        let newest = owners.len() - 1;
        let who = if random.random_bool(0.7) { newest } else { random.random_range(0..owners.len()) };
        owners[who].step(&mut log, &mut store, rule, &mut random);
    }
    // Quiet at last: one more heir, alone, finishes.
    let mut last = Owner::claim(&mut log, rule);
    for _ in 0..1000 {
        last.step(&mut log, &mut store, rule, &mut random);
    }
    store.counted.len() as u64 == RECORDS && store.counted.values().all(|count| *count == 1)
}

#[test]
fn every_record_is_counted_once_whatever_the_schedule() {
    for seed in 0..20_000 {
        assert!(exact(Rule::Fenced, seed), "seed {seed}");
    }
}

#[test]
fn the_model_finds_the_fault_in_each_broken_rule() {
    for rule in [Rule::NoFence, Rule::NoIntent, Rule::NewBoundaries] {
        let faults = (0..2_000).filter(|seed| !exact(rule, *seed)).count();
        assert!(faults > 20, "{rule:?}: only {faults} faults in 2000 schedules");
    }
}
