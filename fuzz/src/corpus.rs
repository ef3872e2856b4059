//! Runs a target over its files: the seeds, and what once went wrong. For plain tests on a stable compiler.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every file of a target under `corpus-seed/` and `regressions/`, in order of their names.
pub fn files(target: &str) -> Vec<PathBuf> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let mut files: Vec<PathBuf> = ["corpus-seed", "regressions"]
        .into_iter()
        .filter_map(|kind| std::fs::read_dir(fuzz.join(kind).join(target)).ok())
        .flatten()
        .map(|file| file.expect("a folder can be listed").path())
        .collect();
    files.sort();
    files
}

/// Runs them all, and panics with the names of those that panicked, on whatever thread.
pub fn run(target: &str, body: fn(&[u8])) {
    let files = files(target);
    assert!(files.len() >= 10, "the corpus of {target} is not there: {} files", files.len());
    let panics = Arc::new(AtomicUsize::new(0));
    let before = std::panic::take_hook();
    let counted = panics.clone();
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::SeqCst);
        before(info);
    }));
    let mut failed = Vec::new();
    for file in &files {
        let data = std::fs::read(file).expect("a corpus file");
        let count = panics.load(Ordering::SeqCst);
        let _ = std::panic::catch_unwind(|| body(&data));
        if panics.load(Ordering::SeqCst) > count {
            failed.push(file.display().to_string());
        }
    }
    let _ = std::panic::take_hook();
    assert!(failed.is_empty(), "{target} panicked over {failed:#?}");
}
