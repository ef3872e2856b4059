//! What each fuzz target asserts of its bytes. The targets run these under libFuzzer; a plain test in each crate runs
//! them over the files in `corpus-seed/` and `regressions/`, so that nothing here needs a nightly compiler to be held.

pub mod beacon;
#[cfg(feature = "local_log")]
pub mod local_log;
pub mod openslo;
#[cfg(feature = "query_grammar")]
pub mod query_grammar;
#[cfg(feature = "records")]
pub mod records;
