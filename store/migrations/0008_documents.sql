-- What people say about a site: releases, annotations, incidents, journeys, scales and the like, each a small JSON document. Nothing is
-- overwritten: every version stays as a row of its own, and a deleted document ends with its headstone.
CREATE TABLE IF NOT EXISTS documents {on_cluster}
(
    site LowCardinality(String),
    kind LowCardinality(String),
    id String,
    version DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    deleted UInt8,
    body String CODEC(ZSTD(1)),
    author String
)
ENGINE = {replicated}ReplacingMergeTree
ORDER BY (site, kind, id, version)
SETTINGS {guarantees};
