//! Where libchdb lies: an explicit path, else beside the executable, else the download cache.

use std::path::{Path, PathBuf};

use super::{EngineConfig, EngineError};

/// The pinned version; `scripts/fetch-libchdb.sh` names the same.
pub(crate) const LIBCHDB_VERSION: &str = "26.7.3";

const FILE: &str = "libchdb.so";

/// Finds the library.
///
/// # Errors
/// When it is in none of the places; the error names them and says how to get it.
pub fn library(config: &EngineConfig) -> Result<PathBuf, EngineError> {
    let executable = std::env::current_exe().ok();
    let candidates = candidates(config, executable.as_deref());
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => {
            let looked = candidates.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
            Err(EngineError::LibraryMissing { looked })
        }
    }
}

fn candidates(config: &EngineConfig, executable: Option<&Path>) -> Vec<PathBuf> {
    // A path given by hand is meant: falling back to another file would hide a typing error.
    if let Some(path) = &config.libchdb {
        return vec![path.clone()];
    }
    let beside = executable.and_then(Path::parent).map(|directory| directory.join(FILE));
    let cached = config.cache_dir.as_ref().map(|cache| cache.join(format!("chdb-{LIBCHDB_VERSION}")).join(FILE));
    beside.into_iter().chain(cached).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_path_is_the_only_candidate() {
        let config =
            EngineConfig { libchdb: Some("/x/lib.so".into()), cache_dir: Some("/c".into()), ..Default::default() };
        assert_eq!(candidates(&config, Some(Path::new("/bin/felt"))), [PathBuf::from("/x/lib.so")]);
        let config = EngineConfig { cache_dir: Some("/c".into()), ..Default::default() };
        assert_eq!(
            candidates(&config, Some(Path::new("/bin/felt"))),
            [PathBuf::from("/bin/libchdb.so"), PathBuf::from("/c/chdb-26.7.3/libchdb.so")]
        );
    }

    #[test]
    fn a_missing_library_is_named_with_the_way_to_get_it() {
        let config = EngineConfig { libchdb: Some("/nowhere/libchdb.so".into()), ..Default::default() };
        let text = library(&config).expect_err("there is none").to_string();
        assert!(text.contains("/nowhere/libchdb.so") && text.contains("scripts/fetch-libchdb.sh"), "{text}");
    }
}
