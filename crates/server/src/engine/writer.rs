//! The writing connection and its transaction, begun when the first statement needs it.

use crate::store::{Connection, Database, Doing as _, StoreError};

/// SQLite: takes the write lock at once, so that a reader never has to become a writer.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The one writing connection.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    open: bool,
    uses: u64,
}

impl Writer {
    /// Connects.
    pub(super) async fn connect(database: &Database) -> Result<Self, StoreError> {
        Ok(Self { connection: database.writer().await?, open: false, uses: 0 })
    }

    /// The connection, inside the transaction.
    pub(super) async fn transaction(&mut self) -> Result<&mut Connection, StoreError> {
        if !self.open {
            sqlx::raw_sql(BEGIN).execute(&mut self.connection).await.doing("beginning a transaction")?;
            self.open = true;
        }
        self.uses += 1;
        Ok(&mut self.connection)
    }

    /// How often the transaction was asked for: unchanged means that nothing was written.
    pub(super) fn uses(&self) -> u64 {
        self.uses
    }

    /// Makes everything durable; without a transaction there is nothing to do.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        let done = sqlx::raw_sql("COMMIT").execute(&mut self.connection).await.doing("committing");
        self.open = done.is_err();
        done.map(|_| ())
    }

    /// Forgets everything since the last commit.
    pub(super) async fn roll_back(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        // SQLite may have rolled back by itself (a full disk): then there is nothing left to forget.
        let done = sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await;
        match done {
            Err(sqlx::Error::Database(error)) if error.message().contains("no transaction") => Ok(()),
            other => other.doing("rolling back").map(|_| ()),
        }
    }
}
