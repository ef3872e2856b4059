//! Whom an erasure is about: a visitor's id or a session's.

use felt_schema::snapshot::is_id;
use sha2::{Digest, Sha256};

/// What kind of id was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A visitor, with all sessions that carried the id.
    Visitor,
    /// One session.
    Session,
}

impl Kind {
    /// The name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Visitor => "visitor",
            Kind::Session => "session",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        [Kind::Visitor, Kind::Session].into_iter().find(|kind| kind.name() == name)
    }
}

/// Whom an erasure is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// What kind of id.
    pub kind: Kind,
    /// The id. Not to be logged, and not to be written anywhere but among the targets.
    pub id: String,
}

impl Subject {
    /// The subject of a request that names a visitor or a session.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn of(visitor: Option<String>, session: Option<String>) -> Result<Self, &'static str> {
        let (kind, id) = match (visitor, session) {
            (Some(id), None) => (Kind::Visitor, id),
            (None, Some(id)) => (Kind::Session, id),
            _ => return Err("name one: {\"visitor\": \"…\"} or {\"session\": \"…\"}"),
        };
        if is_id(&id) { Ok(Self { kind, id }) } else { Err("an id has 8 to 64 of A-Za-z0-9_-") }
    }

    /// A hash by which the same subject is known again on the same site.
    pub fn hash(&self, site: &str) -> String {
        let digest = Sha256::digest(format!("{site}/{}/{}", self.kind.name(), self.id));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_id_is_named_and_it_is_one() {
        let of = |visitor: Option<&str>, session: Option<&str>| {
            Subject::of(visitor.map(str::to_owned), session.map(str::to_owned)).map(|subject| subject.kind.name())
        };
        assert_eq!(of(Some("c0de-1234"), None), Ok("visitor"));
        assert_eq!(of(None, Some("c0de_1234")), Ok("session"));
        for (visitor, session) in [
            (None, None),
            (Some("c0de-1234"), Some("c0de-1234")),
            (Some("short"), None),
            (Some("' OR 1=1 --"), None),
            (Some("%"), None),
        ] {
            assert!(of(visitor, session).is_err(), "{visitor:?} {session:?}");
        }
    }

    #[test]
    fn the_hash_is_of_the_site_too() {
        let subject = Subject { kind: Kind::Visitor, id: "c0de-1234".into() };
        assert_eq!(subject.hash("shop"), subject.hash("shop"));
        assert_ne!(subject.hash("shop"), subject.hash("blog"));
    }
}
