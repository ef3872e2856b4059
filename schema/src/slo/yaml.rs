//! YAML to [`Node`]s with their lines, within bounds: bytes, documents, nesting, and nodes after aliases are resolved, so that a
//! few lines cannot become a billion nodes.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, Tag};

use super::finding::{Findings, quoted};
use super::tree::{Key, Node, Value};

/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Documents in one file.
pub const DOCUMENTS_MAX: usize = 1_000;
/// Levels of nesting.
pub const DEPTH_MAX: usize = 48;
/// Nodes of one file, counted after aliases are resolved.
pub const NODES_MAX: usize = 100_000;

/// What is left open while reading.
enum Open {
    List { line: u32, anchor: usize, items: Vec<Node> },
    Map { line: u32, anchor: usize, entries: Vec<(Key, Node)>, names: HashSet<String>, key: Option<Key> },
}

/// A node that can be repeated, with what repeating it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: Vec<Node>,
}

/// The documents of a file. What cannot be read is an error, and what was read before it is given all the same.
pub fn documents(bytes: &[u8], out: &mut Findings) -> Vec<Node> {
    if bytes.len() > FILE_BYTES_MAX {
        out.error(0, "", format!("is longer than {FILE_BYTES_MAX} bytes: split it"));
        return Vec::new();
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            out.error(line as u32, "", "is not UTF-8: save it as UTF-8 text");
            return Vec::new();
        }
    };
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut reader = Reader::default();
    while let Some(event) = parser.next_event() {
        let read = match event {
            Ok((Event::StreamEnd, _)) => break,
            Ok((event, span)) => reader.take(event, span.start.line() as u32, out),
            Err(error) => Err((error.marker().line() as u32, format!("is not YAML: {}", error.info()))),
        };
        if let Err((line, detail)) = read {
            out.error(line, "", detail);
            break;
        }
    }
    reader.documents
}

impl Reader {
    fn take(&mut self, event: Event<'_>, line: u32, out: &mut Findings) -> Result<(), (u32, String)> {
        match event {
            Event::DocumentStart(_) => {
                // Anchors do not reach into the next document.
                self.anchors.clear();
                if self.documents.len() >= DOCUMENTS_MAX {
                    return Err((line, format!("holds more than {DOCUMENTS_MAX} documents: split the file")));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, line)?;
                let plain = style == saphyr_parser::ScalarStyle::Plain && !tag.is_some_and(|tag| is_text(&tag));
                let node = Node { line, value: Value::Scalar { text: text.into_owned(), plain } };
                self.complete(node, anchor, 1, 1, out);
            }
            Event::SequenceStart(anchor, _) => {
                self.count(1, line)?;
                self.open(Open::List { line, anchor, items: Vec::new() }, line)?;
            }
            Event::MappingStart(anchor, _) => {
                self.count(1, line)?;
                let (entries, names) = (Vec::new(), HashSet::new());
                self.open(Open::Map { line, anchor, entries, names, key: None }, line)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, anchor) = match self.open.pop() {
                    Some(Open::List { line, anchor, items }) => (Node { line, value: Value::List(items) }, anchor),
                    Some(Open::Map { line, anchor, entries, .. }) => {
                        (Node { line, value: Value::Map(entries) }, anchor)
                    }
                    None => return Ok(()),
                };
                let (nodes, depth) = if anchor == 0 { (0, 0) } else { size(&node) };
                self.complete(node, anchor, nodes, depth, out);
            }
            Event::Alias(anchor) => {
                let Some(Anchored { node, nodes, depth }) = self.anchors.get(&anchor) else {
                    return Err((line, "an alias stands inside of what it repeats".into()));
                };
                if self.open.len() + depth > DEPTH_MAX {
                    return Err((line, format!("is nested more than {DEPTH_MAX} levels deep")));
                }
                let (node, nodes) = (node, *nodes);
                // Counted before it is copied.
                if self.nodes + nodes > NODES_MAX {
                    return Err((line, too_many()));
                }
                let node = node.clone();
                self.count(nodes, line)?;
                self.complete(node, 0, 0, 0, out);
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, line: u32) -> Result<(), (u32, String)> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX { Err((line, too_many())) } else { Ok(()) }
    }

    fn open(&mut self, open: Open, line: u32) -> Result<(), (u32, String)> {
        if self.open.len() >= DEPTH_MAX {
            return Err((line, format!("is nested more than {DEPTH_MAX} levels deep")));
        }
        self.open.push(open);
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize, nodes: usize, depth: usize, out: &mut Findings) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, names, key, .. }) => match key.take() {
                Some(key) if names.insert(key.name.clone()) => entries.push((key, node)),
                Some(key) => out.error(key.line, &key.name, format!("`{}` stands here twice", quoted(&key.name))),
                None => {
                    let line = node.line;
                    let name = match node.value {
                        Value::Scalar { text, .. } => text,
                        _ => {
                            out.error(line, "", "a key must be a word");
                            String::new()
                        }
                    };
                    *key = Some(Key { line, name });
                }
            },
        }
    }
}

fn too_many() -> String {
    format!("holds more than {NODES_MAX} values once its aliases are resolved")
}

fn is_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

/// Nodes and levels of a tree. Recursion is bounded by [`DEPTH_MAX`].
fn size(node: &Node) -> (usize, usize) {
    let below = |(nodes, depth): (usize, usize), child: &Node| {
        let (more, deep) = size(child);
        (nodes + more, depth.max(deep))
    };
    let (nodes, depth) = match &node.value {
        Value::Scalar { .. } => (0, 0),
        Value::List(items) => items.iter().fold((0, 0), below),
        Value::Map(entries) => entries.iter().map(|(_, node)| node).fold((0, 0), below),
    };
    (nodes + 1, depth + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Node>, Vec<String>) {
        let mut out = Findings::new();
        let nodes = documents(text.as_bytes(), &mut out);
        (nodes, out.into_list().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn values_know_their_lines() {
        let (nodes, found) = read("a: 1\nb:\n  - x\n  - {c: \"2\"}\n---\n- y\n");
        assert_eq!((nodes.len(), found.len()), (2, 0));
        let Value::Map(entries) = &nodes[0].value else { panic!("a map") };
        assert_eq!(
            entries.iter().map(|(key, _)| (key.name.as_str(), key.line)).collect::<Vec<_>>(),
            [("a", 1), ("b", 2)]
        );
        let Value::List(items) = &entries[1].1.value else { panic!("a list") };
        assert_eq!((items[0].line, items[1].line), (3, 4));
        assert_eq!(nodes[1].line, 6);
    }

    #[test]
    fn a_few_aliases_cannot_become_a_billion_nodes() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let (_, found) = read(&bomb);
        assert!(found[0].contains("once its aliases are resolved"), "{found:?}");
    }

    #[test]
    fn depth_is_bounded_in_flow_block_and_through_aliases() {
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(read(&deep).1[0].contains("nested more than"));
        let block: String = (0..100).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert!(read(&block).1[0].contains("nested more than"));
        let half = "[".repeat(30) + &"]".repeat(30);
        let through = format!("a: &a {half}\nb: {}*a{}", "[".repeat(30), "]".repeat(30));
        assert!(read(&through).1[0].contains("nested more than"));
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        assert_eq!(read("a: 1\nb: [1, 2\n").0.len(), 0);
        assert!(read("a: 1\na: 2\n").1[0].contains("twice"));
        assert!(read("{a: 1}: b\n").1[0].contains("a key must be a word"));
        assert!(read("a: &x [*x]\n").1[0].contains("inside of what it repeats"));
        let mut out = Findings::new();
        documents(b"a: 1\nb: \xff\n", &mut out);
        assert_eq!(out.into_list()[0].line, Some(2));
    }
}
