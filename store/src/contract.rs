//! Start-up checks that this very ClickHouse keeps what the pipeline rests on.
//!
//! Deduplication is off by default, is per table and per part, and its defaults have moved between versions; a proxy
//! or a profile may drop a setting. So each promise is tried, in scratch tables with the settings of the real ones,
//! before the first batch is read. Takes a few tenths of a second on the embedded engine.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::migrations::guarantees;
use crate::{JsonRow, Param, QueryLimits, Store, StoreError};

/// A promise that this ClickHouse does not keep.
#[derive(Debug, thiserror::Error)]
pub enum ContractFault {
    /// The check ran and the answer was wrong.
    #[error(
        "this clickhouse does not keep a promise that exact counts rest on: {promise}: expected {expected}, found {found}"
    )]
    Broken {
        /// What was promised.
        promise: &'static str,
        /// What should have been seen.
        expected: String,
        /// What was seen instead.
        found: String,
    },
    /// The check could not run.
    #[error("the checks of clickhouse could not run: {0}")]
    Store(#[from] StoreError),
}

/// A row of the scratch table of raw rows.
#[derive(Debug, Clone, Row, Serialize, Deserialize)]
struct Raw {
    day: u16,
    id: u64,
    seq: u32,
    sign: i8,
    text: String,
}

/// A row of the scratch table of histograms.
#[derive(Debug, Clone, Row, Serialize, Deserialize)]
struct Sums {
    id: u64,
    count: i64,
    histogram: Vec<(u16, i64)>,
}

/// More rows than ClickHouse reads at a time by default, fewer than fit into a block.
const MANY_ROWS: u64 = 70_000;

impl Store {
    /// Checks deduplication, single blocks, signed sums, collapsing, parameters and read-only mode in scratch tables
    /// that are dropped afterwards.
    ///
    /// # Errors
    /// The first promise that is not kept, or ClickHouse's failure.
    pub async fn check_contract(&self) -> Result<(), ContractFault> {
        let scratch = Scratch::make(self).await?;
        let result = scratch.check().await;
        let dropped = scratch.drop().await;
        result?;
        Ok(dropped?)
    }
}

/// Tables of one run; their names are random so that runs do not meet.
struct Scratch<'a> {
    store: &'a Store,
    raw: String,
    other: String,
    sums: String,
}

impl<'a> Scratch<'a> {
    async fn make(store: &'a Store) -> Result<Self, StoreError> {
        let name = |what: &str| format!("contract_{what}_{:016x}", rand::random::<u64>());
        let scratch = Self { store, raw: name("raw"), other: name("other"), sums: name("sums") };
        let config = store.config();
        let engine = |name: &str| format!("{}{name}", if config.replicated { "Replicated" } else { "" });
        let guarantees = guarantees(config);
        for table in [&scratch.raw, &scratch.other] {
            let engine = engine("VersionedCollapsingMergeTree(sign, seq)");
            let sql = format!(
                "CREATE TABLE {table} (day Date, id UInt64, seq UInt32, sign Int8, text String) ENGINE = {engine} \
                 PARTITION BY day ORDER BY id SETTINGS {guarantees}"
            );
            store.execute(&sql).await?;
        }
        let (table, engine) = (&scratch.sums, engine("AggregatingMergeTree"));
        let sql = format!(
            "CREATE TABLE {table} (id UInt64, count SimpleAggregateFunction(sum, Int64), \
             histogram SimpleAggregateFunction(sumMap, Map(UInt16, Int64))) ENGINE = {engine} ORDER BY id \
             SETTINGS {guarantees}"
        );
        store.execute(&sql).await?;
        Ok(scratch)
    }

    async fn drop(&self) -> Result<(), StoreError> {
        for table in [&self.raw, &self.other, &self.sums] {
            self.store.execute(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        Ok(())
    }

    async fn check(&self) -> Result<(), ContractFault> {
        self.repeats_are_dropped().await?;
        self.batches_are_single_blocks().await?;
        self.signs_collapse().await?;
        self.sums_are_signed().await?;
        self.values_are_not_sql().await?;
        self.questions_cannot_write().await
    }

    async fn repeats_are_dropped(&self) -> Result<(), ContractFault> {
        let rows = |days: std::ops::Range<u16>, ids: std::ops::Range<u64>| -> Vec<Raw> {
            days.flat_map(|day| ids.clone().map(move |id| raw(day, id, 0, 1))).collect()
        };
        let token = Some("0/contract/0/0-9");
        let first = rows(40_000..40_002, 0..5);
        self.store.insert_rows(&self.raw, &first, token).await?;
        self.store.insert_rows(&self.raw, &first, token).await?;
        self.expect("a repeated token changes nothing", &self.count(&self.raw), json!(10)).await?;
        // The token counts, not the rows: a replay may differ in what does not matter, but never in its place.
        self.store.insert_rows(&self.raw, &rows(40_000..40_002, 100..105), token).await?;
        self.expect("a token counts for its insert, not for its rows", &self.count(&self.raw), json!(10)).await?;
        // A crash can leave one day's part of a batch behind; the replay must add the other's.
        self.store.insert_rows(&self.raw, &rows(40_001..40_003, 0..5), token).await?;
        self.expect("a repeat adds the parts that are missing", &self.count(&self.raw), json!(15)).await?;
        self.store.insert_rows(&self.raw, &first, Some("0/contract/0/10-19")).await?;
        self.expect("equal rows under another token are new", &self.count(&self.raw), json!(25)).await?;
        self.store.insert_rows(&self.other, &first, token).await?;
        self.expect("a token counts for one table", &self.count(&self.other), json!(10)).await
    }

    async fn batches_are_single_blocks(&self) -> Result<(), ContractFault> {
        let rows: Vec<Raw> = (0..MANY_ROWS).map(|id| raw(40_010, 1_000 + id, 0, 1)).collect();
        self.store.insert_rows(&self.raw, &rows, Some("0/contract/0/20-29")).await?;
        self.store.insert_rows(&self.raw, &rows, Some("0/contract/0/20-29")).await?;
        // Counting blocks: each is a part with a block number of its own, merged or not.
        let sql = format!(
            "SELECT sum(max_block_number - min_block_number + 1), sum(rows) FROM system.parts \
             WHERE database = currentDatabase() AND table = '{}' AND active AND partition = '2079-07-18'",
            self.raw
        );
        let found = self.ask(&sql, &[]).await?;
        // A part that was tried and dropped as a repeat may have used up a number.
        let blocks = found.first().and_then(|row| row.first()).and_then(serde_json::Value::as_u64).unwrap_or_default();
        let rows = found.first().and_then(|row| row.get(1)).cloned().unwrap_or_default();
        if blocks != 1 || rows != json!(MANY_ROWS) {
            return Err(ContractFault::Broken {
                promise: "an insert is one block",
                expected: format!("1 block of {MANY_ROWS} rows"),
                found: format!("{blocks} blocks of {rows} rows"),
            });
        }
        Ok(())
    }

    async fn signs_collapse(&self) -> Result<(), ContractFault> {
        self.store.execute(&format!("TRUNCATE TABLE {}", self.raw)).await?;
        self.store.insert_rows(&self.raw, &[raw(40_020, 1, 0, 1)], Some("0/contract/1/0-0")).await?;
        let update = [raw(40_020, 1, 0, -1), raw(40_020, 1, 4, 1)];
        self.store.insert_rows(&self.raw, &update, Some("0/contract/1/1-1")).await?;
        let sql = format!("SELECT seq, sign FROM {} FINAL", self.raw);
        let promise = "a cancelled row and its cancellation collapse";
        self.expect_rows(promise, &sql, &[], vec![vec![json!(4), json!(1)]]).await
    }

    async fn sums_are_signed(&self) -> Result<(), ContractFault> {
        let sums = |count, histogram| Sums { id: 1, count, histogram };
        self.store.insert_rows(&self.sums, &[sums(3, vec![(7, 2), (9, 1)])], Some("0/contract/2/0-0")).await?;
        self.store.insert_rows(&self.sums, &[sums(-1, vec![(9, -1), (11, 0)])], Some("0/contract/2/1-1")).await?;
        self.store.execute(&format!("OPTIMIZE TABLE {} FINAL", self.sums)).await?;
        let sql = format!(
            "SELECT sum(count), arraySort(mapKeys(mapFilter((bucket, n) -> n != 0, sumMap(histogram)))) AS buckets, \
             sumMap(histogram)[7] FROM {}",
            self.sums
        );
        let expected = vec![vec![json!(2), json!([7]), json!(2)]];
        self.expect_rows("counters and histograms add up with their signs", &sql, &[], expected).await
    }

    async fn values_are_not_sql(&self) -> Result<(), ContractFault> {
        let text = "x' OR 1=1 --\\\t\n{y:String}é";
        let params = [
            ("text", Param::Text(text.into())),
            ("texts", Param::Texts(vec![text.into(), String::new()])),
            ("ids", Param::UInts(vec![u64::MAX, 0])),
            ("number", Param::Int(-5)),
        ];
        let sql = "SELECT {text:String}, {texts:Array(String)}, {ids:Array(UInt64)}, {number:Int64}";
        let expected = vec![vec![json!(text), json!([text, ""]), json!([u64::MAX, 0]), json!(-5)]];
        self.expect_rows("a parameter's value arrives as it is", sql, &params, expected).await
    }

    async fn questions_cannot_write(&self) -> Result<(), ContractFault> {
        for sql in [format!("DROP TABLE {}", self.other), format!("INSERT INTO {} (id) SELECT 1", self.other)] {
            let result = self.ask(&sql, &[]).await;
            if result.as_ref().err().and_then(StoreError::code) != Some(READONLY) {
                return Err(ContractFault::Broken {
                    promise: "a question cannot write",
                    expected: format!("code {READONLY}"),
                    found: format!("{result:?}"),
                });
            }
        }
        Ok(())
    }

    fn count(&self, table: &str) -> String {
        format!("SELECT count() FROM {table}")
    }

    async fn ask(&self, sql: &str, params: &[(&str, Param)]) -> Result<Vec<JsonRow>, StoreError> {
        self.store.query_json(sql, params, QueryLimits::default()).await
    }

    async fn expect(&self, promise: &'static str, sql: &str, value: serde_json::Value) -> Result<(), ContractFault> {
        self.expect_rows(promise, sql, &[], vec![vec![value]]).await
    }

    async fn expect_rows(
        &self,
        promise: &'static str,
        sql: &str,
        params: &[(&str, Param)],
        expected: Vec<JsonRow>,
    ) -> Result<(), ContractFault> {
        let found = self.ask(sql, params).await?;
        if found == expected {
            return Ok(());
        }
        Err(ContractFault::Broken { promise, expected: json!(expected).to_string(), found: json!(found).to_string() })
    }
}

const READONLY: i32 = 164;

fn raw(day: u16, id: u64, seq: u32, sign: i8) -> Raw {
    Raw { day, id, seq, sign, text: format!("row {id} of {day}") }
}
