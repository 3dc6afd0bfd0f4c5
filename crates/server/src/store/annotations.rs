//! Annotations of builds and jobs, one per context and scope (control-plane.md §15.1).

use sqlx::Row as _;

use super::{Connection, Doing as _, Row, StoreError};

/// One annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AnnotationRow {
    /// Its id.
    pub id: String,
    /// The build.
    pub build: String,
    /// The job that made it.
    pub job: String,
    /// `build` or `job`.
    pub scope: String,
    /// The build or the job it belongs to, by scope.
    pub owner: String,
    /// Its name within the scope.
    pub context: String,
    /// `success`, `info`, `warning` or `error`.
    pub style: Option<String>,
    /// 1 to 10, the highest first.
    pub priority: i64,
    /// Markdown.
    pub body: String,
    /// When it was made, in milliseconds.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// Table `annotations`.
pub(crate) struct AnnotationsTable;

impl AnnotationsTable {
    /// The annotation of a context.
    pub(crate) async fn find(
        db: &mut Connection,
        scope: &str,
        owner: &str,
        context: &str,
    ) -> Result<Option<AnnotationRow>, StoreError> {
        let row =
            sqlx::query("SELECT * FROM annotations WHERE scope = $1 AND owner_id = $2 AND context = $3")
                .bind(scope)
                .bind(owner)
                .bind(context)
                .fetch_optional(db)
                .await
                .doing("looking up an annotation")?;
        row.as_ref().map(annotation).transpose().doing("looking up an annotation")
    }

    /// Stores an annotation, new or changed.
    pub(crate) async fn save(db: &mut Connection, row: &AnnotationRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO annotations (id, build_id, job_id, scope, owner_id, context, style, priority, body,
                created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (scope, owner_id, context) DO UPDATE SET style = excluded.style,
                priority = excluded.priority, body = excluded.body, updated_at = excluded.updated_at",
        )
        .bind(&row.id)
        .bind(&row.build)
        .bind(&row.job)
        .bind(&row.scope)
        .bind(&row.owner)
        .bind(&row.context)
        .bind(&row.style)
        .bind(row.priority)
        .bind(&row.body)
        .bind(row.created_at)
        .bind(row.updated_at)
        .execute(db)
        .await
        .doing("storing an annotation")?;
        Ok(())
    }

    /// Removes an annotation; answers whether there was one.
    pub(crate) async fn delete(
        db: &mut Connection,
        scope: &str,
        owner: &str,
        context: &str,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM annotations WHERE scope = $1 AND owner_id = $2 AND context = $3")
            .bind(scope)
            .bind(owner)
            .bind(context)
            .execute(db)
            .await
            .doing("removing an annotation")?;
        Ok(done.rows_affected() > 0)
    }

    /// A build's annotations and its jobs', in the order in which they are shown.
    pub(crate) async fn of_build(
        db: impl sqlx::Executor<'_, Database = sqlx::Sqlite>,
        build: &str,
    ) -> Result<Vec<AnnotationRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM annotations WHERE build_id = $1 ORDER BY priority DESC, created_at, id",
        )
        .bind(build)
        .fetch_all(db)
        .await
        .doing("listing annotations")?;
        rows.iter().map(annotation).collect::<Result<_, _>>().doing("listing annotations")
    }
}

fn annotation(row: &Row) -> Result<AnnotationRow, sqlx::Error> {
    Ok(AnnotationRow {
        id: row.try_get("id")?,
        build: row.try_get("build_id")?,
        job: row.try_get("job_id")?,
        scope: row.try_get("scope")?,
        owner: row.try_get("owner_id")?,
        context: row.try_get("context")?,
        style: row.try_get("style")?,
        priority: row.try_get("priority")?,
        body: row.try_get("body")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
