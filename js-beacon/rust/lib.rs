//! The beacon's scripts as bytes, for whoever serves them.
//!
//! Holds what `npm run build` left in `dist/`: each script with its brotli and gzip forms, and the hash that names it for caching.
//! It leaves headers, paths and caching to the server, and the scripts' behaviour to the TypeScript in `../src`.

/// A script and what is needed to serve it as `text/javascript`.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// Its name without the ending: `beacon`.
    pub stem: &'static str,
    /// The script, minified, UTF-8.
    pub bytes: &'static [u8],
    /// The same for `Content-Encoding: br`, quality 11.
    pub brotli: &'static [u8],
    /// The same for `Content-Encoding: gzip`, level 9.
    pub gzip: &'static [u8],
    /// First 16 hex digits of the SHA-256 of `bytes`: the name under which it may be cached for ever, and its ETag.
    pub hash: &'static str,
}

/// Everything but the feedback prompt.
pub const BEACON: Script = Script {
    stem: "beacon",
    bytes: include_bytes!(env!("FELT_BEACON_JS")),
    brotli: include_bytes!(env!("FELT_BEACON_BR")),
    gzip: include_bytes!(env!("FELT_BEACON_GZ")),
    hash: env!("FELT_BEACON_HASH"),
};

/// Vitals, navigation, errors, route changes and the transport alone.
pub const CORE: Script = Script {
    stem: "beacon-core",
    bytes: include_bytes!(env!("FELT_CORE_JS")),
    brotli: include_bytes!(env!("FELT_CORE_BR")),
    gzip: include_bytes!(env!("FELT_CORE_GZ")),
    hash: env!("FELT_CORE_HASH"),
};

/// The feedback prompt, which [`BEACON`] loads under its hashed name when a page asks.
pub const PROMPT: Script = Script {
    stem: "beacon-prompt",
    bytes: include_bytes!(env!("FELT_PROMPT_JS")),
    brotli: include_bytes!(env!("FELT_PROMPT_BR")),
    gzip: include_bytes!(env!("FELT_PROMPT_GZ")),
    hash: env!("FELT_PROMPT_HASH"),
};

/// All of them.
pub const SCRIPTS: [Script; 3] = [BEACON, CORE, PROMPT];

/// JSON: each script's hashed name, Subresource Integrity and sizes.
pub const MANIFEST: &str = include_str!(env!("FELT_BEACON_MANIFEST"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_text_and_smaller_when_compressed() {
        for script in SCRIPTS {
            assert!(std::str::from_utf8(script.bytes).is_ok(), "{} is UTF-8", script.stem);
            assert!(script.brotli.len() < script.gzip.len());
            assert!(script.gzip.len() < script.bytes.len());
        }
    }

    #[test]
    fn hashes_are_sixteen_hex_digits_and_in_the_manifest() {
        for Script { stem, hash, .. } in SCRIPTS {
            assert_eq!(hash.len(), 16);
            assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(MANIFEST.contains(&format!("{stem}.{hash}.js")));
        }
    }

    #[test]
    fn the_beacon_names_the_prompt_that_belongs_to_it() {
        let script = std::str::from_utf8(BEACON.bytes).expect("the script is UTF-8");
        assert!(script.contains(PROMPT.hash));
    }
}
