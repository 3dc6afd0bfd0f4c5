//! Measures one or two agent binaries side by side, and a server: see README.md.

mod agent;
mod arguments;
mod deadline;
mod error;
mod fixture;
mod measure;
mod plane;
mod process;
mod program;
mod report;
mod server;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser as _;
use error::BenchError;
use measure::Choice;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "redkite-bench: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let choice = Choice::new(&arguments.only);
    let mut out = std::io::stdout().lock();
    if !arguments.agents().is_empty() {
        let table = agent::measure(arguments, &choice)?;
        write!(out, "{table}").map_err(BenchError::Output)?;
    }
    if let Some(server) = &arguments.server {
        let table = server::measure(server, arguments, &choice)?;
        write!(out, "{table}").map_err(BenchError::Output)?;
    }
    Ok(())
}
