-- What people have asked to have erased, and the proof that it is gone. Whose it was is told by a hash only.
CREATE TABLE IF NOT EXISTS erasures {on_cluster}
(
    site LowCardinality(String),
    id String,
    kind LowCardinality(String),
    subject_hash String,
    requested_at DateTime64(3, 'UTC'),
    status LowCardinality(String),
    report String CODEC(ZSTD(1)),
    owner String,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (site, id)
TTL toDateTime(updated_at) + INTERVAL 13 MONTH
SETTINGS {guarantees};

-- The ids that an erasure under way looks for. They are here and not in the text of a mutation, because ClickHouse
-- keeps those texts; the partition of an erasure is dropped when it is complete.
CREATE TABLE IF NOT EXISTS erasure_targets {on_cluster}
(
    erasure String,
    site LowCardinality(String),
    kind LowCardinality(String),
    id String
)
ENGINE = {replicated}ReplacingMergeTree
PARTITION BY erasure
ORDER BY (kind, id)
SETTINGS {guarantees};
