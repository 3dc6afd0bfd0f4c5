//! The `buildkite-agent` program: the command line, the configuration file and the log; no logic of its own.

mod cli;
mod commands;
mod environment;
mod failure;
mod logging;
mod options;
mod output;
mod stdin;
mod telemetry;
mod version;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().skip(1)).unwrap_or_else(failure::Failure::report)
}
