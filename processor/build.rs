//! Turns the pinned third-party lists into what the program embeds: uap-core's YAML becomes JSON (so that no YAML parser
//! is linked into the binary), the crawler list keeps its patterns and loses a megabyte of examples.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let modules = root.join("../third-party/node_modules");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

    let regexes = read(&modules.join("uap-core/regexes.yaml"));
    let regexes: serde_json::Value = serde_yaml::from_str(&regexes).expect("uap-core/regexes.yaml is not YAML");
    fs::write(out.join("user_agents.json"), regexes.to_string()).expect("OUT_DIR takes files");

    let crawlers = read(&modules.join("crawler-user-agents/crawler-user-agents.json"));
    let crawlers: Vec<serde_json::Value> =
        serde_json::from_str(&crawlers).expect("crawler-user-agents.json is not a JSON array");
    let patterns: Vec<&str> = crawlers.iter().filter_map(|entry| entry["pattern"].as_str()).collect();
    assert_eq!(patterns.len(), crawlers.len(), "every entry of crawler-user-agents.json has a pattern");
    let patterns = serde_json::to_string(&patterns).expect("strings are JSON");
    fs::write(out.join("crawlers.json"), patterns).expect("OUT_DIR takes files");
}

fn read(path: &Path) -> String {
    println!("cargo:rerun-if-changed={}", path.display());
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} cannot be read ({error}): run `make setup` first", path.display()))
}
