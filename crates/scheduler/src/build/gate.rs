//! Gates that a build closes on itself: a job waits for its turn in a concurrency group behind one of the
//! same build that waits for it, directly or not (spec/control-plane.md §3.12 C2).

use super::Build;
use super::job::{Job, Queues};
use super::work::Work;
use crate::definition::ConcurrencyMethod;
use crate::ids::JobId;
use crate::state::JobState;

/// Whether so many jobs of its own build are queued before the job that it can't have a turn before one
/// of them moves.
pub(super) fn is_shut(build: &Build, job: &Job) -> bool {
    let Some(concurrency) = &job.concurrency else { return false };
    let queued = matches!(job.state, JobState::Limiting | JobState::Limited);
    queued
        && concurrency.method == ConcurrencyMethod::Ordered
        && ahead(build, job).count() >= usize::try_from(concurrency.limit).unwrap_or(usize::MAX)
}

fn ahead<'a>(build: &'a Build, job: &'a Job) -> impl Iterator<Item = &'a Job> {
    let place = |job: &Job| (job.concurrency_since, job.order, job.id);
    let is_queued = |other: &&Job| match other.state {
        JobState::Waiting => other.queues == Queues::FromCreation,
        state => matches!(state, JobState::Limiting | JobState::Limited),
    };
    let group = |job: &'a Job| job.concurrency.as_ref().map(|concurrency| &concurrency.group);
    build
        .jobs()
        .filter(move |other| group(other) == group(job) && place(other) < place(job))
        .filter(is_queued)
}

/// Opens the gates of a build that is otherwise idle: jobs that wait for other steps give up their places
/// until they are ready. Whether there were any.
pub(super) fn open(work: &mut Work<'_>) -> bool {
    let build = work.build();
    let shut = build.jobs().filter(|job| is_shut(build, job));
    let waiting: Vec<JobId> = shut
        .flat_map(|job| ahead(build, job))
        .filter(|job| job.state == JobState::Waiting)
        .map(|job| job.id)
        .collect();
    for job in &waiting {
        work.give_up_place(*job);
    }
    !waiting.is_empty()
}
