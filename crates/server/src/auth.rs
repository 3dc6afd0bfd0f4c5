//! Whose token a request carries (agent-api.md §3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redkite_scheduler::{AgentId, BuildId, JobId, Time};
use sqlx::Row as _;

use crate::secret::TokenHash;
use crate::store::{Database, Doing as _, JobTokenRow, JobTokensTable, StoreError};

/// Tokens that are remembered; above it the memory starts anew.
const REMEMBERED: usize = 100_000;

/// Whom a session or job token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Principal {
    /// An agent's session.
    Agent(AgentId),
    /// A job, run by an agent.
    Job {
        /// The job.
        job: JobId,
        /// Its build.
        build: BuildId,
        /// The agent that accepted it.
        agent: AgentId,
    },
}

impl Principal {
    /// The agent that calls, or whose job does.
    pub(crate) fn agent(self) -> AgentId {
        match self {
            Self::Agent(agent) | Self::Job { agent, .. } => agent,
        }
    }
}

/// Looks tokens up, and remembers those it has seen.
#[derive(Clone)]
pub(crate) struct Principals {
    database: Database,
    known: Arc<Mutex<HashMap<TokenHash, Known>>>,
}

/// A token's meaning, and until when it has it.
#[derive(Debug, Clone, Copy)]
struct Known {
    principal: Principal,
    ends_at: Option<Time>,
}

impl Known {
    fn now(self) -> Option<Principal> {
        let now = Time::from(jiff::Timestamp::now());
        self.ends_at.is_none_or(|end| now < end).then_some(self.principal)
    }
}

impl Principals {
    /// Knows nothing yet.
    pub(crate) fn new(database: Database) -> Self {
        Self { database, known: Arc::default() }
    }

    /// Whose token this is.
    pub(crate) async fn find(&self, hash: &TokenHash) -> Result<Option<Principal>, StoreError> {
        if let Some(known) = self.known().get(hash) {
            return Ok(known.now());
        }
        let found = self.look_up(hash).await?;
        if let Some(known) = found {
            self.remember(hash.clone(), known);
        }
        Ok(found.and_then(Known::now))
    }

    /// Forgets a token that has lost its meaning.
    pub(crate) fn forget(&self, hash: &TokenHash) {
        self.known().remove(hash);
    }

    async fn look_up(&self, hash: &TokenHash) -> Result<Option<Known>, StoreError> {
        if let Some(row) = JobTokensTable::find(self.database.readers(), hash).await? {
            return Ok(known_job(&row));
        }
        let agent = sqlx::query("SELECT id FROM agents WHERE session_hash = $1 AND live = 1")
            .bind(hash.as_str())
            .fetch_optional(self.database.readers())
            .await
            .doing("looking up a session")?;
        let id = agent.map(|row| row.try_get::<String, _>("id")).transpose().doing("looking up a session")?;
        let agent = id.and_then(|id| id.parse().ok()).map(Principal::Agent);
        Ok(agent.map(|principal| Known { principal, ends_at: None }))
    }

    fn remember(&self, hash: TokenHash, found: Known) {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, found);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<TokenHash, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn known_job(row: &JobTokenRow) -> Option<Known> {
    let principal = Principal::Job {
        job: row.job.parse().ok()?,
        build: row.build.parse().ok()?,
        agent: row.agent.parse().ok()?,
    };
    Some(Known { principal, ends_at: row.ends_at.map(Time::from_millis) })
}
