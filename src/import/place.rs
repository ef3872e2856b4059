//! The place an import has reached in a file, kept so that the same command goes on after a break.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// How much of a file tells it from another of the same length.
const FINGERPRINT_BYTES: u64 = 64 << 10;

/// Lines of a file that are known to be durable at the other end.
pub struct Place {
    path: Option<PathBuf>,
    lines: u64,
}

impl Place {
    /// The place of a stream that cannot be read twice.
    pub fn nowhere() -> Self {
        Self { path: None, lines: 0 }
    }

    /// The place reached in this file for this target; the start for a new one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(file: &Path, target: &str, cache_dir: &Path) -> Result<Self> {
        let mut start = Vec::new();
        let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let length = opened.metadata()?.len();
        opened.take(FINGERPRINT_BYTES).read_to_end(&mut start)?;
        // The standard library's hasher has fixed keys; a later compiler may change it, which costs one re-import.
        let mut hasher = DefaultHasher::new();
        (start, length, target).hash(&mut hasher);
        let path = cache_dir.join("imports").join(format!("{:016x}", hasher.finish()));
        let lines = fs::read_to_string(&path).ok().and_then(|t| t.trim().parse().ok()).unwrap_or(0);
        Ok(Self { path: Some(path), lines })
    }

    /// Lines known to be durable.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Notes that so many more lines are durable.
    ///
    /// # Errors
    /// When the place cannot be written.
    pub fn advance(&mut self, lines: u64) -> Result<()> {
        self.lines += lines;
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let next = path.with_extension("next");
        fs::write(&next, self.lines.to_string())?;
        fs::rename(&next, path).context("the place reached cannot be kept")
    }

    /// Forgets the place of a file that is through, so that importing it again begins at its start.
    ///
    /// # Errors
    /// When the place cannot be removed.
    pub fn finish(self) -> Result<()> {
        match self.path {
            Some(path) if path.exists() => fs::remove_file(path).context("the place reached cannot be removed"),
            _ => Ok(()),
        }
    }
}
