//! The `buildkite-agent` binary: arguments, configuration file, logging; no logic of its own.
fn main() {}
