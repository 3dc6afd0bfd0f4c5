//! Artifacts (spec/agent-api.md §15).

use crate::call::{Call, ignored, required};
use crate::ids::{BuildId, JobId};
use crate::path::Path;
use crate::policy;
use crate::wire::{Artifact, ArtifactBatch, ArtifactBatchCreated, ArtifactStates};
use http::Method;

/// The most artifacts in one batch.
pub const BATCH: usize = 30;

/// What artifacts to look for (§15.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A pattern on the path.
    pub query: String,
    /// A step's key or name, or a job; empty means the whole build.
    pub scope: String,
    /// Those of jobs that were retried since, too.
    pub retried_jobs: RetriedJobs,
    /// Those with the same path, too.
    pub duplicates: Duplicates,
}

/// Whether artifacts of jobs that were retried count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetriedJobs {
    /// They don't.
    #[default]
    Excluded,
    /// They do.
    Included,
}

/// Whether one path may be found twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Only the latest of each path.
    #[default]
    Excluded,
    /// Each of them.
    Included,
}

/// `POST jobs/{job}/artifacts`.
#[must_use]
pub fn create(job: &JobId, batch: &ArtifactBatch) -> Call<ArtifactBatchCreated> {
    let path = Path::of(&["jobs", job.as_str(), "artifacts"]);
    Call::new(Method::POST, path, policy::ARTIFACTS_CREATE, required).json(batch)
}

/// `PUT jobs/{job}/artifacts`.
#[must_use]
pub fn update(job: &JobId, states: &ArtifactStates) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "artifacts"]);
    Call::new(Method::PUT, path, policy::ARTIFACTS_UPDATE, ignored).json(states)
}

/// `GET builds/{build}/artifacts/search`; `None` is `null`. Parameters are sorted by name.
#[must_use]
pub fn search(build: &BuildId, search: &Search) -> Call<Option<Vec<Artifact>>> {
    let flag = |on: bool| if on { "true" } else { "" };
    let parameters = [
        ("include_duplicates", flag(search.duplicates == Duplicates::Included)),
        ("include_retried_jobs", flag(search.retried_jobs == RetriedJobs::Included)),
        ("query", &search.query),
        ("scope", &search.scope),
        ("state", "finished"),
    ];
    let path = Path::of(&["builds", build.as_str(), "artifacts", "search"]);
    let given = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    let path = given.fold(path, |path, (name, value)| path.query(name, value));
    Call::new(Method::GET, path, policy::ARTIFACTS_SEARCH, required)
}
