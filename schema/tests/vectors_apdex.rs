//! `tests/vectors/apdex.json`: edges, rounding and ratings of Apdex.

mod support;

use felt_schema::apdex::Apdex;
use support::{assert_close_or_null, items, text, vectors};

#[test]
fn apdex_is_that_of_the_specification() {
    for case in items(&vectors("apdex.json")["cases"]) {
        let (id, expected) = (text(&case["id"]), &case["expected"]);
        let target = case["T_ms"].as_f64().unwrap();
        let mut apdex = Apdex::default();
        let mut halves = [Apdex::default(), Apdex::default()];
        for (index, value) in items(&case["values"]).enumerate() {
            apdex.add(value.as_f64().unwrap(), target);
            halves[index % 2].add(value.as_f64().unwrap(), target);
        }
        let errors = case["errors"].as_i64().unwrap();
        apdex.add_errors(errors);
        halves[0].add_errors(errors);
        let [mut merged, other] = halves;
        merged.merge(&other);
        assert_eq!(merged, apdex, "{id}: halves merge to the whole");

        assert_eq!(apdex.satisfied, expected["satisfied"].as_i64().unwrap(), "{id}");
        assert_eq!(apdex.tolerating, expected["tolerating"].as_i64().unwrap(), "{id}");
        assert_eq!(apdex.frustrated, expected["frustrated"].as_i64().unwrap(), "{id}");
        assert_eq!(apdex.count(), expected["n"].as_i64().unwrap(), "{id}");
        assert_close_or_null(apdex.score(), &expected["score"], id);
        assert_eq!(apdex.display(), text(&expected["display"]), "{id}");
        assert_eq!(apdex.rating().name(), text(&expected["rating"]), "{id}");
    }
}
