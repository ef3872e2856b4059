//! Who may do what: the question that handlers ask. Where tokens are kept is the answer's business, not ours.

use crate::Problem;
use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::time::Duration;

/// What a token may be good for, each bound to sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Aggregates.
    ReadMetrics,
    /// Single visits.
    ReadSessions,
    /// Making and changing SLOs.
    WriteSlos,
    /// Everything, imports included.
    Admin,
}

impl Scope {
    /// Every scope, in the order in which they are listed to people.
    pub const ALL: [Scope; 4] = [Scope::ReadMetrics, Scope::ReadSessions, Scope::WriteSlos, Scope::Admin];

    /// The name in tokens and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scope::ReadMetrics => "read:metrics",
            Scope::ReadSessions => "read:sessions",
            Scope::WriteSlos => "write:slos",
            Scope::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Scope> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Every site, present and future, where sites are listed.
pub const ALL_SITES: &str = "*";

/// What somebody may do where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    /// Keys of sites, or [`ALL_SITES`].
    pub sites: Vec<String>,
    /// What is allowed on each of them; [`Scope::Admin`] holds every other scope.
    pub scopes: Vec<Scope>,
}

impl Grant {
    /// Everything everywhere.
    pub fn everything() -> Self {
        Self { sites: vec![ALL_SITES.into()], scopes: vec![Scope::Admin] }
    }

    /// Whether it is good for `scope` on `site`. Only a grant for every site is good for [`ALL_SITES`].
    pub fn allows(&self, site: &str, scope: Scope) -> bool {
        let of_site = self.sites.iter().any(|granted| granted == ALL_SITES || granted == site);
        of_site && self.has(scope)
    }

    /// Whether it is good for `scope` on at least one site.
    pub fn has(&self, scope: Scope) -> bool {
        !self.sites.is_empty() && self.scopes.iter().any(|&granted| granted == scope || granted == Scope::Admin)
    }

    /// Whether it is good for `scope` on each of `sites`.
    pub fn allows_all(&self, sites: &[String], scope: Scope) -> bool {
        sites.iter().all(|site| self.allows(site, scope))
    }
}

/// What kind of somebody sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    /// Whoever can reach a service that is open.
    Anyone,
    /// The bearer of an API token.
    Token,
    /// A person who signed in.
    Person,
    /// Whoever has a link that shows one site.
    Link,
}

impl CallerKind {
    /// The name in records and answers.
    pub fn name(self) -> &'static str {
        match self {
            CallerKind::Anyone => "anyone",
            CallerKind::Token => "token",
            CallerKind::Person => "person",
            CallerKind::Link => "link",
        }
    }
}

/// Who sends a request, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What kind of somebody.
    pub kind: CallerKind,
    /// The token's or the link's id, or the person's address; empty for anyone.
    pub name: String,
    /// What they may do.
    pub grant: Grant,
}

impl Caller {
    /// Whoever can reach a service that is open.
    pub fn anyone() -> Self {
        Self { kind: CallerKind::Anyone, name: String::new(), grant: Grant::everything() }
    }
}

/// Why a request may not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token came with the request.
    #[error("sign in, or send `Authorization: Bearer TOKEN`; make a token with `felt token create`")]
    NoToken,
    /// The token is not, or no longer, known.
    #[error("the token is not known or was revoked")]
    UnknownToken,
    /// The session is over.
    #[error("the session has ended, sign in again")]
    SessionEnded,
    /// The link is over.
    #[error("this link has ended or was taken back; whoever sent it can make a new one")]
    LinkEnded,
    /// The token is good, but not for this.
    #[error("this needs the scope `{}` for this site", .0.name())]
    NotGranted(Scope),
    /// Nobody can tell now.
    #[error("tokens cannot be checked at the moment, try again")]
    Unavailable,
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        let detail = denied.to_string();
        match denied {
            Denied::NoToken | Denied::UnknownToken | Denied::SessionEnded | Denied::LinkEnded => {
                Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed")
                    .detail(detail)
                    .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"felt\""))
            }
            Denied::NotGranted(_) => Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed").detail(detail),
            Denied::Unavailable => Problem::unavailable("tokens-unavailable", detail, Duration::from_secs(1)),
        }
    }
}

/// Decides whether the bearer of a token may use `scope` on `site`.
#[async_trait]
pub trait Authorize: Send + Sync {
    /// `Ok` when it may. `bearer` is the token as sent, if any.
    async fn authorize(&self, bearer: Option<&str>, site: &str, scope: Scope) -> Result<(), Denied>;

    /// Who the bearer is. Whoever keeps no record of that need not answer it: then nobody may do anything beyond what
    /// [`Authorize::authorize`] says.
    async fn caller(&self, bearer: Option<&str>) -> Result<Caller, Denied> {
        Err(if bearer.is_some() { Denied::UnknownToken } else { Denied::NoToken })
    }

    /// Tells whoever holds permissions in memory that they were changed.
    fn changed(&self) {}
}

/// Everybody may do everything: for a service that only listens on a loopback address.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenAccess;

#[async_trait]
impl Authorize for OpenAccess {
    async fn authorize(&self, _bearer: Option<&str>, _site: &str, _scope: Scope) -> Result<(), Denied> {
        Ok(())
    }

    async fn caller(&self, _bearer: Option<&str>) -> Result<Caller, Denied> {
        Ok(Caller::anyone())
    }
}

/// The token in `Authorization: Bearer …`, if the request carries one.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_found_by_their_names() {
        for scope in Scope::ALL {
            assert_eq!(Scope::from_name(scope.name()), Some(scope));
        }
        assert_eq!(Scope::from_name("root"), None);
    }

    #[test]
    fn only_a_bearer_token_is_a_token() {
        for (value, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Basic abc", None),
            ("Bearer ", None),
            ("Bearer", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(bearer(&headers), expected, "{value}");
        }
    }
}
