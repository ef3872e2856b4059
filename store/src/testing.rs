//! A real engine for tests: its own process, its own scratch directory, gone when dropped.

/// An engine with a database of its own.
pub struct TestEngine {}
