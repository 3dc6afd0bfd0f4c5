//! Pipeline uploads and step updates that were applied, so that a repeated call changes nothing
//! (control-plane.md §4.1).

use redkite_scheduler::Time;
use sqlx::Row as _;

use super::{Connection, Doing as _, StoreError};

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadRow {
    /// `applied` or `rejected`.
    pub state: String,
    /// Why it was rejected.
    pub message: String,
}

/// Tables `uploads` and `step_updates`.
pub(crate) struct UploadsTable;

impl UploadsTable {
    /// What became of a job's upload, if it was seen before.
    pub(crate) async fn find(
        db: &mut Connection,
        job: &str,
        uuid: &str,
    ) -> Result<Option<UploadRow>, StoreError> {
        let row = sqlx::query("SELECT state, message FROM uploads WHERE job_id = $1 AND uuid = $2")
            .bind(job)
            .bind(uuid)
            .fetch_optional(db)
            .await
            .doing("looking up a pipeline upload")?;
        row.map(|row| Ok(UploadRow { state: row.try_get("state")?, message: row.try_get("message")? }))
            .transpose()
            .doing("looking up a pipeline upload")
    }

    /// Notes what became of an upload.
    pub(crate) async fn insert(
        db: &mut Connection,
        (job, uuid): (&str, &str),
        upload: &UploadRow,
        now: Time,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO uploads (job_id, uuid, state, message, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(job)
        .bind(uuid)
        .bind(&upload.state)
        .bind(&upload.message)
        .bind(now.as_millis())
        .execute(db)
        .await
        .doing("storing a pipeline upload")?;
        Ok(())
    }

    /// Notes a step update; answers false when it was applied before.
    pub(crate) async fn first_update(
        db: &mut Connection,
        uuid: &str,
        step: &str,
        now: Time,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO step_updates (uuid, step_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (uuid) DO NOTHING",
        )
        .bind(uuid)
        .bind(step)
        .bind(now.as_millis())
        .execute(db)
        .await
        .doing("storing a step update")?;
        Ok(done.rows_affected() > 0)
    }
}
