-- The same cells by the UTC day: 28 days with a filter are a twenty-fourth of the hours' cells. Written by the processor
-- after the hours. Days of arrival that are over when this is applied are filled from the hours right after it; where a
-- day of arrival does not add up to what the hours have, readers take the hours. Pages come before days in the key, so that
-- one page of many is found without reading the others; partitions keep the days apart. Granules are small for the same reason: a
-- day has a few thousand cells, and one granule of the usual size would hold them all, with all of their histograms.
CREATE TABLE IF NOT EXISTS rollup_day {on_cluster}
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
ORDER BY (site, grouping, metric, bot, page, value, time)
TTL day + INTERVAL 13 MONTH
SETTINGS {guarantees}, ttl_only_drop_parts = 1, index_granularity = 128;
