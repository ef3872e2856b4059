//! The tables, as numbered SQL files that are each applied once and never edited afterwards.
//!
//! Every statement is `IF NOT EXISTS`, so that two processes that migrate at once, or one that was killed between a
//! statement and its record, do no harm. The hash is of the file as it is in the repository, before the deployment's
//! own words (replicated or not, cluster, fsync) are filled in: changing those is not a changed migration.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::{Store, StoreConfig, StoreError};

/// A file of `store/migrations`.
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        [$(Migration { number: $number, name: $name, sql: include_str!(concat!("../migrations/", $name)) }),*]
    };
}

const MIGRATIONS: [Migration; 13] = migrations![
    1 "0001_raw.sql",
    2 "0002_rollups.sql",
    3 "0003_operations.sql",
    4 "0004_people.sql",
    5 "0005_erasures.sql",
    6 "0006_positions.sql",
    7 "0007_slos.sql",
    8 "0008_documents.sql",
    10 "0010_alerts.sql",
    15 "0015_exported_totals.sql",
    20 "0020_rollup_day.sql",
    25 "0025_page_view_sample.sql",
    26 "0026_rollup_device.sql",
];

/// The migration after which days are filled from hours.
const ROLLUP_DAY: u32 = 20;
/// The migration after which devices are summed from pages.
const ROLLUP_DEVICE: u32 = 26;

/// ClickHouse's code for a table that is not there.
const UNKNOWN_TABLE: i32 = 60;

/// What was applied, and as what.
const RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
(
    number UInt32,
    name String,
    hash String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
)
ENGINE = {replicated}ReplacingMergeTree(applied_at)
ORDER BY number
SETTINGS {guarantees}";

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A file that was already applied reads differently now.
    #[error("migration {name} was applied with other text: restore the file and add a new migration instead")]
    Changed {
        /// File name of the migration.
        name: String,
    },
    /// The database was made by a newer felt.
    #[error("the tables know migration {number}, this felt only {newest}: run a newer felt, or restore a backup")]
    TooNew {
        /// The highest number in the database.
        number: u32,
        /// The highest number known here.
        newest: u32,
    },
    /// A name in the configuration cannot be used in SQL.
    #[error("{what} {name:?} may only have letters, digits and _ and must not begin with a digit")]
    Name {
        /// Which setting.
        what: &'static str,
        /// Its value.
        name: String,
    },
    /// ClickHouse failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Migration {
    fn hash(&self) -> String {
        Sha256::digest(self.sql).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// Makes the database and applies every migration that is not there yet. Safe to repeat and to run at once from
    /// several processes. Gives the names applied by this call.
    ///
    /// # Errors
    /// When a migration that was applied has changed, when the database is newer, or when ClickHouse fails.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let config = self.config();
        check_names(config)?;
        let nowhere = self.client().clone().with_database("system");
        nowhere.query_raw(&database_sql(config)).execute().await.map_err(StoreError::from)?;
        self.execute(&fill(RECORD, config)).await?;
        let applied = self.applied().await?;
        check_applied(&applied)?;
        let pending = || MIGRATIONS.iter().filter(|migration| !applied.contains_key(&migration.number));
        // All of them before anything is filled: another process must not change a table's columns meanwhile.
        for statement in pending().flat_map(|migration| statements(migration.sql)) {
            self.execute(&fill(statement, config)).await?;
        }
        let mut names = Vec::new();
        for migration in pending() {
            if migration.number == ROLLUP_DAY {
                self.fill_days().await?;
            }
            if migration.number == ROLLUP_DEVICE {
                self.fill_devices().await?;
            }
            let record = format!(
                "INSERT INTO schema_migrations (number, name, hash) VALUES ({}, '{}', '{}')",
                migration.number,
                migration.name,
                migration.hash()
            );
            self.execute(&record).await?;
            names.push(migration.name.to_owned());
        }
        Ok(names)
    }

    /// The names of the migrations that [`Store::migrate`] would apply.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn pending_migrations(&self) -> Result<Vec<&'static str>, MigrateError> {
        let applied = match self.applied().await {
            Ok(applied) => applied,
            // Not even the record is there.
            Err(error) if error.code() == Some(UNKNOWN_TABLE) => HashMap::new(),
            Err(error) => return Err(error.into()),
        };
        check_applied(&applied)?;
        let pending = MIGRATIONS.iter().filter(|migration| !applied.contains_key(&migration.number));
        Ok(pending.map(|migration| migration.name).collect())
    }

    /// The SQL that [`Store::migrate`] would run on an empty server, for `--dry-run`.
    pub fn migration_sql(&self) -> String {
        let config = self.config();
        let mut sql = format!("{};\n\nUSE `{}`;\n\n{};\n", database_sql(config), config.database, fill(RECORD, config));
        for migration in &MIGRATIONS {
            sql.push_str(&format!("\n-- {} (sha256 {})\n", migration.name, migration.hash()));
            sql.push_str(&fill(migration.sql, config));
        }
        sql
    }

    /// Runs a statement that gives no rows.
    ///
    /// # Errors
    /// As ClickHouse says.
    pub async fn execute(&self, sql: &str) -> Result<(), StoreError> {
        let query = self.client().query_raw(sql).with_setting("wait_end_of_query", "1");
        // A table that only one server of the cluster has is no table.
        let query = if self.config().cluster.is_empty() {
            query
        } else {
            query.with_setting("distributed_ddl_output_mode", "throw")
        };
        Ok(query.execute().await?)
    }

    async fn applied(&self) -> Result<HashMap<u32, String>, StoreError> {
        let sql = "SELECT number, argMin(hash, applied_at) FROM schema_migrations GROUP BY number";
        let rows = self.client().query_raw(sql).fetch_all::<(u32, String)>().await?;
        Ok(rows.into_iter().collect())
    }
}

fn check_applied(applied: &HashMap<u32, String>) -> Result<(), MigrateError> {
    let newest = MIGRATIONS.iter().map(|migration| migration.number).max().unwrap_or_default();
    if let Some(&number) = applied.keys().max()
        && number > newest
    {
        return Err(MigrateError::TooNew { number, newest });
    }
    for migration in &MIGRATIONS {
        if applied.get(&migration.number).is_some_and(|hash| *hash != migration.hash()) {
            return Err(MigrateError::Changed { name: migration.name.to_owned() });
        }
    }
    Ok(())
}

fn check_names(config: &StoreConfig) -> Result<(), MigrateError> {
    let usable = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    if config.database.is_empty() || !usable(&config.database) {
        return Err(MigrateError::Name { what: "the database's name", name: config.database.clone() });
    }
    if !usable(&config.cluster) {
        return Err(MigrateError::Name { what: "the cluster's name", name: config.cluster.clone() });
    }
    Ok(())
}

fn on_cluster(config: &StoreConfig) -> String {
    if config.cluster.is_empty() { String::new() } else { format!("ON CLUSTER {}", config.cluster) }
}

fn database_sql(config: &StoreConfig) -> String {
    format!("CREATE DATABASE IF NOT EXISTS `{}` {}", config.database, on_cluster(config)).trim_end().to_owned()
}

/// The settings on which exact counts and durability rest, the same for every table.
pub(crate) fn guarantees(config: &StoreConfig) -> String {
    // How many tokens a table remembers. Plain tables have no limit by age.
    let deduplication = if config.replicated {
        "replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 604800"
    } else {
        "non_replicated_deduplication_window = 100000"
    };
    let fsync = u8::from(config.fsync);
    // The last refuses inserts while merges still have room to work (code 243, try again).
    format!(
        "{deduplication}, fsync_after_insert = {fsync}, fsync_part_directory = {fsync}, \
         min_free_disk_bytes_to_perform_insert = 134217728"
    )
}

fn fill(sql: &str, config: &StoreConfig) -> String {
    sql.replace(" {on_cluster}", format!(" {}", on_cluster(config)).trim_end())
        .replace("{replicated}", if config.replicated { "Replicated" } else { "" })
        .replace("{guarantees}", &guarantees(config))
}

/// Cuts a file at the semicolons that end a line; comments alone are no statement.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n").map(str::trim).filter(|statement| {
        statement.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_belong_to_their_files() {
        // A number may be left out: branches that grow beside each other take theirs from different ranges.
        assert!(MIGRATIONS.is_sorted_by(|one, next| one.number < next.number));
        for migration in &MIGRATIONS {
            assert!(migration.name.starts_with(&format!("{:04}_", migration.number)), "{}", migration.name);
        }
    }

    #[test]
    fn every_table_has_every_guarantee() {
        for replicated in [false, true] {
            let config = StoreConfig { replicated, cluster: "c".into(), ..StoreConfig::default() };
            for migration in &MIGRATIONS {
                for statement in statements(migration.sql) {
                    let sql = fill(statement, &config);
                    assert!(sql.contains(" ON CLUSTER c"), "{sql}");
                    if sql.contains("\nALTER TABLE ") {
                        continue;
                    }
                    assert!(sql.contains("deduplication_window = 100000"), "{sql}");
                    assert!(sql.contains("fsync_after_insert = 1"), "{sql}");
                    assert_eq!(sql.contains("ENGINE = Replicated"), replicated, "{sql}");
                    assert!(!sql.contains("{on") && !sql.contains("{rep") && !sql.contains("{gua"), "{sql}");
                }
            }
        }
    }

    #[test]
    fn names_that_are_no_names_are_refused() {
        for database in ["", "a`b", "1a", "a.b", "a b"] {
            let config = StoreConfig { database: database.into(), ..StoreConfig::default() };
            assert!(check_names(&config).is_err(), "{database}");
        }
    }

    #[test]
    fn a_changed_or_unknown_migration_is_refused() {
        let fits = HashMap::from([(1, MIGRATIONS[0].hash())]);
        assert!(check_applied(&fits).is_ok());
        assert!(matches!(check_applied(&HashMap::from([(1, "x".into())])), Err(MigrateError::Changed { .. })));
        assert!(matches!(check_applied(&HashMap::from([(99, "x".into())])), Err(MigrateError::TooNew { .. })));
    }
}
