//! `redkite build`: builds of a running server.

mod cancel;
mod create;
mod list;
mod log;
mod show;
mod stamps;
mod unblock;

use std::path::PathBuf;

use super::Failure;
use crate::admin::AdminClient;
use crate::plane::BuildView;

/// What is done with builds.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a build and start it
    Create(create::Args),
    /// List builds, the newest first
    List(list::Args),
    /// Show a build with its steps and jobs
    Show(show::Args),
    /// Submit a block or input step of a build
    Unblock(unblock::Args),
    /// Ask a build to stop
    Cancel(cancel::Args),
    /// Print the logs of a build
    Log(log::Args),
}

/// Which build of which server.
#[derive(Debug, clap::Args)]
struct Target {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The build: its id, or pipeline/number
    build: String,
}

impl Target {
    fn connect(&self) -> Result<AdminClient, Failure> {
        Ok(AdminClient::connect(&self.data)?)
    }

    fn read(&self, server: &AdminClient) -> Result<BuildView, Failure> {
        let name = percent_encoding::utf8_percent_encode(&self.build, percent_encoding::NON_ALPHANUMERIC);
        Ok(server.get(&format!("builds/{name}"))?)
    }
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create::run(args),
        Command::List(args) => list::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Unblock(args) => unblock::run(args),
        Command::Cancel(args) => cancel::run(args),
        Command::Log(args) => log::run(&args),
    }
}
