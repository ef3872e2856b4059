//! Finds the pinned country database and hands it to the crate; stops with the remedy when it is missing.

use std::path::Path;
use std::{env, process};

const DATABASE: &str = "node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

// A build script talks to cargo through its environment; there is no configuration to take it from.
#[allow(clippy::disallowed_methods)]
fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let path = Path::new(&root).join("../third-party").join(DATABASE);
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rerun-if-changed=build.rs");
    if !path.is_file() {
        eprintln!("{} is missing: run `make setup` (or `npm ci` in third-party)", path.display());
        process::exit(1);
    }
    println!("cargo:rustc-env=FELT_COUNTRY_DATABASE={}", path.display());
}
