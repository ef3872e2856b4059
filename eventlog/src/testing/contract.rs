//! The contract of a log, as behaviours that both implementations are held to. Run all of them against a [`Subject`] with
//! [`contract_tests!`](crate::contract_tests).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{entries, entries_of};
use crate::{AppendError, DeclaredRange, Entry, EventLog, LogConsumer, LogError, LogRecord, Remedy, partition_of};

/// Partitions of every subject.
pub const PARTITIONS: u32 = 4;

/// Long enough for anything that must come; nothing waits for it in a good run.
pub const PATIENCE: Duration = Duration::from_secs(30);

const ALL: usize = usize::MAX;

/// A fresh, empty log under test, with [`PARTITIONS`] partitions and an `entry_bytes_max` of [`ENTRY_BYTES_MAX`].
#[async_trait]
pub trait Subject: Send + Sync {
    /// A writer.
    async fn log(&self) -> Arc<dyn EventLog>;

    /// A new owner of all partitions. Earlier owners are not told: they are zombies from here on.
    async fn consumer(&self) -> Arc<dyn LogConsumer>;
}

/// Key and value together that a subject must refuse beyond.
pub const ENTRY_BYTES_MAX: usize = 100 << 10;

async fn read_all(consumer: &dyn LogConsumer, partition: u32, from: u64, count: usize) -> Vec<LogRecord> {
    let mut records: Vec<LogRecord> = Vec::new();
    while records.len() < count {
        let from = records.last().map_or(from, |last| last.offset + 1);
        let batch = consumer.read(partition, from, ALL, ALL, PATIENCE).await.unwrap();
        assert!(!batch.is_empty(), "partition {partition} gave {} of {count} records", records.len());
        records.extend(batch);
    }
    records
}

fn values(records: &[LogRecord]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

/// One partition with `count` numbered records, claimed.
async fn filled(subject: &dyn Subject, count: usize) -> (Arc<dyn EventLog>, Arc<dyn LogConsumer>, u32, Vec<LogRecord>) {
    let log = subject.log().await;
    log.append(entries_of("session", count)).await.unwrap();
    let consumer = subject.consumer().await;
    let partition = partition_of(b"session", PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    let records = read_all(&*consumer, partition, position.next, count).await;
    (log, consumer, partition, records)
}

/// What was appended comes back: every key and value, once, each in its key's partition and in order.
pub async fn appended_entries_come_back_whole(subject: &dyn Subject) {
    let log = subject.log().await;
    let sent = entries("k", 200);
    log.append(sent.clone()).await.unwrap();
    let consumer = subject.consumer().await;
    let mut expected: BTreeMap<u32, Vec<Entry>> = BTreeMap::new();
    for entry in sent {
        expected.entry(partition_of(&entry.key, PARTITIONS)).or_default().push(entry);
    }
    for (partition, expected) in expected {
        let position = consumer.claim(partition).await.unwrap();
        let records = read_all(&*consumer, partition, position.next, expected.len()).await;
        let got: Vec<Entry> = records.into_iter().map(|r| Entry { key: r.key, value: r.value }).collect();
        assert_eq!(got, expected);
    }
}

/// Bytes are bytes: empty ones, zeros, invalid UTF-8, and an entry of the largest size.
pub async fn any_bytes_survive(subject: &dyn Subject) {
    let log = subject.log().await;
    let key = Bytes::from_static(b"\x00\xff k");
    let values =
        [Bytes::new(), Bytes::from_static(b"\x00\x01\xfe\xff"), Bytes::from(vec![7; ENTRY_BYTES_MAX - key.len()])];
    log.append(values.iter().map(|value| Entry { key: key.clone(), value: value.clone() }).collect()).await.unwrap();
    log.append(vec![Entry { key: Bytes::new(), value: Bytes::from_static(b"no key") }]).await.unwrap();
    let consumer = subject.consumer().await;
    let partition = partition_of(&key, PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    let got = read_all(&*consumer, partition, position.next, 3).await;
    for (record, value) in got.iter().zip(&values) {
        assert_eq!((&record.key, &record.value), (&key, value));
    }
    let partition = partition_of(b"", PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    let got = read_all(&*consumer, partition, position.next, 1).await;
    assert!(got.iter().any(|record| record.key.is_empty() && record.value == "no key"));
}

/// Entries of one key keep their order over many appends, and offsets grow from record to record.
pub async fn one_key_keeps_its_order(subject: &dyn Subject) {
    let log = subject.log().await;
    for entry in entries_of("session", 50) {
        log.append(vec![entry]).await.unwrap();
    }
    let consumer = subject.consumer().await;
    let partition = partition_of(b"session", PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    let records = read_all(&*consumer, partition, position.next, 50).await;
    assert_eq!(values(&records), numbers(0..50));
    assert!(records.windows(2).all(|pair| pair[0].offset < pair[1].offset));
}

/// Appends at the same time all arrive, each once.
pub async fn concurrent_appends_all_arrive_once(subject: &dyn Subject) {
    let log = subject.log().await;
    let appends = (0..64).map(|n| {
        let log = log.clone();
        async move { log.append(entries(&format!("task{n}"), 10)).await }
    });
    for appended in futures::future::join_all(appends).await {
        appended.unwrap();
    }
    let consumer = subject.consumer().await;
    let mut got = Vec::new();
    for partition in 0..PARTITIONS {
        let position = consumer.claim(partition).await.unwrap();
        let count = (0..64).flat_map(|n| entries(&format!("task{n}"), 10));
        let count = count.filter(|entry| partition_of(&entry.key, PARTITIONS) == partition).count();
        got.extend(values(&read_all(&*consumer, partition, position.next, count).await));
        assert_eq!(consumer.end_offset(partition).await.unwrap(), position.next + count as u64);
    }
    let mut sent: Vec<String> = (0..64).flat_map(|n| (0..10).map(move |i| format!("value of task{n}-{i}"))).collect();
    got.sort();
    sent.sort();
    assert_eq!(got, sent);
}

/// Nothing to append is done at once.
pub async fn an_empty_append_is_fine(subject: &dyn Subject) {
    subject.log().await.append(Vec::new()).await.unwrap();
}

/// Too large an entry is the caller's to mend, and takes nothing of its batch into the log.
pub async fn too_large_an_entry_is_refused(subject: &dyn Subject) {
    let log = subject.log().await;
    let large = Entry { key: Bytes::from_static(b"k"), value: Bytes::from(vec![0; ENTRY_BYTES_MAX]) };
    let small = Entry { key: Bytes::from_static(b"k"), value: Bytes::from_static(b"small") };
    let refused = log.append(vec![small.clone(), large]).await.unwrap_err();
    assert!(matches!(refused, AppendError::TooLarge { .. }), "{refused}");
    assert_eq!(refused.remedy(), Remedy::Mend);
    log.append(vec![small]).await.unwrap();
    let consumer = subject.consumer().await;
    let partition = partition_of(b"k", PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    read_all(&*consumer, partition, position.next, 1).await;
    assert_eq!(consumer.end_offset(partition).await.unwrap(), position.next + 1);
}

/// A closed log refuses appends for good; closing again is harmless; what it took before is there.
pub async fn a_closed_log_stops_appends(subject: &dyn Subject) {
    let log = subject.log().await;
    log.append(entries("k", 3)).await.unwrap();
    log.flush().await.unwrap();
    log.close().await.unwrap();
    log.close().await.unwrap();
    let refused = log.append(entries("k", 1)).await.unwrap_err();
    assert_eq!(refused.remedy(), Remedy::Stop, "{refused}");
}

/// A new group starts with the oldest record, nothing open.
pub async fn the_first_claim_starts_at_the_oldest_record(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 3).await;
    let position = consumer.claim(partition).await.unwrap();
    assert_eq!((position.next, position.open), (records[0].offset, None));
}

/// `records_max` bounds a read, and the next one goes on.
pub async fn reads_are_bounded_in_records(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 10).await;
    let first = consumer.read(partition, records[0].offset, 4, ALL, PATIENCE).await.unwrap();
    assert_eq!(values(&first), numbers(0..4));
    let second = consumer.read(partition, first[3].offset + 1, 4, ALL, PATIENCE).await.unwrap();
    assert_eq!(values(&second), numbers(4..8));
}

/// `bytes_max` bounds a read, but one record always comes.
pub async fn reads_are_bounded_in_bytes(subject: &dyn Subject) {
    let log = subject.log().await;
    let entry = |n: u8| Entry { key: Bytes::from_static(b"k"), value: Bytes::from(vec![n; 1000]) };
    log.append((0..6).map(entry).collect()).await.unwrap();
    let consumer = subject.consumer().await;
    let partition = partition_of(b"k", PARTITIONS);
    let position = consumer.claim(partition).await.unwrap();
    let all = read_all(&*consumer, partition, position.next, 6).await;
    let some = consumer.read(partition, all[0].offset, ALL, 2500, PATIENCE).await.unwrap();
    assert_eq!(some, all[..2]);
    let one = consumer.read(partition, all[2].offset, ALL, 1, PATIENCE).await.unwrap();
    assert_eq!(one, all[2..3]);
}

/// A read at the end waits and is woken by the append.
pub async fn a_waiting_read_is_woken_by_an_append(subject: &dyn Subject) {
    let (log, consumer, partition, records) = filled(subject, 1).await;
    let next = records[0].offset + 1;
    let (read, appended) = futures::join!(consumer.read(partition, next, ALL, ALL, PATIENCE), async {
        tokio::task::yield_now().await;
        log.append(entries_of("session", 1)).await
    });
    appended.unwrap();
    assert_eq!(values(&read.unwrap()), ["0"]);
}

/// Nothing in time is an empty answer, not an error.
pub async fn a_read_at_the_end_comes_back_empty(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 1).await;
    let read = consumer.read(partition, records[0].offset + 1, ALL, ALL, Duration::from_millis(20)).await.unwrap();
    assert_eq!(read, []);
}

/// Any offset still in the log can be read again, backwards too.
pub async fn reading_goes_back_to_any_offset(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 20).await;
    for at in [15, 0, 7, 19, 3] {
        let again = consumer.read(partition, records[at].offset, 2, ALL, PATIENCE).await.unwrap();
        assert_eq!(again[0], records[at]);
    }
}

/// A partition that waits holds no other up.
pub async fn partitions_are_served_independently(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 5).await;
    let other = (partition + 1) % PARTITIONS;
    let position = consumer.claim(other).await.unwrap();
    let waiting = consumer.read(other, position.next, ALL, ALL, PATIENCE);
    let reading = consumer.read(partition, records[0].offset, ALL, ALL, PATIENCE);
    futures::pin_mut!(waiting, reading);
    match futures::future::select(waiting, reading).await {
        futures::future::Either::Left(_) => panic!("the empty partition answered first"),
        futures::future::Either::Right((read, _)) => assert!(!read.unwrap().is_empty()),
    }
}

/// The heart of it: a range declared and not advanced is found open by the next owner, with the same records.
pub async fn an_open_range_is_found_again(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 10).await;
    let range = DeclaredRange { first: records[0].offset, last: records[6].offset };
    let before = consumer.claim(partition).await.unwrap();
    consumer.declare(partition, range.first, range.last).await.unwrap();
    let heir = subject.consumer().await;
    let position = heir.claim(partition).await.unwrap();
    assert_eq!((position.next, position.open, position.epoch), (range.first, Some(range), before.epoch));
    assert_eq!(heir.read_range(partition, range).await.unwrap(), records[..7]);
    heir.advance(partition, range.last + 1).await.unwrap();
    heir.declare(partition, records[7].offset, records[9].offset).await.unwrap();
}

/// An open range can be declared again by its heir before it is written, and read as often as need be.
pub async fn an_open_range_may_be_declared_again(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 5).await;
    let range = DeclaredRange { first: records[0].offset, last: records[4].offset };
    consumer.declare(partition, range.first, range.last).await.unwrap();
    let heir = subject.consumer().await;
    heir.claim(partition).await.unwrap();
    heir.declare(partition, range.first, range.last).await.unwrap();
    for _ in 0..3 {
        assert_eq!(heir.read_range(partition, range).await.unwrap(), records);
    }
}

/// An advance that was closed in good order leaves nothing open.
pub async fn an_advance_is_remembered_at_close(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 10).await;
    consumer.declare(partition, records[0].offset, records[6].offset).await.unwrap();
    consumer.advance(partition, records[6].offset + 1).await.unwrap();
    consumer.close().await.unwrap();
    consumer.close().await.unwrap();
    let heir = subject.consumer().await;
    let position = heir.claim(partition).await.unwrap();
    assert_eq!((position.next, position.open), (records[7].offset, None));
    assert_eq!(values(&read_all(&*heir, partition, position.next, 3).await), numbers(7..10));
}

/// Declaring the next range closes the former.
pub async fn the_next_declare_closes_the_former(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 10).await;
    consumer.declare(partition, records[0].offset, records[4].offset).await.unwrap();
    consumer.advance(partition, records[4].offset + 1).await.unwrap();
    consumer.declare(partition, records[5].offset, records[9].offset).await.unwrap();
    let position = subject.consumer().await.claim(partition).await.unwrap();
    let open = DeclaredRange { first: records[5].offset, last: records[9].offset };
    assert_eq!((position.next, position.open), (open.first, Some(open)));
}

/// A batch is bisected by declaring its first half instead, then the second.
pub async fn a_range_can_be_bisected(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 8).await;
    let at = |n: usize| records[n].offset;
    consumer.declare(partition, at(0), at(7)).await.unwrap();
    consumer.declare(partition, at(0), at(3)).await.unwrap();
    consumer.advance(partition, at(3) + 1).await.unwrap();
    consumer.declare(partition, at(4), at(7)).await.unwrap();
    let position = subject.consumer().await.claim(partition).await.unwrap();
    assert_eq!(position.open, Some(DeclaredRange { first: at(4), last: at(7) }));
}

/// Calls that contradict the state are refused and change nothing.
pub async fn contradictions_are_refused(subject: &dyn Subject) {
    let (_log, consumer, partition, records) = filled(subject, 8).await;
    let at = |n: usize| records[n].offset;
    let invalid = |result: Result<(), LogError>| assert!(matches!(result, Err(LogError::Invalid(_))), "{result:?}");
    invalid(consumer.declare(partition, at(3), at(2)).await);
    consumer.declare(partition, at(0), at(3)).await.unwrap();
    invalid(consumer.declare(partition, at(0), at(5)).await);
    invalid(consumer.declare(partition, at(4), at(5)).await);
    invalid(consumer.advance(partition, at(2)).await);
    consumer.advance(partition, at(4)).await.unwrap();
    invalid(consumer.declare(partition, at(2), at(5)).await);
    invalid(consumer.advance(partition, at(1)).await);
    consumer.declare(partition, at(4), at(5)).await.unwrap();
}

/// A zombie's declare is refused and leaves its heir's range alone.
pub async fn a_zombie_is_fenced(subject: &dyn Subject) {
    let (_log, zombie, partition, records) = filled(subject, 8).await;
    let heir = subject.consumer().await;
    heir.claim(partition).await.unwrap();
    let range = DeclaredRange { first: records[0].offset, last: records[2].offset };
    heir.declare(partition, range.first, range.last).await.unwrap();
    let fenced = zombie.declare(partition, records[0].offset, records[7].offset).await.unwrap_err();
    assert_eq!(fenced, LogError::Fenced { partition });
    assert_eq!(fenced.remedy(), Remedy::Stop);
    let position = subject.consumer().await.claim(partition).await.unwrap();
    assert_eq!(position.open, Some(range));
}

/// The zombie that wakes in the middle: declared before the hand-over, it can neither bisect nor close, only stop.
pub async fn a_zombie_cannot_go_on_with_its_own_range(subject: &dyn Subject) {
    let (_log, zombie, partition, records) = filled(subject, 8).await;
    zombie.declare(partition, records[0].offset, records[3].offset).await.unwrap();
    let heir = subject.consumer().await;
    let open = heir.claim(partition).await.unwrap().open.unwrap();
    heir.advance(partition, open.last + 1).await.unwrap();
    heir.declare(partition, records[4].offset, records[7].offset).await.unwrap();
    // An advance alone is local to Kafka's consumers; what must fail is anything that would be stored.
    let advanced = zombie.advance(partition, records[4].offset).await;
    let declared = zombie.declare(partition, records[4].offset, records[5].offset).await;
    assert!(matches!(declared, Err(LogError::Fenced { .. })), "{advanced:?} {declared:?}");
    zombie.close().await.ok();
    let position = subject.consumer().await.claim(partition).await.unwrap();
    assert_eq!(position.open, Some(DeclaredRange { first: records[4].offset, last: records[7].offset }));
}

/// Without a claim there is nothing to read or declare.
pub async fn an_unclaimed_partition_is_fenced(subject: &dyn Subject) {
    let log = subject.log().await;
    log.append(entries_of("session", 2)).await.unwrap();
    let consumer = subject.consumer().await;
    let fenced = Err(LogError::Fenced { partition: 0 });
    assert_eq!(consumer.declare(0, 0, 0).await, fenced);
    assert_eq!(consumer.read(0, 0, 1, ALL, Duration::ZERO).await.map(|_| ()), fenced);
    let stranger = PARTITIONS + 7;
    assert_eq!(consumer.claim(stranger).await.map(|_| ()), Err(LogError::Fenced { partition: stranger }));
}

/// The one consumer owns every partition; when it is taken over, it learns so.
pub async fn the_assignment_tells_who_owns_what(subject: &dyn Subject) {
    let first = subject.consumer().await;
    let mut assigned = first.assigned();
    let all = (0..PARTITIONS).collect();
    assert_eq!(assigned.borrow_and_update().partitions, all);
    let second = subject.consumer().await;
    assert_eq!(second.assigned().borrow().partitions, all);
    let emptied = assigned.wait_for(|assignment| assignment.partitions.is_empty());
    tokio::time::timeout(PATIENCE, emptied).await.expect("the former owner was never told").unwrap();
}

/// The end is where the next append goes, and the topic is the same for all members.
pub async fn the_end_is_where_the_next_append_goes(subject: &dyn Subject) {
    let (log, consumer, partition, records) = filled(subject, 3).await;
    let end = consumer.end_offset(partition).await.unwrap();
    assert_eq!(end, records[2].offset + 1);
    log.append(entries_of("session", 1)).await.unwrap();
    assert_eq!(read_all(&*consumer, partition, end, 1).await[0].offset, end);
    assert_eq!(subject.consumer().await.topic(), consumer.topic());
    assert_eq!(log.partitions(), PARTITIONS);
}

/// Makes one `#[tokio::test]` of every behaviour: `contract_tests!(async { subject })`.
#[macro_export]
macro_rules! contract_tests {
    ($subject:expr) => {
        $crate::contract_tests! { $subject =>
            appended_entries_come_back_whole any_bytes_survive one_key_keeps_its_order concurrent_appends_all_arrive_once
            an_empty_append_is_fine too_large_an_entry_is_refused a_closed_log_stops_appends
            the_first_claim_starts_at_the_oldest_record reads_are_bounded_in_records reads_are_bounded_in_bytes
            a_waiting_read_is_woken_by_an_append a_read_at_the_end_comes_back_empty reading_goes_back_to_any_offset
            partitions_are_served_independently an_open_range_is_found_again an_open_range_may_be_declared_again
            an_advance_is_remembered_at_close the_next_declare_closes_the_former a_range_can_be_bisected
            contradictions_are_refused a_zombie_is_fenced a_zombie_cannot_go_on_with_its_own_range
            an_unclaimed_partition_is_fenced the_assignment_tells_who_owns_what the_end_is_where_the_next_append_goes
        }
    };
    ($subject:expr => $($behaviour:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let subject = $subject.await;
                $crate::testing::contract::$behaviour(&subject).await;
            }
        )*
    };
}
