-- Exact signed counters and one histogram a cell: what dashboards and promises read. Both tables have the same
-- columns; a bucket that was emptied by a cancellation stays in the histogram as 0, which readers skip.

-- Minutes answer the last week; one day more so that the week is whole.
CREATE TABLE IF NOT EXISTS rollup_minute {on_cluster}
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    grouping Enum8('site' = 1, 'page' = 2, 'page_device' = 3, 'country' = 4, 'release' = 5, 'browser' = 6) CODEC(ZSTD(1)),
    metric LowCardinality(String) CODEC(ZSTD(1)),
    bot UInt8 CODEC(ZSTD(1)),
    time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    page LowCardinality(String) CODEC(ZSTD(1)),
    value LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    views SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    valid SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    total_micro SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    good SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    fair SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    poor SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    delighted SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    annoying SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    painful SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    brutal SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    slow_open SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    slow_react SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    jumped SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    broke SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    gave_up SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    histogram SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(3))
)
ENGINE = {replicated}AggregatingMergeTree
PARTITION BY day
ORDER BY (site, grouping, metric, bot, time, page, value)
TTL day + INTERVAL 8 DAY
SETTINGS {guarantees}, ttl_only_drop_parts = 1;

-- Hours answer a year and the month to compare it with.
CREATE TABLE IF NOT EXISTS rollup_hour {on_cluster}
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    grouping Enum8('site' = 1, 'page' = 2, 'page_device' = 3, 'country' = 4, 'release' = 5, 'browser' = 6) CODEC(ZSTD(1)),
    metric LowCardinality(String) CODEC(ZSTD(1)),
    bot UInt8 CODEC(ZSTD(1)),
    time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    page LowCardinality(String) CODEC(ZSTD(1)),
    value LowCardinality(String) CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    views SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    valid SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    total_micro SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    good SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    fair SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    poor SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    delighted SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    annoying SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    painful SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    brutal SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    slow_open SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    slow_react SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    jumped SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    broke SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    gave_up SimpleAggregateFunction(sum, Int64) CODEC(T64, ZSTD(1)),
    histogram SimpleAggregateFunction(sumMap, Map(UInt16, Int64)) CODEC(ZSTD(3))
)
ENGINE = {replicated}AggregatingMergeTree
PARTITION BY day
ORDER BY (site, grouping, metric, bot, time, page, value)
TTL day + INTERVAL 13 MONTH
SETTINGS {guarantees}, ttl_only_drop_parts = 1;
