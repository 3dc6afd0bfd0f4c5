//! Which event does what: the scheduler's table of contents.

use super::cancel;
use super::changes::JobEventKind;
use super::children;
use super::event::{Event, StepChange};
use super::finish;
use super::job::Promise;
use super::refused::Refused;
use super::rollup;
use super::settle;
use super::timers;
use super::unblock;
use super::upload;
use super::work::Work;
use crate::facts::Person;
use crate::ids::{AgentId, JobId, StepId};
use crate::state::{JobKind, JobState};
use crate::time::{Minutes, Time};

/// Does what an event says itself; what follows from it is for [`settle`](super::settle::settle).
pub(super) fn apply(work: &mut Work<'_>, event: Event) -> Result<(), Refused> {
    match event {
        Event::Uploaded { job, pipeline, mode } => upload::uploaded(work, job, pipeline, mode),
        Event::SlotGranted { job } => slot_granted(work, job),
        Event::SlotRefused { job } => slot_refused(work, job),
        Event::Assigned { job, agent } => assigned(work, job, agent),
        Event::Accepted { job, agent } => accepted(work, job, agent),
        Event::Acquired { job, agent } => acquired(work, job, agent),
        Event::Started { job, at } => started(work, job, at),
        Event::Finished { job, exit, at } => finish::finished(work, job, exit, at),
        Event::Promised { job, status } => promised(work, job, status),
        Event::TimeoutChanged { job, timeout } => timeout_changed(work, job, timeout),
        Event::Unblocked { job, by, fields } => unblock::unblocked(work, job, by, &fields),
        Event::CancelAsked { reason, by } => cancel::build(work, reason, by),
        Event::SkipAsked => cancel::skip(work),
        Event::JobCancelAsked { job } => cancel::one(work, job),
        Event::StepCancelAsked { step, force } => cancel::step(work, step, force),
        Event::RetryAsked { job } => finish::retry_asked(work, job),
        Event::AgentGone { job, how } => finish::agent_gone(work, job, how),
        Event::Reprioritized { job, priority } => reprioritized(work, job, priority),
        Event::StepChanged { step, change } => step_changed(work, step, change),
        Event::ChildCreated { job, build } => children::created(work, job, build),
        Event::ChildRefused { job } => children::refused(work, job),
        Event::ChildEnded { job, ending } => children::ended(work, job, ending),
        Event::CommitResolved { commit, message, author } => {
            commit_resolved(work, commit, message, author);
            Ok(())
        }
        Event::Tick => {
            timers::tick(work);
            Ok(())
        }
    }
}

fn wrong<T>(job: JobId, state: JobState, action: &'static str) -> Result<T, Refused> {
    Err(Refused::WrongState { job, state, action })
}

fn slot_granted(work: &mut Work<'_>, id: JobId) -> Result<(), Refused> {
    let job = work.job(id)?;
    match (job.state, job.kind) {
        (JobState::Limiting | JobState::Limited, JobKind::Trigger) => settle::start_trigger(work, id),
        (JobState::Limiting | JobState::Limited, _) => work.move_job(id, JobState::Scheduled),
        (state, _) => return wrong(id, state, "given a place"),
    }
    Ok(())
}

fn slot_refused(work: &mut Work<'_>, id: JobId) -> Result<(), Refused> {
    match work.job(id)?.state {
        JobState::Limiting => work.move_job(id, JobState::Limited),
        JobState::Limited => {}
        state => return wrong(id, state, "refused a place"),
    }
    Ok(())
}

fn assigned(work: &mut Work<'_>, id: JobId, agent: AgentId) -> Result<(), Refused> {
    match work.job(id)?.state {
        JobState::Scheduled | JobState::Reserved => hand_over(work, id, agent, JobState::Assigned),
        state => return wrong(id, state, "offered"),
    }
    Ok(())
}

/// Idempotent for the agent that has it: answers get lost (§8.5).
fn accepted(work: &mut Work<'_>, id: JobId, agent: AgentId) -> Result<(), Refused> {
    let job = work.job(id)?;
    match (job.state, job.agent == Some(agent)) {
        (JobState::Assigned, true) => work.move_job(id, JobState::Accepted),
        (JobState::Accepted, true) => {}
        (JobState::Assigned | JobState::Accepted, false) => return Err(Refused::NotYours { job: id, agent }),
        (state, _) => return wrong(id, state, "accepted"),
    }
    Ok(())
}

fn acquired(work: &mut Work<'_>, id: JobId, agent: AgentId) -> Result<(), Refused> {
    let job = work.job(id)?;
    match (job.state, job.agent == Some(agent)) {
        (JobState::Scheduled | JobState::Reserved, _) | (JobState::Assigned, true) => {
            hand_over(work, id, agent, JobState::Accepted);
        }
        (JobState::Accepted, true) => {}
        (state, _) => return wrong(id, state, "acquired"),
    }
    Ok(())
}

fn hand_over(work: &mut Work<'_>, id: JobId, agent: AgentId, to: JobState) {
    work.job_mut(id).agent = Some(agent);
    work.move_job(id, to);
}

/// Idempotent while it runs, as answers get lost.
fn started(work: &mut Work<'_>, id: JobId, at: Option<Time>) -> Result<(), Refused> {
    let now = work.now;
    let job = work.job(id)?;
    match job.state {
        JobState::Accepted => {
            let at = between(job.times.accepted_at, at, now);
            work.job_mut(id).times.started_at = Some(at);
            work.move_job(id, JobState::Running);
            rollup::started(work);
        }
        JobState::Running => {}
        state => return wrong(id, state, "started"),
    }
    Ok(())
}

/// A time that an agent tells, whose clock may be wrong: not before what came first by our own clock, nor
/// after now. Timeouts count from it.
pub(super) fn between(first: Option<Time>, told: Option<Time>, now: Time) -> Time {
    let told = told.unwrap_or(now);
    first.map_or(told, |first| told.max(first)).min(now)
}

/// The first declaration stands (§3.17).
fn promised(work: &mut Work<'_>, id: JobId, status: i32) -> Result<(), Refused> {
    let job = work.job(id)?;
    if job.state != JobState::Running || job.kind != JobKind::Script {
        return wrong(id, job.state, "promised to fail");
    }
    if status <= 0 {
        return Err(Refused::Forbidden { reason: "A promised exit status must be more than 0".to_owned() });
    }
    match job.promise {
        Some(promise) if promise.status == status => Ok(()),
        Some(promise) => Err(Refused::PromisedOther { job: id, promised: promise.status }),
        None => {
            let at = work.now;
            work.job_mut(id).promise = Some(Promise { status, at });
            work.note(id, JobEventKind::PromisedExitStatus);
            Ok(())
        }
    }
}

/// How much longer than at first a job may let itself run.
const TIMEOUT_EXTENSION: Minutes = Minutes(60);

fn timeout_changed(work: &mut Work<'_>, id: JobId, timeout: Minutes) -> Result<(), Refused> {
    let job = work.job(id)?;
    if job.state.is_terminal() || job.kind != JobKind::Script {
        return wrong(id, job.state, "given another timeout");
    }
    let forbidden = |reason: String| Err(Refused::Forbidden { reason });
    if timeout.0 == 0 {
        return forbidden("The timeout must be a positive number of minutes".to_owned());
    }
    let most = work.head().facts.limits.max_timeout;
    if let Some(most) = most.filter(|most| timeout > *most) {
        return forbidden(format!("The timeout can't be more than {} minutes", most.0));
    }
    let initial = job.timeout.and_then(|timeout| timeout.initial);
    if let Some(initial) = initial
        && timeout.0 > initial.0.saturating_add(TIMEOUT_EXTENSION.0)
    {
        return forbidden(format!(
            "The timeout can't be more than {} minutes longer than at first",
            TIMEOUT_EXTENSION.0
        ));
    }
    work.job_mut(id).timeout = Some(super::Timeout { current: timeout, initial });
    work.note(id, JobEventKind::Changed);
    Ok(())
}

fn reprioritized(work: &mut Work<'_>, id: JobId, priority: i64) -> Result<(), Refused> {
    let job = work.job(id)?;
    if job.kind != JobKind::Script || job.state.is_terminal() || job.state.is_held() {
        return wrong(id, job.state, "reprioritized");
    }
    work.job_mut(id).priority = priority;
    work.note(id, JobEventKind::Reprioritized);
    Ok(())
}

fn step_changed(work: &mut Work<'_>, id: StepId, change: StepChange) -> Result<(), Refused> {
    match change {
        StepChange::Label(label) => work.step_mut(id)?.label = Some(label),
        StepChange::Priority(priority) => {
            work.step_mut(id)?.priority = Some(priority);
            let open = |job: &&super::Job| !job.state.is_terminal() && !job.state.is_held();
            let jobs: Vec<JobId> = work.build().jobs_of(id).filter(open).map(|job| job.id).collect();
            for job in jobs {
                work.job_mut(job).priority = priority;
                work.note(job, JobEventKind::Reprioritized);
            }
        }
    }
    Ok(())
}

fn commit_resolved(work: &mut Work<'_>, commit: String, message: Option<String>, author: Option<Person>) {
    let facts = &mut work.head_mut().facts;
    facts.commit = commit;
    facts.commit_resolved = true;
    if facts.message.as_deref().is_none_or(str::is_empty) {
        facts.message = message;
    }
    if facts.author.is_none() {
        facts.author = author;
    }
}
