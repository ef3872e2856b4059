//! Questions: written SQL, values as server-side parameters only, limits on each, and never a write.

use std::time::{Duration, Instant};

use clickhouse::query::Query;

use crate::events::Asked;
use crate::{Store, StoreError};

/// One row of an answer, in the order of the selected columns.
pub type JsonRow = Vec<serde_json::Value>;

/// A value for a `{name:Type}` placeholder. The placeholder's type decides; this only says how to write the value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `{x:String}`, also dates and enums by their text.
    Text(String),
    /// Any signed integer type.
    Int(i64),
    /// Any unsigned integer type.
    UInt(u64),
    /// `{x:Float64}`.
    Float(f64),
    /// `{x:Array(String)}`.
    Texts(Vec<String>),
    /// `{x:Array(UInt64)}` and narrower.
    UInts(Vec<u64>),
    /// `{x:Array(Int64)}` and narrower.
    Ints(Vec<i64>),
}

/// What one question may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Longest run; ClickHouse stops it with code 159.
    pub execution: Duration,
    /// Most rows read from tables (code 158).
    pub rows_read_max: u64,
    /// Most bytes read from tables (code 307).
    pub bytes_read_max: u64,
    /// Most memory (code 241).
    pub memory_bytes_max: u64,
    /// Most rows answered (code 396).
    pub result_rows_max: u64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            execution: Duration::from_secs(5),
            rows_read_max: 500_000_000,
            bytes_read_max: 50_000_000_000,
            memory_bytes_max: 1_500_000_000,
            result_rows_max: 1_000_000,
        }
    }
}

impl Store {
    /// Runs a question and gives all rows. 64-bit integers come as JSON numbers, non-finite floats as null.
    /// Dropping the future cancels the question on the server.
    ///
    /// # Errors
    /// Permanent for wrong SQL and for exceeded limits, transient when ClickHouse is away or overloaded.
    pub async fn query_json(
        &self,
        sql: &str,
        params: &[(&str, Param)],
        limits: QueryLimits,
    ) -> Result<Vec<JsonRow>, StoreError> {
        let started = Instant::now();
        // The server stops the question; this is for a server that does not answer at all.
        let patience = limits.execution + ANSWER_GRACE;
        let result = match tokio::time::timeout(patience, self.ask(sql, params, limits)).await {
            Ok(result) => result,
            Err(_) => {
                Err(StoreError::Transient { code: None, message: format!("no answer within {} s", patience.as_secs()) })
            }
        };
        Asked { took: started.elapsed(), error: result.as_ref().err() }.emit();
        result
    }

    async fn ask(&self, sql: &str, params: &[(&str, Param)], limits: QueryLimits) -> Result<Vec<JsonRow>, StoreError> {
        let mut query = self.client().query_raw(sql);
        for (name, value) in settings(limits) {
            query = query.with_setting(name, value);
        }
        for (name, value) in params {
            query = value.add_to(query, name);
        }
        let answer = query.fetch_bytes("JSONCompactEachRow")?.collect().await?;
        answer
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                serde_json::from_slice(line).map_err(|error| StoreError::Permanent {
                    code: None,
                    message: format!("the answer cannot be read: {error}"),
                })
            })
            .collect()
    }
}

/// How much longer than the question's own limit its answer may take.
const ANSWER_GRACE: Duration = Duration::from_secs(10);

fn settings(limits: QueryLimits) -> [(&'static str, String); 13] {
    [
        // 2 forbids writing but lets this very list be set.
        ("readonly", "2".into()),
        ("max_execution_time", limits.execution.as_secs_f64().to_string()),
        ("max_rows_to_read", limits.rows_read_max.to_string()),
        ("max_bytes_to_read", limits.bytes_read_max.to_string()),
        ("max_memory_usage", limits.memory_bytes_max.to_string()),
        ("max_result_rows", limits.result_rows_max.to_string()),
        // A part of an answer is worse than none.
        ("timeout_overflow_mode", "throw".into()),
        ("read_overflow_mode", "throw".into()),
        ("result_overflow_mode", "throw".into()),
        // A failure at the end must not look like a shorter answer.
        ("wait_end_of_query", "1".into()),
        ("cancel_http_readonly_queries_on_client_close", "1".into()),
        ("output_format_json_quote_64bit_integers", "0".into()),
        ("output_format_json_quote_denormals", "0".into()),
    ]
}

impl Param {
    fn add_to(&self, query: Query, name: &str) -> Query {
        match self {
            Self::Text(value) => query.param(name, value),
            Self::Int(value) => query.param(name, value),
            Self::UInt(value) => query.param(name, value),
            Self::Float(value) => query.param(name, value),
            Self::Texts(values) => query.param(name, values),
            Self::UInts(values) => query.param(name, values),
            Self::Ints(values) => query.param(name, values),
        }
    }
}
