//! A document as it was written: scalars, lists and maps, each with its line. YAML and JSON both come to this, and the readers
//! of promises only know this.

use super::finding::{Findings, Severity, quoted};

/// A value and the line on which it begins; 0 where there are no lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From 1.
    pub line: u32,
    /// What it is.
    pub value: Value,
}

/// What a document is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A word or number. `plain` ones may be numbers, booleans or null; quoted ones are only texts.
    Scalar {
        /// As it was written, escapes resolved.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order in which it was written.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The line on which it stands.
    pub line: u32,
    /// The word.
    pub name: String,
}

impl Node {
    /// Whether it says nothing: as good as absent.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A value with the path that leads to it.
#[derive(Debug, Clone)]
pub struct At<'n> {
    /// The value.
    pub node: &'n Node,
    /// Such as `spec.objectives[0]`; empty for the document.
    pub path: String,
}

impl<'n> At<'n> {
    /// The whole document.
    pub fn root(node: &'n Node) -> Self {
        Self { node, path: String::new() }
    }

    /// Its line.
    pub fn line(&self) -> u32 {
        self.node.line
    }

    /// Adds an error about it.
    pub fn error(&self, out: &mut Findings, detail: impl Into<String>) {
        out.error(self.line(), &self.path, detail);
    }

    /// Adds a warning about it.
    pub fn warning(&self, out: &mut Findings, detail: impl Into<String>) {
        out.warning(self.line(), &self.path, detail);
    }

    /// Its fields, if it is a map.
    pub fn fields(&self, out: &mut Findings) -> Option<Fields<'n>> {
        match &self.node.value {
            Value::Map(entries) => {
                Some(Fields { path: self.path.clone(), line: self.line(), entries, known: Vec::new() })
            }
            _ => {
                self.error(out, "must be a map of fields");
                None
            }
        }
    }

    /// Its items, if it is a list.
    pub fn items(&self, out: &mut Findings) -> Option<Vec<At<'n>>> {
        match &self.node.value {
            Value::List(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, node)| At { node, path: format!("{}[{index}]", self.path) })
                    .collect(),
            ),
            _ => {
                self.error(out, "must be a list");
                None
            }
        }
    }

    /// Its text, if it is one and not empty. Unquoted numbers are texts too.
    pub fn text(&self, out: &mut Findings) -> Option<&'n str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !text.trim().is_empty() => Some(text),
            Value::Scalar { .. } => {
                self.error(out, "must not be empty");
                None
            }
            _ => {
                self.error(out, "must be a text");
                None
            }
        }
    }

    /// Its number, if it is a finite one.
    pub fn number(&self, out: &mut Findings) -> Option<f64> {
        let number = match &self.node.value {
            Value::Scalar { text, plain: true }
                if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) =>
            {
                text.parse::<f64>().ok().filter(|number| number.is_finite())
            }
            _ => None,
        };
        if number.is_none() {
            self.error(out, "must be a number, without quotes");
        }
        number
    }

    /// Its truth, if it is `true` or `false`.
    pub fn boolean(&self, out: &mut Findings) -> Option<bool> {
        let Value::Scalar { text, plain } = &self.node.value else {
            self.error(out, "must be true or false");
            return None;
        };
        match (text.as_str(), plain) {
            ("true" | "True" | "TRUE", true) => Some(true),
            ("false" | "False" | "FALSE", true) => Some(false),
            _ => {
                self.error(
                    out,
                    format!("`{}` is not true or false: write it as one of these, without quotes", quoted(text)),
                );
                None
            }
        }
    }

    /// Which of the words it is.
    pub fn one_of<T: Copy>(&self, out: &mut Findings, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(out)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let detail = format!("there is no `{}` here; there is {}", quoted(text), names.join(", "));
            out.unknown(Severity::Error, (self.line(), &self.path), detail, text, names);
        }
        found
    }
}

/// The fields of a map; remembers which ones were asked for, so that the others can be refused.
#[derive(Debug)]
pub struct Fields<'n> {
    path: String,
    line: u32,
    entries: &'n [(Key, Node)],
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The path of the map.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The line of the map.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The path of one of its fields.
    pub fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The field, unless it is absent or null.
    pub fn get(&mut self, name: &'static str) -> Option<At<'n>> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let (_, node) = self.entries.iter().find(|(key, node)| key.name == name && !node.is_null())?;
        Some(At { node, path: self.path_of(name) })
    }

    /// Whether the field is there. It counts as known from here on.
    pub fn has(&mut self, name: &'static str) -> bool {
        self.get(name).is_some()
    }

    /// The field; an error when it is not there.
    pub fn required(&mut self, name: &'static str, out: &mut Findings) -> Option<At<'n>> {
        let found = self.get(name);
        if found.is_none() {
            out.error(self.line, &self.path_of(name), "is required");
        }
        found
    }

    /// Every field with its key, for maps whose keys are not ours to know.
    pub fn all(&mut self) -> impl Iterator<Item = (&'n Key, At<'n>)> {
        let path = self.path.clone();
        self.entries.iter().map(move |(key, node)| {
            let at = At { node, path: format!("{path}.{}", quoted(&key.name)) };
            (key, at)
        })
    }

    /// Refuses every field that nobody has asked for.
    pub fn refuse_others(self, out: &mut Findings) {
        for (key, _) in self.entries {
            if !self.known.contains(&key.name.as_str()) {
                let path = self.path_of(quoted(&key.name));
                let detail = format!("there is no field `{}` here", quoted(&key.name));
                out.unknown(Severity::Error, (key.line, &path), detail, &key.name, self.known.iter().copied());
            }
        }
    }
}

/// Whether two values say the same, wherever they stand.
pub fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Scalar { .. }, Value::Scalar { .. }) => one.value == other.value,
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.iter().any(|(known, other)| known.name == key.name && same(value, other)))
        }
        _ => false,
    }
}
