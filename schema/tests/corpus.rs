//! What fuzzing found worth keeping, on a stable compiler: `fuzz/` holds the bodies and the files.

#[path = "../../fuzz/src/beacon.rs"]
mod beacon;
#[path = "../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../fuzz/src/openslo.rs"]
mod openslo;

#[test]
fn no_beacon_of_the_corpus_breaks_a_law() {
    corpus::run("beacon", beacon::run);
}

#[test]
fn no_slo_of_the_corpus_breaks_a_law() {
    corpus::run("openslo", openslo::run);
}
