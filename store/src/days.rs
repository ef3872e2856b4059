//! Days from hours, and devices from pages, once, for a store that is older than its `rollup_day` or the devices in it.
//!
//! Each day of arrival is summed beside the table and put into it as a whole, in place of what was there: a second process that does
//! the same, or one that was killed and does it again, leaves one copy. What arrives today is left to the processors. A range that a
//! processor had written in part before, and writes again after, would count twice in its day: readers see that such a day does not
//! add up to its hours, and take the hours.

use crate::{Store, StoreError};

/// Columns that tell cells apart; the day of arrival stays and the hour becomes a day.
const KEYS: &str = "site, grouping, metric, bot, toDateTime(toStartOfDay(time), 'UTC') AS start, page, value, day";
const COUNTERS: [&str; 15] = [
    "views",
    "valid",
    "total_micro",
    "good",
    "fair",
    "poor",
    "delighted",
    "annoying",
    "painful",
    "brutal",
    "slow_open",
    "slow_react",
    "jumped",
    "broke",
    "gave_up",
];
/// Memory of one day's sums after which they go on on disk.
const SUM_BYTES_MAX: u64 = 500_000_000;

impl Store {
    /// Fills `rollup_day` with the days of arrival that are over. About a second a day for a site of three million views a day.
    ///
    /// # Errors
    /// As ClickHouse says.
    pub(crate) async fn fill_days(&self) -> Result<(), StoreError> {
        let over = "SELECT toString(day) FROM rollup_hour WHERE day < toDate(now('UTC')) GROUP BY day ORDER BY day";
        let days: Vec<String> = self.client().query_raw(over).fetch_all().await?;
        if days.is_empty() {
            return Ok(());
        }
        // A name of its own, because two processes may be at it at once. A killed one leaves its table, which nobody reads.
        let beside = format!("rollup_day_filled_{:016x}", rand::random::<u64>());
        let make = format!(
            "CREATE TABLE {beside} AS rollup_day ENGINE = AggregatingMergeTree PARTITION BY day \
             ORDER BY (site, grouping, metric, bot, page, value, time) SETTINGS index_granularity = 128"
        );
        self.execute(&make).await?;
        let filled = self.fill_each(&beside, &days).await;
        let dropped = self.execute(&format!("DROP TABLE IF EXISTS {beside}")).await;
        filled.and(dropped)
    }

    /// Adds the devices over all pages to the days of arrival that are over and have none.
    ///
    /// # Errors
    /// As ClickHouse says.
    pub(crate) async fn fill_devices(&self) -> Result<(), StoreError> {
        let over = "SELECT toString(day) FROM rollup_day WHERE day < toDate(now('UTC')) GROUP BY day \
                    HAVING countIf(grouping = 'device') = 0 ORDER BY day";
        let days: Vec<String> = self.client().query_raw(over).fetch_all().await?;
        for day in days {
            // Where two processes do it at once the token drops the second; were it there twice, it would not add up to the site.
            let token = format!("insert_deduplicate = 1, insert_deduplication_token = 'devices {day}'");
            self.execute(&format!("{}, {token}", sum_devices("rollup_day", &day))).await?;
        }
        Ok(())
    }

    async fn fill_each(&self, beside: &str, days: &[String]) -> Result<(), StoreError> {
        let sums = COUNTERS.map(|counter| format!("sum({counter})")).join(", ");
        for day in days {
            let sum = format!(
                "INSERT INTO {beside} (site, grouping, metric, bot, time, page, value, day, {}, histogram) \
                 SELECT {KEYS}, {sums}, sumMap(histogram) FROM rollup_hour WHERE day = '{day}' \
                 GROUP BY site, grouping, metric, bot, start, page, value, day \
                 SETTINGS max_bytes_before_external_group_by = {SUM_BYTES_MAX}",
                COUNTERS.join(", ")
            );
            self.execute(&sum).await?;
            // Whole before it takes its place: a second process that puts its own there must not take the devices out again.
            self.execute(&sum_devices(beside, day)).await?;
            self.execute(&format!("ALTER TABLE rollup_day REPLACE PARTITION '{day}' FROM {beside}")).await?;
        }
        Ok(())
    }
}

/// Sums the devices of a day in `table` over its pages, into the same table.
fn sum_devices(table: &str, day: &str) -> String {
    format!(
        "INSERT INTO {table} (site, grouping, metric, bot, time, page, value, day, {}, histogram) \
         SELECT site, 'device', metric, bot, time, '', value, day, {}, sumMap(histogram) FROM {table} \
         WHERE day = '{day}' AND grouping = 'page_device' GROUP BY site, metric, bot, time, value, day \
         SETTINGS max_bytes_before_external_group_by = {SUM_BYTES_MAX}",
        COUNTERS.join(", "),
        COUNTERS.map(|counter| format!("sum({counter})")).join(", "),
    )
}
