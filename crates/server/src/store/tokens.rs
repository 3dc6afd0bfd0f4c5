//! Registration tokens of agents: hashed, named, revocable (control-plane.md §2.3).

use redkite_scheduler::Time;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Connection, Doing as _, Row, StoreError};
use crate::secret::TokenHash;

/// A registration token as the store knows it: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentToken {
    /// Its id, for `token revoke`.
    pub id: String,
    /// What the person who made it wrote.
    pub description: String,
    /// When it was made.
    pub created_at: Time,
    /// Since when it registers no more agents.
    pub revoked_at: Option<Time>,
}

/// Table `agent_tokens`.
pub(crate) struct TokensTable;

impl TokensTable {
    /// Adds a token.
    pub(crate) async fn insert(
        db: &mut Connection,
        token: &AgentToken,
        hash: &TokenHash,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO agent_tokens (id, hash, description, created_at) VALUES ($1, $2, $3, $4)")
            .bind(&token.id)
            .bind(hash.as_str())
            .bind(&token.description)
            .bind(token.created_at.as_millis())
            .execute(db)
            .await
            .doing("storing an agent token")?;
        Ok(())
    }

    /// All tokens, the oldest first.
    pub(crate) async fn all(db: &mut Connection) -> Result<Vec<AgentToken>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, description, created_at, revoked_at FROM agent_tokens ORDER BY created_at, id",
        )
        .fetch_all(db)
        .await
        .doing("listing agent tokens")?;
        rows.iter().map(token).collect()
    }

    /// The token with this hash that still registers agents.
    pub(crate) async fn valid(
        db: &mut Connection,
        hash: &TokenHash,
    ) -> Result<Option<AgentToken>, StoreError> {
        let row = sqlx::query(
            "SELECT id, description, created_at, revoked_at FROM agent_tokens WHERE hash = $1 AND revoked_at IS NULL",
        )
        .bind(hash.as_str())
        .fetch_optional(db)
        .await
        .doing("looking up an agent token")?;
        row.as_ref().map(token).transpose()
    }

    /// Ends a token; answers whether there was a valid one of this id.
    pub(crate) async fn revoke(db: &mut Connection, id: &str, now: Time) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE agent_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                .bind(id)
                .bind(now.as_millis())
                .execute(db)
                .await
                .doing("revoking an agent token")?;
        Ok(done.rows_affected() > 0)
    }
}

fn token(row: &Row) -> Result<AgentToken, StoreError> {
    let read = || {
        Ok(AgentToken {
            id: row.try_get("id")?,
            description: row.try_get("description")?,
            created_at: Time::from_millis(row.try_get("created_at")?),
            revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(Time::from_millis),
        })
    };
    read().doing("reading an agent token")
}
