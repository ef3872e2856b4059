//! libFuzzer's way to [`felt_fuzz::records::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| felt_fuzz::records::run(data));
