//! Whether the data folder can be written and how much room is left around it.

use std::path::Path;

use super::Finding;

const CHECK: &str = "disk";
/// Below this, merges of the engine soon have no room, and it refuses inserts at an eighth of it.
const FREE_BYTES_MIN: u64 = 1 << 30;
/// Below this somebody should look after it.
const FREE_BYTES_WARN: u64 = 5 << 30;
/// Files that the engine's parts need room for.
const FILES_MIN: u64 = 10_000;

/// Looks at the folder, or at the nearest one above that is there.
pub fn check(data: &Path) -> Finding {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let Some(there) = data.ancestors().find(|path| path.exists()) else {
        return Finding::fault(
            CHECK,
            format!("{} and no folder above it is there", data.display()),
            "name a folder with --data",
        );
    };
    let shown = there.display();
    if !there.is_dir() {
        return Finding::fault(CHECK, format!("{shown} is no folder"), "name a folder with --data");
    }
    if let Err(error) = rustix::fs::access(there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        let mend = "run felt as the user to whom it belongs, or give it to that user";
        return Finding::fault(CHECK, format!("{shown} cannot be written by this user: {error}"), mend);
    }
    match rustix::fs::statvfs(there) {
        Ok(room) => judge(
            &shown.to_string(),
            room.f_bavail.saturating_mul(room.f_frsize),
            room.f_files > 0 && room.f_favail < FILES_MIN,
        ),
        Err(error) => Finding::warning(CHECK, format!("the room at {shown} cannot be told: {error}"), ""),
    }
}

fn judge(shown: &str, free: u64, few_files: bool) -> Finding {
    let words = format!("{:.1} GiB are free at {shown}", free as f64 / f64::from(1 << 30));
    let mend = "make room, or name a folder on a larger disk with --data";
    if free < FREE_BYTES_MIN {
        Finding::fault(CHECK, words, mend)
    } else if few_files {
        Finding::fault(
            CHECK,
            format!("{words}, but hardly a file can be made there any more"),
            "remove files that nobody needs, or take a file system with more inodes",
        )
    } else if free < FREE_BYTES_WARN {
        Finding::warning(CHECK, words, mend)
    } else {
        Finding::ok(CHECK, words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        for (free, few_files, state) in [
            (100 << 30, false, State::Ok),
            (2 << 30, false, State::Warning),
            (100 << 20, false, State::Fault),
            (100 << 30, true, State::Fault),
        ] {
            assert_eq!(judge("/data", free, few_files).state, state, "{free}");
        }
        assert_eq!(check(Path::new("/dev/null/data")).state, State::Fault, "a file is no folder");
    }
}
