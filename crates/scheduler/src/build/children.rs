//! Trigger jobs and the builds they make (spec/control-plane.md §3.6).

use super::changes::Effect;
use super::event::ChildEnding;
use super::finish;
use super::job::Exit;
use super::refused::Refused;
use super::work::Work;
use crate::definition::{Kind, TriggerMode};
use crate::ids::{BuildId, JobId};
use crate::state::{JobKind, JobState};

/// How a trigger job ends whose build did not pass: no process, so the plainest failure.
const FAILED: Exit = Exit { status: 1, signal: None, reason: None };

pub(super) fn created(work: &mut Work<'_>, id: JobId, build: BuildId) -> Result<(), Refused> {
    let (state, mode) = trigger(work, id, "given its build")?;
    work.job_mut(id).child = Some(build);
    match (state, mode) {
        (JobState::Canceling, TriggerMode::Waits) => work.effect(Effect::CancelChild(id, build)),
        (JobState::Canceling, TriggerMode::Async) => finish::end(work, id, JobState::Canceled, None),
        (_, TriggerMode::Async) => finish::end(work, id, JobState::Finished, None),
        (_, TriggerMode::Waits) => {}
    }
    Ok(())
}

pub(super) fn refused(work: &mut Work<'_>, id: JobId) -> Result<(), Refused> {
    let (state, _) = trigger(work, id, "refused its build")?;
    match state {
        JobState::Canceling => finish::end(work, id, JobState::Canceled, None),
        _ => finish::end(work, id, JobState::Finished, Some(FAILED)),
    }
    Ok(())
}

pub(super) fn ended(work: &mut Work<'_>, id: JobId, ending: ChildEnding) -> Result<(), Refused> {
    let (state, _) = trigger(work, id, "ended by its build")?;
    match (state, ending) {
        (JobState::Canceling, _) | (_, ChildEnding::Canceled) => {
            finish::end(work, id, JobState::Canceled, None)
        }
        (_, ChildEnding::Passed) => finish::end(work, id, JobState::Finished, None),
        (_, ChildEnding::Failed) => finish::end(work, id, JobState::Finished, Some(FAILED)),
        (_, ChildEnding::Superseded) => work.move_job(id, JobState::Skipped),
    }
    Ok(())
}

/// The state of a trigger job that has asked for its build, and whether it waits for it.
fn trigger(work: &Work<'_>, id: JobId, action: &'static str) -> Result<(JobState, TriggerMode), Refused> {
    let job = work.job(id)?;
    let kind = work.build().step(job.step).map(|step| &step.definition.kind);
    match (job.state, job.kind, kind) {
        (JobState::Running | JobState::Canceling, JobKind::Trigger, Some(Kind::Trigger(trigger))) => {
            Ok((job.state, trigger.mode))
        }
        (state, _, _) => Err(Refused::WrongState { job: id, state, action }),
    }
}
