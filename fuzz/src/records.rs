//! Records, as the processor reads them: any bytes become rows or a dead letter, and the same rows whatever was read before.

use felt_eventlog::LogRecord;
use felt_processor::batch::{BatchRows, Draft, Source, transform};
use felt_processor::budget::{Budgets, Folder};
use felt_processor::prior::Priors;
use felt_processor::route::Router;
use felt_processor::user_agent::UserAgents;
use felt_processor::view::Rules;
use felt_schema::page::PageRule;
use felt_schema::record::{Record, ViewRecord};
use felt_schema::site::{Site, Sites};
use felt_schema::snapshot::parse_body;
use parking_lot::Mutex;

/// Separates the records of one input, and a user agent from the body that follows it.
const SEPARATOR: u8 = 0x1e;

/// What a worker keeps from range to range.
struct Memory {
    agents: UserAgents,
    router: Router,
}

thread_local! {
    /// Lives on from input to input: what it remembers must not show in the rows.
    static WARM: std::cell::RefCell<Memory> = std::cell::RefCell::new(Memory::new());
}

impl Memory {
    fn new() -> Self {
        Self { agents: UserAgents::default(), router: Router::default() }
    }

    fn rows(&mut self, records: &[LogRecord], priors: &Priors) -> BatchRows {
        let sites = sites();
        let budgets = Mutex::new(Budgets::default());
        let source = Source { topic: "felt".into(), partition: 1, arrival_ms: 1_795_341_600_000 };
        let mut rules = Rules {
            sites: &sites,
            folder: Folder::new(&budgets),
            agents: &mut self.agents,
            router: &mut self.router,
            settings: &felt_processor::settings::Settings::default(),
        };
        transform(&Draft::decode(records), priors, &source, &mut rules).expect("a few records make few rows")
    }
}

fn sites() -> Sites {
    let rule = PageRule { pattern: "/p/*".into(), page: "/p/:product".into() };
    Sites::new(vec![Site { key: "shop".into(), page_rules: vec![rule], ..Site::default() }]).expect("a good site")
}

/// Feeds the bytes to the processor: as records, and as beacons' bodies behind a user agent.
pub fn run(data: &[u8]) {
    let mut records = Vec::new();
    let mut parts = data.split(|byte| *byte == SEPARATOR).take(8).peekable();
    while let Some(part) = parts.next() {
        push(&mut records, part.to_vec());
        if let (Ok(agent), Some(Ok(elements))) = (std::str::from_utf8(part), parts.peek().map(|body| parse_body(body)))
        {
            for parsed in elements.into_iter().flatten() {
                let record = ViewRecord {
                    received_at_ms: 1_795_341_600_000,
                    started_at_ms: None,
                    site: "shop".into(),
                    country: "DE".into(),
                    region: "".into(),
                    ua: agent.into(),
                    drops: Vec::new(),
                    snapshot: parsed.snapshot,
                };
                push(&mut records, Record::View(record).encode());
            }
        }
    }
    let fresh = Memory::new().rows(&records, &Priors::default());
    let warm = WARM.with_borrow_mut(|memory| memory.rows(&records, &Priors::default()));
    same(&fresh, &warm);

    let first = fresh.page_views.iter().map(|row| i64::from(row.sign)).sum::<i64>();
    assert_eq!(first, fresh.view_states.len() as i64, "each view is counted once");
    assert!(fresh.dead_letters.len() <= records.len(), "a record is one dead letter at most");
}

/// Not the rows of `events` as they are, because a value that is not there is NaN, which equals nothing: the states of the
/// views hold the same rows as bytes.
fn same(fresh: &BatchRows, warm: &BatchRows) {
    let equal = fresh.page_views == warm.page_views
        && fresh.rollup_minute == warm.rollup_minute
        && fresh.rollup_hour == warm.rollup_hour
        && fresh.rollup_day == warm.rollup_day
        && fresh.outcomes == warm.outcomes
        && fresh.dead_letters == warm.dead_letters
        && fresh.view_states == warm.view_states
        && fresh.events.len() == warm.events.len();
    assert!(equal, "what a worker remembers does not show in the rows");
}

fn push(records: &mut Vec<LogRecord>, value: Vec<u8>) {
    let offset = records.len() as u64;
    records.push(LogRecord { offset, key: Default::default(), value: value.into() });
}
