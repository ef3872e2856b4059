//! The engine alone, for tests: what `felt engine --supervised` does, without the rest of felt.

fn main() {
    if let Err(error) = felt_store::engine::run_supervised() {
        eprintln!("felt-engine: {error}");
        std::process::exit(1);
    }
}
