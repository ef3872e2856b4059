//! One processor that believes it owns the partition, a step at a time: claim, replay, collect, declare, insert table by
//! table, advance; a refused range is cut in two. Rules are broken here that are the processor's to keep.

use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::{DeclaredRange, LogConsumer, LogError};

use crate::Rule;
use crate::store::{DEAD_LETTERS, Store, TABLES};

/// Most records in a range.
const RANGE_MAX: usize = 6;

/// A range on its way.
#[derive(Clone, Debug)]
struct Batch {
    range: DeclaredRange,
    values: Vec<String>,
    /// Its only record was refused for good.
    dead: bool,
}

#[derive(Clone, Debug)]
enum Stage {
    Claim,
    Replay(DeclaredRange),
    Collect,
    Declare(Batch),
    Insert(Batch, usize),
    Advance(Batch),
    Stopped,
}

/// An owner, or a zombie that does not know it yet.
pub struct Owner {
    log: Arc<dyn LogConsumer>,
    rule: Rule,
    number: usize,
    next: u64,
    epoch: u32,
    stage: Stage,
}

impl Owner {
    pub fn new(log: Arc<dyn LogConsumer>, rule: Rule, number: usize) -> Self {
        Self { log, rule, number, next: 0, epoch: 0, stage: Stage::Claim }
    }

    /// The next step; `choice` decides what is open: how long a range is, whether an acknowledgement is lost.
    pub async fn step(&mut self, store: &mut Store, choice: u8) {
        self.stage = match self.stage.clone() {
            Stage::Claim => match self.log.claim(0).await {
                Err(_) => Stage::Stopped,
                Ok(position) => {
                    (self.next, self.epoch) = (position.next, position.epoch);
                    let anew = matches!(self.rule, Rule::NewBoundaries | Rule::TokenWithoutItsEnd);
                    match position.open {
                        Some(_) if anew => Stage::Collect,
                        Some(open) => Stage::Replay(open),
                        None => Stage::Collect,
                    }
                }
            },
            Stage::Replay(range) => match self.log.read_range(0, range).await {
                Ok(records) => {
                    let values = records.iter().map(|record| text(&record.value)).collect();
                    Stage::Declare(Batch { range, values, dead: false })
                }
                Err(_) => Stage::Stopped,
            },
            Stage::Collect => self.collect(choice).await,
            Stage::Declare(batch) if self.rule == Rule::FenceAfterInsert => Stage::Insert(batch, 0),
            Stage::Declare(batch) => self.declare(batch).await,
            Stage::Insert(batch, table) => self.insert(store, batch, table, choice),
            Stage::Advance(batch) => self.advance(batch).await,
            Stage::Stopped => Stage::Stopped,
        };
    }

    async fn collect(&self, choice: u8) -> Stage {
        let records_max = 1 + usize::from(choice) % RANGE_MAX;
        match self.log.read(0, self.next, records_max, usize::MAX, Duration::ZERO).await {
            Ok(records) => match records.last() {
                None => Stage::Collect,
                Some(last) => {
                    let range = DeclaredRange { first: self.next, last: last.offset };
                    let values = records.iter().map(|record| text(&record.value)).collect();
                    Stage::Declare(Batch { range, values, dead: false })
                }
            },
            Err(_) => Stage::Stopped,
        }
    }

    async fn declare(&self, batch: Batch) -> Stage {
        let DeclaredRange { first, last } = batch.range;
        match self.log.declare(0, first, last).await {
            Ok(()) => Stage::Insert(batch, 0),
            Err(LogError::Transient(_)) if self.rule == Rule::UnknownIsMade => Stage::Insert(batch, 0),
            Err(LogError::Transient(_)) => Stage::Declare(batch),
            // Somebody else's now; or, where rules are broken, a contradiction.
            Err(_) => Stage::Stopped,
        }
    }

    fn token(&self, range: DeclaredRange) -> String {
        let DeclaredRange { first, last } = range;
        match self.rule {
            Rule::TokenOfItsOwner => format!("{}/{first}-{last}", self.number),
            Rule::TokenWithoutItsEnd => format!("{}/{first}", self.epoch),
            _ => format!("{}/{first}-{last}", self.epoch),
        }
    }

    fn insert(&self, store: &mut Store, batch: Batch, table: usize, choice: u8) -> Stage {
        let table = if batch.dead { DEAD_LETTERS } else { table };
        match store.insert(table, &self.token(batch.range), &batch.values) {
            // The acknowledgement may be lost: then the same insert is repeated.
            Ok(()) if choice % 5 == 4 => Stage::Insert(batch, table),
            Ok(()) if table + 1 < TABLES => Stage::Insert(batch, table + 1),
            Ok(()) => Stage::Advance(batch),
            // Only the first table says that nothing of the range is written.
            Err(_) if table == 0 || self.rule == Rule::CutWhatIsWritten => Self::cut(batch),
            Err(_) => Stage::Stopped,
        }
    }

    /// The first half; the rest is collected after it.
    fn cut(mut batch: Batch) -> Stage {
        let half = batch.values.len() / 2;
        if half == 0 {
            batch.dead = true;
        } else {
            batch.values.truncate(half);
            batch.range.last = batch.range.first + half as u64 - 1;
        }
        Stage::Declare(batch)
    }

    async fn advance(&mut self, batch: Batch) -> Stage {
        if self.rule == Rule::FenceAfterInsert
            && self.log.declare(0, batch.range.first, batch.range.last).await.is_err()
        {
            return Stage::Stopped;
        }
        self.next = batch.range.last + 1;
        match self.log.advance(0, self.next).await {
            Ok(()) => Stage::Collect,
            Err(_) => Stage::Stopped,
        }
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}
