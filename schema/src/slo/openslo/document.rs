//! What every document has: version, kind, metadata.

use super::super::finding::{Findings, Severity, quoted};
use super::super::tree::{At, Fields, Node};
use super::{Document, Head, Kind, Version};

/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1050;

/// Characters of a name that others must support.
const NAME_CHARS_MAX: usize = 63;

/// Characters of a name that we take.
const NAME_CHARS_TAKEN_MAX: usize = 255;

const VERSIONS: [Version; 2] = [Version::V1, Version::V2Alpha];

/// Reads the header of a document; `None` when it cannot be told what it is.
pub fn head<'n>(file: &str, node: &'n Node, out: &mut Findings) -> Option<Head<'n>> {
    out.in_object(String::new());
    let mut fields = At::root(node).fields(out)?;
    let version = fields.required("apiVersion", out).and_then(|at| version(&at, out));
    let kind = fields.required("kind", out).and_then(|at| at.one_of(out, &Kind::NAMES));
    let metadata = fields.required("metadata", out).and_then(|at| metadata(&at, version, out));
    let spec = fields.required("spec", out);
    fields.refuse_others(out);
    let (version, kind) = (version?, kind?);
    if kind == Kind::BudgetAdjustment && version == Version::V1 {
        out.error(node.line, "kind", "`BudgetAdjustment` is of openslo.com/v2alpha");
    }
    let Metadata { name, display_name } = metadata.unwrap_or_default();
    let document = Document { file: file.to_owned(), line: node.line, version, kind, name };
    Some(Head { document, display_name, spec })
}

fn version(at: &At<'_>, out: &mut Findings) -> Option<Version> {
    let text = at.text(out)?;
    if let Some(version) = VERSIONS.into_iter().find(|version| version.name() == text) {
        return Some(version);
    }
    // The group changed its name between the two versions; nobody means anything else by these.
    let meant = match text {
        "openslo.com/v1" => Some(Version::V1),
        "openslo/v2alpha" => Some(Version::V2Alpha),
        _ => None,
    };
    if let Some(version) = meant {
        at.warning(out, format!("others may refuse `{text}`: it is spelt `{}`", version.name()));
        return Some(version);
    }
    let detail = format!("there is no version `{}` here; there is openslo/v1 and openslo.com/v2alpha", quoted(text));
    out.unknown(Severity::Error, (at.line(), &at.path), detail, text, VERSIONS.map(Version::name));
    None
}

/// What a document says of itself.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Its name; empty when it has none.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
}

/// Reads `metadata`, of a document or of something inline.
pub fn metadata(at: &At<'_>, version: Option<Version>, out: &mut Findings) -> Option<Metadata> {
    let mut fields = at.fields(out)?;
    let name = fields.required("name", out).and_then(|at| name(&at, out)).unwrap_or_default();
    let display = fields.get("displayName");
    if version == Some(Version::V2Alpha)
        && let Some(at) = &display
    {
        at.warning(out, "others may refuse it: openslo.com/v2alpha has no displayName");
    }
    let display_name = display.and_then(|at| at.text(out).map(str::to_owned));
    if let Some(at) = fields.get("labels") {
        labels(&at, version, out);
    }
    if let Some(at) = fields.get("annotations") {
        annotations(&at, out);
    }
    fields.refuse_others(out);
    Some(Metadata { name, display_name })
}

/// Reads a name. Any text may be one; a warning says when others need not support it.
pub fn name(at: &At<'_>, out: &mut Findings) -> Option<String> {
    let text = at.text(out)?;
    if text.chars().count() > NAME_CHARS_TAKEN_MAX {
        at.error(out, format!("is longer than {NAME_CHARS_TAKEN_MAX} characters"));
        return None;
    }
    if !is_dns_label(text) {
        at.warning(
            out,
            format!(
                "others may refuse `{}`: small letters, digits and `-`, at most {NAME_CHARS_MAX}, \
                 the first and last a letter or digit, are safe (RFC 1123)",
                quoted(text)
            ),
        );
    }
    Some(text.to_owned())
}

fn is_dns_label(text: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.len() <= NAME_CHARS_MAX
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
}

/// The last part of a key: letters, digits, `-`, `_` and `.`, the first and last a letter or digit.
fn is_key_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=NAME_CHARS_MAX).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn labels(at: &At<'_>, version: Option<Version>, out: &mut Findings) {
    let Some(mut fields) = at.fields(out) else { return };
    for (key, value) in fields.all() {
        let name = key.name.split_once('/').map_or(key.name.as_str(), |(_, name)| name);
        if !is_key_name(name) {
            out.warning(key.line, &value.path, "others may refuse this label's name");
        }
        match value.node.value {
            super::Value::Scalar { .. } => {}
            super::Value::List(_) => {
                if version == Some(Version::V2Alpha) {
                    value.warning(out, "others may refuse a list: labels of openslo.com/v2alpha are texts");
                }
                for item in value.items(out).unwrap_or_default() {
                    item.text(out);
                }
            }
            super::Value::Map(_) => value.error(out, "must be a text or a list of texts"),
        }
    }
}

fn annotations(at: &At<'_>, out: &mut Findings) {
    let Some(mut fields) = at.fields(out) else { return };
    for (key, value) in fields.all() {
        let (prefix, name) =
            key.name.split_once('/').map_or((None, key.name.as_str()), |(prefix, name)| (Some(prefix), name));
        let prefix_fits = prefix.is_none_or(|prefix| {
            prefix.len() <= 253 && prefix.split('.').all(|part| is_dns_label(&part.to_ascii_lowercase()))
        });
        if !is_key_name(name) || !prefix_fits {
            out.warning(key.line, &value.path, "others may refuse this annotation's name");
        }
        if !matches!(value.node.value, super::Value::Scalar { .. }) {
            value.error(out, "must be a text");
        }
    }
}

/// Reads the `description` of a spec.
pub fn description(fields: &mut Fields<'_>, out: &mut Findings) -> Option<String> {
    let at = fields.get("description")?;
    let text = at.text(out)?;
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        at.error(out, format!("is longer than {DESCRIPTION_CHARS_MAX} characters"));
        return None;
    }
    Some(text.trim().to_owned())
}

/// Reads a name that refers to another document.
pub fn reference(at: &At<'_>, out: &mut Findings) -> Option<String> {
    at.text(out).map(str::to_owned)
}
