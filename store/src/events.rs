//! What this crate logs and counts.
