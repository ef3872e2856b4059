//! Filters as SQL conditions: identifiers from the enum of dimensions, values bound as parameters.

use super::scope::Scope;
use crate::grammar::{Dimension, Filter, Op};
use felt_store::Param;

/// The expression of a dimension over the rows of a table; `column` names a fixed dimension's column there.
pub fn dimension_sql(scope: &mut Scope, dimension: &Dimension, column: &dyn Fn(&Dimension) -> &'static str) -> String {
    match dimension {
        // A tag that a view does not carry reads as the empty text.
        Dimension::Tag(name) => format!("tags[{}]", scope.text(name)),
        fixed => column(fixed).to_owned(),
    }
}

/// The column of a fixed dimension in `page_views`.
pub fn raw_column(dimension: &Dimension) -> &'static str {
    match dimension {
        Dimension::Page => "page",
        Dimension::Path => "path",
        Dimension::Country => "country",
        Dimension::Region => "region",
        Dimension::Device => "device",
        Dimension::Os => "os",
        Dimension::Browser => "browser",
        Dimension::BrowserVersion => "browser_version",
        Dimension::Connection => "connection",
        Dimension::Release => "release",
        Dimension::Nav => "nav",
        Dimension::Referrer => "referrer",
        Dimension::Lang => "lang",
        Dimension::Bot => "bot",
        Dimension::Cause => "cause",
        Dimension::Tag(_) => "tags",
    }
}

/// One condition for each filter.
pub fn conditions(scope: &mut Scope, filters: &[Filter], column: &dyn Fn(&Dimension) -> &'static str) -> Vec<String> {
    filters
        .iter()
        .map(|filter| {
            let expression = dimension_sql(scope, &filter.dimension, column);
            condition(scope, filter, &expression)
        })
        .collect()
}

fn condition(scope: &mut Scope, filter: &Filter, expression: &str) -> String {
    match filter.op {
        Op::Is => format!("{expression} IN {}", scope.texts(filter.values.clone())),
        Op::Not => format!("{expression} NOT IN {}", scope.texts(filter.values.clone())),
        Op::Glob => any(filter, |value| format!("{expression} LIKE {}", scope.text(&like(value)))),
        Op::Prefix => any(filter, |value| format!("startsWith({expression}, {})", scope.text(value))),
        Op::Set if filter.values.is_empty() => format!("{expression} != ''"),
        Op::Set => format!("{expression} = ''"),
        Op::Gt => compare(scope, filter, expression, ">"),
        Op::Lt => compare(scope, filter, expression, "<"),
    }
}

fn any(filter: &Filter, condition: impl FnMut(&String) -> String) -> String {
    filter.values.iter().map(condition).collect::<Vec<_>>().join(" OR ")
}

/// `*` and `?` as the wildcards of `LIKE`; what is special to `LIKE` stands for itself.
fn like(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len());
    for letter in glob.chars() {
        match letter {
            '*' => pattern.push('%'),
            '?' => pattern.push('_'),
            '%' | '_' | '\\' => pattern.extend(['\\', letter]),
            _ => pattern.push(letter),
        }
    }
    pattern
}

/// Tags compare as numbers; versions part by part, so that 10.2 is after 9.8. What is neither never matches.
fn compare(scope: &mut Scope, filter: &Filter, expression: &str, sign: &str) -> String {
    let value = filter.values.first().map_or("", String::as_str);
    if let Dimension::Tag(_) = filter.dimension {
        let number = scope.bind("Float64", Param::Float(value.parse().unwrap_or(f64::NAN)));
        return format!("ifNull(toFloat64OrNull({expression}) {sign} {number}, 0)");
    }
    let parts = value.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    let parts = scope.bind("Array(UInt64)", Param::UInts(parts));
    format!(
        "match({expression}, '^[0-9]') AND \
         arrayMap(part -> toUInt64OrZero(part), splitByChar('.', toString({expression}))) {sign} {parts}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_only_what_they_say() {
        assert_eq!(like("/p/*"), "/p/%");
        assert_eq!(like("50%_a?\\"), "50\\%\\_a_\\\\");
    }
}
