//! What the database could not do.

use thiserror::Error;

/// A statement, or what it answered, failed. Always a fault of this side: the caller answers 5xx.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database file could not be opened or brought to the current schema.
    #[error("opening the database {path}")]
    Open {
        /// The file.
        path: String,
        /// The reason.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date.
    #[error("bringing the database {path} to the current schema")]
    Migrate {
        /// The file.
        path: String,
        /// The reason.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("{doing} in the database")]
    Statement {
        /// What was being done.
        doing: &'static str,
        /// The reason.
        source: sqlx::Error,
    },
    /// A stored value is not what this version writes.
    #[error("reading {what} from the database")]
    Body {
        /// Which row.
        what: String,
        /// The reason.
        source: serde_json::Error,
    },
}

/// Names what a statement was for.
pub(crate) trait Doing<T> {
    /// Turns the database's error into ours.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Statement { doing, source })
    }
}
