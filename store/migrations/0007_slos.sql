-- Promises, each version of them, and what was counted for them minute by minute. The newest row of an SLO is the one that holds; a
-- deleted one stays as its own headstone.
CREATE TABLE IF NOT EXISTS slos {on_cluster}
(
    site LowCardinality(String),
    id String,
    version Int64,
    definition String CODEC(ZSTD(1)),
    counted UInt8,
    deleted UInt8,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (site, id)
SETTINGS {guarantees};

-- Counted from raw page views, and counted again whenever a minute's views change: the newest count of a minute is exact.
CREATE TABLE IF NOT EXISTS slo_minutes {on_cluster}
(
    site LowCardinality(String),
    slo LowCardinality(String),
    version Int64 CODEC(ZSTD(1)),
    minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    good Int64 CODEC(T64, ZSTD(1)),
    valid Int64 CODEC(T64, ZSTD(1)),
    counted_to DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    counted_at DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = {replicated}ReplacingMergeTree(counted_at)
PARTITION BY toYYYYMM(minute)
ORDER BY (site, slo, version, minute)
TTL minute + INTERVAL 13 MONTH
SETTINGS {guarantees};
