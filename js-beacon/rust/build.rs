//! Finds the built script and hands its files to the crate; stops with the remedy when they are missing.

use std::path::Path;
use std::{env, fs, process};

const FILES: [(&str, &str); 3] = [
    ("FELT_BEACON_SCRIPT", "beacon.js"),
    ("FELT_BEACON_SCRIPT_BR", "beacon.js.br"),
    ("FELT_BEACON_SCRIPT_GZ", "beacon.js.gz"),
];

// A build script talks to cargo through its environment; there is no configuration to take it from.
#[allow(clippy::disallowed_methods)]
fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let dist = Path::new(&root).join("dist");
    for (name, file) in FILES {
        let path = dist.join(file);
        println!("cargo:rerun-if-changed={}", path.display());
        if !path.is_file() {
            missing(&path);
        }
        println!("cargo:rustc-env={name}={}", path.display());
    }
    let hash_path = dist.join("beacon.hash");
    println!("cargo:rerun-if-changed={}", hash_path.display());
    let Ok(hash) = fs::read_to_string(&hash_path) else {
        missing(&hash_path);
    };
    println!("cargo:rustc-env=FELT_BEACON_HASH={}", hash.trim());
}

fn missing(path: &Path) -> ! {
    println!("cargo:rerun-if-changed=build.mjs");
    eprintln!(
        "{} is missing: the beacon has not been built; run `make assets` (or `npm ci && npm run build` in js-beacon)",
        path.display()
    );
    process::exit(1);
}
