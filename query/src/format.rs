//! How an answer is written: JSON, CSV, or a JSON line a row, as `Accept` asks.

use crate::answer::{Answer, Data};
use crate::record::Record;
use http::{HeaderMap, header};
use serde_json::Value;

/// A way to write an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The whole answer.
    Json,
    /// The rows, RFC 4180, safe to open in a spreadsheet.
    Csv,
    /// The rows, one JSON object a line.
    Ndjson,
}

impl Format {
    /// The format that the `Accept` header likes best; JSON where it names none of ours.
    pub fn accepted(headers: &HeaderMap) -> Format {
        let accept = headers.get_all(header::ACCEPT);
        let ranges = accept.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let mut best = (0.0, Format::Json);
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "text/csv" => Format::Csv,
                "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Format::Ndjson,
                "application/json" | "application/*" | "*/*" => Format::Json,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            if quality > best.0 {
                best = (quality, format);
            }
        }
        best.1
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Ndjson => "application/x-ndjson",
        }
    }

    /// The rows of an answer in a format other than JSON.
    pub fn rows(self, answer: &Answer) -> Vec<u8> {
        let one;
        let rows = match &answer.data {
            Data::Rows(rows) | Data::Told { rows, .. } => rows.as_slice(),
            Data::One(value) => {
                one = [of_object(value)];
                &one
            }
        };
        match self {
            Format::Csv => csv(rows).into_bytes(),
            Format::Json | Format::Ndjson => {
                rows.iter().map(|row| serde_json::to_string(row).unwrap_or_default() + "\n").collect::<String>().into()
            }
        }
    }
}

fn of_object(value: &Value) -> Record {
    let mut record = Record::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        record.push(name.clone(), value.clone());
    }
    record
}

/// RFC 4180: a header, CRLF, quotes where they are needed.
fn csv(rows: &[Record]) -> String {
    let flat: Vec<Vec<(String, String)>> = rows.iter().map(flatten).collect();
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in flat.iter().flatten() {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let mut text = String::new();
    let mut line = |cells: Vec<String>| {
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    line(columns.iter().map(|name| quote(&harmless(name))).collect());
    for row in &flat {
        let cell = |column: &&str| row.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value);
        line(columns.iter().map(|column| quote(cell(column))).collect());
    }
    text
}

/// Makes cells of nested values: `causes.broke`, `levels.brutal`, `2500;4000`.
fn flatten(record: &Record) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for (name, value) in record.columns() {
        flatten_value(name, value, &mut cells);
    }
    cells
}

fn flatten_value(name: &str, value: &Value, cells: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| flatten_value(&format!("{name}.{field}"), value, cells));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                let text = |field: &str| item[field].as_str().map(str::to_owned);
                let label = text("level").or_else(|| text("name")).unwrap_or_default();
                flatten_value(&format!("{name}.{label}"), item.get("count").unwrap_or(&Value::Null), cells);
            }
        }
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(plain).collect();
            cells.push((name.to_owned(), parts.join(";")));
        }
        value => cells.push((name.to_owned(), plain(value))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // Only text can be a formula: a negative number is a number.
        Value::String(text) => harmless(text),
        other => other.to_string(),
    }
}

/// A text that a spreadsheet would run as a formula gets an apostrophe in front (ASVS 1.2.10).
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\0', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn quote(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use serde_json::json;

    #[test]
    fn the_liked_format_is_found() {
        for (accept, expected) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/csv", Format::Csv),
            ("application/x-ndjson", Format::Ndjson),
            ("text/csv;q=0.5, application/json", Format::Json),
            ("text/html, text/csv;q=0.9, */*;q=0.1", Format::Csv),
            ("image/png", Format::Json),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::accepted(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn a_spreadsheet_reads_text_and_runs_nothing() {
        let rows = [
            Record::new().with("page", "=cmd|' /C calc'!A0").with("mean", -1.5).with("limits", json!([1, 2])),
            Record::new().with("page", "a \"b\", c").with("causes", json!({"broke": 0.5})).with("x", Value::Null),
            Record::new().with("page", "@SUM(1)").with("levels", json!([{"level": "brutal", "count": 3}])),
            Record::new().with("page", "-1+1").with("x", "two\r\nlines"),
        ];
        assert_eq!(
            csv(&rows),
            "page,mean,limits,causes.broke,x,levels.brutal\r\n\
             '=cmd|' /C calc'!A0,-1.5,1;2,,,\r\n\
             \"a \"\"b\"\", c\",,,0.5,,\r\n\
             '@SUM(1),,,,,3\r\n\
             '-1+1,,,,\"two\r\nlines\",\r\n"
        );
    }
}
