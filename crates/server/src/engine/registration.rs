//! Agents come and go: register, connect, heartbeat, disconnect (control-plane.md §8.1, §8.7).

use redkite_api::wire::RegisterRequest;
use redkite_scheduler::build::Gone;
use redkite_scheduler::dispatch::Tags;
use redkite_scheduler::{AgentId, Time};
use uuid::Uuid;

use super::agent::{self, Agent, Connection, Dispatch};
use super::{Change, Context, Failure, Wrong};
use crate::plane::Event;
use crate::secret::Secret;
use crate::store::{AgentRow, AgentsTable, TokensTable};

/// `POST register`.
pub(crate) struct Register {
    /// The registration token.
    pub token: Secret,
    /// What the agent says of itself.
    pub request: RegisterRequest,
}

/// A new agent and its session.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    /// The agent.
    pub agent: Agent,
    /// Its session token, shown once.
    pub session: Secret,
}

impl Change for Register {
    type Reply = Registered;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Registered, Failure> {
        let token = TokensTable::valid(cx.db().await?, &self.token.hash()).await?;
        let token = token.ok_or_else(|| Wrong::Unauthorized.because("Invalid agent token"))?;
        let agent = self.agent(token.id, cx)?;
        let session = Secret::random("bkaa_");
        let row = AgentRow {
            session: session.hash().as_str().to_owned(),
            heartbeat_at: cx.now.as_millis(),
            body: agent.to_json(),
        };
        AgentsTable::insert(cx.db().await?, &agent.id.to_string(), &row).await?;
        cx.world.add_agent(agent.clone(), session.hash(), cx.now);
        Ok(Registered { agent, session })
    }
}

impl Register {
    fn agent(&self, token: String, cx: &Context<'_>) -> Result<Agent, Failure> {
        let tags = Tags::parse(agent::effective_tags(&self.request.meta_data).iter().map(String::as_str));
        if tags.iter().filter(|(key, _)| *key == "queue").count() > 1 {
            return Err(Wrong::Unprocessable
                .because("An agent can have one queue only; this one names several")
                .into());
        }
        let dispatch = if self.request.ignore_in_dispatches { Dispatch::Ignored } else { Dispatch::Offered };
        Ok(Agent {
            id: AgentId::from(Uuid::now_v7()),
            name: cx.world.free_name(&expand(&self.request)),
            token,
            registered: self.request.clone(),
            tags,
            priority: self.request.priority.trim().parse().ok(),
            dispatch,
            connection: Connection::NeverConnected,
            pause: None,
            job: None,
            created_at: cx.now,
            connected_at: None,
            gone_at: None,
            last_job_finished_at: None,
        })
    }
}

/// Placeholders that the agent leaves to the plane (agent-api.md §9.1).
fn expand(request: &RegisterRequest) -> String {
    let hostname = if request.hostname.is_empty() { "agent" } else { &request.hostname };
    let name = request.name.replace("%hostname", hostname).replace("%pid", &request.pid.to_string());
    if name.trim().is_empty() { hostname.to_owned() } else { name }
}

/// `POST connect`.
pub(crate) struct Connect(pub AgentId);

impl Change for Connect {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let now = cx.now;
        let agent = cx.world.agent_mut(self.0)?;
        if agent.connection == Connection::NeverConnected {
            agent.connection = Connection::Connected;
            agent.connected_at = Some(now);
            let name = agent.name.clone();
            cx.announce(Event::AgentConnected { name });
        }
        cx.beat(self.0).await?;
        cx.save_agent(self.0).await
    }
}

/// `POST heartbeat`.
pub(crate) struct Beat(pub AgentId);

impl Change for Beat {
    type Reply = Time;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Time, Failure> {
        cx.world.agent_mut(self.0)?;
        cx.beat(self.0).await?;
        Ok(cx.now)
    }
}

/// `POST disconnect`.
pub(crate) struct Disconnect(pub AgentId);

impl Change for Disconnect {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let left = match cx.world.agent_mut(self.0)?.connection {
            Connection::Stopping => Connection::Stopped,
            _ => Connection::Disconnected,
        };
        cx.agent_gone(self.0, left).await
    }
}

impl Context<'_> {
    /// Notes that an agent is alive.
    pub(super) async fn beat(&mut self, agent: AgentId) -> Result<(), Failure> {
        let at = self.now.as_millis();
        AgentsTable::beat(self.db().await?, &agent.to_string(), at).await?;
        self.world.heard_of(agent, self.now);
        Ok(())
    }

    /// Writes an agent's row.
    pub(super) async fn save_agent(&mut self, id: AgentId) -> Result<(), Failure> {
        let agent = self.world.agent_mut(id)?;
        let (live, body) = (agent.connection.is_live(), agent.to_json());
        AgentsTable::update(self.db().await?, &id.to_string(), live, &body).await?;
        Ok(())
    }

    /// An agent went away: its session ends, and its job is somebody else's or has failed (§2.7).
    pub(super) async fn agent_gone(&mut self, id: AgentId, left: Connection) -> Result<(), Failure> {
        let now = self.now;
        let agent = self.world.agent_mut(id)?;
        agent.connection = left;
        agent.gone_at = Some(now);
        let (job, name) = (agent.job.take(), agent.name.clone());
        self.save_agent(id).await?;
        let how = if left == Connection::Lost { Gone::Lost } else { Gone::Disconnected };
        if let Some(job) = job {
            self.job_lost_its_agent(job, how).await?;
        }
        if let Some(session) = self.world.remove_agent(id) {
            self.after.forgotten.push(session);
        }
        self.announce(Event::AgentGone { name, lost: how == Gone::Lost });
        Ok(())
    }
}
