//! Hashes of the tokens that jobs call with, one per acceptance.

use sqlx::Row as _;

use super::{Connection, Doing as _, StoreError};
use crate::secret::TokenHash;

/// Whom a job token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JobTokenRow {
    /// The job.
    pub job: String,
    /// Its build.
    pub build: String,
    /// The agent that accepted the job.
    pub agent: String,
    /// Until when the token is good, once its job has ended; in milliseconds.
    pub ends_at: Option<i64>,
}

/// Table `job_tokens`.
pub(crate) struct JobTokensTable;

impl JobTokensTable {
    /// Adds the token of an acceptance.
    pub(crate) async fn insert(
        db: &mut Connection,
        hash: &TokenHash,
        row: &JobTokenRow,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO job_tokens (hash, job_id, build_id, agent_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash.as_str())
        .bind(&row.job)
        .bind(&row.build)
        .bind(&row.agent)
        .execute(db)
        .await
        .doing("storing a job token")?;
        Ok(())
    }

    /// Whom a token stands for.
    pub(crate) async fn find(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        hash: &TokenHash,
    ) -> Result<Option<JobTokenRow>, StoreError> {
        let row = sqlx::query("SELECT job_id, build_id, agent_id, ends_at FROM job_tokens WHERE hash = $1")
            .bind(hash.as_str())
            .fetch_optional(db)
            .await
            .doing("looking up a job token")?;
        row.map(|row| {
            Ok(JobTokenRow {
                job: row.try_get("job_id")?,
                build: row.try_get("build_id")?,
                agent: row.try_get("agent_id")?,
                ends_at: row.try_get("ends_at")?,
            })
        })
        .transpose()
        .doing("looking up a job token")
    }

    /// Lets all tokens of a job end at a time. Answers their hashes.
    pub(crate) async fn end(db: &mut Connection, job: &str, at: i64) -> Result<Vec<TokenHash>, StoreError> {
        let hashes: Vec<String> = sqlx::query_scalar(
            "UPDATE job_tokens SET ends_at = $2 WHERE job_id = $1 AND ends_at IS NULL RETURNING hash",
        )
        .bind(job)
        .bind(at)
        .fetch_all(db)
        .await
        .doing("ending a job's tokens")?;
        Ok(hashes.into_iter().map(TokenHash::stored).collect())
    }

    /// Ends all tokens of a job: its acceptance expired, another agent may get it. Answers their hashes.
    pub(crate) async fn revoke(db: &mut Connection, job: &str) -> Result<Vec<TokenHash>, StoreError> {
        let hashes: Vec<String> =
            sqlx::query_scalar("DELETE FROM job_tokens WHERE job_id = $1 RETURNING hash")
                .bind(job)
                .fetch_all(db)
                .await
                .doing("revoking a job's tokens")?;
        Ok(hashes.into_iter().map(TokenHash::stored).collect())
    }
}
