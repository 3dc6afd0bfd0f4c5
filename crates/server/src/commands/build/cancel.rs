//! `redkite build cancel`.

use super::super::Failure;
use super::Target;
use crate::admin::CancelRequest;

/// Ask a build to stop. Jobs that run are stopped by their agents, with their grace periods.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let server = args.target.connect()?;
    let id = args.target.read(&server)?.summary.id;
    Ok(server.post(&format!("builds/{id}/cancel"), &CancelRequest { reason: args.reason })?)
}
