//! Finding artifacts of a build, and printing what was found (docs/spec/artifacts.md §12).

mod format;

use redkite_api::blocking::Client;
use redkite_api::calls::artifact::{Duplicates, RetriedJobs, Search, search as call};
use redkite_api::wire::Artifact;
use redkite_api::{ApiError, BuildId};

pub use format::{Format, FormatError};

/// What to look for.
#[derive(Debug, Clone)]
pub struct Query {
    /// In which build.
    pub build: BuildId,
    /// A pattern on the path.
    pub pattern: String,
    /// A step's key or label, or a job; empty for the whole build.
    pub step: String,
    /// Whether artifacts of jobs that were retried count.
    pub retried_jobs: RetriedJobs,
    /// Whether one path may be found twice.
    pub duplicates: Duplicates,
}

/// The artifacts that match, in the server's order.
///
/// # Errors
/// The last of the attempts' failures.
pub fn search(client: &Client, query: &Query) -> Result<Vec<Artifact>, ApiError> {
    let pattern = &query.pattern;
    if query.step.is_empty() {
        tracing::info!("Searching for artifacts: {pattern:?}");
    } else {
        tracing::info!("Searching for artifacts: {pattern:?} within step: {:?}", query.step);
    }
    let wanted = Search {
        query: pattern.clone(),
        scope: query.step.clone(),
        retried_jobs: query.retried_jobs,
        duplicates: query.duplicates,
    };
    Ok(client.call(&call(&query.build, &wanted))?.unwrap_or_default())
}
