-- One in eight sessions of the raw truth, for questions about more page views than anybody would wait for. A copy: each
-- day of arrival is made from page_views once it is over, and made again when it changes; see store/src/sample.rs. Buckets
-- of sessions come before pages in the key, so a question reads as many of them as it needs. A page within a bucket is
-- little, and read from many of them: granules and compressed blocks are small, and each column has a file of its own.
-- A session is there whole or not at all; who has none is by himself.

-- Written beside every page view, so that days that are not copied are chosen from without reading whose they are. Rows of
-- before have it worked out as they are read.
ALTER TABLE page_views {on_cluster} ADD COLUMN IF NOT EXISTS bucket UInt8 MATERIALIZED cityHash64(if(session = '', view, session)) % 256 CODEC(ZSTD(1));

-- The same columns in the same order, always: a migration that adds one to page_views adds it here.
CREATE TABLE IF NOT EXISTS page_view_sample {on_cluster} AS page_views
ENGINE = {replicated}VersionedCollapsingMergeTree(sign, seq)
PARTITION BY day
ORDER BY (site, bucket, page, toStartOfHour(started_at), view)
TTL day + INTERVAL 30 DAY
SETTINGS {guarantees}, ttl_only_drop_parts = 1, index_granularity = 1024, min_bytes_for_wide_part = 0, min_compress_block_size = 16384;

-- Which days of arrival are in the sample, and what page_views and the sample held of them when they were copied: a day
-- that reads differently now is made again. A day that is not here is read from page_views.
CREATE TABLE IF NOT EXISTS page_view_sample_days {on_cluster}
(
    day Date CODEC(ZSTD(1)),
    made_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    views Int64 CODEC(ZSTD(1)),
    versions Int64 CODEC(ZSTD(1)),
    sampled_views Int64 CODEC(ZSTD(1)),
    sampled_versions Int64 CODEC(ZSTD(1))
)
ENGINE = {replicated}ReplacingMergeTree(made_at)
ORDER BY day
TTL day + INTERVAL 31 DAY
SETTINGS {guarantees};
