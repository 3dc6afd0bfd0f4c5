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

/// The one of musl asks the system for memory, and gives it back, many times in each exchange with the plane: a quarter of
/// the CPU time of a process with many agents.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().skip(1)).unwrap_or_else(failure::Failure::report)
}
