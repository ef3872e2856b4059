//! A beacon's body: whatever the bytes, it is refused or taken, and what is taken survives scrubbing, the record and back.

use felt_schema::happiness::{ViewFacts, judge};
use felt_schema::histogram::{Histogram, bounds, bucket_of};
use felt_schema::metric::{MISSING, Metric};
use felt_schema::record::{Record, ViewRecord};
use felt_schema::snapshot::{ParsedSnapshot, parse_body, parse_snapshot};

/// The parameters that the site keeps in these runs.
const ALLOWED: [&str; 2] = ["utm_source", "#"];

/// Feeds the bytes to everything that reads a beacon before it is durable.
pub fn run(data: &[u8]) {
    let allow = ALLOWED.map(str::to_owned);
    for parsed in parse_body(data).into_iter().flatten().flatten() {
        taken(parsed, &allow);
    }
    let _ = parse_snapshot(data);
    // A record is read from Kafka, where others may write.
    if let Ok(record) = Record::decode(data) {
        assert_eq!(Record::decode(&record.encode()).expect("a record reads back"), record);
    }
}

fn taken(parsed: ParsedSnapshot<'_>, allow: &[String]) {
    let ParsedSnapshot { mut snapshot, .. } = parsed;
    snapshot.scrub(allow);
    let mut again = snapshot.clone();
    again.scrub(allow);
    assert_eq!(again, snapshot, "scrubbing twice changes nothing more");

    for bot in [false, true] {
        let judgement = judge(&ViewFacts::of(&snapshot, bot));
        assert_eq!(judge(&ViewFacts::of(&snapshot, bot)), judgement, "judging is pure");
    }
    let mut histogram = Histogram::new();
    for metric in Metric::ALL {
        let micro = snapshot.metrics.micro(metric);
        if micro != MISSING {
            let (low, high) = bounds(bucket_of(micro));
            assert!((low..=high).contains(&u64::from(micro)), "a value lies in its bucket");
            histogram.add(micro, 1);
            histogram.add(micro, -1);
        }
    }
    assert!(histogram.is_empty(), "what is taken out again leaves nothing");

    let record = Record::View(ViewRecord {
        received_at_ms: 1_795_341_600_000,
        started_at_ms: None,
        site: "shop".into(),
        country: "DE".into(),
        region: "".into(),
        ua: "".into(),
        drops: Vec::new(),
        snapshot,
    });
    let bytes = record.encode();
    let read = Record::decode(&bytes).expect("what was written can be read");
    assert_eq!(read, record, "a record reads back as it was written");
    assert_eq!(read.encode(), bytes, "and is written the same again");
}
