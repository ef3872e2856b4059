//! Configuration: `felt.toml`, then `FELT_*` from the environment, then flags (which `cli` holds).
//!
//! Unknown keys are refused, and every fault is reported at once with its source and key, so that one look mends a file.
//! Each role owns the type and the defaults of its section; this module only reads and divides them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use felt_eventlog::{KafkaConfig, LocalLogConfig};
use felt_ingest::IngestConfig;
use felt_processor::ProcessorConfig;
use felt_query::QueryConfig;
use felt_schema::site::{Site, Sites};
use felt_store::StoreConfig;
use felt_store::engine::EngineConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// The sections of `felt.toml`.
const SECTIONS: [&str; 8] = ["server", "engine", "log", "ingest", "processor", "query", "kafka", "clickhouse"];

/// Environment variables that are flags or caches, not keys of a section.
const ENVIRONMENT_ONLY: [&str; 5] = ["FELT_CONFIG", "FELT_DATA", "FELT_LISTEN", "FELT_TOKEN", "FELT_CACHE_DIR"];

/// The folder that downloads are cached in, below the home directory.
const CACHE_FOLDER: &str = ".cache/felt";

/// Everything that was configured, checked.
#[derive(Debug)]
pub struct Config {
    /// The file that it was read from.
    pub source: String,
    /// The sites whose beacons are taken; the example site when none is configured.
    pub sites: Sites,
    /// Whether the example site stands in because none was configured.
    pub sites_are_example: bool,
    /// Limits of the HTTP servers.
    pub server: felt_http::ServerLimits,
    /// Where the embedded engine's library is.
    pub engine: EngineSection,
    /// The embedded log.
    pub log: LogSection,
    /// The ingest role.
    pub ingest: Listening<IngestConfig>,
    /// The processor role.
    pub processor: Listening<ProcessorConfig>,
    /// The query role.
    pub query: Listening<QueryConfig>,
    /// Kafka, when the log is not the embedded one.
    pub kafka: Option<KafkaConfig>,
    /// ClickHouse, when the store is not the embedded one.
    pub clickhouse: Option<StoreConfig>,
    /// The folder downloads are cached in.
    pub cache_dir: PathBuf,
}

/// A role's own settings and the address it listens on when it runs alone.
#[derive(Debug, Default)]
pub struct Listening<T> {
    /// The address, when configured.
    pub listen: Option<SocketAddr>,
    /// The role's settings.
    pub settings: T,
}

/// `[engine]`: the embedded ClickHouse engine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSection {
    /// The path of `libchdb.so`; beside the binary or in the cache by default.
    pub libchdb: Option<PathBuf>,
    /// Most statements that run at once; further ones wait.
    pub queries_max: usize,
    /// Most memory all statements and merges may take together.
    pub memory_bytes_max: u64,
    /// Memory for marks and primary indexes of parts that were read; a sixteenth of it for conditions that were asked.
    pub cache_bytes_max: u64,
    /// Threads that merge parts in the background.
    pub merge_threads: u32,
}

impl Default for EngineSection {
    fn default() -> Self {
        let engine = EngineConfig::default();
        Self {
            libchdb: None,
            queries_max: engine.queries_max,
            memory_bytes_max: engine.memory_bytes_max,
            cache_bytes_max: engine.cache_bytes_max,
            merge_threads: engine.merge_threads,
        }
    }
}

impl Config {
    /// What an embedded engine over this folder is given.
    pub fn engine(&self, data_dir: PathBuf, listen: SocketAddr) -> EngineConfig {
        EngineConfig {
            // ClickHouse resolves relative paths against its own folder, not the caller's.
            data_dir: std::path::absolute(&data_dir).unwrap_or(data_dir),
            listen,
            libchdb: self.engine.libchdb.clone(),
            cache_dir: Some(self.cache_dir.clone()),
            queries_max: self.engine.queries_max,
            memory_bytes_max: self.engine.memory_bytes_max,
            cache_bytes_max: self.engine.cache_bytes_max,
            merge_threads: self.engine.merge_threads,
            ..EngineConfig::default()
        }
    }

    /// The embedded log in this folder.
    pub fn local_log(&self, dir: PathBuf) -> LocalLogConfig {
        LocalLogConfig {
            dir,
            partitions: self.log.partitions,
            bytes_max: self.log.bytes_max,
            done_keep_ms: i64::from(self.log.done_keep_minutes) * 60_000,
            done_keep_bytes: self.log.done_keep_bytes,
            ..LocalLogConfig::default()
        }
    }
}

/// `[log]`: the embedded log of `felt serve`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// Partitions; fixed when the log is first opened.
    pub partitions: u32,
    /// Beacons are refused with 503 once this much waits to be processed.
    pub bytes_max: u64,
    /// Processed records are kept this long, for audits.
    pub done_keep_minutes: u32,
    /// … but no more than this of them.
    pub done_keep_bytes: u64,
}

impl Default for LogSection {
    fn default() -> Self {
        let log = LocalLogConfig::default();
        Self {
            partitions: log.partitions,
            bytes_max: log.bytes_max,
            done_keep_minutes: (log.done_keep_ms / 60_000) as u32,
            done_keep_bytes: log.done_keep_bytes,
        }
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file or `environment`.
    pub source: String,
    /// The key, dotted.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// All that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// One fault that shows only when a role starts: a section that it needs, an address that is taken.
    pub fn one(source: &str, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Fault { source: source.to_owned(), key: key.into(), message: message.into() }])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0.len();
        write!(f, "the configuration has {n} fault{}", if n == 1 { "" } else { "s" })?;
        for fault in &self.0 {
            write!(f, "\n  {}: {}: {}", fault.source, fault.key, fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl Config {
    /// Reads the file (when there is one) and the environment.
    ///
    /// # Errors
    /// Every fault found, in the order of the file.
    pub fn load(path: Option<&Path>) -> Result<Self, Faults> {
        let environment: BTreeMap<String, String> = std::env::vars().collect();
        // A file that was named must be there; the one in the working directory may be missing, but not unreadable.
        let file = path.unwrap_or(Path::new("felt.toml"));
        let source = file.display().to_string();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Faults::one(&source, "(file)", format!("it cannot be read: {error}"))),
        };
        Self::read(&text, &source, &environment)
    }

    /// Reads a configuration from its parts.
    ///
    /// # Errors
    /// Every fault found, in the order of the file.
    pub fn read(text: &str, source: &str, environment: &BTreeMap<String, String>) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut table = text.parse::<Table>().unwrap_or_else(|error| {
            faults.push(Fault {
                source: source.into(),
                key: "(syntax)".into(),
                message: error.to_string().trim().replace('\n', " "),
            });
            Table::new()
        });
        let mut sources = Sources { file: source.to_owned(), from_environment: Vec::new() };
        overlay(&mut table, environment, &mut sources, &mut faults);
        let mut reader = Reader { sources: &sources, faults: &mut faults };

        let entries = table.remove("sites");
        let sites_are_example = entries.is_none();
        let sites = match entries {
            None => vec![example_site()],
            Some(Value::Array(entries)) => {
                entries.into_iter().enumerate().filter_map(|(i, e)| reader.site(i, e)).collect()
            }
            Some(_) => {
                reader.fault("sites", "this must be a list of tables, each headed [[sites]]");
                Vec::new()
            }
        };
        let config = Self {
            source: source.to_owned(),
            sites_are_example,
            sites: reader.sites(sites),
            server: reader.server(table.remove("server")),
            engine: reader.section("engine", table.remove("engine")).unwrap_or_default(),
            log: reader.section("log", table.remove("log")).unwrap_or_default(),
            ingest: reader.listening("ingest", table.remove("ingest")),
            processor: reader.listening("processor", table.remove("processor")),
            query: reader.query(table.remove("query")),
            kafka: reader.section("kafka", table.remove("kafka")),
            clickhouse: reader.section("clickhouse", table.remove("clickhouse")),
            cache_dir: cache_dir(environment),
        };
        for key in table.keys() {
            reader.fault(key, &format!("this key is unknown; the sections are sites, {}", SECTIONS.join(", ")));
        }
        if faults.is_empty() { Ok(config) } else { Err(Faults(faults)) }
    }
}

/// The folder that downloads are cached in: `FELT_CACHE_DIR`, else below the home directory.
fn cache_dir(environment: &BTreeMap<String, String>) -> PathBuf {
    match (environment.get("FELT_CACHE_DIR"), environment.get("HOME")) {
        (Some(dir), _) => PathBuf::from(dir),
        (None, Some(home)) => Path::new(home).join(CACHE_FOLDER),
        (None, None) => PathBuf::from(CACHE_FOLDER),
    }
}

/// The site that stands in when none is configured: open to any origin, so that a first try needs no file.
fn example_site() -> Site {
    Site { key: "shop".into(), name: "My site".into(), origins: vec!["*".into()], ..Site::default() }
}

/// Which keys came from where.
struct Sources {
    file: String,
    from_environment: Vec<String>,
}

impl Sources {
    fn of(&self, key: &str) -> String {
        if self.from_environment.iter().any(|k| k == key) { "environment".into() } else { self.file.clone() }
    }
}

/// Lays `FELT_SECTION_KEY` over the file.
fn overlay(table: &mut Table, environment: &BTreeMap<String, String>, sources: &mut Sources, faults: &mut Vec<Fault>) {
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix("FELT_") else { continue };
        if ENVIRONMENT_ONLY.contains(&name.as_str()) {
            continue;
        }
        let rest = rest.to_lowercase();
        let Some((section, key)) = SECTIONS
            .iter()
            .find_map(|s| rest.strip_prefix(s).and_then(|k| k.strip_prefix('_')).map(|k| (*s, k.to_owned())))
        else {
            faults.push(Fault {
                source: "environment".into(),
                key: name.clone(),
                message: format!("no section has this name; FELT_SECTION_KEY with one of {}", SECTIONS.join(", ")),
            });
            continue;
        };
        // A number, a truth value or a list is written as in the file; everything else is a string.
        let value = format!("x = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut t| t.remove("x"))
            .unwrap_or_else(|| Value::String(text.clone()));
        sources.from_environment.push(format!("{section}.{}", key.replacen("oidc_", "oidc.", 1)));
        if let Value::Table(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
            match key.strip_prefix("oidc_") {
                // The one section in a section: its secret should not have to stand in a file.
                Some(key) => {
                    if let Value::Table(oidc) = section.entry("oidc").or_insert_with(|| Value::Table(Table::new())) {
                        // A secret is a text, whatever it looks like.
                        let value = if key == "client_secret" { Value::String(text.clone()) } else { value };
                        oidc.insert(key.to_owned(), value);
                    }
                }
                None => {
                    section.insert(key, value);
                }
            }
        }
    }
}

/// Turns tables into types and gathers what does not fit.
struct Reader<'a> {
    sources: &'a Sources,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, key: &str, message: &str) {
        self.faults.push(Fault { source: self.sources.of(key), key: key.to_owned(), message: message.to_owned() });
    }

    /// A section as its type. A key that does not fit is reported, taken out, and the rest read again, so that all
    /// faults of a section show at once.
    fn section<T: DeserializeOwned>(&mut self, name: &str, value: Option<Value>) -> Option<T> {
        let mut value = value?;
        loop {
            let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
                Ok(section) => return Some(section),
                Err(error) => error,
            };
            let path = error.path().to_string();
            let message = error.inner().to_string().trim().replace('\n', " ");
            let unknown = message.strip_prefix("unknown field `").and_then(|m| m.split('`').next());
            let leaf = match unknown {
                Some(field) if path == "." => field.to_owned(),
                Some(field) if !path.ends_with(field) => format!("{path}.{field}"),
                _ => path.clone(),
            };
            self.fault(&format!("{name}.{leaf}"), &message);
            if !remove_path(&mut value, &leaf) {
                return None;
            }
        }
    }

    fn server(&mut self, value: Option<Value>) -> felt_http::ServerLimits {
        let limits: felt_http::ServerLimits = self.section("server", value).unwrap_or_default();
        for (field, message) in limits.faults() {
            self.fault(&format!("server.{field}"), &message);
        }
        limits
    }

    fn listening<T: DeserializeOwned + Default>(&mut self, name: &str, value: Option<Value>) -> Listening<T> {
        let mut value = value;
        let listen = match &mut value {
            Some(Value::Table(table)) => table.remove("listen"),
            _ => None,
        };
        let listen = listen.and_then(|text| {
            let address = text.as_str().and_then(|t| t.parse().ok());
            if address.is_none() {
                self.fault(&format!("{name}.listen"), "this must be an address and port, such as \"0.0.0.0:8090\"");
            }
            address
        });
        Listening { listen, settings: self.section(name, value).unwrap_or_default() }
    }

    /// The query role's section, which knows more faults than its types.
    fn query(&mut self, value: Option<Value>) -> Listening<QueryConfig> {
        let query: Listening<QueryConfig> = self.listening("query", value);
        for (key, message) in query.settings.faults() {
            self.fault(&format!("query.{key}"), &message);
        }
        query
    }

    fn site(&mut self, index: usize, entry: Value) -> Option<Site> {
        let name = format!("sites[{index}]");
        self.section(&name, Some(entry))
    }

    fn sites(&mut self, sites: Vec<Site>) -> Sites {
        Sites::new(sites).unwrap_or_else(|found| {
            for fault in found {
                self.fault(&fault.key, &fault.message);
            }
            Sites::default()
        })
    }
}

/// Takes the value at a dotted path out of its table; false when it is not in one.
fn remove_path(value: &mut Value, path: &str) -> bool {
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    let Value::Table(table) = value else { return false };
    match rest {
        None => table.remove(head).is_some() || head.split_once('[').is_some_and(|(k, _)| table.remove(k).is_some()),
        Some(rest) => match table.get_mut(head) {
            Some(inner @ Value::Table(_)) => remove_path(inner, rest),
            Some(_) => table.remove(head).is_some(),
            None => head.split_once('[').is_some_and(|(k, _)| table.remove(k).is_some()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Faults> {
        Config::read(text, "felt.toml", &BTreeMap::new())
    }

    #[test]
    fn the_least_configuration_is_one_site() {
        let config =
            read("[[sites]]\nkey = \"shop\"\nname = \"The Shop\"\norigins = [\"https://shop.example\"]").unwrap();
        assert_eq!(config.sites.len(), 1);
        assert!(!config.sites_are_example);
    }

    #[test]
    fn an_empty_configuration_serves_the_example_site() {
        assert!(read("").unwrap().sites_are_example);
    }

    #[test]
    fn every_fault_is_reported_at_once_with_its_key() {
        let faults = read(
            "nonsense = 1\n[log]\npartitions = \"many\"\nretention = 3\n[clickhouse]\nurll = \"x\"\n[[sites]]\nkey = 3\n",
        )
        .unwrap_err();
        let keys: Vec<&str> = faults.0.iter().map(|f| f.key.as_str()).collect();
        for key in ["nonsense", "log.partitions", "log.retention", "clickhouse.urll", "sites[0].key"] {
            assert!(keys.contains(&key), "{key} is missing from {keys:?}");
        }
    }

    #[test]
    fn the_environment_overrides_the_file_and_is_named_in_faults() {
        let environment = BTreeMap::from([
            ("FELT_LOG_PARTITIONS".to_owned(), "8".to_owned()),
            ("FELT_LOG_BYTES_MAX".to_owned(), "soon".to_owned()),
            ("FELT_NOSUCH_KEY".to_owned(), "1".to_owned()),
        ]);
        let faults = Config::read("[log]\npartitions = 2", "felt.toml", &environment).unwrap_err();
        assert_eq!(faults.0.len(), 2);
        assert!(faults.0.iter().all(|f| f.source == "environment"), "{faults}");
        let environment = BTreeMap::from([("FELT_LOG_PARTITIONS".to_owned(), "8".to_owned())]);
        assert_eq!(Config::read("[log]\npartitions = 2", "felt.toml", &environment).unwrap().log.partitions, 8);
    }

    #[test]
    fn the_secret_of_single_sign_on_comes_from_the_environment_and_is_not_printed() {
        let text = "[query]\npublic_url = \"https://felt.example\"\n[query.oidc]\nissuer = \"https://id.example\"\n\
                    client_id = \"felt\"\n[[query.oidc.grants]]\ndomain = \"shop.example\"\nsites = [\"*\"]\n\
                    scopes = [\"read:metrics\"]";
        let environment = BTreeMap::from([("FELT_QUERY_OIDC_CLIENT_SECRET".to_owned(), "12345".to_owned())]);
        let config = Config::read(text, "felt.toml", &environment).unwrap();
        let oidc = config.query.settings.oidc.as_ref().unwrap();
        assert_eq!(oidc.client_secret.reveal(), "12345");
        assert!(!format!("{config:?}").contains("12345"));
        let faults = read("[query]\nsession_hours_max = 0\n[query.oidc]\nissuer = \"http://id.example\"").unwrap_err();
        let keys: Vec<&str> = faults.0.iter().map(|f| f.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "query.session_hours_max",
                "query.oidc.issuer",
                "query.oidc.client_id",
                "query.oidc.redirect_url",
                "query.oidc.grants"
            ]
        );
    }

    #[test]
    fn two_sites_cannot_share_a_key() {
        let text = "[[sites]]\nkey=\"shop\"\nname=\"A\"\norigins=[\"*\"]\n".repeat(2);
        assert_eq!(read(&text).unwrap_err().0.len(), 1);
    }
}
