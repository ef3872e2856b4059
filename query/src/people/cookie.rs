//! Cookies: what they are called, how they are set, and how ours is found among those that a browser sends.
//!
//! Over https the name begins with `__Host-`, so that no other host, port or path can set it
//! (<https://www.rfc-editor.org/rfc/rfc6265#section-4.1.2.5> and its draft successor); browsers take that prefix with
//! `Secure` only, so on this machine's own plain http the name is plain.

use super::whence::Whence;
use axum::http::{HeaderMap, HeaderValue, header};

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The session.
    Session,
    /// What a sign-in at an OpenID provider began with.
    SignIn,
}

impl Cookie {
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Cookie::Session, true) => "__Host-felt-session",
            (Cookie::Session, false) => "felt-session",
            (Cookie::SignIn, true) => "__Host-felt-sign-in",
            (Cookie::SignIn, false) => "felt-sign-in",
        }
    }

    /// A session never follows from another site. A sign-in has to: the provider sends the browser back to us.
    fn same_site(self) -> &'static str {
        match self {
            Cookie::Session => "Strict",
            Cookie::SignIn => "Lax",
        }
    }

    /// The value that the browser sent. Two of the same name are none: one of them is not ours.
    pub(super) fn read(self, headers: &HeaderMap, whence: &Whence) -> Option<String> {
        let name = self.name(whence.secure);
        let lines = headers.get_all(header::COOKIE);
        let mut values = lines
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if is_plain(value) => Some(value.to_owned()),
            _ => None,
        }
    }

    /// The header that sets it for so long.
    pub(super) fn set(self, value: &str, seconds: i64, whence: &Whence) -> Option<HeaderValue> {
        let secure = if whence.secure { "; Secure" } else { "" };
        let (name, same_site) = (self.name(whence.secure), self.same_site());
        let text =
            format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite={same_site}{secure}", seconds.max(0));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The header that takes it away.
    pub(super) fn clear(self, whence: &Whence) -> Option<HeaderValue> {
        self.set("", 0, whence)
    }
}

fn is_plain(value: &str) -> bool {
    (1..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn over_https_only_the_prefixed_cookie_counts_and_none_that_was_set_twice() {
        let secure = Whence { secure: true, ..Whence::default() };
        let plain = Whence::default();
        let read = |lines: &[&'static str], whence| Cookie::Session.read(&sent(lines), whence);
        assert_eq!(read(&["a=b; __Host-felt-session=felts_x; c=d"], &secure).as_deref(), Some("felts_x"));
        assert_eq!(read(&["felt-session=felts_x"], &secure), None);
        assert_eq!(read(&["felt-session=felts_x"], &plain).as_deref(), Some("felts_x"));
        assert_eq!(read(&["felt-session=a; felt-session=b"], &plain), None);
        assert_eq!(read(&["felt-session=a", "felt-session=b"], &plain), None);
        assert_eq!(read(&["felt-session=\"a b\""], &plain), None);
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        let secure = Whence { secure: true, ..Whence::default() };
        let set = Cookie::Session.set("felts_x", 60, &secure).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-felt-session=felts_x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(set.is_sensitive());
        let clear = Cookie::Session.clear(&Whence::default()).unwrap();
        assert_eq!(clear.to_str().unwrap(), "felt-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }
}
