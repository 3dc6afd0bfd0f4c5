//! A build's meta-data: text by key.

use sqlx::Row as _;

use super::{Connection, Doing as _, StoreError};

/// Table `meta_data`.
pub(crate) struct MetaDataTable;

impl MetaDataTable {
    /// Sets a key.
    pub(crate) async fn set(
        db: &mut Connection,
        build: &str,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO meta_data (build_id, name, value) VALUES ($1, $2, $3)
             ON CONFLICT (build_id, name) DO UPDATE SET value = excluded.value",
        )
        .bind(build)
        .bind(name)
        .bind(value)
        .execute(db)
        .await
        .doing("storing meta-data")?;
        Ok(())
    }

    /// The value of a key.
    pub(crate) async fn get(
        db: &mut Connection,
        build: &str,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        sqlx::query_scalar("SELECT value FROM meta_data WHERE build_id = $1 AND name = $2")
            .bind(build)
            .bind(name)
            .fetch_optional(db)
            .await
            .doing("reading meta-data")
    }

    /// All keys and values, by key.
    pub(crate) async fn all(db: &mut Connection, build: &str) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query("SELECT name, value FROM meta_data WHERE build_id = $1 ORDER BY name")
            .bind(build)
            .fetch_all(db)
            .await
            .doing("listing meta-data")?;
        rows.iter()
            .map(|row| Ok((row.try_get("name")?, row.try_get("value")?)))
            .collect::<Result<_, sqlx::Error>>()
            .doing("listing meta-data")
    }
}
