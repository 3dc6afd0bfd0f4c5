//! The command line of `redkite`: one file a command. A command reads its arguments, calls, and prints.

mod build;
mod failure;
mod output;
mod server;
mod token;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

use crate::run;

/// A build runner and its control plane.
#[derive(Debug, Parser)]
#[command(name = "redkite", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a pipeline on this machine
    Run(Box<run::Args>),
    /// Serve agents on other machines
    Server(server::Args),
    /// Make, list and revoke the tokens agents register with
    #[command(subcommand)]
    Token(token::Command),
    /// Make builds and look after them
    #[command(subcommand)]
    Build(build::Command),
    /// Watch the agents of a run; `redkite run` calls it
    #[command(hide = true)]
    RunGuard(run::GuardArgs),
}

/// What the binary does: the one place where the outcome of a command becomes an exit status.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Server(args) => server::run(args),
        Command::Token(command) => token::run(command),
        Command::Build(command) => build::run(command),
        Command::Run(args) => match run::run(*args) {
            Ok(exit) => return ExitCode::from(exit.status()),
            Err(error) => Err(error.into()),
        },
        Command::RunGuard(args) => run::run_guard(&args).map(drop).map_err(Failure::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the result has read enough of it.
        Err(Failure::Write(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.exit_code()
        }
    }
}
