//! Builds with their steps and jobs: what is looked up by, and the rest as JSON.

use super::{Connection, Doing as _, StoreError};

/// One build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildRow {
    /// Its id.
    pub id: String,
    /// The pipeline's slug.
    pub pipeline: String,
    /// Its number in the pipeline.
    pub number: i64,
    /// Its state, for people who look into the database.
    pub state: String,
    /// Whether the engine has to know it: something can still happen to it by itself.
    pub live: bool,
    /// When it was made, in milliseconds.
    pub created_at: i64,
    /// Everything else.
    pub body: String,
}

/// Tables `builds`, `steps` and `jobs`.
pub(crate) struct BuildsTable;

impl BuildsTable {
    /// The number a pipeline's next build gets.
    pub(crate) async fn next_number(db: &mut Connection, pipeline: &str) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM builds WHERE pipeline = $1")
            .bind(pipeline)
            .fetch_one(db)
            .await
            .doing("numbering a build")
    }

    /// Stores a build, new or changed.
    pub(crate) async fn save(db: &mut Connection, row: &BuildRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO builds (id, pipeline, number, state, live, created_at, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, live = excluded.live, body = excluded.body",
        )
        .bind(&row.id)
        .bind(&row.pipeline)
        .bind(row.number)
        .bind(&row.state)
        .bind(i64::from(row.live))
        .bind(row.created_at)
        .bind(&row.body)
        .execute(db)
        .await
        .doing("storing a build")?;
        Ok(())
    }

    /// Stores a step, new or changed.
    pub(crate) async fn save_step(
        db: &mut Connection,
        (build, id): (&str, &str),
        position: i64,
        body: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO steps (id, build_id, position, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET position = excluded.position, body = excluded.body",
        )
        .bind(id)
        .bind(build)
        .bind(position)
        .bind(body)
        .execute(db)
        .await
        .doing("storing a step")?;
        Ok(())
    }

    /// Stores a job, new or changed. The state is for people who look into the database.
    pub(crate) async fn save_job(
        db: &mut Connection,
        (build, id): (&str, &str),
        state: &str,
        body: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO jobs (id, build_id, state, body) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(id)
        .bind(build)
        .bind(state)
        .bind(body)
        .execute(db)
        .await
        .doing("storing a job")?;
        Ok(())
    }

    /// Adds an entry to a job's timeline (control-plane.md §2.5.2).
    pub(crate) async fn add_event(
        db: &mut Connection,
        job: &str,
        at: i64,
        kind: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO job_events (job_id, at, kind) VALUES ($1, $2, $3)")
            .bind(job)
            .bind(at)
            .bind(kind)
            .execute(db)
            .await
            .doing("storing a job's event")?;
        Ok(())
    }

    /// Ids of all builds to which something can still happen by itself.
    pub(crate) async fn live(db: &mut Connection) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT id FROM builds WHERE live = 1 ORDER BY created_at, id")
            .fetch_all(db)
            .await
            .doing("listing builds")
    }

    /// Bodies of the newest builds.
    pub(crate) async fn newest(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT body FROM builds ORDER BY created_at DESC, id DESC LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
            .doing("listing builds")
    }

    /// The body of one build.
    pub(crate) async fn find(db: &mut Connection, build: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT body FROM builds WHERE id = $1")
            .bind(build)
            .fetch_optional(db)
            .await
            .doing("reading a build")
    }

    /// Bodies of a build's steps, in their order.
    pub(crate) async fn steps(db: &mut Connection, build: &str) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT body FROM steps WHERE build_id = $1 ORDER BY position, id")
            .bind(build)
            .fetch_all(db)
            .await
            .doing("reading a build's steps")
    }

    /// Bodies of a build's jobs, in the order of their creation: their ids sort by time.
    pub(crate) async fn jobs(db: &mut Connection, build: &str) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT body FROM jobs WHERE build_id = $1 ORDER BY id")
            .bind(build)
            .fetch_all(db)
            .await
            .doing("reading a build's jobs")
    }

    /// The build a job belongs to.
    pub(crate) async fn build_of(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        job: &str,
    ) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT build_id FROM jobs WHERE id = $1")
            .bind(job)
            .fetch_optional(db)
            .await
            .doing("looking up a job")
    }

    /// The build a step belongs to.
    pub(crate) async fn build_of_step(db: &mut Connection, step: &str) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT build_id FROM steps WHERE id = $1")
            .bind(step)
            .fetch_optional(db)
            .await
            .doing("looking up a step")
    }

    /// The id of a pipeline's build by its number.
    pub(crate) async fn by_number(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        pipeline: &str,
        number: i64,
    ) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT id FROM builds WHERE pipeline = $1 AND number = $2")
            .bind(pipeline)
            .bind(number)
            .fetch_optional(db)
            .await
            .doing("looking up a build")
    }
}
