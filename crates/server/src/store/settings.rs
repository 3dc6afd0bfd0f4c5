//! Values that belong to the whole installation, e.g. the signing key.

use super::{Connection, Doing as _, StoreError};

/// Table `settings`.
pub(crate) struct SettingsTable;

impl SettingsTable {
    /// The value of a setting; the given one is stored when there is none yet.
    pub(crate) async fn get_or_insert(
        db: &mut Connection,
        name: &str,
        value: &str,
    ) -> Result<String, StoreError> {
        sqlx::query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(&mut *db)
            .await
            .doing("storing a setting")?;
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_one(db)
            .await
            .doing("reading a setting")
    }
}
