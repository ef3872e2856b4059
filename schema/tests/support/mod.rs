//! What the vector tests share: reading the files and comparing decimal strings.

#![allow(dead_code, reason = "each test file uses its own part of it")]

use serde_json::Value;

/// Bytes of a file of the vectors.
pub fn vector_bytes(file: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file of the vectors.
pub fn vectors(file: &str) -> Value {
    serde_json::from_slice(&vector_bytes(file)).expect("vectors are JSON")
}

/// The elements of an array, of which there must be one unless it is empty on purpose.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap_or_else(|| panic!("not an array: {value}")).iter()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// Compares with a decimal string of twelve digits, relative tolerance 1e-9.
pub fn assert_close(found: f64, expected: &Value, what: &str) {
    let expected: f64 = text(expected).parse().expect("a decimal");
    let distance = (found - expected).abs();
    assert!(distance <= 1e-9 * expected.abs() || found == expected, "{what}: {found} is not {expected}");
}

/// The same where nothing measured is null.
pub fn assert_close_or_null(found: Option<f64>, expected: &Value, what: &str) {
    match found {
        Some(found) => assert_close(found, expected, what),
        None => assert!(expected.is_null(), "{what}: nothing is not {expected}"),
    }
}
