//! Prometheus' text format 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that grows family by family.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// Begins a family. `kind` is `counter` or `histogram`.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a String does not fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A sample of the family.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            self.0.push(if index == 0 { '{' } else { ',' });
            let _ = write!(self.0, "{label}=\"");
            for letter in text.chars() {
                match letter {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    other => self.0.push(other),
                }
            }
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// All of it.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped_as_the_format_wants() {
        let mut text = Text::default();
        text.family("felt_x_total", "counter", "a\\b\nc");
        text.sample("felt_x_total", &[("page", "/a\"b\\c\nd"), ("device", "")], 3.0);
        text.sample("felt_x_total", &[], 0.25);
        assert_eq!(
            text.finish(),
            "# HELP felt_x_total a\\\\b\\nc\n# TYPE felt_x_total counter\n\
             felt_x_total{page=\"/a\\\"b\\\\c\\nd\",device=\"\"} 3\nfelt_x_total 0.25\n"
        );
    }
}
