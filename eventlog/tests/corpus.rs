//! What fuzzing found worth keeping, on a stable compiler: `fuzz/` holds the body and the files.

#[path = "../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../fuzz/src/local_log.rs"]
mod local_log;

#[test]
fn no_damage_of_the_corpus_breaks_a_law() {
    corpus::run("local_log", local_log::run);
}
