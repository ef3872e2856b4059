//! What a request asks for around its SQL: every name in the address and in a form is honoured or refused, because a
//! setting that is silently dropped would take a guarantee with it.

use std::collections::{BTreeMap, HashSet};

use http::HeaderMap;

use super::exception::Exception;

/// Settings that the engine knows, by name.
pub(super) type KnownSettings = HashSet<String>;

/// A request's options.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub query: Option<String>,
    pub database: Option<String>,
    pub default_format: Option<String>,
    pub query_id: Option<String>,
    /// The answer in ClickHouse's own LZ4 blocks.
    pub compress: bool,
    /// The body is in ClickHouse's own blocks.
    pub decompress: bool,
    /// Nothing is answered before the statement is through.
    pub wait_end_of_query: bool,
    /// `Accept-Encoding` counts.
    pub http_compression: bool,
    pub settings: BTreeMap<String, String>,
    pub params: Vec<(String, String)>,
}

impl Options {
    /// Reads address and headers. `is_get` makes the request read-only, as ClickHouse does.
    pub fn read(address: &str, headers: &HeaderMap, is_get: bool, known: &KnownSettings) -> Result<Self, Exception> {
        let mut options = Self { http_compression: true, ..Self::default() };
        options.read_headers(headers)?;
        for (name, value) in form_pairs(address)? {
            options.set(name, value, known)?;
        }
        if is_get {
            options.settings.entry("readonly".into()).or_insert_with(|| "2".into());
        }
        Ok(options)
    }

    fn read_headers(&mut self, headers: &HeaderMap) -> Result<(), Exception> {
        let text = |name: &str| match headers.get(name) {
            None => Ok(None),
            Some(value) => value
                .to_str()
                .map(|value| Some(value.to_owned()))
                .map_err(|_| bad(format!("the header {name} is not text"))),
        };
        check_user(text("x-clickhouse-user")?.as_deref(), text("x-clickhouse-key")?.as_deref())?;
        if headers.contains_key(http::header::AUTHORIZATION) {
            return Err(no_such_user());
        }
        self.database = text("x-clickhouse-database")?;
        self.default_format = text("x-clickhouse-format")?;
        Ok(())
    }

    /// Takes one pair of the address.
    fn set(&mut self, name: String, value: String, known: &KnownSettings) -> Result<(), Exception> {
        match name.as_str() {
            "query" => self.query = Some(value),
            "database" => self.database = Some(value),
            "default_format" => self.default_format = Some(value),
            "query_id" => self.query_id = (!value.is_empty()).then_some(value),
            "compress" => self.compress = flag(&name, &value)?,
            "decompress" => self.decompress = flag(&name, &value)?,
            "wait_end_of_query" | "http_wait_end_of_query" => self.wait_end_of_query = flag(&name, &value)?,
            "enable_http_compression" => self.http_compression = flag(&name, &value)?,
            "user" => check_user(Some(&value), None)?,
            "password" => check_user(None, Some(&value))?,
            "client_protocol_version" | "send_progress_in_http_headers" | "add_http_cors_header" | "close_session"
                if matches!(value.as_str(), "0" | "") => {}
            "session_id" if value.is_empty() => {}
            // What the front does in any case: a client that goes takes its question along.
            "cancel_http_readonly_queries_on_client_close" => {}
            _ if name.starts_with("param_") => self.set_param(&name, value)?,
            // These only mean something to a server's own HTTP code, which is not in the library.
            _ if name.starts_with("http_") || name.contains("_http_") => return Err(not_here(&name)),
            _ if known.contains(&name) => {
                self.settings.insert(name, value);
            }
            "session_id"
            | "session_timeout"
            | "session_check"
            | "close_session"
            | "buffer_size"
            | "role"
            | "quota_key"
            | "stacktrace"
            | "client_protocol_version" => return Err(not_here(&name)),
            _ => {
                let message = format!("Unknown setting '{name}' in the request's address");
                return Err(Exception::new(115, "UNKNOWN_SETTING", message));
            }
        }
        Ok(())
    }

    fn set_param(&mut self, name: &str, value: String) -> Result<(), Exception> {
        let Some(name) = name.strip_prefix("param_").filter(|name| !name.is_empty()) else {
            return Err(bad("a parameter has no name"));
        };
        self.params.push((name.to_owned(), value));
        Ok(())
    }

    /// Takes the fields of a form in the body: the query and its parameters.
    pub fn take_form(&mut self, fields: Vec<(String, String)>) -> Result<(), Exception> {
        for (name, value) in fields {
            match name.as_str() {
                "query" => self.query = Some(value),
                _ if name.starts_with("param_") => self.set_param(&name, value)?,
                _ => {
                    return Err(Exception::unsupported(format!(
                        "a form field '{name}' (external data) is not supported"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The session's settings as connection arguments. What guarantees rest on is named even when the request does
    /// not name it; read-only comes last so that it does not forbid the rest.
    pub fn arguments(&self) -> Vec<String> {
        let mut settings: BTreeMap<&str, &str> = BASE.into_iter().collect();
        settings.extend(self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let readonly = settings.remove("readonly");
        let mut arguments: Vec<String> = settings.iter().map(|(name, value)| format!("--{name}={value}")).collect();
        arguments.extend(readonly.map(|value| format!("--readonly={value}")));
        arguments
    }
}

/// Where the library's defaults differ from a server's, and where a version's default could move under us.
const BASE: [(&str, &str); 6] = [
    ("allow_introspection_functions", "0"),
    ("async_insert", "0"),
    ("implicit_select", "0"),
    ("insert_deduplicate", "1"),
    // A thread for each gigabyte that is free is one thread in all: the engine's whole memory is two.
    ("max_threads_min_free_memory_per_thread", "67108864"),
    ("session_timezone", "UTC"),
];

fn flag(name: &str, value: &str) -> Result<bool, Exception> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" | "" => Ok(false),
        _ => Err(bad(format!("'{name}' is 0 or 1, not '{value}'"))),
    }
}

fn bad(message: impl std::fmt::Display) -> Exception {
    Exception::new(36, "BAD_ARGUMENTS", message)
}

fn not_here(name: &str) -> Exception {
    Exception::unsupported(format!("'{name}' is not supported by the embedded engine"))
}

fn no_such_user() -> Exception {
    Exception::new(516, "AUTHENTICATION_FAILED", "the embedded engine knows only the user `default` without a password")
}

fn check_user(user: Option<&str>, password: Option<&str>) -> Result<(), Exception> {
    let known = user.is_none_or(|user| user.is_empty() || user == "default") && password.is_none_or(str::is_empty);
    if known { Ok(()) } else { Err(no_such_user()) }
}

/// Decodes `a=1&b=2` with percent signs and pluses.
fn form_pairs(address: &str) -> Result<Vec<(String, String)>, Exception> {
    address
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Exception> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(bad("the address has a broken percent sign")),
                }
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| bad("the address is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<Options, Exception> {
        let known = ["max_execution_time", "readonly", "http_receive_timeout"].map(str::to_owned).into();
        Options::read(address, &HeaderMap::new(), false, &known)
    }

    #[test]
    fn everything_in_the_address_is_honoured() {
        let options =
            read("query=SELECT+%27%C3%A9%27&database=d&max_execution_time=5&param_a=x%26y&readonly=2").unwrap();
        assert_eq!(options.query.as_deref(), Some("SELECT 'é'"));
        assert_eq!(options.params, [("a".to_owned(), "x&y".to_owned())]);
        let arguments = options.arguments();
        assert!(
            arguments.contains(&"--max_execution_time=5".to_owned())
                && arguments.contains(&"--async_insert=0".to_owned())
        );
        assert_eq!(arguments.last().map(String::as_str), Some("--readonly=2"));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        let cases = [
            ("max_exectuion_time=5", 115),
            ("path=/etc", 115),
            ("session_id=a", 48),
            ("role=admin", 48),
            ("buffer_size=5", 48),
            ("http_receive_timeout=5", 48),
            ("compress=yes", 36),
            ("query=%zz", 36),
            ("query=%ff", 36),
            ("user=bob", 516),
            ("password=x", 516),
        ];
        for (address, code) in cases {
            assert_eq!(read(address).map_err(|error| error.code), Err(code), "{address}");
        }
        assert!(read("user=default&password=&session_id=").is_ok());
    }

    #[test]
    fn a_get_may_not_write() {
        let options = Options::read("", &HeaderMap::new(), true, &KnownSettings::new()).unwrap();
        assert_eq!(options.settings.get("readonly").map(String::as_str), Some("2"));
    }
}
