//! A build being changed: every change goes through here, so that none is missing from [`Changes`].

use std::collections::BTreeSet;

use super::Build;
use super::changes::{Changes, Effect, JobEvent, JobEventKind, Transition};
use super::head::Head;
use super::job::{Job, Queues};
use super::plan::Plan;
use super::refused::Refused;
use super::step::Step;
use crate::ids::{Ids, JobId, StepId};
use crate::state::{BuildState, JobState};
use crate::time::Time;

/// A build, the moment, and what has changed so far.
pub(super) struct Work<'a> {
    build: &'a mut Build,
    pub(super) now: Time,
    pub(super) ids: &'a mut dyn Ids,
    changes: Changes,
    groups: BTreeSet<String>,
    /// Steps one of whose jobs settled or opened: others may have waited for that.
    stirred: BTreeSet<StepId>,
    /// Whether steps or attempts came or went.
    outdated: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(build: &'a mut Build, now: Time, ids: &'a mut dyn Ids) -> Self {
        Self {
            build,
            now,
            ids,
            changes: Changes::default(),
            groups: BTreeSet::new(),
            stirred: BTreeSet::new(),
            outdated: false,
        }
    }

    pub(super) fn into_changes(mut self) -> Changes {
        self.changes.effects.extend(self.groups.into_iter().map(Effect::ScanConcurrencyGroup));
        self.changes
    }

    /// The plan that was kept, if it still holds.
    pub(super) fn take_plan(&mut self) -> Option<Box<Plan>> {
        let kept = self.build.kept.0.take();
        if std::mem::take(&mut self.outdated) { None } else { kept }
    }

    /// Keeps a plan for the next event.
    pub(super) fn keep_plan(&mut self, plan: Box<Plan>) {
        self.build.kept.0 = Some(plan);
    }

    /// The plan no longer holds.
    #[cfg(test)]
    pub(super) fn outdate(&mut self) {
        self.outdated = true;
    }

    /// Steps that others may have waited for, since this was last asked.
    pub(super) fn take_stirred(&mut self) -> BTreeSet<StepId> {
        std::mem::take(&mut self.stirred)
    }

    /// The steps of all jobs that have changed so far.
    pub(super) fn touched_steps(&self) -> BTreeSet<StepId> {
        self.changes.jobs.iter().map(|job| self.build.jobs[job].step).collect()
    }

    pub(super) fn build(&self) -> &Build {
        self.build
    }

    pub(super) fn head(&self) -> &Head {
        &self.build.head
    }

    pub(super) fn head_mut(&mut self) -> &mut Head {
        self.changes.head = true;
        &mut self.build.head
    }

    pub(super) fn job(&self, id: JobId) -> Result<&Job, Refused> {
        self.build.jobs.get(&id).ok_or(Refused::NoJob { job: id })
    }

    /// The job, whose row will be written. It must exist.
    pub(super) fn job_mut(&mut self, id: JobId) -> &mut Job {
        self.changes.jobs.insert(id);
        self.build.jobs.get_mut(&id).expect("callers have looked the job up")
    }

    pub(super) fn add_job(&mut self, job: Job) {
        self.changes.jobs.insert(job.id);
        self.outdated = true;
        self.note_group(&job);
        self.build.jobs.insert(job.id, job);
    }

    /// The step, whose row will be written.
    pub(super) fn step_mut(&mut self, id: StepId) -> Result<&mut Step, Refused> {
        let step =
            self.build.steps.iter_mut().find(|step| step.id == id).ok_or(Refused::NoStep { step: id })?;
        self.changes.steps.insert(id);
        Ok(step)
    }

    /// Puts steps at `place` of the display order and moves what is behind.
    pub(super) fn add_steps(&mut self, place: usize, steps: Vec<Step>) {
        self.outdated = true;
        self.build.steps.splice(place..place, steps);
        for (position, step) in self.build.steps.iter_mut().enumerate().skip(place) {
            step.position = u32::try_from(position).expect("a build has at most thousands of steps");
            self.changes.steps.insert(step.id);
        }
    }

    /// The step at `place` of the display order.
    pub(super) fn set_step(&mut self, place: usize, change: impl FnOnce(&mut Step)) {
        let step = &mut self.build.steps[place];
        let before = (step.state, step.outcome);
        change(step);
        self.changes.steps.insert(step.id);
        if before != (step.state, step.outcome) {
            self.changes.transitions.push(Transition::Step {
                step: step.id,
                from: before.0,
                to: step.state,
                outcome: step.outcome,
            });
        }
    }

    /// Moves a job to another state, with the time stamp, timeline entry and effects that go with it.
    pub(super) fn move_job(&mut self, id: JobId, to: JobState) {
        let now = self.now;
        let job = self.job_mut(id);
        let from = std::mem::replace(&mut job.state, to);
        if from == to {
            return;
        }
        stamp(job, to, now);
        let job = job.clone();
        if !is_in_hand(to) {
            self.stirred.insert(job.step);
        }
        // Barriers that are broken or skipped are none.
        self.outdated |= matches!(to, JobState::Broken | JobState::Skipped);
        self.note_group(&job);
        self.changes.transitions.push(Transition::Job { job: id, from, to });
        if to == JobState::Scheduled {
            self.changes.effects.push(Effect::JobReady(id));
        }
        if let Some(kind) = entry(to) {
            self.note(id, kind);
        }
    }

    /// Takes a waiting job out of its concurrency group's queue until it is ready.
    pub(super) fn give_up_place(&mut self, id: JobId) {
        self.job_mut(id).queues = Queues::OnceReady;
        let job = self.build.jobs[&id].clone();
        self.note_group(&job);
    }

    /// Takes a step out of the build.
    pub(super) fn remove_step(&mut self, place: usize) {
        self.outdated = true;
        self.set_step(place, |step| step.removed = true);
    }

    /// Writes an entry into a job's timeline.
    pub(super) fn note(&mut self, job: JobId, kind: JobEventKind) {
        self.changes.timeline.push(JobEvent { job, kind, at: self.now });
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.changes.effects.push(effect);
    }

    pub(super) fn move_build(&mut self, to: BuildState) {
        let from = self.build.head.state;
        if from != to {
            self.head_mut().state = to;
            self.changes.transitions.push(Transition::Build { from, to });
        }
    }

    fn note_group(&mut self, job: &Job) {
        if let Some(concurrency) = &job.concurrency {
            self.groups.insert(concurrency.group.clone());
        }
    }
}

/// Whether a job in this state is unsettled and on its way through an agent's hands, so that nobody who
/// waits for it need be asked.
const fn is_in_hand(state: JobState) -> bool {
    matches!(state, JobState::Scheduled | JobState::Reserved | JobState::Assigned) || state.is_held()
}

fn stamp(job: &mut Job, to: JobState, now: Time) {
    match to {
        JobState::Scheduled => {
            job.times.runnable_at.get_or_insert(now);
            job.times.assigned_at = None;
            job.times.accepted_at = None;
            job.agent = None;
        }
        JobState::Limiting => job.times.limited_at = Some(now),
        JobState::Assigned => job.times.assigned_at = Some(now),
        JobState::Accepted => job.times.accepted_at = Some(now),
        JobState::TimingOut => job.times.timing_out_at = Some(now),
        JobState::Canceling => job.times.canceling_at = Some(now),
        JobState::Expired => job.times.expired_at = Some(now),
        _ => {}
    }
    if to.is_terminal() {
        job.times.finished_at.get_or_insert(now);
    } else {
        job.times.finished_at = None;
    }
}

const fn entry(to: JobState) -> Option<JobEventKind> {
    Some(match to {
        JobState::Scheduled => JobEventKind::Scheduled,
        JobState::Limited => JobEventKind::Limited,
        JobState::Assigned => JobEventKind::Assigned,
        JobState::Accepted => JobEventKind::Accepted,
        JobState::Running => JobEventKind::Started,
        JobState::Finished => JobEventKind::Finished,
        JobState::Canceling => JobEventKind::Cancelation,
        JobState::Canceled => JobEventKind::Canceled,
        JobState::TimedOut => JobEventKind::TimedOut,
        JobState::Expired => JobEventKind::Expired,
        JobState::Unblocked => JobEventKind::Unblocked,
        _ => return None,
    })
}
