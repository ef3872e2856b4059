//! Faults of the machine itself, real ones: a disk without a free byte, which wants a file system of its own, and a wall clock that
//! jumps, which wants libfaketime. Neither is skipped where it cannot be had: the run fails and says what is missing.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Size of the small disk: enough for the engine's data of a run, little enough to be filled at once.
const SMALL_DISK: &str = "3g";

/// Where Debian puts the library.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// Runs this very program again in a mount namespace of its own, where [`mount_small_disk`] harms nobody; its exit code.
///
/// # Errors
/// When `unshare` is missing.
pub fn again_with_own_mounts(environment: &[(&str, String)]) -> Result<i32> {
    let this = std::env::current_exe()?;
    let mut again = Command::new("unshare");
    again.args(["--mount", "--propagation", "private"]).arg(this).args(std::env::args().skip(1));
    again.envs(environment.iter().map(|(name, value)| (name, value)));
    let status = again.status().context("unshare is missing: install util-linux")?;
    Ok(status.code().unwrap_or(1))
}

/// Mounts a small disk over a new folder and makes it the place of temporary folders. Only in a mount namespace of one's own.
///
/// # Errors
/// When mounting is not allowed.
pub fn mount_small_disk() -> Result<tempfile::TempDir> {
    let dir = tempfile::Builder::new().prefix("felt-small-disk-").tempdir()?;
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o"]).arg(format!("size={SMALL_DISK}")).arg("felt-chaos");
    let status = mount.arg(dir.path()).status().context("mount is missing")?;
    if !status.success() {
        bail!(
            "a small disk cannot be mounted: run as root, or with CAP_SYS_ADMIN, or choose other runs by CHAOS_MACHINE"
        );
    }
    tempfile::env::override_temp_dir(dir.path()).map_err(|_| anyhow::anyhow!("the temporary folder is set already"))?;
    Ok(dir)
}

/// Takes every free byte of the disk that `dir` is on, and gives them back after the time.
///
/// # Errors
/// When something other than the lack of room stops it.
pub async fn fill(dir: &Path, last: Duration) -> Result<()> {
    let ballast = dir.join("ballast");
    let full = ballast.clone();
    tokio::task::spawn_blocking(move || {
        let mut file = fs::File::create(&full)?;
        let mut piece = vec![0xa5_u8; 1 << 20];
        // Smaller and smaller pieces, so that nothing is left.
        while !piece.is_empty() {
            match file.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => piece.truncate(piece.len() / 4),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })
    .await??;
    tokio::time::sleep(last).await;
    fs::remove_file(ballast).context("the ballast cannot be removed")
}

/// What makes the clock of a process follow [`jump`].
///
/// # Errors
/// When libfaketime is not installed.
pub fn faked_clock(dir: &Path) -> Result<Vec<(String, String)>> {
    let library = LIBRARIES.into_iter().map(PathBuf::from).find(|path| path.exists());
    let library = library.context("libfaketime is missing: run scripts/ensure-faketime.sh")?;
    let file = clock_file(dir);
    fs::write(&file, "+0\n")?;
    let variables = [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        // Durations are measured by a clock that never jumps.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ("DONT_FAKE_MONOTONIC", "1".into()),
        ("FAKETIME_CACHE_DURATION", "1".into()),
    ];
    Ok(variables.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

/// All clocks are off by so many seconds for the time, and right again.
///
/// # Errors
/// When the file that they follow cannot be written.
pub async fn jump(dir: &Path, seconds: i64, last: Duration) -> Result<()> {
    set_clock(dir, seconds)?;
    tokio::time::sleep(last).await;
    set_clock(dir, 0)
}

/// A reader sees the old file or the new one.
fn set_clock(dir: &Path, seconds: i64) -> Result<()> {
    let (file, draft) = (clock_file(dir), dir.join("clock.new"));
    fs::write(&draft, format!("{seconds:+}\n"))?;
    fs::rename(draft, file).context("the clock cannot be set")
}

fn clock_file(dir: &Path) -> PathBuf {
    dir.join("clock")
}
