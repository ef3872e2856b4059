//! The corpus of personal data (`fixtures/pii.tsv`): what must be masked, how, and what only looks like it and must stay.
//!
//! A line is a kind (`text` or `url`), what comes in, and what goes on; `=` where nothing changes.

use felt_schema::scrub::{scrub_text, scrub_url};

const CORPUS: &str = include_str!("fixtures/pii.tsv");

fn corpus() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = CORPUS.lines().filter(|line| !line.starts_with("# ") && !line.is_empty());
    lines.map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_else(|| panic!("a cell is missing: {line}"));
        let (kind, dirty, clean) = (cell(), cell(), cell());
        (kind, dirty, if clean == "=" { dirty } else { clean })
    })
}

fn scrub(kind: &str, text: &str) -> String {
    match kind {
        "text" => scrub_text(text).into_owned(),
        "url" => scrub_url(text, &[]).into_owned(),
        other => panic!("there is no kind {other}"),
    }
}

#[test]
fn every_string_of_the_corpus_is_scrubbed_as_it_says_and_scrubbing_again_changes_nothing() {
    let mut faults = Vec::new();
    let mut count = 0;
    for (kind, dirty, clean) in corpus() {
        count += 1;
        let found = scrub(kind, dirty);
        if found != clean {
            faults.push(format!("{kind} {dirty:?}: {clean:?} expected, {found:?}"));
        } else if scrub(kind, &found) != found {
            faults.push(format!("{kind} {dirty:?}: a second time gives {:?}", scrub(kind, &found)));
        }
    }
    assert!(count >= 200, "{count}");
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n"));
}

/// A secret is as secret in the middle of something.
#[test]
fn what_is_masked_alone_is_masked_inside_a_sentence_too() {
    let mut faults = Vec::new();
    for (kind, dirty, clean) in corpus().filter(|(_, dirty, clean)| dirty != clean) {
        // Headers and pairs swallow what follows them; everything else stands in a sentence as well.
        let is_whole = ["[email]", "[card]", "[iban]", "[phone]", "[token]"].contains(&clean);
        if kind == "text" && is_whole {
            for (before, after) in
                [("Error for ", " in step 2"), ("\"", "\""), ("(", ")"), ("<b>", "</b>"), ("\n", "\n")]
            {
                let found = scrub(kind, &format!("{before}{dirty}{after}"));
                if found != format!("{before}{clean}{after}") {
                    faults.push(format!("{before}{dirty}{after}: {found}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
