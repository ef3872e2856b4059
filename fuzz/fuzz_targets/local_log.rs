//! libFuzzer's way to [`felt_fuzz::local_log::run`].
#![no_main]

use rusqlite::ffi;

libfuzzer_sys::fuzz_target!(
    init: alone(),
    |data: &[u8]| felt_fuzz::local_log::run(data)
);

/// One thread has these files open and nobody else: SQLite need not ask the kernel for some three hundred locks a run, nor
/// count its memory under a mutex.
fn alone() {
    // SAFETY: SQLite was not used yet, as the setting asks; the name ends in a NUL; what is found lives as long as the process.
    let set = unsafe {
        ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0);
        ffi::sqlite3_vfs_register(ffi::sqlite3_vfs_find(c"unix-excl".as_ptr()), 1)
    };
    assert_eq!(set, ffi::SQLITE_OK, "SQLite has a way to files that keeps its locks to itself");
}
