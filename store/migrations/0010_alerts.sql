-- Alerts: one row an alert from its first minute to its end, the newest version of it holds; what is to be told of it, and to whom;
-- and who of several processes judges now. All of it in the store, so that a restart neither repeats nor forgets.
CREATE TABLE IF NOT EXISTS alerts {on_cluster}
(
    site LowCardinality(String),
    id String,
    slo String,
    rule LowCardinality(String),
    severity LowCardinality(String),
    version Int64 CODEC(ZSTD(1)),
    state LowCardinality(String),
    since Int64 CODEC(ZSTD(1)),
    fired Int64 CODEC(ZSTD(1)),
    resolved Int64 CODEC(ZSTD(1)),
    promise String CODEC(ZSTD(1)),
    words String CODEC(ZSTD(1)),
    page String CODEC(ZSTD(1)),
    acknowledged_by String,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (site, id)
TTL toDateTime(updated_at) + INTERVAL 13 MONTH
SETTINGS {guarantees};

CREATE TABLE IF NOT EXISTS alert_deliveries {on_cluster}
(
    site LowCardinality(String),
    alert String,
    route String,
    change LowCardinality(String),
    state LowCardinality(String),
    attempts UInt32,
    detail String CODEC(ZSTD(1)),
    made_at DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (site, alert, route, change)
TTL toDateTime(updated_at) + INTERVAL 13 MONTH
SETTINGS {guarantees};

CREATE TABLE IF NOT EXISTS leases {on_cluster}
(
    name LowCardinality(String),
    epoch UInt64,
    holder String,
    until DateTime64(3, 'UTC'),
    reached Int64,
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (name, epoch, holder)
TTL toDateTime(updated_at) + INTERVAL 7 DAY
SETTINGS {guarantees};
