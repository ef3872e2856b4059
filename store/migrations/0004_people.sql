-- People who sign in, their sessions, and the record of every write.

-- Accounts. `removed` is part of the key, so that a removal stands beside whatever was written at the same moment and
-- wins for ever. The password is an argon2id PHC string.
CREATE TABLE IF NOT EXISTS people {on_cluster}
(
    id String,
    removed UInt8,
    email String,
    name String,
    password String,
    sites Array(String),
    scopes Array(String),
    created_at DateTime64(3, 'UTC'),
    sessions_from DateTime64(3, 'UTC'),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(updated_at)
ORDER BY (id, removed)
SETTINGS {guarantees};

-- Sessions of people. Only hashes of their ids are kept; `ended` is part of the key for the same reason as above.
CREATE TABLE IF NOT EXISTS sessions {on_cluster}
(
    hash String,
    ended UInt8,
    via LowCardinality(String),
    person String,
    email String,
    groups Array(String),
    created_at DateTime64(3, 'UTC'),
    seen_at DateTime64(3, 'UTC'),
    expires_at DateTime64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(seen_at)
ORDER BY (hash, ended)
TTL toDateTime(expires_at) + INTERVAL 1 DAY
SETTINGS {guarantees};

-- Who wrote what, when and from where. Rows are only ever added; nothing in felt changes or removes one.
CREATE TABLE IF NOT EXISTS audit {on_cluster}
(
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    id String,
    actor_kind LowCardinality(String),
    actor String,
    action LowCardinality(String),
    site LowCardinality(String),
    subject String,
    outcome LowCardinality(String),
    client LowCardinality(String),
    request String,
    detail String
)
ENGINE = {replicated}MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, id)
TTL toDateTime(at) + INTERVAL 25 MONTH
SETTINGS {guarantees}, ttl_only_drop_parts = 1;
