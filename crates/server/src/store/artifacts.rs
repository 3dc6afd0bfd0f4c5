//! Artifact records and the batches they were declared in (control-plane.md §15.2).

use sqlx::Row as _;

use super::{Connection, Doing as _, Row, StoreError};

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArtifactRow {
    /// Its id.
    pub id: String,
    /// The batch it was declared in.
    pub batch: String,
    /// Its place in the batch.
    pub position: i64,
    /// The build.
    pub build: String,
    /// The job that uploaded it.
    pub job: String,
    /// `new`, `finished` or `error`.
    pub state: String,
    /// Whether its bytes are in this plane's own storage.
    pub stored: bool,
    /// Path as the agent gave it.
    pub path: String,
    /// Path on the build machine.
    pub absolute_path: String,
    /// Pattern that found it.
    pub glob_path: String,
    /// Size in bytes.
    pub file_size: i64,
    /// SHA-1 in hexadecimal.
    pub sha1sum: String,
    /// SHA-256 in hexadecimal.
    pub sha256sum: String,
    /// MIME type.
    pub content_type: String,
    /// Empty for this plane's storage.
    pub upload_destination: String,
    /// Where it lies, when not here.
    pub url: String,
    /// When it was declared, in milliseconds.
    pub created_at: i64,
}

/// Tables `artifacts` and `artifact_batches`.
pub(crate) struct ArtifactsTable;

impl ArtifactsTable {
    /// Notes a batch; answers false when it is known already.
    pub(crate) async fn insert_batch(
        db: &mut Connection,
        id: &str,
        job: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO artifact_batches (id, job_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(job)
        .bind(now)
        .execute(db)
        .await
        .doing("storing an artifact batch")?;
        Ok(done.rows_affected() > 0)
    }

    /// Adds an artifact.
    pub(crate) async fn insert(db: &mut Connection, row: &ArtifactRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO artifacts (id, batch_id, position, build_id, job_id, state, stored, path, absolute_path,
                glob_path, file_size, sha1sum, sha256sum, content_type, upload_destination, url, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        )
        .bind(&row.id)
        .bind(&row.batch)
        .bind(row.position)
        .bind(&row.build)
        .bind(&row.job)
        .bind(&row.state)
        .bind(i64::from(row.stored))
        .bind(&row.path)
        .bind(&row.absolute_path)
        .bind(&row.glob_path)
        .bind(row.file_size)
        .bind(&row.sha1sum)
        .bind(&row.sha256sum)
        .bind(&row.content_type)
        .bind(&row.upload_destination)
        .bind(&row.url)
        .bind(row.created_at)
        .execute(db)
        .await
        .doing("storing an artifact")?;
        Ok(())
    }

    /// The artifacts of a batch, in the order in which they were declared.
    pub(crate) async fn of_batch(db: &mut Connection, batch: &str) -> Result<Vec<ArtifactRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM artifacts WHERE batch_id = $1 ORDER BY position")
            .bind(batch)
            .fetch_all(db)
            .await
            .doing("listing a batch of artifacts")?;
        rows.iter().map(artifact).collect::<Result<_, _>>().doing("listing a batch of artifacts")
    }

    /// A build's artifacts, in the order in which they were declared.
    pub(crate) async fn of_build(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        build: &str,
    ) -> Result<Vec<ArtifactRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM artifacts WHERE build_id = $1 ORDER BY created_at, batch_id, position",
        )
        .bind(build)
        .fetch_all(db)
        .await
        .doing("listing artifacts")?;
        rows.iter().map(artifact).collect::<Result<_, _>>().doing("listing artifacts")
    }

    /// One artifact.
    pub(crate) async fn find(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        id: &str,
    ) -> Result<Option<ArtifactRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM artifacts WHERE id = $1")
            .bind(id)
            .fetch_optional(db)
            .await
            .doing("looking up an artifact")?;
        row.as_ref().map(artifact).transpose().doing("looking up an artifact")
    }

    /// Notes that the bytes have arrived and are durable.
    pub(crate) async fn mark_stored(db: &mut Connection, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE artifacts SET stored = 1 WHERE id = $1")
            .bind(id)
            .execute(db)
            .await
            .doing("storing an artifact")?;
        Ok(())
    }

    /// Sets how the upload ended.
    pub(crate) async fn set_state(db: &mut Connection, id: &str, state: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE artifacts SET state = $2 WHERE id = $1")
            .bind(id)
            .bind(state)
            .execute(db)
            .await
            .doing("storing an artifact's state")?;
        Ok(())
    }
}

fn artifact(row: &Row) -> Result<ArtifactRow, sqlx::Error> {
    Ok(ArtifactRow {
        id: row.try_get("id")?,
        batch: row.try_get("batch_id")?,
        position: row.try_get("position")?,
        build: row.try_get("build_id")?,
        job: row.try_get("job_id")?,
        state: row.try_get("state")?,
        stored: row.try_get::<i64, _>("stored")? != 0,
        path: row.try_get("path")?,
        absolute_path: row.try_get("absolute_path")?,
        glob_path: row.try_get("glob_path")?,
        file_size: row.try_get("file_size")?,
        sha1sum: row.try_get("sha1sum")?,
        sha256sum: row.try_get("sha256sum")?,
        content_type: row.try_get("content_type")?,
        upload_destination: row.try_get("upload_destination")?,
        url: row.try_get("url")?,
        created_at: row.try_get("created_at")?,
    })
}
