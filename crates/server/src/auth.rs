//! Whose token a request carries (agent-api.md §3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redkite_scheduler::{AgentId, BuildId, JobId};
use sqlx::Row as _;

use crate::secret::TokenHash;
use crate::store::{Database, Doing as _, JobTokensTable, StoreError};

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
    known: Arc<Mutex<HashMap<TokenHash, Principal>>>,
}

impl Principals {
    /// Knows nothing yet.
    pub(crate) fn new(database: Database) -> Self {
        Self { database, known: Arc::default() }
    }

    /// Whose token this is.
    pub(crate) async fn find(&self, hash: &TokenHash) -> Result<Option<Principal>, StoreError> {
        if let Some(known) = self.known().get(hash) {
            return Ok(Some(*known));
        }
        let found = self.look_up(hash).await?;
        if let Some(principal) = found {
            self.remember(hash.clone(), principal);
        }
        Ok(found)
    }

    /// Forgets a token that has lost its meaning.
    pub(crate) fn forget(&self, hash: &TokenHash) {
        self.known().remove(hash);
    }

    async fn look_up(&self, hash: &TokenHash) -> Result<Option<Principal>, StoreError> {
        if let Some(row) = JobTokensTable::find(self.database.readers(), hash).await? {
            return Ok(principal(&row.job, &row.build, &row.agent));
        }
        let agent = sqlx::query("SELECT id FROM agents WHERE session_hash = $1 AND live = 1")
            .bind(hash.as_str())
            .fetch_optional(self.database.readers())
            .await
            .doing("looking up a session")?;
        let id = agent.map(|row| row.try_get::<String, _>("id")).transpose().doing("looking up a session")?;
        Ok(id.and_then(|id| id.parse().ok()).map(Principal::Agent))
    }

    fn remember(&self, hash: TokenHash, principal: Principal) {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, principal);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<TokenHash, Principal>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn principal(job: &str, build: &str, agent: &str) -> Option<Principal> {
    Some(Principal::Job { job: job.parse().ok()?, build: build.parse().ok()?, agent: agent.parse().ok()? })
}
