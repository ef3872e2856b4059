-- What Prometheus was told of each site: totals by the day of arrival, which only ever grow. Whoever writes a smaller figure changes nothing,
-- so neither a replaced snapshot, nor an expired rollup, nor another process lowers what was told once. Kept for ever: a few hundred rows a day.
CREATE TABLE IF NOT EXISTS exported_totals {on_cluster}
(
    site LowCardinality(String),
    day Date CODEC(ZSTD(1)),
    name LowCardinality(String),
    subject LowCardinality(String),
    part LowCardinality(String),
    totals SimpleAggregateFunction(maxMap, Map(UInt16, Int64)) CODEC(ZSTD(1)),
    mark SimpleAggregateFunction(anyLast, UInt64) CODEC(ZSTD(1))
)
ENGINE = {replicated}AggregatingMergeTree
ORDER BY (site, day, name, subject, part)
SETTINGS {guarantees};
