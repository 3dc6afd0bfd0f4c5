//! `redkite build unblock`.

use std::collections::BTreeMap;

use redkite_scheduler::{JobId, JobKind, JobState};

use super::super::Failure;
use super::Target;
use crate::admin::UnblockRequest;
use crate::pair::key_value;
use crate::plane::BuildView;

/// Submit a block or input step of a build.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    #[command(flatten)]
    target: Target,
    /// Key of the step; not needed when only one is open
    #[arg(long, value_name = "KEY")]
    step: Option<String>,
    /// The answer to a field (may be repeated, also for several choices of one field)
    #[arg(long = "field", value_name = "KEY=VALUE", value_parser = key_value)]
    fields: Vec<(String, String)>,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let server = args.target.connect()?;
    let job = open_job(&args.target.read(&server)?, args.step.as_deref())?;
    let request = UnblockRequest { fields: answers(args.fields) };
    Ok(server.post(&format!("jobs/{job}/unblock"), &request)?)
}

/// Several answers to one field, one a line.
fn answers(given: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    for (key, value) in given {
        let answer: &mut String = answers.entry(key).or_default();
        if !answer.is_empty() {
            answer.push('\n');
        }
        answer.push_str(&value);
    }
    answers
}

fn open_job(build: &BuildView, key: Option<&str>) -> Result<JobId, Failure> {
    let steps = build.steps.iter().filter(|step| key.is_none() || step.key.as_deref() == key);
    let open: Vec<JobId> = steps
        .flat_map(|step| &step.jobs)
        .filter(|job| job.kind == JobKind::Manual && job.state == JobState::Blocked)
        .map(|job| job.id)
        .collect();
    match (open.as_slice(), key) {
        ([job], _) => Ok(*job),
        ([], Some(key)) => {
            Err(Failure::NotFound(format!("the build has no open block or input step `{key}`")))
        }
        ([], None) => Err(Failure::NotFound("the build has no open block or input step".into())),
        _ => Err(Failure::NotFound("the build has several open steps: name one with --step".into())),
    }
}
