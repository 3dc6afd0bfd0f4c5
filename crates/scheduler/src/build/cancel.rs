//! Cancelling jobs, steps and whole builds (spec/control-plane.md §5.5).

use std::time::Duration;

use super::changes::Effect;
use super::event::Force;
use super::finish;
use super::head::CancelRequest;
use super::job::Exit;
use super::refused::{BuildAction, Refused};
use super::work::Work;
use crate::facts::Person;
use crate::ids::{JobId, StepId};
use crate::state::{BuildState, JobKind, JobState, SignalReason};

/// Cancels the whole build: what no agent and no child build holds ends at once.
pub(super) fn build(work: &mut Work<'_>, reason: Option<String>, by: Option<Person>) -> Result<(), Refused> {
    let state = work.head().state;
    if state.is_terminal() || state == BuildState::Canceling {
        return Err(Refused::BuildState { state, action: BuildAction::Cancel });
    }
    work.head_mut().cancel = Some(CancelRequest { at: work.now, reason, by });
    for job in open_jobs(work, None) {
        self::job(work, job);
    }
    Ok(())
}

/// A newer build has made this one superfluous before it started (§5.4).
pub(super) fn skip(work: &mut Work<'_>) -> Result<(), Refused> {
    let state = work.head().state;
    if !matches!(state, BuildState::Creating | BuildState::Scheduled) {
        return Err(Refused::BuildState { state, action: BuildAction::Skip });
    }
    for job in open_jobs(work, None) {
        work.move_job(job, JobState::Skipped);
    }
    work.head_mut().finished_at = Some(work.now);
    work.move_build(BuildState::Skipped);
    Ok(())
}

/// Cancels one job that has not ended.
pub(super) fn one(work: &mut Work<'_>, id: JobId) -> Result<(), Refused> {
    let state = work.job(id)?.state;
    if state.is_terminal() {
        return Err(Refused::WrongState { job: id, state, action: "canceled" });
    }
    job(work, id);
    Ok(())
}

/// Cancels every job of a step, or of a group's steps; by force, without waiting for agents for long.
pub(super) fn step(work: &mut Work<'_>, id: StepId, force: Force) -> Result<(), Refused> {
    work.build().step(id).ok_or(Refused::NoStep { step: id })?;
    for job in open_jobs(work, Some(id)) {
        self::job(work, job);
        if let Force::After { seconds } = force
            && work.build().jobs[&job].state == JobState::Canceling
        {
            let at = work.now + Duration::from_secs(u64::from(seconds));
            work.job_mut(job).forced_at = Some(at);
        }
    }
    Ok(())
}

/// Cancels a job: at once, or by asking whoever holds it. One that is stopping already goes on stopping.
pub(super) fn job(work: &mut Work<'_>, id: JobId) {
    let job = &work.build().jobs[&id];
    match (job.state, job.kind, job.child) {
        (JobState::Canceling | JobState::TimingOut, _, _) => {}
        (JobState::Running, JobKind::Trigger, child) => {
            work.move_job(id, JobState::Canceling);
            if let Some(child) = child {
                work.effect(Effect::CancelChild(id, child));
            }
        }
        (JobState::Accepted | JobState::Running, _, _) => work.move_job(id, JobState::Canceling),
        (state, _, _) if state.is_terminal() => {}
        (_, JobKind::Script, _) => finish::end(work, id, JobState::Canceled, Some(never_run())),
        _ => finish::end(work, id, JobState::Canceled, None),
    }
}

/// How a job ends that was cancelled before it ran.
pub(super) const fn never_run() -> Exit {
    Exit { status: -1, signal: None, reason: Some(SignalReason::Cancel) }
}

fn open_jobs(work: &Work<'_>, step: Option<StepId>) -> Vec<JobId> {
    let build = work.build();
    let inside = |job: StepId| match step {
        None => true,
        Some(step) => job == step || build.step(job).is_some_and(|inner| inner.group == Some(step)),
    };
    build.jobs().filter(|job| !job.state.is_terminal() && inside(job.step)).map(|job| job.id).collect()
}
