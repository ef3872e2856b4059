//! libFuzzer's way to [`felt_fuzz::beacon::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| felt_fuzz::beacon::run(data));
