//! What can go wrong with ClickHouse, sorted by what the caller should do: wait and try again, or stop.

/// A failure of ClickHouse or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The same request may succeed later: wait and send the same bytes with the same token.
    #[error("clickhouse cannot do this now, try again: {message}")]
    Transient {
        /// ClickHouse's exception code, where it gave one.
        code: Option<i32>,
        /// ClickHouse's own text, or the network's.
        message: String,
    },
    /// The same request will fail again: mend the request or the tables.
    #[error("clickhouse refuses this: {message}")]
    Permanent {
        /// ClickHouse's exception code, where it gave one.
        code: Option<i32>,
        /// ClickHouse's own text, or the client's.
        message: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// ClickHouse's exception code, where it gave one.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Transient { code, .. } | Self::Permanent { code, .. } => *code,
        }
    }

    /// The text of the failure, without our own words around it.
    pub fn message(&self) -> &str {
        match self {
            Self::Transient { message, .. } | Self::Permanent { message, .. } => message,
        }
    }

    /// Sorts an exception by its code, and where a code is shared by its text.
    pub fn from_exception(code: Option<i32>, message: impl Into<String>) -> Self {
        let message = message.into();
        if is_transient(code, &message) { Self::Transient { code, message } } else { Self::Permanent { code, message } }
    }
}

/// Codes that say "not now": timeouts, too many queries, memory, network, read-only replicas, a full disk, keeper,
/// shutting down, and whatever the embedded engine's front cannot name: the insert's token makes a repetition safe.
/// <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
const TRANSIENT_CODES: [i32; 22] =
    [159, 160, 201, 202, 203, 209, 210, 225, 236, 241, 242, 243, 279, 285, 286, 319, 394, 425, 439, 734, 999, 1002];

/// Code shared by "too many parts" (merges will catch up) and "too many partitions for single INSERT block" (ours).
const TOO_MANY_PARTS: i32 = 252;

fn is_transient(code: Option<i32>, message: &str) -> bool {
    match code {
        Some(TOO_MANY_PARTS) => !message.contains("Too many partitions"),
        Some(code) => TRANSIENT_CODES.contains(&code),
        // No code means that no ClickHouse answered: a proxy, a cut connection, a server that is starting.
        None => true,
    }
}

impl From<clickhouse::error::Error> for StoreError {
    fn from(error: clickhouse::error::Error) -> Self {
        use clickhouse::error::Error;
        match error {
            Error::BadResponse(text) => Self::from_exception(exception_code(&text), text),
            Error::Network(_) | Error::TimedOut => Self::Transient { code: None, message: with_causes(&error) },
            other => Self::Permanent { code: None, message: with_causes(&other) },
        }
    }
}

/// Reads the code out of `Code: 62. DB::Exception: …`.
pub(crate) fn exception_code(text: &str) -> Option<i32> {
    let rest = &text[text.find("Code: ")? + "Code: ".len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_helps() {
        let cases = [
            ("Code: 62. DB::Exception: Syntax error", Some(62), false),
            ("Code: 252. DB::Exception: Too many partitions for single INSERT block", Some(252), false),
            ("Code: 252. DB::Exception: Too many parts (300)", Some(252), true),
            ("Code: 241. DB::Exception: memory limit exceeded", Some(241), true),
            ("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space", Some(243), true),
            ("Code: 27. DB::Exception: Cannot parse input", Some(27), false),
            ("502 Bad Gateway", None, true),
        ];
        for (text, code, transient) in cases {
            assert_eq!(exception_code(text), code, "{text}");
            assert_eq!(StoreError::from_exception(code, text).is_transient(), transient, "{text}");
        }
    }
}
