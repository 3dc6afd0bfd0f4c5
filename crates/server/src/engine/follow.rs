//! One event and everything that follows from it, in one transaction: rows, timelines, other builds.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use redkite_scheduler::build::{Changes, Effect, Event as BuildEvent, Gone, Job, Refused, Transition};
use redkite_scheduler::concurrency::{self, Member};
use redkite_scheduler::{BuildId, JobId, JobState};
use uuid::Uuid;

use super::{Context, Failure, Refusal, Wrong, rows};
use crate::plane::Event;
use crate::store::{BuildsTable, JobTokensTable, MetaDataTable};

/// How long a job's token is good after its end: the last chunks of a log may still be on their way.
const LATE_CALLS: Duration = Duration::from_secs(10 * 60);

impl Context<'_> {
    /// Has the build in memory, or refuses: there is none.
    pub(crate) async fn require_build(&mut self, id: BuildId) -> Result<(), Failure> {
        if self.world.build(id).is_some() {
            return Ok(());
        }
        match rows::read(self.db().await?, &id.to_string()).await? {
            Some(build) => {
                self.world.add_build(build);
                Ok(())
            }
            None => Err(Wrong::NotFound.because("No build found").into()),
        }
    }

    /// The build of a job, which is then in memory.
    pub(crate) async fn require_build_of(&mut self, job: JobId) -> Result<BuildId, Failure> {
        if let Some(build) = self.world.build_of(job) {
            return Ok(build);
        }
        let found = BuildsTable::build_of(self.db().await?, &job.to_string()).await?;
        let build = found
            .as_deref()
            .and_then(rows::build_id)
            .ok_or_else(|| Wrong::NotFound.because("No job found"))?;
        self.require_build(build).await?;
        Ok(build)
    }

    /// Applies one event to one build, writes what changed, and does what follows.
    pub(crate) async fn apply(&mut self, build: BuildId, event: BuildEvent) -> Result<(), Failure> {
        self.require_build(build).await?;
        let changes = self.change(build, event).map_err(refusal)?;
        self.follow(build, changes).await
    }

    /// The same for an event that may come too late: then nothing happens.
    pub(crate) async fn apply_if_it_fits(
        &mut self,
        build: BuildId,
        event: BuildEvent,
    ) -> Result<(), Failure> {
        match self.apply(build, event).await {
            Err(Failure::Refused(refusal)) => {
                tracing::debug!(%build, reason = refusal.message, "an event came too late");
                Ok(())
            }
            other => other,
        }
    }

    /// An agent is gone; what becomes of its job is the build's decision.
    pub(crate) async fn job_lost_its_agent(&mut self, job: JobId, how: Gone) -> Result<(), Failure> {
        let build = self.require_build_of(job).await?;
        self.apply_if_it_fits(build, BuildEvent::AgentGone { job, how }).await
    }

    /// Writes changes and works off their effects, and those of the effects, until nothing is left.
    pub(crate) async fn follow(&mut self, build: BuildId, changes: Changes) -> Result<(), Failure> {
        let mut queue = VecDeque::from([(build, changes)]);
        while let Some((build, changes)) = queue.pop_front() {
            self.write(build, &changes).await?;
            for effect in changes.effects {
                for (other, event) in self.consequences(build, effect).await? {
                    match self.change(other, event) {
                        Ok(changes) => queue.push_back((other, changes)),
                        Err(refused) => tracing::warn!(build = %other, %refused, "a consequence was refused"),
                    }
                }
            }
        }
        Ok(())
    }

    fn change(&mut self, build: BuildId, event: BuildEvent) -> Result<Changes, Refused> {
        let now = self.now;
        let build = self.world.build_mut(build).expect("the caller has loaded the build");
        build.apply(event, now, &mut Uuid::now_v7)
    }

    async fn write(&mut self, id: BuildId, changes: &Changes) -> Result<(), Failure> {
        let free = self.world.reindex(id, changes.jobs.iter().copied());
        self.after.awaited.extend(free);
        let db = self.writer.transaction().await?;
        let build = self.world.build(id).expect("a build that changed is in memory");
        rows::write(db, build, changes).await?;
        for transition in &changes.transitions {
            self.announce_transition(id, *transition);
            self.tokens_follow(*transition).await?;
        }
        Ok(())
    }

    /// A job's token ends with its job, but for what is still on its way; and at once when the job goes to
    /// another agent (§2.3, §8.5).
    async fn tokens_follow(&mut self, transition: Transition) -> Result<(), Failure> {
        let Transition::Job { job, from, to } = transition else { return Ok(()) };
        let job = job.to_string();
        let changed = if from == JobState::Accepted && to == JobState::Scheduled {
            JobTokensTable::revoke(self.db().await?, &job).await?
        } else if from.is_held() && to.is_terminal() {
            let end = self.now + LATE_CALLS;
            JobTokensTable::end(self.db().await?, &job, end.as_millis()).await?
        } else {
            return Ok(());
        };
        self.after.forgotten.extend(changed);
        Ok(())
    }

    fn announce_transition(&mut self, build: BuildId, transition: Transition) {
        match transition {
            Transition::Build { to, .. } => self.announce(Event::Build { build, state: to }),
            Transition::Job { job, to, .. } => {
                let step = self.world.build(build).and_then(|build| build.job(job)).map(|job| job.step);
                if let Some(step) = step {
                    self.announce(Event::Job { build, step, job, state: to });
                }
            }
            Transition::Step { .. } => {}
        }
    }

    async fn consequences(
        &mut self,
        build: BuildId,
        effect: Effect,
    ) -> Result<Vec<(BuildId, BuildEvent)>, Failure> {
        Ok(match effect {
            Effect::SetMetaData(items) => {
                for (key, value) in items {
                    MetaDataTable::set(self.db().await?, &build.to_string(), &key, &value).await?;
                }
                Vec::new()
            }
            Effect::ScanConcurrencyGroup(group) => self.concurrency(&group),
            // There is one pipeline a build and no registry of others yet: nothing can be triggered.
            Effect::CreateChild(job) => vec![(build, BuildEvent::ChildRefused { job })],
            // The index of ready jobs has seen the job; children don't exist.
            Effect::JobReady(_) | Effect::CancelChild(..) => Vec::new(),
        })
    }

    /// Who of a concurrency group gets a place. Groups reach over builds.
    fn concurrency(&self, group: &str) -> Vec<(BuildId, BuildEvent)> {
        let in_group =
            |job: &&Job| job.concurrency.as_ref().is_some_and(|concurrency| concurrency.group == group);
        let jobs =
            self.world.builds().flat_map(|build| build.jobs().filter(in_group).map(|job| (build.id(), job)));
        let members: Vec<(BuildId, Member)> =
            jobs.filter_map(|(build, job)| Some((build, Member::of(job)?))).collect();
        let builds: HashMap<JobId, BuildId> =
            members.iter().map(|(build, member)| (member.id, *build)).collect();
        let members: Vec<Member> = members.into_iter().map(|(_, member)| member).collect();
        let limiting =
            |id: &JobId| members.iter().any(|member| member.id == *id && member.state == JobState::Limiting);
        let decision = concurrency::grants(&members);
        let granted = decision.granted.iter().map(|job| BuildEvent::SlotGranted { job: *job });
        let refused = decision
            .refused
            .iter()
            .filter(|job| limiting(job))
            .map(|job| BuildEvent::SlotRefused { job: *job });
        let ids = decision.granted.iter().chain(decision.refused.iter().filter(|job| limiting(job)));
        ids.zip(granted.chain(refused)).map(|(job, event)| (builds[job], event)).collect()
    }
}

/// Why a build refused an event, as a caller hears it.
pub(super) fn refusal(refused: Refused) -> Refusal {
    let wrong = match &refused {
        Refused::NoJob { .. } | Refused::NoStep { .. } => Wrong::NotFound,
        Refused::PromisedOther { .. } => Wrong::Conflict,
        _ => Wrong::Unprocessable,
    };
    wrong.because(refused)
}
