-- One in eight sessions of the raw truth, for questions about more page views than anybody would wait for. A copy: each
-- day of arrival is made from page_views once it is over, and made again when it changes; see store/src/sample.rs. Buckets
-- of sessions come before pages in the key, so a question reads as many of them as it needs;
-- granules are small, because a page within a bucket is. Columns are those of
-- page_views, in their order.
CREATE TABLE IF NOT EXISTS page_view_sample {on_cluster}
(
    site LowCardinality(String) CODEC(ZSTD(1)),
    view String CODEC(ZSTD(1)),
    seq UInt32 CODEC(T64, ZSTD(1)),
    sign Int8 CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(T64('bit'), ZSTD(1)),
    started_at DateTime64(3, 'UTC') CODEC(T64('bit'), ZSTD(1)),
    session String CODEC(ZSTD(1)),
    visitor String CODEC(ZSTD(1)),
    page LowCardinality(String) CODEC(ZSTD(1)),
    path String CODEC(ZSTD(3)),
    host LowCardinality(String) CODEC(ZSTD(1)),
    title String CODEC(ZSTD(3)),
    referrer LowCardinality(String) CODEC(ZSTD(1)),
    nav LowCardinality(String) CODEC(ZSTD(1)),
    country LowCardinality(String) CODEC(ZSTD(1)),
    region LowCardinality(String) CODEC(ZSTD(1)),
    device LowCardinality(String) CODEC(ZSTD(1)),
    os LowCardinality(String) CODEC(ZSTD(1)),
    browser LowCardinality(String) CODEC(ZSTD(1)),
    browser_version LowCardinality(String) CODEC(ZSTD(1)),
    connection LowCardinality(String) CODEC(ZSTD(1)),
    lang LowCardinality(String) CODEC(ZSTD(1)),
    tz LowCardinality(String) CODEC(ZSTD(1)),
    release LowCardinality(String) CODEC(ZSTD(1)),
    bot LowCardinality(String) CODEC(ZSTD(1)),
    tags Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    status UInt16 CODEC(T64, ZSTD(1)),
    failed UInt8 CODEC(ZSTD(1)),
    hidden_at_start UInt8 CODEC(ZSTD(1)),
    first_hidden_ms UInt32 CODEC(ZSTD(1)),
    left_ms UInt32 CODEC(T64, ZSTD(1)),
    sample_rate Float32 CODEC(ZSTD(1)),
    level UInt8 CODEC(ZSTD(1)),
    cause LowCardinality(String) CODEC(ZSTD(1)),
    lcp UInt32 CODEC(GCD, T64, ZSTD(1)),
    inp UInt32 CODEC(ZSTD(1)),
    cls UInt32 CODEC(ZSTD(1)),
    fcp UInt32 CODEC(GCD, T64, ZSTD(1)),
    ttfb UInt32 CODEC(GCD, T64, ZSTD(1)),
    usable UInt32 CODEC(ZSTD(1)),
    redirect UInt32 CODEC(ZSTD(1)),
    dns UInt32 CODEC(GCD, T64, ZSTD(1)),
    connect UInt32 CODEC(GCD, T64, ZSTD(1)),
    tls UInt32 CODEC(GCD, T64, ZSTD(1)),
    request UInt32 CODEC(GCD, T64, ZSTD(1)),
    response UInt32 CODEC(GCD, T64, ZSTD(1)),
    dom_interactive UInt32 CODEC(GCD, T64, ZSTD(1)),
    dom_content_loaded UInt32 CODEC(GCD, T64, ZSTD(1)),
    load UInt32 CODEC(GCD, T64, ZSTD(1)),
    timing_names Array(LowCardinality(String)) CODEC(ZSTD(1)),
    timing_values Array(UInt32) CODEC(ZSTD(1)),
    lcp_target LowCardinality(String) CODEC(ZSTD(1)),
    lcp_url String CODEC(ZSTD(3)),
    lcp_ttfb UInt32 CODEC(GCD, T64, ZSTD(1)),
    lcp_load_delay UInt32 CODEC(GCD, T64, ZSTD(1)),
    lcp_load_time UInt32 CODEC(GCD, T64, ZSTD(1)),
    lcp_render_delay UInt32 CODEC(GCD, T64, ZSTD(1)),
    inp_target LowCardinality(String) CODEC(ZSTD(1)),
    inp_event LowCardinality(String) CODEC(ZSTD(1)),
    inp_script String CODEC(ZSTD(1)),
    inp_input_delay UInt32 CODEC(ZSTD(1)),
    inp_processing UInt32 CODEC(ZSTD(1)),
    inp_presentation UInt32 CODEC(ZSTD(1)),
    cls_target LowCardinality(String) CODEC(ZSTD(1)),
    cls_time UInt32 CODEC(ZSTD(1)),
    viewport_width UInt16 CODEC(ZSTD(1)),
    viewport_height UInt16 CODEC(ZSTD(1)),
    dpr Float32 CODEC(ZSTD(1)),
    rtt UInt16 CODEC(ZSTD(1)),
    save_data UInt8 CODEC(ZSTD(1)),
    memory Float32 CODEC(ZSTD(1)),
    cores UInt16 CODEC(ZSTD(1)),
    errors UInt16 CODEC(T64, ZSTD(1)),
    rage_clicks UInt16 CODEC(T64, ZSTD(1)),
    dead_clicks UInt16 CODEC(T64, ZSTD(1)),
    failed_requests UInt16 CODEC(T64, ZSTD(1)),
    log_partition UInt16 CODEC(T64, ZSTD(1)),
    log_offset UInt64 CODEC(T64, ZSTD(1)),
    bucket UInt8 MATERIALIZED cityHash64(if(session = '', view, session)) % 256 CODEC(ZSTD(1))
)
ENGINE = {replicated}VersionedCollapsingMergeTree(sign, seq)
PARTITION BY day
ORDER BY (site, bucket, page, toStartOfHour(started_at), view)
TTL day + INTERVAL 30 DAY
SETTINGS {guarantees}, ttl_only_drop_parts = 1, index_granularity = 1024;

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
