//! ClickHouse as the judge asks it: past every proxy and past Felt.

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

/// Asks for rows.
pub struct ClickHouse {
    http: reqwest::Client,
    url: String,
}

impl ClickHouse {
    /// The one at this address.
    pub fn new(url: &str) -> Self {
        Self { http: reqwest::Client::new(), url: url.to_owned() }
    }

    /// The rows of a statement, each a tuple of its columns.
    ///
    /// # Errors
    /// ClickHouse's, with the statement; or a row that is not such a tuple.
    pub async fn rows<T: DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>> {
        let body = format!(
            "{sql} FORMAT JSONCompactEachRow SETTINGS output_format_json_quote_64bit_integers = 0, max_threads = 2"
        );
        let answer = self.http.post(format!("{}/?database=felt", self.url)).body(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{status}: {text}\n{sql}");
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("{line}\n{sql}"))).collect()
    }

    /// Runs a statement that gives no rows.
    ///
    /// # Errors
    /// ClickHouse's, with the statement.
    pub async fn run(&self, sql: &str) -> Result<()> {
        let answer = self.http.post(format!("{}/?database=felt", self.url)).body(sql.to_owned()).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{status}: {}\n{sql}", answer.text().await?);
        Ok(())
    }

    /// The one number that a statement gives.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub async fn number(&self, sql: &str) -> Result<i64> {
        let rows: Vec<(i64,)> = self.rows(sql).await?;
        rows.first().map(|(number,)| *number).with_context(|| format!("no row from {sql}"))
    }
}
