//! The end of a job, and whether it is tried again (spec/control-plane.md §3.16, §3.17).

use super::Build;
use super::apply;
use super::changes::JobEventKind;
use super::event::Gone;
use super::job::{Attempt, Exit, Job, RetryKind, Times};
use super::refused::{BuildAction, Refused};
use super::work::Work;
use crate::definition::{Ending, Kind, ManualRetry, RetryRule};
use crate::ids::JobId;
use crate::state::{JobKind, JobState, SignalReason};
use crate::time::Time;

/// An agent reports the end of a job, or somebody has found that it will not.
pub(super) fn finished(work: &mut Work<'_>, id: JobId, exit: Exit, at: Option<Time>) -> Result<(), Refused> {
    let now = work.now;
    let job = work.job(id)?;
    let to = match job.state {
        JobState::Accepted | JobState::Running => JobState::Finished,
        JobState::TimingOut if exit.status == 0 => JobState::Finished,
        JobState::TimingOut => JobState::TimedOut,
        JobState::Canceling => JobState::Canceled,
        state => return Err(Refused::WrongState { job: id, state, action: "finished" }),
    };
    let at = apply::between(job.times.started_at, at, now);
    work.job_mut(id).times.finished_at = Some(at);
    end(work, id, to, Some(exit));
    Ok(())
}

/// The agent of a job is gone (§2.7).
pub(super) fn agent_gone(work: &mut Work<'_>, id: JobId, how: Gone) -> Result<(), Refused> {
    let job = work.job(id)?;
    if job.state == JobState::Assigned {
        work.move_job(id, JobState::Scheduled);
        return Ok(());
    }
    if !job.state.is_held() {
        return Err(Refused::WrongState { job: id, state: job.state, action: "lost" });
    }
    work.note(
        id,
        match how {
            Gone::Lost => JobEventKind::AgentLost,
            Gone::Disconnected => JobEventKind::AgentDisconnected,
        },
    );
    finished(work, id, Exit::lost(), None)
}

/// Ends a job, forgives it if its step does, and makes the retry that its rules grant.
pub(super) fn end(work: &mut Work<'_>, id: JobId, to: JobState, exit: Option<Exit>) {
    let job = work.job_mut(id);
    job.exit = exit;
    work.move_job(id, to);
    let job = &work.build().jobs[&id];
    if let Some(rule) = granting_rule(work.build(), job) {
        if work.build().jobs.len() < work.head().facts.limits.jobs_per_build {
            retry(work, id, RetryKind::Automatic, Some(rule));
            return;
        }
        work.note(id, JobEventKind::RetryFailed);
    }
    let job = work.job_mut(id);
    job.soft_failed = forgiven(job);
}

/// Whether the job's end counts as passed. A promise that its end would break is kept instead.
fn forgiven(job: &Job) -> bool {
    match job.state {
        JobState::Finished | JobState::TimedOut => {
            job.effective_exit_status().is_some_and(|status| job.soft_fail.forgives(status))
        }
        JobState::Canceled | JobState::Expired => {
            job.soft_fail.forgives(job.exit.as_ref().map_or(-1, |exit| exit.status))
        }
        _ => false,
    }
}

/// The automatic rule, by its place, that grants the job another try. The first rule that matches
/// decides, also when its limit is used up.
fn granting_rule(build: &Build, job: &Job) -> Option<u32> {
    let exit = job.exit.as_ref()?;
    let reason = match job.state {
        JobState::Finished if !job.has_passed() => exit.reason,
        JobState::TimedOut => exit.reason.or(Some(SignalReason::Cancel)),
        _ => return None,
    };
    let exit_status = job.effective_exit_status()?;
    would_grant(build, job, Ending { exit_status, signal: exit.signal.as_deref(), reason })
}

fn would_grant(build: &Build, job: &Job, ending: Ending<'_>) -> Option<u32> {
    if build.head.cancel.is_some() {
        return None;
    }
    let Kind::Command(command) = &build.step(job.step)?.definition.kind else { return None };
    let place = command.retry.automatic.iter().position(|rule| rule.matches(ending))?;
    let RetryRule { limit, .. } = command.retry.automatic[place];
    let place = u32::try_from(place).ok()?;
    let granted = job.attempt.granted.get(&place).copied().unwrap_or(0);
    (granted < limit).then_some(place)
}

/// Whether a running job has promised a failure that would neither be retried nor forgiven (§3.17).
pub(super) fn promises_failure(build: &Build, job: &Job) -> bool {
    let Some(promise) = job.promise else { return false };
    if job.state.is_terminal() || job.soft_fail.forgives(promise.status) {
        return false;
    }
    would_grant(build, job, Ending { exit_status: promise.status, signal: None, reason: None }).is_none()
}

/// A person wants a job run again.
pub(super) fn retry_asked(work: &mut Work<'_>, id: JobId) -> Result<(), Refused> {
    let job = work.job(id)?;
    retryable_by_hand(work.build(), job)?;
    let found = work.build().jobs.len();
    if found >= work.head().facts.limits.jobs_per_build {
        return Err(Refused::Forbidden {
            reason: format!("This build has {found} jobs, no more are allowed"),
        });
    }
    retry(work, id, RetryKind::Manual, None);
    Ok(())
}

/// Whether a person may retry the job.
pub(super) fn retryable_by_hand(build: &Build, job: &Job) -> Result<(), Refused> {
    let forbidden = |reason: &str| Err(Refused::Forbidden { reason: reason.to_owned() });
    if build.head.state.is_closed() || build.head.cancel.is_some() {
        return Err(Refused::BuildState { state: build.head.state, action: BuildAction::Retry });
    }
    if job.is_retried() {
        return forbidden("This job has already been retried");
    }
    let rule = match build.step(job.step).map(|step| &step.definition.kind) {
        Some(Kind::Command(command)) => command.retry.manual.clone(),
        Some(Kind::Trigger(_)) => ManualRetry::default(),
        _ => return forbidden("Only failed, timed out or canceled jobs can be retried"),
    };
    let passed = job.state == JobState::Finished && job.has_passed();
    let failed =
        matches!(job.state, JobState::Finished | JobState::TimedOut | JobState::Canceled | JobState::Expired)
            && !passed;
    match (failed, passed) {
        (true, _) if rule.allowed => Ok(()),
        (_, true) if rule.permit_on_passed && rule.allowed => Ok(()),
        (true, _) => forbidden(rule.reason.as_deref().unwrap_or("Retrying this step is not allowed")),
        _ => forbidden("Only failed, timed out or canceled jobs can be retried"),
    }
}

/// Makes the job's next attempt, which is evaluated like any new job.
fn retry(work: &mut Work<'_>, id: JobId, kind: RetryKind, rule: Option<u32>) {
    let now = work.now;
    let next = JobId::new(work.ids);
    let old = work.job_mut(id);
    old.attempt.retried_in = Some((next, kind));
    let mut attempt = Attempt {
        count: old.attempt.count + 1,
        source: Some((id, kind)),
        retried_in: None,
        granted: old.attempt.granted.clone(),
    };
    if let Some(rule) = rule {
        *attempt.granted.entry(rule).or_default() += 1;
    }
    let job = Job {
        id: next,
        state: JobState::Pending,
        attempt,
        agent: None,
        exit: None,
        soft_failed: false,
        promise: None,
        child: None,
        forced_at: None,
        times: Times::new(now, now),
        ..old.clone()
    };
    debug_assert!(matches!(job.kind, JobKind::Script | JobKind::Trigger));
    let priority = work.build().step(job.step).and_then(|step| step.priority);
    let job = Job { priority: priority.unwrap_or(job.priority), ..job };
    work.note(id, JobEventKind::Retried);
    work.add_job(job);
}
