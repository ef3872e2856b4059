//! JSON to [`Node`]s. There are no lines: a program wrote it.

use super::finding::Findings;
use super::tree::{Key, Node, Value};
use super::yaml::FILE_BYTES_MAX;

/// The document of a JSON text.
pub fn document(bytes: &[u8], out: &mut Findings) -> Option<Node> {
    if bytes.len() > FILE_BYTES_MAX {
        out.error(0, "", format!("is longer than {FILE_BYTES_MAX} bytes"));
        return None;
    }
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(node(value)),
        Err(error) => {
            out.error(error.line() as u32, "", format!("is not JSON: {error}"));
            None
        }
    }
}

/// Recursion is bounded by the parser's own limit of 128 levels.
fn node(value: serde_json::Value) -> Node {
    let scalar = |text: String, plain| Value::Scalar { text, plain };
    let value = match value {
        serde_json::Value::Null => scalar("null".into(), true),
        serde_json::Value::Bool(truth) => scalar(truth.to_string(), true),
        serde_json::Value::Number(number) => scalar(number.to_string(), true),
        serde_json::Value::String(text) => scalar(text, false),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(node).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.into_iter().map(|(name, value)| (Key { line: 0, name }, node(value))).collect())
        }
    };
    Node { line: 0, value }
}
