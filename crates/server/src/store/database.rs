//! Opening the database and its connections.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlSafeStr as _, SqlitePool};

use super::StoreError;

/// One connection of the database in use.
pub(crate) type Connection = sqlx::SqliteConnection;
/// One row of an answer.
pub(crate) type Row = sqlx::sqlite::SqliteRow;

/// The schema's history: append only.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "first", include_str!("schema/0001_first.sql"))];
/// Readers beside the one writer.
const READERS: u32 = 4;
/// How long a statement waits for another connection's lock. `token create` may write beside the server.
const BUSY: Duration = Duration::from_secs(20);

/// An open database: many readers, and connections for the one writer.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    path: PathBuf,
    readers: SqlitePool,
}

impl Database {
    /// Opens the file, makes it if it is not there, and brings it to the current schema.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut writer = connect(path).await?;
        migrate(&mut writer, path).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options(path))
            .await
            .map_err(|source| open_failed(path, source))?;
        Ok(Self { path: path.to_path_buf(), readers })
    }

    /// A connection of its own for the writer.
    pub(crate) async fn writer(&self) -> Result<Connection, StoreError> {
        connect(&self.path).await
    }

    /// Connections that only read: they see what is committed, and never wait for the writer.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Ends all reading connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
    }
}

/// WAL so that readers and the writer don't wait for each other; FULL so that a commit is on the disk
/// before it returns (control-plane.md §1.2, I1 and I3).
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging()
}

async fn connect(path: &Path) -> Result<Connection, StoreError> {
    options(path).connect().await.map_err(|source| open_failed(path, source))
}

async fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| {
            Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    Migrator::with_migrations(migrations)
        .run(connection)
        .await
        .map_err(|source| StoreError::Migrate { path: path.display().to_string(), source })
}

fn open_failed(path: &Path, source: sqlx::Error) -> StoreError {
    StoreError::Open { path: path.display().to_string(), source }
}
