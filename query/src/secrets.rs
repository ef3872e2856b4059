//! Secrets: how they are made up, kept, compared, and kept out of logs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A text that is never shown: not in logs, not where settings are printed.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text. Whoever takes it must not print it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(secret)")
    }
}

/// So many random bytes of the operating system's seeding, as text for addresses and cookies.
pub(crate) fn random_text<const N: usize>() -> String {
    let mut bytes = [0u8; N];
    rand::fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256 in hexadecimal: how a secret of full length is kept.
pub(crate) fn hash_hex(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A second secret that follows from a first and does not lead back to it.
pub(crate) fn derive(secret: &str, purpose: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(purpose);
    hash.update([0]);
    hash.update(secret);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Compares without telling by its time how much was alike.
pub(crate) fn alike(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "(secret)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(secret)\"");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn derived_secrets_differ_by_purpose() {
        let secret = random_text::<32>();
        assert_eq!(secret.len(), 43);
        assert_ne!(derive(&secret, "state"), derive(&secret, "nonce"));
        assert_eq!(derive(&secret, "state"), derive(&secret, "state"));
        assert!(alike("abc", "abc") && !alike("abc", "abd") && !alike("abc", "abcd"));
    }
}
