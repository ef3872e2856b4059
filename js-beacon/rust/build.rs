//! Finds the built scripts and hands their files to the crate; stops with the remedy when they are missing.

use std::path::Path;
use std::{env, fs, process};

/// Each script as its variable's stem, and its file's.
const SCRIPTS: [(&str, &str); 3] = [("BEACON", "beacon"), ("CORE", "beacon-core"), ("PROMPT", "beacon-prompt")];
/// Each form of a script as its variable's end, and its file's.
const FORMS: [(&str, &str); 3] = [("JS", "js"), ("BR", "js.br"), ("GZ", "js.gz")];

// A build script talks to cargo through its environment; there is no configuration to take it from.
#[allow(clippy::disallowed_methods)]
fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let dist = Path::new(&root).join("dist");
    for (name, stem) in SCRIPTS {
        for (form, end) in FORMS {
            println!("cargo:rustc-env=FELT_{name}_{form}={}", found(&dist, &format!("{stem}.{end}")));
        }
        let hash = fs::read_to_string(found(&dist, &format!("{stem}.hash"))).unwrap_or_default();
        println!("cargo:rustc-env=FELT_{name}_HASH={}", hash.trim());
    }
    println!("cargo:rustc-env=FELT_BEACON_MANIFEST={}", found(&dist, "beacon.json"));
}

/// The path of a built file.
fn found(dist: &Path, file: &str) -> String {
    let path = dist.join(file);
    println!("cargo:rerun-if-changed={}", path.display());
    if !path.is_file() {
        println!("cargo:rerun-if-changed=build.mjs");
        eprintln!(
            "{} is missing: the beacon has not been built; run `make assets` (or `npm ci && npm run build` in js-beacon)",
            path.display()
        );
        process::exit(1);
    }
    path.display().to_string()
}
