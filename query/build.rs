//! Packs the dashboard's built files into the binary, each also compressed once with brotli.
//!
//! Without them the build stops and says how to make them: a service whose address shows nothing is no service.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const DIST: &str = "dashboard/dist";

fn main() {
    println!("cargo:rerun-if-changed={DIST}");
    println!("cargo:rerun-if-changed=build.rs");
    let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join(DIST);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    assert!(
        dist.join("index.html").is_file(),
        "the dashboard is not built: run `make assets` (query/{DIST} is missing)"
    );
    collect(&dist, &mut files)
        .unwrap_or_else(|error| panic!("query/{DIST} cannot be read, run `make assets`: {error}"));
    files.sort();
    let mut list = String::from("&[\n");
    for (index, file) in files.iter().enumerate() {
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&dist).expect("it was found in there").to_string_lossy().replace('\\', "/");
        let bytes = fs::read(file).unwrap_or_else(|error| panic!("{DIST}/{name} cannot be read: {error}"));
        let packed = out.join(format!("{index}.br"));
        fs::write(&packed, compress(&bytes))
            .unwrap_or_else(|error| panic!("{} cannot be written: {error}", packed.display()));
        writeln!(
            list,
            "    File {{ name: {name:?}, bytes: include_bytes!({:?}), brotli: include_bytes!({:?}) }},",
            file.display().to_string(),
            packed.display().to_string()
        )
        .expect("a string takes everything");
    }
    list.push(']');
    fs::write(out.join("files.rs"), list).expect("the build's own folder can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_none_or(|extension| extension != "map") {
            files.push(path);
        }
    }
    Ok(())
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let params = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &params).expect("memory can be written");
    packed
}
