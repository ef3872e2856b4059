//! Reads just enough SQL to route a statement: where an insert's rows begin, which format an answer has, and what
//! must not be run at all. Meaning and correctness are left to ClickHouse's own parser.

use super::exception::Exception;

/// How a statement is to be run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// Rows follow: `head` up to the format, the format, and where the rows begin in the text.
    Insert { head: String, format: String, rows_at: usize },
    /// Something that answers, with the format it names itself. `pieces` when its answer can be cut anywhere.
    Question { format: Option<String>, pieces: bool },
    /// Anything else.
    Other { format: Option<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    depth: i32,
    word: bool,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.word && self.text.eq_ignore_ascii_case(word)
    }
}

/// Routes `sql`, which may carry an insert's rows behind its format.
pub(super) fn read(sql: &[u8]) -> Result<Statement, Exception> {
    let text = text_before_rows(sql);
    let mut tokens = Tokens::new(text).peekable();
    let Some(first) = tokens.peek().copied() else {
        return Err(Exception::new(62, "SYNTAX_ERROR", "Syntax error: the query is empty"));
    };
    if first.is("INSERT") {
        return insert(text, sql);
    }
    let top: Vec<Token<'_>> = tokens.filter(|token| token.depth == 0).collect();
    if top.windows(2).any(|pair| pair[0].is("INTO") && pair[1].is("OUTFILE")) {
        return Err(Exception::unsupported("INTO OUTFILE is not allowed over HTTP"));
    }
    let format = named_format(&top);
    if ["SELECT", "WITH", "FROM"].iter().any(|word| first.is(word)) || first.text == "(" {
        // Totals are written after the rows, which a cut answer would repeat with each piece.
        let pieces = !top.iter().any(|token| token.is("TOTALS"));
        return Ok(Statement::Question { format, pieces });
    }
    Ok(Statement::Other { format })
}

/// The part that can be read as text: rows in a binary format behind the statement need not be UTF-8.
fn text_before_rows(sql: &[u8]) -> &str {
    match std::str::from_utf8(sql) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&sql[..error.valid_up_to()]).unwrap_or_default(),
    }
}

fn insert(text: &str, sql: &[u8]) -> Result<Statement, Exception> {
    let mut tokens = Tokens::new(text).filter(|token| token.depth == 0).peekable();
    let mut before: Option<Token<'_>> = None;
    while let Some(token) = tokens.next() {
        let names_something = before
            .is_some_and(|before| ["INTO", "TABLE", "."].iter().any(|word| before.text.eq_ignore_ascii_case(word)));
        if !names_something {
            if ["SELECT", "WITH", "WATCH"].iter().any(|word| token.is(word)) {
                return Ok(Statement::Other { format: None });
            }
            if token.is("INFILE") {
                return Err(Exception::unsupported("FROM INFILE is not allowed over HTTP"));
            }
            if token.is("VALUES") {
                return Ok(rows(text, token.start, "Values", token.end));
            }
            if token.is("FORMAT")
                && let Some(format) = tokens.peek().filter(|next| next.word)
            {
                let rows_at = rows_begin(sql, format.end);
                if format.is("Values") || format.is("VALUES") {
                    return Ok(rows(text, token.start, "Values", rows_at));
                }
                return Ok(rows(text, token.start, format.text, rows_at));
            }
        }
        before = Some(token);
    }
    Ok(rows(text, text.len(), "Values", text.len()))
}

fn rows(text: &str, head_ends: usize, format: &str, rows_at: usize) -> Statement {
    let head = text[..head_ends].trim_end().trim_end_matches(';').to_owned();
    Statement::Insert { head, format: format.to_owned(), rows_at }
}

/// Blanks after the format's name and one line end belong to the statement, all further bytes are rows.
fn rows_begin(sql: &[u8], mut at: usize) -> usize {
    while at < sql.len() && matches!(sql[at], b' ' | b'\t' | b'\r' | b'\x0c' | b';') {
        at += 1;
    }
    if at < sql.len() && sql[at] == b'\n' { at + 1 } else { at }
}

fn named_format(top: &[Token<'_>]) -> Option<String> {
    let at = top.iter().rposition(|token| token.is("FORMAT"))?;
    let name = top.get(at + 1).filter(|name| name.word)?;
    let ends = top.get(at + 2).is_none_or(|next| next.is("SETTINGS") || next.text == ";");
    ends.then(|| name.text.to_owned())
}

/// Words, quoted texts and single signs; comments and blanks are skipped.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
    depth: i32,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn skip_until(&mut self, end: &str) {
        self.at = self.text[self.at..].find(end).map_or(self.text.len(), |found| self.at + found + end.len());
    }

    fn skip_quoted(&mut self, quote: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        while self.at < bytes.len() {
            match bytes[self.at] {
                b'\\' => self.at += 2,
                sign if sign == quote => {
                    self.at += 1;
                    // A doubled quote is the quote itself.
                    if bytes.get(self.at) != Some(&quote) {
                        return;
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        self.at = bytes.len();
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let rest = bytes.get(self.at..)?;
            match rest {
                [] => return None,
                [blank, ..] if blank.is_ascii_whitespace() => self.at += 1,
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => self.skip_until("\n"),
                [b'/', b'*', ..] => self.skip_until("*/"),
                _ => break,
            }
        }
        let start = self.at;
        let mut word = false;
        let mut depth = self.depth;
        match bytes[start] {
            quote @ (b'\'' | b'"' | b'`') => self.skip_quoted(quote),
            b'(' | b'[' | b'{' => {
                self.at += 1;
                self.depth += 1;
            }
            b')' | b']' | b'}' => {
                self.at += 1;
                self.depth -= 1;
                depth = self.depth;
            }
            sign if sign.is_ascii_alphanumeric() || sign == b'_' => {
                word = true;
                while bytes.get(self.at).is_some_and(|sign| sign.is_ascii_alphanumeric() || *sign == b'_') {
                    self.at += 1;
                }
            }
            _ => {
                let sign = self.text[start..].chars().next().map_or(1, char::len_utf8);
                self.at += sign;
            }
        }
        // An escape at the very end of the text may have stepped over it.
        self.at = self.at.min(bytes.len());
        Some(Token { text: self.text.get(start..self.at)?, start, end: self.at, depth, word })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inserts_rows_are_found_behind_its_format() {
        let cases: [(&[u8], &str, &str, &[u8]); 7] = [
            (
                b"INSERT INTO t(a, b) SETTINGS x='FORMAT y' FORMAT RowBinary\n;\x01",
                "INSERT INTO t(a, b) SETTINGS x='FORMAT y'",
                "RowBinary",
                b";\x01",
            ),
            (
                b"insert into db.format (format) /* FORMAT z */ values (1, 'a;b')",
                "insert into db.format (format) /* FORMAT z */",
                "Values",
                b" (1, 'a;b')",
            ),
            (b"INSERT INTO t FORMAT JSONEachRow {\"a\":1}", "INSERT INTO t", "JSONEachRow", b"{\"a\":1}"),
            (b"INSERT INTO t FORMAT RowBinary \xff\x00'", "INSERT INTO t", "RowBinary", b"\xff\x00'"),
            (b"INSERT INTO t format values (1)", "INSERT INTO t", "Values", b"(1)"),
            (b"INSERT INTO t;", "INSERT INTO t", "Values", b""),
            (b"INSERT INTO t FORMAT CSV", "INSERT INTO t", "CSV", b""),
        ];
        for (sql, expected_head, expected_format, expected_rows) in cases {
            let shown = String::from_utf8_lossy(sql);
            let Ok(Statement::Insert { head, format, rows_at }) = read(sql) else { panic!("{shown}") };
            assert_eq!((head.as_str(), format.as_str()), (expected_head, expected_format), "{shown}");
            assert_eq!(&sql[rows_at..], expected_rows, "{shown}");
        }
    }

    #[test]
    fn inserts_without_rows_are_ordinary_statements() {
        for sql in ["INSERT INTO t SELECT 1 FORMAT x", "INSERT INTO t WITH 1 AS a SELECT a"] {
            assert_eq!(read(sql.as_bytes()).unwrap(), Statement::Other { format: None }, "{sql}");
        }
    }

    #[test]
    fn an_answers_format_is_the_one_named_last() {
        let cases = [
            ("SELECT 1", None, true),
            ("/* x */ with a as (select 1 format) select * from a format JSON", Some("JSON"), true),
            ("SELECT 'FORMAT x' FORMAT CSV SETTINGS a=1;", Some("CSV"), true),
            ("(SELECT 1 FORMAT TSV)", None, true),
            ("SELECT a, count() FROM t GROUP BY a WITH TOTALS", None, false),
            ("SELECT format FROM t", None, true),
        ];
        for (sql, format, pieces) in cases {
            let expected = Statement::Question { format: format.map(str::to_owned), pieces };
            assert_eq!(read(sql.as_bytes()).unwrap(), expected, "{sql}");
        }
        assert_eq!(read(b"DESCRIBE TABLE t").unwrap(), Statement::Other { format: None });
        assert!(read(b"SELECT 1 INTO OUTFILE 'x'").is_err());
        assert!(read(b"-- nothing").is_err());
    }

    #[test]
    fn unfinished_texts_end_the_reading() {
        for sql in ["SELECT 'a", "SELECT 'a\\", "SELECT /* a", "SELECT `", "SELECT \"é\\"] {
            assert!(read(sql.as_bytes()).is_ok(), "{sql}");
        }
    }
}
