//! One build: its steps and jobs, and what events do to them (spec/control-plane.md §2–§4).

mod apply;
mod cancel;
mod changes;
mod children;
mod event;
mod finish;
mod gate;
mod graph;
mod head;
mod insert;
mod job;
mod plan;
mod refused;
mod rollup;
mod settle;
mod step;
#[cfg(test)]
mod tests;
mod timers;
mod unblock;
mod upload;
mod work;

pub use changes::{Changes, Effect, JobEvent, JobEventKind, Transition};
pub use event::{Answer, ChildEnding, Event, Force, Gone, StepChange, UploadMode};
pub use head::{CancelRequest, Head, MissingDependency};
pub use job::{Attempt, Exit, Job, Parallel, Promise, Queues, RetryKind, Timeout, Times, Unblocking};
pub use refused::{BuildAction, Refused};
pub use step::Step;
pub use timers::{ACCEPTED_DEADLINE, ASSIGNED_DEADLINE, TIMING_OUT_DEADLINE};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::definition::{BlockedState, Kind, Pipeline};
use crate::facts::Facts;
use crate::ids::{BuildId, Ids, JobId, StepId};
use crate::state::{BuildState, JobState};
use crate::time::Time;
use plan::Kept;
use work::Work;

/// A build in three kinds of rows: its head, its steps in display order, its jobs in order of creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    head: Head,
    steps: Vec<Step>,
    jobs: IndexMap<JobId, Job>,
    #[serde(skip)]
    kept: Kept,
}

impl Build {
    /// A new build with the steps of `pipeline`, which is already evaluated: its state is `scheduled`,
    /// or a later one when nothing waits for an agent. Every row is named in the changes.
    pub fn create(
        id: BuildId,
        facts: Facts,
        pipeline: Pipeline,
        now: Time,
        ids: &mut dyn Ids,
    ) -> Result<(Self, Changes), Refused> {
        let mut build = Self {
            head: Head::new(id, facts, now),
            steps: Vec::new(),
            jobs: IndexMap::new(),
            kept: Kept::default(),
        };
        let mut work = Work::new(&mut build, now, ids);
        insert::initial(&mut work, pipeline)?;
        settle::settle(&mut work);
        let changes = work.into_changes();
        Ok((build, changes))
    }

    /// What `event` does at `now`. When it is refused, the build is as before.
    pub fn apply(&mut self, event: Event, now: Time, ids: &mut dyn Ids) -> Result<Changes, Refused> {
        let mut work = Work::new(self, now, ids);
        apply::apply(&mut work, event)?;
        settle::settle(&mut work);
        Ok(work.into_changes())
    }

    /// The build with every rule looked at once more.
    #[cfg(test)]
    fn resettled(&self) -> Self {
        let mut build = self.clone();
        let mut ids = || unreachable!("a settled build needs no ids");
        let mut work = Work::new(&mut build, self.head.created_at, &mut ids);
        work.outdate();
        settle::settle(&mut work);
        build
    }

    /// The build from its rows; steps may come in any order, jobs in order of creation.
    pub fn from_parts(head: Head, mut steps: Vec<Step>, jobs: impl IntoIterator<Item = Job>) -> Self {
        steps.sort_by_key(|step| step.position);
        let jobs = jobs.into_iter().map(|job| (job.id, job)).collect();
        Self { head, steps, jobs, kept: Kept::default() }
    }

    /// The build's own row.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Its id.
    pub fn id(&self) -> BuildId {
        self.head.id
    }

    /// Its state.
    pub fn state(&self) -> BuildState {
        self.head.state
    }

    /// Its steps in display order, groups before their steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Its jobs in order of creation.
    pub fn jobs(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.jobs.values()
    }

    /// The step with this id.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The step with this key.
    pub fn step_by_key(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| !step.removed && step.key() == Some(key))
    }

    /// The job with this id.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }

    /// Every job of a step, retried ones included.
    pub fn jobs_of(&self, step: StepId) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(move |job| job.step == step)
    }

    /// What the build counts as while it is blocked: the worst `blocked_state` of its open steps, and
    /// failed if anything failed (§2.4.2). None when it is not blocked.
    pub fn blocked_state(&self) -> Option<BlockedState> {
        if self.head.state != BuildState::Blocked {
            return None;
        }
        if self.jobs.values().any(Job::is_hard_failure) || !self.head.missing.is_empty() {
            return Some(BlockedState::Failed);
        }
        self.jobs
            .values()
            .filter(|job| job.state == JobState::Blocked)
            .filter_map(|job| match &self.step(job.step)?.definition.kind {
                Kind::Manual(manual) => Some(manual.blocked_state),
                _ => None,
            })
            .max()
    }

    /// The jobs `retry failed jobs` of a finished build retries (§5.7): latest attempts in one of
    /// `states`, or failed softly when `soft_failed` asks for those, whose step lets a person retry.
    pub fn retryable(&self, states: &[JobState], soft: SoftFailures) -> Vec<JobId> {
        self.jobs
            .values()
            .filter(|job| finish::retryable_by_hand(self, job).is_ok())
            .filter(|job| match soft {
                SoftFailures::Too if job.soft_failed => true,
                _ => !job.soft_failed && !job.has_passed() && states.contains(&job.state),
            })
            .map(|job| job.id)
            .collect()
    }
}

/// Whether jobs that failed softly are meant too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoftFailures {
    /// They are.
    Too,
    /// They are not.
    Not,
}
