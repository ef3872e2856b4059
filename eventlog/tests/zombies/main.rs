//! The declare protocol at random: owners replaced at any moment, zombies that keep stepping, acknowledgements lost, poison,
//! a log that loses its records. Every record is counted once in every table.
//!
//! The owners run over [`LogConsumer`], as the processor does: once over a log in memory that follows the same
//! [`protocol`](felt_eventlog::protocol) as the real ones, thousands of schedules a second, and once over the real local log.
//! The broken rules are here too, because a model that finds no fault in them would prove nothing. `PROPTEST_CASES` makes it
//! as long as one likes.

mod log;
mod owner;
mod store;

use std::sync::Arc;

use felt_eventlog::testing::entries_of;
use felt_eventlog::{EventLog, LocalLog, LocalLogConfig, LogConsumer};
use felt_schema::clock::ManualClock;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use log::MemoryLog;
use owner::Owner;
use store::Store;

/// Records in the log at the beginning, and again after it was lost.
const RECORDS: u64 = 24;

/// What an owner, or the log, does; all but the first are wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// The product's: one commit carries position and range, the log refuses it from anyone but the last owner, and nothing is
    /// written before it. An heir repeats exactly the open range, under the same token.
    Declared,
    /// Anyone may commit.
    NoFence,
    /// Rows are written, then the range is declared.
    FenceAfterInsert,
    /// The range is not stored: an heir collects anew.
    NoIntent,
    /// An heir collects from the open range's start, ending where it pleases.
    NewBoundaries,
    /// Every owner has tokens of its own.
    TokenOfItsOwner,
    /// The token names the range's start and not its end, and an heir ends where it pleases.
    TokenWithoutItsEnd,
    /// A log that lost its records goes on under the same tokens.
    TokenWithoutEpoch,
    /// A refused range is cut in two also when other tables have its rows.
    CutWhatIsWritten,
    /// A declare whose outcome is unknown is taken for made.
    UnknownIsMade,
}

const BROKEN: [Rule; 9] = [
    Rule::NoFence,
    Rule::FenceAfterInsert,
    Rule::NoIntent,
    Rule::NewBoundaries,
    Rule::TokenOfItsOwner,
    Rule::TokenWithoutItsEnd,
    Rule::TokenWithoutEpoch,
    Rule::CutWhatIsWritten,
    Rule::UnknownIsMade,
];

/// One thing that happens; small numbers shrink to plain schedules.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The newest owner takes a step; `choice` decides whatever is left open.
    Step { choice: u8 },
    /// Some earlier owner takes one: a zombie.
    ZombieSteps { which: u8, choice: u8 },
    /// Somebody else claims the partition.
    Replace,
    /// The log loses its records and its position, and takes new ones.
    LoseTheLog,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        60 => any::<u8>().prop_map(|choice| Event::Step { choice }),
        24 => (any::<u8>(), any::<u8>()).prop_map(|(which, choice)| Event::ZombieSteps { which, choice }),
        8 => Just(Event::Replace),
        1 => Just(Event::LoseTheLog),
    ]
}

/// Runs a schedule, then one more owner alone until all is done.
async fn run(
    schedule: &[Event],
    rule: Rule,
    mut heir: impl FnMut() -> Arc<dyn LogConsumer>,
    mut lose: impl FnMut() -> bool,
    store: &mut Store,
) -> Result<(), String> {
    let mut owners = vec![Owner::new(heir(), rule, 0)];
    for event in schedule {
        let newest = owners.len() - 1;
        match *event {
            Event::Step { choice } => owners[newest].step(store, choice).await,
            Event::ZombieSteps { which, choice } => owners[usize::from(which) % (newest + 1)].step(store, choice).await,
            Event::Replace => owners.push(Owner::new(heir(), rule, owners.len())),
            Event::LoseTheLog => {
                if lose() {
                    owners.push(Owner::new(heir(), rule, owners.len()));
                }
            }
        }
    }
    // Quiet at last: what is wrong with a table is mended, and nobody else is there.
    store.mend();
    let mut last = Owner::new(heir(), rule, owners.len());
    for _ in 0..2_000 {
        last.step(store, 0).await;
    }
    // And zombies that wake up after everything is done.
    for zombie in &mut owners {
        for _ in 0..10 {
            zombie.step(store, 0).await;
        }
    }
    store.verdict()
}

/// A schedule over the log in memory.
fn in_memory(rule: Rule, schedule: &[Event], poison: u8) -> Result<(), String> {
    let log = MemoryLog::new(rule, RECORDS);
    let mut store = Store::new(poison);
    store.expect(log.values());
    let mut expected = Vec::new();
    let lose = || {
        // What was in the log and not yet written went with it: nobody can expect it any more.
        log.lose(RECORDS);
        expected.push(log.values());
        true
    };
    let outcome = futures::executor::block_on(run(schedule, rule, || log.heir(), lose, &mut store));
    // After a loss only what came later must be complete; nothing at all may be there twice.
    match expected.pop() {
        Some(last) => store.verdict_of(last),
        None => outcome,
    }
}

fn schedules() -> impl Strategy<Value = (Vec<Event>, u8)> {
    (proptest::collection::vec(event(), 1..160), any::<u8>())
}

/// `PROPTEST_CASES` if it is set, else `cases`.
fn config(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    let unset = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    ProptestConfig { cases: if given.cases == 256 { cases } else { given.cases }, ..unset }
}

proptest! {
    #![proptest_config(config(5_000))]
    #[test]
    fn every_record_is_counted_once_whatever_the_schedule((schedule, poison) in schedules()) {
        in_memory(Rule::Declared, &schedule, poison).map_err(TestCaseError::fail)?;
    }
}

proptest! {
    #![proptest_config(config(12))]
    #[test]
    fn the_real_local_log_keeps_the_protocol_too((schedule, poison) in schedules()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(over_the_local_log(&schedule, poison)).map_err(TestCaseError::fail)?;
    }
}

async fn over_the_local_log(schedule: &[Event], poison: u8) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(1_700_000_000_000));
    let config = LocalLogConfig { dir: dir.path().into(), partitions: 1, ..LocalLogConfig::default() };
    let log = LocalLog::open(config, clock).unwrap();
    log.append(entries_of("k", RECORDS as usize)).await.unwrap();
    let mut store = Store::new(poison);
    store.expect((0..RECORDS).map(|n| n.to_string()).collect());
    run(schedule, Rule::Declared, || Arc::new(log.consumer()), || false, &mut store).await
}

#[test]
fn the_model_finds_the_fault_in_each_broken_rule() {
    for rule in BROKEN {
        let mut runner = TestRunner::new_with_rng(
            ProptestConfig {
                cases: 20_000,
                failure_persistence: None,
                max_shrink_iters: 0,
                ..ProptestConfig::default()
            },
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let found = runner
            .run(&schedules(), |(schedule, poison)| in_memory(rule, &schedule, poison).map_err(TestCaseError::fail));
        match found {
            Err(TestError::Fail(fault, _)) => println!("{rule:?}: {fault}"),
            other => panic!("{rule:?} was not found to be broken: {other:?}"),
        }
    }
}
