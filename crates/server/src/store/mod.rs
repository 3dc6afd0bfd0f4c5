//! The database: one file a table, every statement in the words SQLite and PostgreSQL share.
//!
//! A function takes a connection and knows one table. Which statements belong together is decided by
//! the engine, which runs them inside one transaction (control-plane.md §1.2, I1).

mod agents;
mod annotations;
mod artifacts;
mod builds;
mod database;
mod error;
mod job_tokens;
mod logs;
mod meta_data;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;
mod uploads;

pub(crate) use agents::{AgentRow, AgentsTable};
pub(crate) use annotations::{AnnotationRow, AnnotationsTable};
pub(crate) use artifacts::{ArtifactRow, ArtifactsTable};
pub(crate) use builds::{BuildRow, BuildsTable};
pub(crate) use database::{Connection, Database, Row};
pub(crate) use error::Doing;
pub use error::StoreError;
pub(crate) use job_tokens::{JobTokenRow, JobTokensTable};
pub(crate) use logs::{ChunkRow, LogsTable, MAX_CHUNK};
pub(crate) use meta_data::MetaDataTable;
pub(crate) use settings::SettingsTable;
pub use tokens::AgentToken;
pub(crate) use tokens::TokensTable;
pub(crate) use uploads::{UploadRow, UploadsTable};
