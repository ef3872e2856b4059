//! libFuzzer's way to [`felt_fuzz::openslo::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| felt_fuzz::openslo::run(data));
