//! The `felt` command.
fn main() {}
