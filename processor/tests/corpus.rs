//! What fuzzing found worth keeping, on a stable compiler: `fuzz/` holds the body and the files.

#[path = "../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../fuzz/src/records.rs"]
mod records;

#[test]
fn no_record_of_the_corpus_breaks_a_law() {
    corpus::run("records", records::run);
}
