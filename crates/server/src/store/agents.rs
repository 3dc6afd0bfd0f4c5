//! Agents: what is looked up by, and the rest as JSON.

use sqlx::Row as _;

use super::{Connection, Doing as _, StoreError};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgentRow {
    /// Hash of its session token.
    pub session: String,
    /// Its last heartbeat, in milliseconds.
    pub heartbeat_at: i64,
    /// Everything else.
    pub body: String,
}

/// Table `agents`.
pub(crate) struct AgentsTable;

impl AgentsTable {
    /// Adds an agent.
    pub(crate) async fn insert(db: &mut Connection, id: &str, row: &AgentRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO agents (id, session_hash, live, heartbeat_at, body) VALUES ($1, $2, 1, $3, $4)",
        )
        .bind(id)
        .bind(&row.session)
        .bind(row.heartbeat_at)
        .bind(&row.body)
        .execute(db)
        .await
        .doing("storing an agent")?;
        Ok(())
    }

    /// Stores what changed of an agent. One that is not live is not read again.
    pub(crate) async fn update(
        db: &mut Connection,
        id: &str,
        live: bool,
        body: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE agents SET live = $2, body = $3 WHERE id = $1")
            .bind(id)
            .bind(i64::from(live))
            .bind(body)
            .execute(db)
            .await
            .doing("storing an agent")?;
        Ok(())
    }

    /// Stores a heartbeat.
    pub(crate) async fn beat(db: &mut Connection, id: &str, at: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE agents SET heartbeat_at = $2 WHERE id = $1")
            .bind(id)
            .bind(at)
            .execute(db)
            .await
            .doing("storing a heartbeat")?;
        Ok(())
    }

    /// What is known of one agent, here or gone.
    pub(crate) async fn find(db: &mut Connection, id: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT body FROM agents WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await
            .doing("reading an agent")
    }

    /// All agents that may still call.
    pub(crate) async fn live(db: &mut Connection) -> Result<Vec<AgentRow>, StoreError> {
        let rows = sqlx::query("SELECT session_hash, heartbeat_at, body FROM agents WHERE live = 1")
            .fetch_all(db)
            .await
            .doing("listing agents")?;
        rows.iter()
            .map(|row| {
                Ok(AgentRow {
                    session: row.try_get("session_hash")?,
                    heartbeat_at: row.try_get("heartbeat_at")?,
                    body: row.try_get("body")?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()
            .doing("listing agents")
    }
}
