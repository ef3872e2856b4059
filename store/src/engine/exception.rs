//! ClickHouse's exceptions as they go over the wire: a code, a text, and the HTTP status that belongs to the code.

use http::StatusCode;

/// An exception of the engine or of its front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception {
    /// ClickHouse's code: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>.
    pub code: i32,
    /// The whole text, beginning with `Code: `.
    pub text: String,
}

impl Exception {
    /// An exception of our own, in ClickHouse's words.
    pub fn new(code: i32, name: &str, message: impl std::fmt::Display) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message}. ({name})") }
    }

    /// A request that asks for something this front does not have.
    pub fn unsupported(message: impl std::fmt::Display) -> Self {
        Self::new(48, "NOT_IMPLEMENTED", message)
    }

    /// The engine behaved in a way its interface does not know.
    pub fn lost(message: impl std::fmt::Display) -> Self {
        Self::new(1002, "UNKNOWN_EXCEPTION", message)
    }

    /// Reads the engine's own text.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match crate::error::exception_code(text) {
            Some(code) => Self { code, text: text.to_owned() },
            None => Self::lost(text),
        }
    }

    /// The status ClickHouse's own HTTP interface gives for the code:
    /// <https://github.com/ClickHouse/ClickHouse/blob/master/src/Server/HTTP/exceptionCodeToHTTPStatus.cpp>.
    pub fn status(&self) -> StatusCode {
        match self.code {
            516 | 192..=194 => StatusCode::FORBIDDEN,
            6 | 26 | 27 | 33 | 36 | 38 | 41 | 43 | 53 | 62 | 69 | 70 | 72 | 117 | 130 | 131 | 427 | 456 | 457 => {
                StatusCode::BAD_REQUEST
            }
            10 | 16 | 46 | 47 | 50 | 60 | 63 | 73 | 81 | 115 => StatusCode::NOT_FOUND,
            48 => StatusCode::NOT_IMPLEMENTED,
            159 => StatusCode::REQUEST_TIMEOUT,
            202 | 209 => StatusCode::SERVICE_UNAVAILABLE,
            223 => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_text_keeps_its_code() {
        let exception = Exception::parse("Code: 60. DB::Exception: no such table. (UNKNOWN_TABLE)\n");
        assert_eq!(exception.code, 60);
        assert_eq!(exception.status(), StatusCode::NOT_FOUND);
        assert_eq!(Exception::parse("Error: what").code, 1002);
    }
}
