//! A sample of page views: one in eight sessions, whole, beside the truth.
//!
//! Questions about more page views than anybody would wait for are answered from it. Each day of arrival is copied once it is over, put
//! into place as a whole, and recorded with what `page_views` and the copy held: a day that reads differently later (a late batch, an
//! erasure) is copied again. Readers take the days on record from the sample and choose the same sessions of all other days from
//! `page_views` by the same buckets, so what is missing here costs time and nothing else. All that a write pays for it is a byte a row.
//!
//! Two processes that copy the same day leave one copy. Should the older copy land last, its sums are not those on record, and the next
//! look makes it again.

use crate::{Store, StoreError};

/// Buckets that sessions fall into: the column `bucket` of both tables.
pub const BUCKETS: u32 = 256;
/// Buckets that the sample keeps: the first of them.
pub const BUCKETS_KEPT: u32 = 32;
/// Days of arrival that page views are kept for.
const KEPT_DAYS: u32 = 30;
/// Rows and bytes that are put together before they are written: 80 columns of a day would not fit into a small machine.
const BLOCK_ROWS: u32 = 100_000;
const BLOCK_BYTES: u32 = 64 << 20;
/// What a killed process has left is removed after this; its rows must not outlive an erasure.
const LEFT_AFTER_MS: i64 = 3_600_000;
const BESIDE: &str = "page_view_sample_made_";

/// Copies of a day one after the other, where it changes while it is copied.
const COPIES_MAX: usize = 5;
/// The sums on record of a day that is not in the sample.
const NOT_THERE: i64 = -1;

/// What comes after `SELECT toString(day) FROM page_view_sample_days` for the days that are in the sample.
pub const DAYS_SQL: &str = "GROUP BY day HAVING argMax(sampled_views, made_at) >= 0 ORDER BY day";

/// Sums that change whenever a day's page views do.
const SUMS: &str = "toInt64(sum(sign)) AS views, sum(toInt64(sign) * seq) AS versions";

/// A day of arrival and its sums.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, serde::Deserialize)]
struct Day {
    name: String,
    views: i64,
    versions: i64,
}

impl Store {
    /// Copies every day of arrival that is over at `now_ms` and whose copy is missing or is no longer what page views are, the latest
    /// first. Gives the days that were copied, as `YYYY-MM-DD`. Nothing is done while there are no more than `rows_min` rows of page
    /// views in all. A few seconds a day for a site of three million views a day.
    ///
    /// # Errors
    /// As ClickHouse says; what was copied before that stays.
    pub async fn remake_sample(&self, now_ms: i64, rows_min: u64) -> Result<Vec<String>, StoreError> {
        let rows: u64 = self.client().query_raw("SELECT count() FROM page_views").fetch_one().await?;
        if rows <= rows_min {
            return Ok(Vec::new());
        }
        self.drop_left(now_ms).await?;
        let days = self.days_to_sample(now_ms).await?;
        for day in &days {
            self.sample_day(day, now_ms).await?;
        }
        Ok(days.into_iter().map(|day| day.name).collect())
    }

    /// Days to copy. What page views hold of one is read before it is copied: what comes in between is found afterwards.
    async fn days_to_sample(&self, now_ms: i64) -> Result<Vec<Day>, StoreError> {
        let today = format!("toDate(toDateTime({}, 'UTC'))", now_ms.div_euclid(1_000).max(0));
        let since = format!("day < {today} AND day >= {today} - {KEPT_DAYS}");
        let statement = format!(
            "SELECT toString(day) AS name, views, versions FROM (SELECT day, {SUMS} FROM page_views WHERE {since} GROUP BY day) AS raw \
             LEFT JOIN (SELECT day, argMax(views, made_at) AS known_views, argMax(versions, made_at) AS known_versions, \
             argMax(sampled_views, made_at) AS then_views, argMax(sampled_versions, made_at) AS then_versions \
             FROM page_view_sample_days WHERE {since} GROUP BY day) AS known USING day \
             LEFT JOIN (SELECT day, views AS now_views, versions AS now_versions FROM \
             (SELECT day, {SUMS} FROM page_view_sample WHERE {since} GROUP BY day)) AS kept USING day \
             WHERE views != known_views OR versions != known_versions OR then_views != now_views OR then_versions != now_versions \
             ORDER BY day DESC"
        );
        Ok(self.client().query_raw(&statement).fetch_all().await?)
    }

    async fn sample_day(&self, day: &Day, now_ms: i64) -> Result<(), StoreError> {
        let beside = format!("{BESIDE}{now_ms}_{:016x}", rand::random::<u64>());
        let make = format!(
            "CREATE TABLE {beside} AS page_view_sample ENGINE = VersionedCollapsingMergeTree(sign, seq) PARTITION BY day \
             ORDER BY (site, bucket, page, toStartOfHour(started_at), view) \
             SETTINGS index_granularity = 1024, min_bytes_for_wide_part = 0, min_compress_block_size = 16384"
        );
        self.execute(&make).await?;
        let copied = self.copy_until_same(&beside, day).await;
        let dropped = self.execute(&format!("DROP TABLE IF EXISTS {beside}")).await;
        copied.and(dropped)
    }

    /// Copies a day until its page views are the same before and after: somebody may be erased meanwhile, whom a copy still has.
    async fn copy_until_same(&self, beside: &str, day: &Day) -> Result<(), StoreError> {
        let mut before = day.clone();
        for _ in 0..COPIES_MAX {
            let sampled = self.copy_day(beside, &before.name).await?;
            let after = self.sums("page_views", &before.name).await?;
            if after == before {
                return self.record(&before, &sampled).await;
            }
            before = after;
        }
        // It changes faster than it is copied: for now it is read from page views, of which the record has to say so first.
        let unlike = Day { views: NOT_THERE, versions: NOT_THERE, ..before };
        self.record(&unlike, &unlike).await?;
        self.execute(&format!("ALTER TABLE page_view_sample DROP PARTITION '{}'", unlike.name)).await
    }

    /// Puts a copy of a day into place. Gives its sums.
    async fn copy_day(&self, beside: &str, name: &str) -> Result<Day, StoreError> {
        self.execute(&format!("TRUNCATE TABLE {beside}")).await?;
        let copy = format!(
            "INSERT INTO {beside} SELECT * FROM page_views WHERE day = '{name}' AND bucket < {BUCKETS_KEPT} \
             SETTINGS max_threads = 1, max_insert_threads = 1, min_insert_block_size_rows = {BLOCK_ROWS}, \
             min_insert_block_size_bytes = {BLOCK_BYTES}"
        );
        self.execute(&copy).await?;
        // One part: the buckets that a question reads lie together.
        self.execute(&format!("OPTIMIZE TABLE {beside} FINAL")).await?;
        let sampled = self.sums(beside, name).await?;
        let copied: u64 = self.client().query_raw(&format!("SELECT count() FROM {beside}")).fetch_one().await?;
        // Nothing replaces nothing: ClickHouse takes that for a mistake.
        let put = if copied > 0 {
            format!("ALTER TABLE page_view_sample REPLACE PARTITION '{name}' FROM {beside}")
        } else {
            format!("ALTER TABLE page_view_sample DROP PARTITION '{name}'")
        };
        self.execute(&put).await?;
        Ok(sampled)
    }

    async fn sums(&self, table: &str, day: &str) -> Result<Day, StoreError> {
        let sums = format!("SELECT '{day}' AS name, {SUMS} FROM {table} WHERE day = '{day}'");
        Ok(self.client().query_raw(&sums).fetch_one().await?)
    }

    async fn record(&self, Day { name, views, versions }: &Day, sampled: &Day) -> Result<(), StoreError> {
        let record = format!(
            "INSERT INTO page_view_sample_days (day, made_at, views, versions, sampled_views, sampled_versions) \
             SELECT toDate('{name}'), now64(3, 'UTC'), {views}, {versions}, {}, {}",
            sampled.views, sampled.versions
        );
        self.execute(&record).await
    }

    /// Removes the tables of processes that were killed at it.
    async fn drop_left(&self, now_ms: i64) -> Result<(), StoreError> {
        let named = format!(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '{BESIDE}')"
        );
        let tables: Vec<String> = self.client().query_raw(&named).fetch_all().await?;
        let made_ms = |table: &str| table.strip_prefix(BESIDE)?.split('_').next()?.parse::<i64>().ok();
        let left = |table: &&String| made_ms(table).is_some_and(|made_ms| made_ms < now_ms - LEFT_AFTER_MS);
        for table in tables.iter().filter(left) {
            self.execute(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }
}
