//! Memory: refuses work before the kernel ends the process.
//!
//! The ceiling is the configured one, else the limit of the control group that the process runs in, else there is none. At 80 % of it new
//! requests hear 503, at 85 % bodies on their way are given up too; probes are always answered. What counts is the process's resident
//! memory, looked at ten times a second and whenever a good deal has arrived, plus what arrived since. Where the ceiling is the control group's and this process is
//! the largest part of it, what the others hold counts too. Where it is not, as beside an engine of gigabytes, refusing beacons would
//! free nothing: the group is for whoever set its limit to size.

use crate::{ServerLimits, events};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Of the ceiling: from here on new requests are refused.
const REFUSE_PERCENT: u64 = 80;
/// … and from here on bodies on their way are given up. What is above is for connections and answers.
const CUT_PERCENT: u64 = 85;
const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);
/// Every so many samples the control group is looked at, and freed memory given back: both cost more than a look at ourselves.
const SAMPLES_PER_SECOND: u32 = 10;
/// Between two looks at most this part of the ceiling may arrive: what arrives takes more memory than its own size.
const LOOK_AGAIN_PART: u64 = 64;
/// What a request takes before its body: buffers and a task.
const REQUEST_BYTES: usize = 16 * 1024;
/// Limits beyond this mean "none": an unlimited group of version 1 says a number near 2^63.
const NO_LIMIT_BYTES: u64 = 1 << 60;

/// Reading a body was given up because memory is short. Found as the source of the error that reading a body gives.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("memory is short, send it again later")]
pub struct OutOfRoom;

impl OutOfRoom {
    /// Whether this is why reading a body failed.
    pub fn caused(error: &(dyn std::error::Error + 'static)) -> bool {
        crate::deadline::has_source::<OutOfRoom>(error)
    }
}

/// How much the process holds, and how much it may.
#[derive(Debug)]
pub(crate) struct Memory {
    ceiling_bytes: u64,
    /// Looks at what the process holds.
    look: fn() -> Option<u64>,
    resident_bytes: AtomicU64,
    /// Since the last look.
    arrived_bytes: AtomicU64,
    group_bytes: AtomicU64,
}

impl Memory {
    /// The ceiling that these limits and the machine set; none when neither does.
    pub(crate) fn new(limits: &ServerLimits) -> Option<Arc<Self>> {
        let group = Group::of_this_process();
        let (ceiling_bytes, group) = match limits.memory_bytes_max {
            0 => (group.as_ref()?.limit_bytes, group),
            configured => (configured, None),
        };
        let memory = Arc::new(Self::over(ceiling_bytes, resident_bytes));
        events::memory_ceiling(ceiling_bytes);
        tokio::spawn(watch(Arc::downgrade(&memory), group));
        Some(memory)
    }

    fn over(ceiling_bytes: u64, look: fn() -> Option<u64>) -> Self {
        let [resident_bytes, arrived_bytes, group_bytes] = [const { AtomicU64::new(0) }; 3];
        let memory = Self { ceiling_bytes, look, resident_bytes, arrived_bytes, group_bytes };
        memory.sample();
        memory
    }

    /// Bytes of a body have arrived, or are about to be copied; whether there is still room for more.
    pub(crate) fn arrived(&self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        if self.arrived_bytes.load(Ordering::Relaxed) + bytes >= self.ceiling_bytes / LOOK_AGAIN_PART {
            self.sample();
        }
        self.arrived_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.held_bytes() < self.ceiling_bytes / 100 * CUT_PERCENT
    }

    /// A request is here; whether it has to be refused.
    pub(crate) fn is_short(&self) -> bool {
        self.arrived(REQUEST_BYTES);
        self.held_bytes() >= self.ceiling_bytes / 100 * REFUSE_PERCENT
    }

    fn held_bytes(&self) -> u64 {
        self.resident_bytes.load(Ordering::Relaxed) + self.arrived_bytes.load(Ordering::Relaxed)
    }

    fn sample(&self) {
        let own = (self.look)().unwrap_or(0);
        self.resident_bytes.store(weight(own, self.group_bytes.load(Ordering::Relaxed)), Ordering::Relaxed);
        self.arrived_bytes.store(0, Ordering::Relaxed);
        events::memory(own);
    }
}

/// What weighs against the ceiling.
fn weight(own_bytes: u64, group_bytes: u64) -> u64 {
    if own_bytes >= group_bytes / 2 { own_bytes.max(group_bytes) } else { own_bytes }
}

/// Runs until the listener is gone.
async fn watch(memory: std::sync::Weak<Memory>, group: Option<Group>) {
    for round in 0u32.. {
        tokio::time::sleep(SAMPLE_INTERVAL).await;
        let Some(memory) = memory.upgrade() else { return };
        if round % SAMPLES_PER_SECOND == 0 {
            let group_bytes = group.as_ref().and_then(Group::used_bytes).unwrap_or(0);
            memory.group_bytes.store(group_bytes, Ordering::Relaxed);
            if memory.is_short() {
                // What was freed may still be held by the allocator, and would keep us refusing for ever.
                let _ = tokio::task::spawn_blocking(give_back).await;
            }
        }
        memory.sample();
    }
}

/// Gives memory that was freed back to the kernel.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `malloc_trim` has no preconditions and may be called from any thread at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Memory of this process that is in RAM.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// The control group whose memory limit holds for this process.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    limit_bytes: u64,
    /// The file with what its processes use, and the line's name in it.
    stat: PathBuf,
    line: &'static str,
}

impl Group {
    fn of_this_process() -> Option<Self> {
        Self::find(&std::fs::read_to_string("/proc/self/cgroup").ok()?, Path::new("/sys/fs/cgroup"))
    }

    /// `groups` is the content of `/proc/self/cgroup`. Inside a container the path that it names may not be there: then the mount's
    /// root is the container's own group.
    fn find(groups: &str, mount: &Path) -> Option<Self> {
        groups.lines().filter_map(|line| Self::of_line(line, mount)).min_by_key(|group| group.limit_bytes)
    }

    fn of_line(line: &str, mount: &Path) -> Option<Self> {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let path = path.trim_start_matches('/');
        if controllers.split(',').any(|controller| controller == "memory") {
            let root = mount.join("memory");
            let stat = [root.join(path), root].into_iter().map(|dir| dir.join("memory.stat")).find(|f| f.exists())?;
            let limit_bytes = number_in(&stat, "hierarchical_memory_limit").filter(|limit| *limit < NO_LIMIT_BYTES)?;
            return Some(Self { limit_bytes, stat, line: "total_rss" });
        }
        if !controllers.is_empty() {
            return None;
        }
        // Version 2: the tightest limit on the way up holds.
        let own = mount.join(path);
        let limits = own.ancestors().take_while(|dir| dir.starts_with(mount)).filter_map(|dir| {
            let limit = std::fs::read_to_string(dir.join("memory.max")).ok()?.trim().parse::<u64>().ok()?;
            Some(Self { limit_bytes: limit, stat: dir.join("memory.stat"), line: "anon" })
        });
        limits.min_by_key(|group| group.limit_bytes)
    }

    /// Memory that its processes hold and the kernel cannot take back.
    fn used_bytes(&self) -> Option<u64> {
        number_in(&self.stat, self.line)
    }
}

/// The number behind a name in a file of `name number` lines.
fn number_in(file: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(file: PathBuf, text: &str) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    #[test]
    fn the_limit_of_a_group_of_either_version_is_found_and_the_tightest_holds() {
        let dir = tempfile::tempdir().unwrap();
        let mount = dir.path();
        write(mount.join("a/memory.max"), "500000000\n");
        write(mount.join("a/b/memory.max"), "max\n");
        write(mount.join("a/memory.stat"), "anon 123\nfile 7\n");
        let group = Group::find("0::/a/b\n", mount).unwrap();
        assert_eq!((group.limit_bytes, group.used_bytes()), (500_000_000, Some(123)));
        assert_eq!(Group::find("0::/\n", mount), None, "the root has no limit");

        let stat = |limit: u64| format!("total_rss_huge 9\ntotal_rss 456\nhierarchical_memory_limit {limit}\n");
        write(mount.join("memory/c/memory.stat"), &stat(256 << 20));
        let group = Group::find("5:cpu,cpuacct:/x\n4:memory:/c\n0::/\n", mount).unwrap();
        assert_eq!((group.limit_bytes, group.used_bytes()), (256 << 20, Some(456)));
        write(mount.join("memory/memory.stat"), &stat(i64::MAX as u64 / 4096 * 4096));
        assert_eq!(Group::find("4:memory:/elsewhere\n", mount), None, "a group without a limit");
        write(mount.join("memory/memory.stat"), &stat(1 << 30));
        assert_eq!(Group::find("4:memory:/elsewhere\n", mount).unwrap().limit_bytes, 1 << 30);
        assert_eq!(Group::find("nonsense\n\n::\n", mount), None);
    }

    #[test]
    fn work_is_refused_at_80_percent_and_bodies_are_given_up_at_85() {
        const CEILING: u64 = 100 << 20;
        const PART: usize = 1 << 20;
        static HELD: AtomicU64 = AtomicU64::new(70 << 20);
        let memory = Memory::over(CEILING, || Some(HELD.load(Ordering::Relaxed)));
        assert!(!memory.is_short());
        assert!(memory.arrived(PART));
        assert!(!memory.is_short());
        // The process has grown by more than arrived: every few parts it is looked at.
        HELD.store(81 << 20, Ordering::Relaxed);
        assert!(memory.arrived(PART) && memory.arrived(PART));
        assert!(memory.is_short());
        HELD.store(86 << 20, Ordering::Relaxed);
        assert!(!(memory.arrived(PART) && memory.arrived(PART)));
        HELD.store(60 << 20, Ordering::Relaxed);
        memory.sample();
        assert!(!memory.is_short());
    }

    #[test]
    fn what_others_of_the_group_hold_counts_where_we_are_its_largest_part() {
        assert_eq!(weight(200, 240), 240, "beside something small");
        assert_eq!(weight(200, 0), 200, "no group");
        assert_eq!(weight(200, 150), 200, "pages shared with others are in no group's count");
        assert_eq!(weight(60, 2_000), 60, "refusing beacons frees nothing of an engine's memory");
    }

    #[test]
    fn this_process_knows_what_it_holds() {
        assert!(resident_bytes().unwrap() > 1 << 20);
    }
}
