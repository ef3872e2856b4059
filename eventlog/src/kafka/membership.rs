//! Membership in the consumer group: which partitions are ours, under which hand-over. The member never fetches; it is there to
//! own, to commit and to be fenced.

use std::collections::BTreeMap;

use parking_lot::{RwLock, RwLockReadGuard};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::watch;

use super::client::report;
use crate::Assignment;
use crate::events::{KafkaReported, Rebalanced};

/// The member's side of each rebalance.
pub(crate) struct Membership {
    topic: String,
    owned: RwLock<Owned>,
    assigned: watch::Sender<Assignment>,
}

#[derive(Default)]
pub(crate) struct Owned {
    generation: u64,
    /// Partition → the hand-over that gave it to us. A claim is good for one hand-over.
    partitions: BTreeMap<u32, u64>,
}

impl Owned {
    pub(crate) fn handover(&self, partition: u32) -> Option<u64> {
        self.partitions.get(&partition).copied()
    }
}

impl Membership {
    pub(crate) fn new(topic: &str) -> Self {
        Self { topic: topic.into(), owned: RwLock::default(), assigned: watch::Sender::default() }
    }

    pub(crate) fn assigned(&self) -> watch::Receiver<Assignment> {
        self.assigned.subscribe()
    }

    /// While the guard lives no rebalance completes, so whoever commits under it commits in the generation it has checked.
    pub(crate) fn owned(&self) -> RwLockReadGuard<'_, Owned> {
        self.owned.read()
    }

    fn change(&self, change: impl FnOnce(u64, &mut BTreeMap<u32, u64>)) {
        let mut owned = self.owned.write();
        owned.generation += 1;
        let generation = owned.generation;
        change(generation, &mut owned.partitions);
        let partitions = owned.partitions.keys().copied().collect();
        self.assigned.send_replace(Assignment { generation, partitions });
    }

    /// Everything is gone: fenced for good, or closed.
    pub(crate) fn lose_all(&self) {
        if !self.owned.read().partitions.is_empty() {
            self.change(|_, partitions| partitions.clear());
        }
    }

    /// Asks the owner of a partition to claim it anew.
    pub(crate) fn reclaim(&self, partition: u32) {
        self.change(|generation, partitions| {
            partitions.entry(partition).and_modify(|handover| *handover = generation);
        });
    }

    fn take(&self, member: &BaseConsumer<Self>, given: &mut TopicPartitionList) {
        let ids = self.ids(given);
        Rebalanced { kind: "assigned", partitions: &ids }.emit();
        // The member does not fetch: without an offset of ours it would look for one, and stumble when there is none.
        let mut assign = TopicPartitionList::new();
        for id in &ids {
            let _ = assign.add_partition_offset(&self.topic, *id as i32, Offset::End);
        }
        let assigned = member.incremental_assign(&assign).and_then(|()| member.pause(&assign));
        if let Err(error) = assigned {
            KafkaReported { error: &error, reason: "assignment refused" }.emit();
        }
        self.change(|generation, partitions| partitions.extend(ids.iter().map(|id| (*id, generation))));
    }

    fn give(&self, member: &BaseConsumer<Self>, taken: &mut TopicPartitionList) {
        let ids = self.ids(taken);
        Rebalanced { kind: "revoked", partitions: &ids }.emit();
        self.change(|_, partitions| partitions.retain(|id, _| !ids.contains(id)));
        if let Err(error) = member.incremental_unassign(taken) {
            KafkaReported { error: &error, reason: "revocation refused" }.emit();
        }
    }

    fn ids(&self, list: &TopicPartitionList) -> Vec<u32> {
        list.elements_for_topic(&self.topic).iter().map(|element| element.partition() as u32).collect()
    }
}

impl ClientContext for Membership {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        report(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaReported { error: &error, reason }.emit();
    }
}

impl ConsumerContext for Membership {
    fn rebalance(&self, member: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => self.take(member, list),
            _ => self.give(member, list),
        }
    }
}
