//! What happened when: faults as they were applied, what processes did by themselves, and findings that fail the run whatever the
//! judge says.

use std::sync::Mutex;
use std::time::Instant;

/// A list of lines, in the order of time.
pub struct Journal {
    start: Instant,
    lines: Mutex<Vec<String>>,
    findings: Mutex<Vec<String>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { start: Instant::now(), lines: Mutex::default(), findings: Mutex::default() }
    }
}

fn lock(mutex: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Journal {
    /// A line.
    pub fn note(&self, line: impl AsRef<str>) {
        let line = format!("{:8.3} s  {}", self.start.elapsed().as_secs_f64(), line.as_ref());
        lock(&self.lines).push(line);
    }

    /// Something that must not happen, whatever the tables say.
    pub fn finding(&self, line: impl AsRef<str>) {
        self.note(format!("FINDING: {}", line.as_ref()));
        lock(&self.findings).push(line.as_ref().to_owned());
    }

    /// All findings so far.
    pub fn findings(&self) -> Vec<String> {
        lock(&self.findings).clone()
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }
}
