//! Passwords: what may be one, and argon2id with the parameters that OWASP names
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>): 19 MiB, two passes, one lane.
//!
//! A hash takes that memory and some tens of milliseconds of a processor on purpose. So a process makes only a few at a
//! time, and no flood of people who sign in can take more.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Fewest characters of a password. Length is what helps; no rules about kinds of characters (NIST SP 800-63B).
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most bytes of a password.
pub const PASSWORD_BYTES_MAX: usize = 1024;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Longest wait for a place among those that are hashed.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too easy to find.
    #[error("a password needs at least {PASSWORD_CHARS_MIN} characters; a few words are good")]
    Short,
    /// Nobody types that.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// The first thing that is tried.
    #[error("this password is too easy to guess: it is the address, or a few characters over and over")]
    Guessable,
    /// It could not be hashed.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Whether somebody of that address may take that password.
///
/// # Errors
/// Why not.
pub fn check(password: &str, email: &str) -> Result<(), PasswordFault> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordFault::Long);
    }
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordFault::Short);
    }
    let mut kinds: Vec<char> = password.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 5 || password.to_lowercase() == email {
        return Err(PasswordFault::Guessable);
    }
    Ok(())
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The PHC string of a password. Blocks for as long as a hash takes.
pub(super) fn hash(password: &str) -> Result<String, PasswordFault> {
    let salt = rand::random::<[u8; 16]>();
    let argon2 = argon2().ok_or(PasswordFault::NotHashed)?;
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordFault::NotHashed)
}

/// What nobody's password is compared with where there is no account, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&crate::secrets::random_text::<32>()).unwrap_or_default());

/// Whether a password is that of a PHC string. Without one it is not, after the same time.
fn verify(password: &str, phc: Option<&str>) -> bool {
    let stored = phc.filter(|phc| !phc.is_empty());
    let parsed = PasswordHash::new(stored.unwrap_or(NOBODY.as_str()));
    let same = parsed
        .is_ok_and(|hash| argon2().is_some_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok()));
    same && stored.is_some()
}

/// Too many passwords are being checked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

/// Hashes on threads for blocking work, a few at a time.
pub(super) struct Hasher(Arc<Semaphore>);

impl Hasher {
    pub(super) fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.max(1))))
    }

    /// As [`hash`].
    pub(super) async fn hash(&self, password: String) -> Result<Result<String, PasswordFault>, Busy> {
        self.run(move || hash(&password)).await
    }

    /// As [`verify`].
    pub(super) async fn verify(&self, password: String, phc: Option<String>) -> Result<bool, Busy> {
        self.run(move || verify(&password, phc.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let place = tokio::time::timeout(QUEUE_WAIT_MAX, self.0.clone().acquire_owned()).await;
        let place = place.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let work = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when whoever asked has gone.
            let _place = place;
            work()
        });
        work.await.map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_argon2id_with_owasps_parameters() {
        let phc = hash("correct horse battery").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(verify("correct horse battery", Some(&phc)));
        assert!(!verify("correct horse batterz", Some(&phc)));
        assert_ne!(phc, hash("correct horse battery").unwrap(), "the salt is new each time");
    }

    #[test]
    fn nobody_has_no_password() {
        assert!(!verify("correct horse battery", None));
        assert!(!verify("", Some("")));
        assert!(!verify("x", Some("not a phc string")));
    }

    #[test]
    fn what_may_be_a_password() {
        let email = "ada@shop.example";
        assert_eq!(check("correct horse battery", email), Ok(()));
        assert_eq!(check("ふるいけやかわずとびこむ", email), Ok(()));
        assert_eq!(check("short", email), Err(PasswordFault::Short));
        assert_eq!(check(&"x".repeat(2000), email), Err(PasswordFault::Long));
        assert_eq!(check("aaaaaaaaaaaaaaaa", email), Err(PasswordFault::Guessable));
        assert_eq!(check("Ada@shop.example", email), Err(PasswordFault::Guessable));
    }

    #[tokio::test]
    async fn only_so_many_are_hashed_at_once() {
        let hasher = Hasher::new(1);
        let held = hasher.0.clone().acquire_owned().await.unwrap();
        let mut waiting = Box::pin(hasher.verify("x".into(), None));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(held);
        assert_eq!(waiting.await, Ok(false));
    }
}
