//! The state in memory: live agents, live builds, and what can be asked of them quickly.
//!
//! A cache of the database and nothing more: `load` makes the same world again.

use std::collections::{BTreeSet, HashMap, HashSet};

use redkite_scheduler::definition::AgentRules;
use redkite_scheduler::{AgentId, Build, BuildId, JobId, JobState, Time};
use tokio::sync::oneshot;

use super::agent::{Agent, Dispatch, Hands};
use super::ready::ReadyJobs;
use super::{Refusal, Wrong};
use crate::secret::TokenHash;
use crate::store::{AgentsTable, BuildsTable, Connection, StoreError};

/// The state in memory.
#[derive(Debug, Default)]
pub(crate) struct World {
    agents: HashMap<AgentId, Session>,
    builds: HashMap<BuildId, Build>,
    build_of: HashMap<JobId, BuildId>,
    due: BTreeSet<(Time, BuildId)>,
    due_of: HashMap<BuildId, Time>,
    ended: HashSet<BuildId>,
    /// Jobs that wait for an agent.
    pub(super) ready: ReadyJobs,
    waiting: HashMap<AgentId, oneshot::Sender<()>>,
    /// Queues in which a job or a waiting agent is new.
    pub(super) stirred: HashSet<String>,
}

/// A live agent, and what is not in its row's JSON.
#[derive(Debug)]
struct Session {
    agent: Agent,
    token: TokenHash,
    heard_at: Time,
}

impl World {
    /// Reads everything that is live. Nobody is lost for the time the plane itself was away: silence
    /// counts from now (control-plane.md §2.7).
    pub(super) async fn load(db: &mut Connection, now: Time) -> Result<Self, StoreError> {
        let mut world = Self::default();
        for row in AgentsTable::live(db).await? {
            let agent = Agent::from_json(&row.body)?;
            world.add_agent(agent, TokenHash::stored(row.session), now);
        }
        for id in BuildsTable::live(db).await? {
            if let Some(build) = super::rows::read(db, &id).await? {
                world.add_build(build);
            }
        }
        Ok(world)
    }

    /// Takes over a freshly read state. Those who wait for a job ask again.
    pub(super) fn replace(&mut self, fresh: World) {
        let heard: HashMap<_, _> = self.agents.iter().map(|(id, session)| (*id, session.heard_at)).collect();
        *self = fresh;
        for (id, session) in &mut self.agents {
            session.heard_at = heard.get(id).copied().unwrap_or(session.heard_at);
        }
    }
}

/// Agents.
impl World {
    pub(super) fn add_agent(&mut self, agent: Agent, token: TokenHash, heard_at: Time) {
        self.agents.insert(agent.id, Session { agent, token, heard_at });
    }

    pub(super) fn remove_agent(&mut self, id: AgentId) -> Option<TokenHash> {
        self.waiting.remove(&id);
        self.agents.remove(&id).map(|session| session.token)
    }

    /// A live agent. One that is not live has lost its session: 401 ends its process.
    pub(super) fn agent_mut(&mut self, id: AgentId) -> Result<&mut Agent, Refusal> {
        let gone = || Wrong::Unauthorized.because("This agent's session has ended");
        self.agents.get_mut(&id).map(|session| &mut session.agent).ok_or_else(gone)
    }

    pub(super) fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id).map(|session| &session.agent)
    }

    /// Whether any agent that is here may run a job with these rules, now or later.
    pub(super) fn has_agent_for(&self, rules: &AgentRules) -> bool {
        let agents = self.agents.values().map(|session| &session.agent);
        agents
            .filter(|agent| agent.dispatch == Dispatch::Offered)
            .any(|agent| agent.as_seeker().may_run(rules))
    }

    pub(super) fn heard_of(&mut self, id: AgentId, now: Time) {
        if let Some(session) = self.agents.get_mut(&id) {
            session.heard_at = now;
        }
    }

    /// Agents of which nothing was heard since `before`.
    pub(super) fn silent_since(&self, before: Time) -> Vec<AgentId> {
        self.agents
            .values()
            .filter(|session| session.heard_at < before)
            .map(|session| session.agent.id)
            .collect()
    }

    /// The name, or the name with the first number that makes it different from those of other agents.
    pub(super) fn free_name(&self, wanted: &str) -> String {
        let taken: HashSet<&str> = self.agents.values().map(|session| session.agent.name.as_str()).collect();
        let numbered = (2..).map(|n: u32| format!("{wanted}-{n}"));
        std::iter::once(wanted.to_owned())
            .chain(numbered)
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_else(|| wanted.to_owned())
    }

    /// Lets an agent wait for news: an offer, a pause, the end of its job. There is one that waits for each
    /// agent; who waited before is told that nothing will come.
    pub(super) fn wait_for_news(&mut self, id: AgentId) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.insert(id, sender);
        if let Some(queue) = self.agent(id).map(|agent| agent.queue().to_owned()) {
            self.stirred.insert(queue);
        }
        receiver
    }

    /// Forgets those who have hung up.
    pub(super) fn drop_closed(&mut self) {
        self.waiting.retain(|_, sender| !sender.is_closed());
    }

    /// Agents that wait for news now, and that may have a job.
    pub(super) fn waiting_agents(&self, queue: &str, now: Time) -> Vec<&Agent> {
        let idle = |agent: &&Agent| agent.queue() == queue && agent.is_idle(now);
        self.waiting.keys().filter_map(|id| self.agent(*id)).filter(idle).collect()
    }

    /// Tells those who wait that there is news.
    pub(super) fn wake(&mut self, agents: &[AgentId]) {
        for sender in agents.iter().filter_map(|id| self.waiting.remove(id)) {
            // Who has hung up meanwhile learns of it at the next ping.
            let _ = sender.send(());
        }
    }
}

/// Builds.
impl World {
    pub(super) fn add_build(&mut self, build: Build) {
        let id = build.id();
        let jobs: Vec<JobId> = build.jobs().map(|job| job.id).collect();
        self.builds.insert(id, build);
        self.reindex(id, jobs);
    }

    pub(super) fn build(&self, id: BuildId) -> Option<&Build> {
        self.builds.get(&id)
    }

    pub(super) fn build_mut(&mut self, id: BuildId) -> Option<&mut Build> {
        self.builds.get_mut(&id)
    }

    pub(super) fn builds(&self) -> impl Iterator<Item = &Build> {
        self.builds.values()
    }

    /// The build of a job, as far as it is in memory.
    pub(super) fn build_of(&self, job: JobId) -> Option<BuildId> {
        self.build_of.get(&job).copied()
    }

    /// Whether a job is offered and not yet accepted.
    pub(super) fn is_offered(&self, job: JobId) -> bool {
        let build = self.build_of(job).and_then(|build| self.build(build));
        build.and_then(|build| build.job(job)).is_some_and(|job| job.state == JobState::Assigned)
    }

    /// Brings everything that is derived from these jobs up to date. Answers agents that are free again.
    pub(super) fn reindex(&mut self, id: BuildId, jobs: impl IntoIterator<Item = JobId>) -> Vec<AgentId> {
        let mut free = Vec::new();
        let Some(build) = self.builds.get(&id) else { return free };
        for job in jobs.into_iter().filter_map(|job| build.job(job)) {
            self.build_of.insert(job.id, id);
            if let Some(queue) = self.ready.update(id, job) {
                self.stirred.insert(queue);
            }
            if let Some(session) = job.agent.and_then(|agent| self.agents.get_mut(&agent))
                && session.agent.takes_or_leaves(job) == Hands::Free
            {
                free.push(session.agent.id);
            }
        }
        let due = build.next_due();
        if build.state().is_terminal() {
            self.ended.insert(id);
        } else {
            self.ended.remove(&id);
        }
        self.set_due(id, due);
        free
    }

    fn set_due(&mut self, id: BuildId, due: Option<Time>) {
        if let Some(old) = self.due_of.remove(&id) {
            self.due.remove(&(old, id));
        }
        if let Some(due) = due {
            self.due.insert((due, id));
            self.due_of.insert(id, due);
        }
    }

    /// Builds to which something happens because the time has come.
    pub(super) fn due(&self, now: Time) -> Vec<BuildId> {
        self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect()
    }

    /// Forgets builds that have ended: what is still asked of them is read from the database.
    pub(super) fn retire(&mut self) {
        for id in std::mem::take(&mut self.ended) {
            if let Some(build) = self.builds.remove(&id) {
                for job in build.jobs() {
                    self.build_of.remove(&job.id);
                    self.ready.remove(job.id);
                }
            }
            self.set_due(id, None);
        }
    }
}
