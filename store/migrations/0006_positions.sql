-- Up to where each partition's records are in these tables: written with every range, compared with the log's own
-- position by whoever claims the partition. A store that was restored from a backup ends before the log does.
CREATE TABLE IF NOT EXISTS positions {on_cluster}
(
    topic LowCardinality(String),
    partition UInt32,
    epoch UInt32,
    next_offset SimpleAggregateFunction(max, UInt64)
)
ENGINE = {replicated}AggregatingMergeTree
ORDER BY (topic, partition, epoch)
SETTINGS {guarantees};
