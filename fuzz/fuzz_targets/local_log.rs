//! libFuzzer's way to [`felt_fuzz::local_log::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| felt_fuzz::local_log::run(data));
