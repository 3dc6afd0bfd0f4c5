//! `redkite build show`.

use super::super::{Failure, output};
use super::Target;
use crate::plane::{BuildView, JobView, StepView};

/// Show a build with its steps and jobs.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    target: Target,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let server = args.target.connect()?;
    let build = args.target.read(&server)?;
    if args.json {
        return output::json(&build);
    }
    head(&build)?;
    build.steps.iter().try_for_each(step)
}

fn head(build: &BuildView) -> Result<(), Failure> {
    let summary = &build.summary;
    output::line(format_args!("{}/{}  {}  {}", summary.pipeline, summary.number, summary.state, summary.id))?;
    output::line(format_args!("{} {}  {}", summary.branch, summary.commit, summary.message))
}

fn step(step: &StepView) -> Result<(), Failure> {
    let indent = if step.group.is_some() { "    " } else { "  " };
    output::line(format_args!("{indent}{:<10}  {}", step.state.as_str(), step.label))?;
    step.jobs.iter().try_for_each(|job| output::line(format_args!("{indent}  {}  {}", job.id, ending(job))))
}

/// What became of a job, in a few words.
fn ending(job: &JobView) -> String {
    let mut text = job.state.as_str().to_owned();
    if let Some(status) = job.exit_status {
        text = format!("{text}, exit status {status}");
    }
    if job.soft_failed {
        text.push_str(" (soft)");
    }
    if let Some(agent) = &job.agent {
        text = format!("{text}, on {agent}");
    }
    match &job.reason {
        Some(reason) => format!("{text}: {reason}"),
        None => text,
    }
}
