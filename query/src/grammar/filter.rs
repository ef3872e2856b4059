//! Filters: `dimension:op:v1,v2`. Values inside one filter are alternatives; several filters hold together.

use super::{Dimension, FILTER_VALUES_MAX, Fault, VALUE_BYTES_MAX, codec};

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// One of the values.
    Is,
    /// None of the values.
    Not,
    /// Matches a pattern: `*` any text, `?` one character.
    Glob,
    /// Begins so.
    Prefix,
    /// Greater, as a version or a number.
    Gt,
    /// Less, as a version or a number.
    Lt,
    /// Has a value; with the value `false`: has none.
    Set,
}

impl Op {
    /// Every operator.
    pub const ALL: [Op; 7] = [Op::Is, Op::Not, Op::Glob, Op::Prefix, Op::Gt, Op::Lt, Op::Set];

    /// Its name in questions.
    pub fn name(self) -> &'static str {
        match self {
            Op::Is => "is",
            Op::Not => "not",
            Op::Glob => "glob",
            Op::Prefix => "prefix",
            Op::Gt => "gt",
            Op::Lt => "lt",
            Op::Set => "set",
        }
    }
}

/// One condition on page views.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// What is compared.
    pub dimension: Dimension,
    /// How.
    pub op: Op,
    /// With what. For [`Op::Set`] empty, or the single value `false`.
    pub values: Vec<String>,
}

const SHAPE: &str = "a filter is `dimension:op:value,value`, such as `device:is:mobile`";

impl Filter {
    /// Reads a filter from the still percent-encoded value of an `f` parameter.
    ///
    /// Whoever writes separators plainly writes `%2C` for a comma inside a value. Form encoders escape the separators
    /// too: then the whole is decoded first, and a `%2C` that is left after that is a comma inside a value.
    ///
    /// # Errors
    /// With what is wrong and what would be right.
    pub fn parse(encoded: &str) -> Result<Self, Fault> {
        let fault = |detail: String| Fault::new("f", detail);
        let whole;
        let text = if encoded.contains(':') {
            encoded
        } else {
            whole = codec::decode_form(encoded).ok_or_else(|| fault("is not UTF-8".into()))?;
            &whole
        };
        // The inner decoding of an already decoded text must not turn a plus sign into a space again.
        let plain = !encoded.contains(':');
        let decode = |part: &str| {
            if plain { codec::decode_percent(part) } else { codec::decode_form(part) }
                .ok_or_else(|| fault("is not UTF-8".into()))
        };

        let (dimension, rest) = split_dimension(text).ok_or_else(|| fault(SHAPE.into()))?;
        let dimension = Dimension::parse("f", &decode(dimension)?)?;
        let (op, values) = match rest.split_once(':') {
            Some((op, values)) => (op, Some(values)),
            None => (rest, None),
        };
        let op_name = decode(op)?;
        let op = Op::ALL
            .into_iter()
            .find(|op| op.name() == op_name)
            .ok_or_else(|| Fault::unknown("f", "operator", &op_name, dimension.ops().iter().map(|op| op.name())))?;
        if !dimension.ops().contains(&op) {
            let ops: Vec<&str> = dimension.ops().iter().map(|op| op.name()).collect();
            let detail = format!("`{}` does not take `{}`; it takes: {}", dimension.name(), op.name(), ops.join(", "));
            return Err(Fault { did_you_mean: Some("is".into()), ..fault(detail) });
        }
        let mut decoded = Vec::new();
        for value in values.into_iter().flat_map(|values| values.split(',')) {
            let value = normal(&dimension, op, decode(value)?);
            if !decoded.contains(&value) {
                decoded.push(value);
            }
        }
        check(&dimension, op, &mut decoded, values.is_some()).map_err(fault)?;
        Ok(Filter { dimension, op, values: decoded })
    }
}

/// Splits `tag:NAME:rest` and `NAME:rest` behind the dimension.
fn split_dimension(text: &str) -> Option<(&str, &str)> {
    if let Some(tag) = text.strip_prefix("tag:") {
        let end = tag.find(':')?;
        return Some((&text[.."tag:".len() + end], &tag[end + 1..]));
    }
    text.split_once(':')
}

/// Countries are stored in capitals, whoever asks writes them as they like.
fn normal(dimension: &Dimension, op: Op, value: String) -> String {
    if *dimension == Dimension::Country && op != Op::Set { value.to_ascii_uppercase() } else { value }
}

fn check(dimension: &Dimension, op: Op, values: &mut Vec<String>, given: bool) -> Result<(), String> {
    if values.len() > FILTER_VALUES_MAX {
        return Err(format!("a filter takes at most {FILTER_VALUES_MAX} values"));
    }
    if let Some(long) = values.iter().find(|value| value.len() > VALUE_BYTES_MAX) {
        return Err(format!("a value of {} bytes is longer than any that is stored ({VALUE_BYTES_MAX})", long.len()));
    }
    if values.iter().any(|value| value.chars().any(char::is_control)) {
        return Err("no stored value has control characters in it".into());
    }
    match op {
        Op::Set => match values.as_slice() {
            [] => Ok(()),
            [word] if word == "true" || word.is_empty() => {
                values.clear();
                Ok(())
            }
            [word] if word == "false" => Ok(()),
            _ => Err("`set` takes nothing, `true` or `false`".into()),
        },
        Op::Gt | Op::Lt => match values.as_slice() {
            [value] if comparable(dimension, value) => Ok(()),
            _ => Err(format!(
                "`{}` takes one number or version, such as `{}:{}:2.1`",
                op.name(),
                dimension.name(),
                op.name()
            )),
        },
        Op::Is | Op::Not | Op::Glob | Op::Prefix if !given => Err(SHAPE.into()),
        Op::Is | Op::Not | Op::Glob | Op::Prefix => Ok(()),
    }
}

/// Versions are dotted numbers; a tag's values compare as plain numbers.
fn comparable(dimension: &Dimension, value: &str) -> bool {
    match dimension {
        Dimension::Tag(_) => value.parse::<f64>().is_ok_and(f64::is_finite),
        _ => !value.is_empty() && value.split('.').all(|part| part.len() <= 18 && part.parse::<u64>().is_ok()),
    }
}
