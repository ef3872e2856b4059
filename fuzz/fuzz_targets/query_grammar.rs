//! libFuzzer's way to [`felt_fuzz::query_grammar::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| felt_fuzz::query_grammar::run(data));
