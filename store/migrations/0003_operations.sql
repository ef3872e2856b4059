-- What the pipeline keeps about its own work.

-- The rows of each view's latest snapshot, to take them back when a newer one comes. Written last of a batch's
-- tables: a state that is there says that everything it would take back is there too.
CREATE TABLE IF NOT EXISTS view_states {on_cluster}
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    view_hash UInt64 CODEC(ZSTD(1)),
    seq UInt32 CODEC(T64, ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    keep_until Date CODEC(ZSTD(1)),
    state String CODEC(ZSTD(3))
)
ENGINE = {replicated}ReplacingMergeTree(seq)
PARTITION BY day
ORDER BY (site, hour, view_hash)
TTL keep_until
SETTINGS {guarantees};

-- received = accepted + replaced + filtered + refused, per site and minute.
CREATE TABLE IF NOT EXISTS outcomes {on_cluster}
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    reason LowCardinality(String) CODEC(ZSTD(1)),
    count Int64 CODEC(T64, ZSTD(1))
)
ENGINE = {replicated}SummingMergeTree(count)
PARTITION BY day
ORDER BY (site, minute, outcome, reason)
TTL day + INTERVAL 13 MONTH
SETTINGS {guarantees}, ttl_only_drop_parts = 1;

-- Records that could not be worked on, with the place they came from and why.
CREATE TABLE IF NOT EXISTS dead_letters {on_cluster}
(
    day Date CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    topic LowCardinality(String) CODEC(ZSTD(1)),
    partition UInt32 CODEC(T64, ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String) CODEC(ZSTD(1)),
    value String CODEC(ZSTD(3))
)
ENGINE = {replicated}MergeTree
PARTITION BY day
ORDER BY (topic, partition, offset)
TTL day + INTERVAL 30 DAY
SETTINGS {guarantees}, ttl_only_drop_parts = 1;

-- How far each partition of the log has been worked off: the watermark of every answer.
CREATE TABLE IF NOT EXISTS progress {on_cluster}
(
    topic LowCardinality(String),
    partition UInt32,
    owner String,
    caught_up_to DateTime64(3, 'UTC'),
    next_offset UInt64,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (topic, partition)
SETTINGS {guarantees};

-- Who may read what. Only hashes of tokens are kept.
CREATE TABLE IF NOT EXISTS tokens {on_cluster}
(
    id String,
    hash String,
    name String,
    sites Array(String),
    scopes Array(String),
    created_at DateTime64(3, 'UTC'),
    revoked UInt8,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY id
SETTINGS {guarantees};
