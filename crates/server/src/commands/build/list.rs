//! `redkite build list`.

use std::path::PathBuf;

use super::super::{Failure, output};
use crate::admin::AdminClient;
use crate::plane::BuildSummary;

/// List builds, the newest first.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// How many, at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let server = AdminClient::connect(&args.data)?;
    let builds: Vec<BuildSummary> = server.get(&format!("builds?limit={}", args.limit))?;
    if args.json {
        return output::json(&builds);
    }
    builds.iter().try_for_each(|build| {
        let title = build.message.lines().next().unwrap_or_default();
        let (name, state) = (format!("{}/{}", build.pipeline, build.number), build.state.as_str());
        output::line(format_args!("{name:<20}  {state:<10}  {}  {}  {title}", build.created_at, build.branch))
    })
}
