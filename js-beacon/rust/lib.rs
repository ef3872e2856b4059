//! The beacon script as bytes, for whoever serves it.
//!
//! Holds what `npm run build` left in `dist/`: the script, its brotli and gzip forms, and the hash that names it for caching.
//! It leaves headers, paths and caching to the server, and the script's behaviour to the TypeScript in `../src`.

/// The script, minified, UTF-8. Serve it as `text/javascript`.
pub const SCRIPT: &[u8] = include_bytes!(env!("FELT_BEACON_SCRIPT"));

/// The same script for `Content-Encoding: br`, quality 11.
pub const SCRIPT_BR: &[u8] = include_bytes!(env!("FELT_BEACON_SCRIPT_BR"));

/// The same script for `Content-Encoding: gzip`, level 9.
pub const SCRIPT_GZ: &[u8] = include_bytes!(env!("FELT_BEACON_SCRIPT_GZ"));

/// First 16 hex digits of the SHA-256 of [`SCRIPT`]: the name under which it may be cached for ever, and its ETag.
pub const HASH: &str = env!("FELT_BEACON_HASH");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_text_and_smaller_when_compressed() {
        let script = std::str::from_utf8(SCRIPT).expect("the script is UTF-8");
        assert!(script.contains("felt"));
        assert!(SCRIPT_BR.len() < SCRIPT_GZ.len());
        assert!(SCRIPT_GZ.len() < SCRIPT.len());
    }

    #[test]
    fn the_hash_is_sixteen_hex_digits() {
        assert_eq!(HASH.len(), 16);
        assert!(HASH.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
