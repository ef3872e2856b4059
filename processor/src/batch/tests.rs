//! Laws of a batch: replay is identical, and no order, repetition or cut changes the sums.

use felt_schema::rows::{EventRow, PageViewRow};
use felt_schema::site::Sites;
use felt_schema::snapshot::parse_snapshot;
use parking_lot::Mutex;
use proptest::prelude::*;

use super::*;
use crate::budget::{Budgets, Folder};
use crate::prior::ViewKey;
use crate::route::Router;
use crate::user_agent::UserAgents;

const START_MS: i64 = 1_795_341_600_000;

/// A snapshot of one of a few views: what a hostile network makes of a visit.
#[derive(Clone, Debug)]
struct Sent {
    view: u8,
    seq: u32,
    lcp: u32,
    later_ms: i64,
    events: u8,
}

fn record(sent: &Sent, offset: u64) -> LogRecord {
    // Every snapshot of a view tells the same start, as real ones do.
    let started_ms = START_MS + i64::from(sent.view) * 1_000;
    let events = vec![r#"{"type": "timing", "name": "boot", "value": 7, "at": 3}"#; usize::from(sent.events)].join(",");
    let json = format!(
        r#"{{"view": "view-{:04}", "seq": {}, "age": {}, "route": "/{}", "metrics": {{"lcp": {}}}, "events": [{events}]}}"#,
        sent.view,
        sent.seq,
        sent.later_ms,
        sent.view % 3,
        sent.lcp,
    );
    let record = Record::View(ViewRecord {
        received_at_ms: started_ms + sent.later_ms,
        started_at_ms: None,
        site: "shop".into(),
        country: "".into(),
        region: "".into(),
        ua: "".into(),
        drops: Vec::new(),
        snapshot: parse_snapshot(json.as_bytes()).unwrap().unwrap().snapshot,
    });
    LogRecord { offset, key: Default::default(), value: record.encode().into() }
}

/// The tables, as a store that sums signs would hold them.
#[derive(Default)]
struct World {
    states: BTreeMap<ViewKey, StateRow>,
    page_views: BTreeMap<String, i64>,
    events: BTreeMap<String, i64>,
    rollups: BTreeMap<String, i64>,
    accepted: i64,
    received: i64,
}

fn transform_alone(records: &[LogRecord], priors: &Priors) -> BatchRows {
    let (budgets, sites) = (Mutex::new(Budgets::default()), Sites::default());
    let (mut agents, mut router) = (UserAgents::default(), Router::default());
    let mut rules = Rules {
        sites: &sites,
        folder: Folder::new(&budgets),
        agents: &mut agents,
        router: &mut router,
        settings: &crate::settings::Settings::default(),
    };
    let source = Source { topic: "test".into(), partition: 0, arrival_ms: START_MS };
    transform(&Draft::decode(records), priors, &source, &mut rules).unwrap()
}

impl World {
    fn priors(&self) -> Priors {
        let mut priors = Priors::default();
        for state in self.states.values() {
            priors.add(ViewRows::decode(&state.state).unwrap());
        }
        priors
    }

    fn work_off(&mut self, records: &[LogRecord]) {
        let rows = transform_alone(records, &self.priors());
        for row in rows.page_views {
            let sign = i64::from(row.sign);
            // Which copy of a repeated snapshot came first is not what anybody asks for.
            let row = PageViewRow { sign: 0, log_offset: 0, received_at: 0, day: 0, ..row };
            *self.page_views.entry(format!("{row:?}")).or_default() += sign;
        }
        for row in rows.events {
            let sign = i64::from(row.sign);
            let row = EventRow { sign: 0, received_at: 0, day: 0, ..row };
            *self.events.entry(format!("{row:?}")).or_default() += sign;
        }
        for (table, rollup) in [("minute", rows.rollup_minute), ("hour", rows.rollup_hour), ("day", rows.rollup_day)] {
            for row in rollup {
                let cell = format!("{table} {} {} {} {} {}", row.grouping, row.metric, row.time, row.page, row.value);
                let counters =
                    [("views", row.views), ("valid", row.valid), ("total", row.total_micro), ("good", row.good)];
                let buckets = row.histogram.into_iter().map(|(bucket, count)| (format!("{bucket}"), count));
                for (name, count) in counters.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(buckets) {
                    *self.rollups.entry(format!("{cell} {name}")).or_default() += count;
                }
            }
        }
        for row in rows.outcomes {
            self.received += row.count;
            self.accepted += if row.outcome == "accepted" { row.count } else { 0 };
        }
        for state in rows.view_states {
            let key = ViewKey::of_hash(&state.site, state.view_hash);
            let newer = self.states.get(&key).is_none_or(|held| held.seq < state.seq);
            assert!(newer, "a state never goes back");
            self.states.insert(key, state);
        }
    }

    fn sums(mut self) -> [BTreeMap<String, i64>; 3] {
        for table in [&mut self.page_views, &mut self.events, &mut self.rollups] {
            table.retain(|_, count| *count != 0);
        }
        [self.page_views, self.events, self.rollups]
    }
}

prop_compose! {
    /// Snapshots with distinct content per (view, seq), some of them several times, in any order.
    fn any_history()(
        snapshots in prop::collection::btree_map((0..6_u8, 0..5_u32), (0..9_000_u32, 0..3_600_000_i64, 0..3_u8), 1..20),
        copies in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    )(
        order in {
            let distinct: Vec<Sent> = snapshots.into_iter()
                .map(|((view, seq), (lcp, later_ms, events))| Sent { view, seq, lcp, later_ms, events }).collect();
            let repeated: Vec<Sent> = copies.iter().map(|index| index.get(&distinct).clone()).collect();
            Just([distinct, repeated].concat()).prop_shuffle()
        },
    ) -> Vec<Sent> {
        order
    }
}

proptest! {
    #[test]
    fn order_repetition_and_splitting_change_no_sum(
        history in any_history(),
        cuts in prop::collection::vec(1..10_usize, 0..40),
    ) {
        // The final truth: each view's highest snapshot, alone, once.
        let mut latest: BTreeMap<u8, Sent> = BTreeMap::new();
        for sent in &history {
            if latest.get(&sent.view).is_none_or(|held| held.seq < sent.seq) {
                latest.insert(sent.view, sent.clone());
            }
        }
        let truth: Vec<LogRecord> = latest.values().zip(0..).map(|(sent, offset)| record(sent, offset)).collect();
        let mut expected = World::default();
        expected.work_off(&truth);
        let views = latest.len() as i64;
        let expected = expected.sums();

        let records: Vec<LogRecord> = history.iter().zip(0..).map(|(sent, offset)| record(sent, offset)).collect();
        let mut world = World::default();
        let (mut rest, mut cuts) = (&records[..], cuts.into_iter());
        while !rest.is_empty() {
            let (part, more) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
            world.work_off(part);
            rest = more;
        }
        prop_assert_eq!(world.accepted, views);
        prop_assert_eq!(world.received, history.len() as i64);
        prop_assert_eq!(world.sums(), expected);
    }

    #[test]
    fn a_replay_makes_the_same_rows(history in any_history(), known in any_history()) {
        let mut world = World::default();
        world.work_off(&known.iter().zip(0..).map(|(sent, offset)| record(sent, offset)).collect::<Vec<_>>());
        let records: Vec<LogRecord> = history.iter().zip(100..).map(|(sent, offset)| record(sent, offset)).collect();
        let (first, again) = (transform_alone(&records, &world.priors()), transform_alone(&records, &world.priors()));
        prop_assert_eq!(format!("{first:?}"), format!("{again:?}"));
    }
}

#[test]
fn what_cannot_be_read_is_put_aside_and_counted() {
    let good = record(&Sent { view: 1, seq: 0, lcp: 1, later_ms: 0, events: 0 }, 7);
    let bad = LogRecord { offset: 8, key: Default::default(), value: vec![0xff, 0x00, b'x'].into() };
    let rows = transform_alone(&[good, bad], &Priors::default());
    assert_eq!(rows.page_views.len(), 1);
    let letter = &rows.dead_letters[0];
    assert_eq!((letter.topic.as_str(), letter.partition, letter.offset, letter.received_at), ("test", 0, 8, START_MS));
    assert_eq!(letter.value, "\u{fffd}\0x");
    let counts: Vec<_> =
        rows.outcomes.iter().map(|row| (row.outcome.as_str(), row.reason.as_str(), row.count)).collect();
    assert_eq!(counts, [("refused", "dead_letter", 1), ("accepted", "", 1)]);
}

#[test]
fn what_ingest_counted_is_passed_on() {
    let counts = vec![
        ("refused".into(), "rate_limited".into(), 7),
        ("field_drop".into(), "metrics.lcp".into(), 2),
        ("nonsense".into(), "".into(), 1),
    ];
    let record = Record::Outcomes(OutcomesRecord { site: "shop".into(), minute_ms: START_MS, counts });
    let record = LogRecord { offset: 0, key: Default::default(), value: record.encode().into() };
    let rows = transform_alone(&[record], &Priors::default()).outcomes;
    let counts: Vec<_> = rows.iter().map(|row| (row.outcome.as_str(), row.reason.as_str(), row.count)).collect();
    assert_eq!(counts, [("field_drop", "metrics.lcp", 2), ("refused", "rate_limited", 7)]);
}

#[test]
fn a_page_that_nobody_was_shown_is_filtered() {
    let snapshot = parse_snapshot(br#"{"view": "view-0001", "activated": false}"#).unwrap().unwrap().snapshot;
    let record = Record::View(ViewRecord {
        received_at_ms: START_MS,
        started_at_ms: None,
        site: "shop".into(),
        country: "".into(),
        region: "".into(),
        ua: "".into(),
        drops: vec![("title".into(), 3)],
        snapshot,
    });
    let record = LogRecord { offset: 0, key: Default::default(), value: record.encode().into() };
    let rows = transform_alone(&[record], &Priors::default());
    assert!(rows.page_views.is_empty() && rows.view_states.is_empty());
    let counts: Vec<_> =
        rows.outcomes.iter().map(|row| (row.outcome.as_str(), row.reason.as_str(), row.count)).collect();
    assert_eq!(counts, [("field_drop", "title", 3), ("filtered", "never_activated", 1)]);
}

#[test]
fn what_an_earlier_try_wrote_stays_as_it_was_written() {
    let records = [record(&Sent { view: 1, seq: 0, lcp: 1, later_ms: 0, events: 1 }, 7)];
    let first = transform_alone(&records, &Priors::default());
    let mut priors = Priors::default();
    priors.add_written(PageViewRow { page: "(other)".into(), ..first.page_views[0].clone() });
    let again = transform_alone(&records, &priors);
    assert_eq!(again.page_views[0].page, "(other)");
    assert_eq!(again.events[0].page, "(other)");
    assert!(again.rollup_hour.iter().any(|row| &*row.page == "(other)"));
}
