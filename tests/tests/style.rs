//! The house rules, held by a test instead of by memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// Files that git tracks or would track, with their text.
fn files(extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(listed.status.success(), "git lists the files");
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .map(PathBuf::from)
        .filter(|p| p.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)))
        .filter_map(|p| std::fs::read_to_string(root().join(&p)).ok().map(|text| (p, text)))
        .collect()
}

#[test]
fn every_rust_module_opens_by_saying_what_it_is() {
    let silent: Vec<_> = files(&["rs"]).into_iter().filter(|(_, text)| !text.trim_start().starts_with("//!")).collect();
    assert!(silent.is_empty(), "these open without //!: {:?}", silent.iter().map(|(p, _)| p).collect::<Vec<_>>());
}

#[test]
fn every_typescript_module_opens_by_saying_what_it_is() {
    let silent: Vec<_> = files(&["ts", "tsx"])
        .into_iter()
        .filter(|(path, text)| {
            let start = text.trim_start();
            !path.to_string_lossy().ends_with(".d.ts")
                && !path.to_string_lossy().contains("test/")
                && !start.starts_with("//")
                && !start.starts_with("/*")
        })
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these open without a comment: {silent:?}");
}

#[test]
fn nothing_is_left_open_or_switched_off() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore"), concat!("unimpl", "emented!")];
    for (path, text) in files(&["rs", "ts", "tsx", "js", "mjs", "sh", "toml", "md", "sql"]) {
        for mark in marks {
            assert!(!text.contains(mark), "{} contains {mark}", path.display());
        }
    }
}

#[test]
fn links_in_documents_resolve() {
    let mut broken = Vec::new();
    for (path, text) in files(&["md"]) {
        if path.starts_with("tests/vectors") {
            continue; // copied as it is
        }
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split(['#', ' ']).next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            let folder = root().join(&path).parent().expect("a file is in a folder").to_owned();
            if !folder.join(file).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// What each crate may depend on; whatever is not in its list is an arrow in the wrong direction.
#[test]
fn dependency_arrows_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("schema", &[][..]),
        ("js-beacon", &[]),
        ("eventlog", &["schema"]),
        ("store", &["schema"]),
        ("http", &["schema"]),
        ("ingest", &["schema", "eventlog", "http", "js-beacon"]),
        ("processor", &["schema", "eventlog", "store"]),
        ("query", &["schema", "store", "http"]),
    ]);
    for (name, may) in allowed {
        let text = std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("every room has a Cargo.toml");
        let table: toml::Table = text.parse().expect("Cargo.toml is TOML");
        let dependencies = table.get("dependencies").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        let wrong: Vec<_> =
            dependencies.keys().filter_map(|d| d.strip_prefix("felt-")).filter(|d| !may.contains(d)).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
}

/// Names such as `felt_ingest_requests_total` in string literals of the code.
fn metrics_in_code() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, text) in files(&["rs"]) {
        let at = path.to_string_lossy().into_owned();
        if at.contains("tests/") || at.contains("benches/") || at.contains("testing") {
            continue;
        }
        for literal in text.split('"').skip(1).step_by(2) {
            let plain = literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            let role = ["http", "ingest", "processor", "query", "eventlog", "store", "engine"]
                .iter()
                .any(|r| literal.strip_prefix("felt_").is_some_and(|rest| rest.starts_with(&format!("{r}_"))));
            if plain && role {
                names.insert(literal.to_owned());
            }
        }
    }
    names
}

#[test]
fn every_metric_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/metrics.md")).expect("docs/metrics.md exists");
    let missing: Vec<_> = metrics_in_code().into_iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/metrics.md lacks {missing:#?}");
}

/// The fields of the structs that `felt.toml` is read into.
fn settings_in_code() -> Vec<(&'static str, String)> {
    let structs = [
        ("server", "http/src/limits.rs", "ServerLimits"),
        ("engine", "src/config.rs", "EngineSection"),
        ("log", "src/config.rs", "LogSection"),
        ("kafka", "eventlog/src/config.rs", "KafkaConfig"),
        ("clickhouse", "store/src/config.rs", "StoreConfig"),
        ("ingest", "ingest/src/config.rs", "IngestConfig"),
        ("ingest", "ingest/src/spool/config.rs", "SpoolConfig"),
        ("processor", "processor/src/config.rs", "ProcessorConfig"),
        ("query", "query/src/config.rs", "QueryConfig"),
        ("sites", "schema/src/site.rs", "Site"),
    ];
    let mut settings = Vec::new();
    for (section, file, name) in structs {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        let start = text.find(&format!("pub struct {name} {{")).unwrap_or_else(|| panic!("{name} is not in {file}"));
        let body = &text[start..start + text[start..].find("\n}").expect("the struct ends")];
        let mut skipped = false;
        for line in body.lines() {
            let line = line.trim();
            if line.contains("serde(skip") {
                skipped = true;
            } else if let Some((field, _)) = line.strip_prefix("pub ").and_then(|rest| rest.split_once(':')) {
                if !skipped {
                    settings.push((section, field.to_owned()));
                }
                skipped = false;
            }
        }
    }
    settings
}

#[test]
fn every_setting_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).expect("docs/configuration.md exists");
    let missing: Vec<_> = settings_in_code()
        .into_iter()
        .filter(|(section, field)| {
            let Some(start) =
                text.find(&format!("## `[{section}]`")).or_else(|| text.find(&format!("## `[[{section}]]`")))
            else {
                return true;
            };
            let part = &text[start + 3..];
            let part = &part[..part.find("\n## ").unwrap_or(part.len())];
            !part.contains(&format!("`{field}`"))
        })
        .collect();
    assert!(missing.is_empty(), "docs/configuration.md lacks {missing:#?}");
}

#[test]
fn every_document_that_code_names_is_there() {
    let mut missing = BTreeSet::new();
    for (path, text) in files(&["rs", "ts", "tsx", "mjs", "toml", "sh"]) {
        for rest in text.split("docs/").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_/.".contains(*c)).collect();
            let Some((name, _)) = name.split_once(".md") else { continue };
            if !root().join(format!("docs/{name}.md")).exists() {
                missing.insert(format!("{} names docs/{name}.md", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn no_file_names_a_machine_or_a_registry_host() {
    let marks = [
        concat!("registry.npm", "js.org"),
        concat!("/root", "/"),
        concat!("static.crates", ".io"),
        concat!("repo1.ma", "ven.org"),
    ];
    for (path, text) in
        files(&["rs", "ts", "tsx", "js", "mjs", "sh", "toml", "md", "json", "xml", "sql", "html", "css"])
    {
        for mark in marks {
            assert!(!text.contains(mark), "{} contains {mark}", path.display());
        }
    }
}
