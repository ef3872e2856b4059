//! A name for each request, in its answer (`x-request-id`) and in the log, so that the two can be laid side by side.

use http::{HeaderMap, HeaderValue};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header that carries it, both ways.
pub(crate) const HEADER: http::HeaderName = http::HeaderName::from_static("x-request-id");
const LENGTH_MAX: usize = 64;

/// The name of one request.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// The id that a proxy in front already gave, when it is short and plain, else a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).filter(|value| is_plain(value.as_bytes()));
        given.map_or_else(Self::fresh, |value| Self(value.clone()))
    }

    /// Process start in the upper half, a count in the lower: unique without a system call.
    fn fresh() -> Self {
        static PROCESS: LazyLock<u32> = LazyLock::new(rand::random);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut digits = [0u8; 20];
        let mut rest = (u128::from(*PROCESS) << 48) | u128::from(count & 0xFFFF_FFFF_FFFF);
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(rest & 15) as usize];
            rest >>= 4;
        }
        Self(HeaderValue::from_bytes(&digits).unwrap_or_else(|_| HeaderValue::from_static("-")))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }
}

fn is_plain(value: &[u8]) -> bool {
    (1..=LENGTH_MAX).contains(&value.len()) && value.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_id_is_kept_and_anything_else_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_static("abc-1.2_3"));
        assert_eq!(RequestId::of(&headers).as_str(), "abc-1.2_3");
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            headers.insert(HEADER, HeaderValue::from_str(bad).unwrap());
            assert_ne!(RequestId::of(&headers).as_str(), bad);
        }
        let (a, b) = (RequestId::fresh(), RequestId::fresh());
        assert_ne!(a.0, b.0);
        assert_eq!(a.as_str().len(), 20);
    }
}
