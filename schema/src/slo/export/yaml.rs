//! Writes YAML that every reader takes alike: block style, every text in double quotes unless it is a plain word.

use std::fmt::Write;

/// What can be written.
#[derive(Debug, Clone)]
pub(super) enum Yaml {
    /// A text.
    Text(String),
    /// A number or truth, as it is spelt.
    Plain(String),
    /// A list.
    List(Vec<Yaml>),
    /// Entries in their order.
    Map(Vec<(&'static str, Yaml)>),
    /// What the interface writes as JSON.
    Json(serde_json::Value),
}

impl Yaml {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number.
    pub(super) fn plain(number: impl ToString) -> Self {
        Self::Plain(number.to_string())
    }

    /// As a document, which ends with a line break.
    pub(super) fn document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, false);
        out
    }

    /// `follows` says that a key or a dash stands on this line already.
    fn write(&self, out: &mut String, indent: usize, follows: bool) {
        match self {
            Self::Text(text) => line(out, &quoted(text)),
            Self::Plain(text) => line(out, text),
            // JSON is YAML; in one line it is read the same by all.
            Self::Json(value) => line(out, &value.to_string()),
            Self::List(items) if items.is_empty() => line(out, "[]"),
            Self::Map(entries) if entries.is_empty() => line(out, "{}"),
            Self::List(items) => {
                out.push_str(if follows { "\n" } else { "" });
                for item in items {
                    let _ = write!(out, "{:indent$}- ", "");
                    item.write_item(out, indent + 2);
                }
            }
            Self::Map(entries) => {
                out.push_str(if follows { "\n" } else { "" });
                for (key, value) in entries {
                    entry(out, (indent, indent), key, value);
                }
            }
        }
    }

    /// The first entry of a map stands behind the dash.
    fn write_item(&self, out: &mut String, indent: usize) {
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    entry(out, (if index == 0 { 0 } else { indent }, indent), key, value);
                }
            }
            other => other.write(out, indent, false),
        }
    }
}

/// An entry whose key is moved in by `pad` and counts as standing at `indent`.
fn entry(out: &mut String, (pad, indent): (usize, usize), key: &str, value: &Yaml) {
    let _ = write!(out, "{:pad$}{key}:", "");
    if !matches!(value, Yaml::List(items) if !items.is_empty())
        && !matches!(value, Yaml::Map(entries) if !entries.is_empty())
    {
        out.push(' ');
    }
    value.write(out, indent + 2, true);
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// A word that no reader takes for anything else, or the text in double quotes with JSON's escapes, which YAML shares.
fn quoted(text: &str) -> String {
    let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte))
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
