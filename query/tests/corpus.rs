//! What fuzzing found worth keeping, on a stable compiler: `fuzz/` holds the body and the files.

#[path = "../../fuzz/src/corpus.rs"]
mod corpus;
#[path = "../../fuzz/src/query_grammar.rs"]
mod query_grammar;

#[test]
fn no_question_of_the_corpus_breaks_a_law() {
    corpus::run("query_grammar", query_grammar::run);
}
