//! What happens because time passes (spec/control-plane.md §3.14, §3.15, §8.5). Every deadline follows
//! from stored times, so a restarted server knows them all.

use std::time::Duration;

use super::Build;
use super::cancel;
use super::changes::JobEventKind;
use super::finish;
use super::job::{Exit, Job};
use super::work::Work;
use crate::ids::JobId;
use crate::state::{JobKind, JobState};
use crate::time::{Minutes, Time};

/// An offered job goes back when its agent has not accepted it.
pub const ASSIGNED_DEADLINE: Duration = Duration::from_secs(60);
/// An accepted job goes back when its agent has not started it.
pub const ACCEPTED_DEADLINE: Duration = Duration::from_secs(5 * 60);
/// A job over its time counts as stopped when its agent says nothing.
pub const TIMING_OUT_DEADLINE: Duration = Duration::from_secs(5 * 60);

impl Build {
    /// The next moment at which time alone changes something: send [`Event::Tick`](super::Event::Tick) then.
    pub fn next_due(&self) -> Option<Time> {
        self.jobs.values().filter_map(|job| due(job, self.head.facts.limits.scheduled_expiry)).min()
    }
}

fn due(job: &Job, expiry: Minutes) -> Option<Time> {
    let after = |at: Option<Time>, span: Duration| at.map(|at| at + span);
    match job.state {
        JobState::Scheduled | JobState::Reserved | JobState::Limited | JobState::Limiting => {
            Some(job.times.created_at + expiry.duration())
        }
        JobState::Assigned => after(job.times.assigned_at, ASSIGNED_DEADLINE),
        JobState::Accepted => after(job.times.accepted_at, ACCEPTED_DEADLINE),
        JobState::Running if job.kind == JobKind::Script => {
            after(job.times.started_at, job.timeout.as_ref()?.current.duration())
        }
        JobState::TimingOut => after(job.times.timing_out_at, TIMING_OUT_DEADLINE),
        JobState::Canceling => job.forced_at,
        _ => None,
    }
}

/// Everything that is due.
pub(super) fn tick(work: &mut Work<'_>) {
    let (now, expiry) = (work.now, work.head().facts.limits.scheduled_expiry);
    let is_due = |job: &&Job| due(job, expiry).is_some_and(|at| at <= now);
    let jobs: Vec<JobId> = work.build().jobs().filter(is_due).map(|job| job.id).collect();
    for job in jobs {
        expire(work, job);
    }
}

fn expire(work: &mut Work<'_>, id: JobId) {
    match work.build().jobs[&id].state {
        JobState::Assigned => {
            work.note(id, JobEventKind::AssignedExpired);
            work.move_job(id, JobState::Scheduled);
        }
        JobState::Accepted => {
            work.note(id, JobEventKind::AcceptedExpired);
            work.move_job(id, JobState::Scheduled);
        }
        JobState::Running => work.move_job(id, JobState::TimingOut),
        JobState::TimingOut => {
            let exit = Exit { reason: Some(crate::state::SignalReason::Cancel), ..Exit::lost() };
            finish::end(work, id, JobState::TimedOut, Some(exit));
        }
        JobState::Canceling => finish::end(work, id, JobState::Canceled, Some(cancel::never_run())),
        _ => finish::end(work, id, JobState::Expired, None),
    }
}
