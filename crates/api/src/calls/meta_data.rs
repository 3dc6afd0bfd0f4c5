//! Meta-data (spec/agent-api.md §13.1).

use crate::call::{Call, ignored, required};
use crate::ids::{BuildId, JobId};
use crate::path::Path;
use crate::policy;
use crate::wire::{Exists, Key, MetaData, MetaDataBatch};
use http::Method;

/// Whose meta-data is read: that of a job's build, or that of a build named outright.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The build of this job.
    Job(JobId),
    /// This build.
    Build(BuildId),
}

impl Scope {
    fn path(&self, action: &str) -> Path {
        match self {
            Self::Job(id) => Path::of(&["jobs", id.as_str(), "data", action]),
            Self::Build(id) => Path::of(&["builds", id.as_str(), "data", action]),
        }
    }
}

fn key(key: &str) -> Key {
    Key { key: key.to_owned() }
}

/// `POST jobs/{job}/data/set`.
#[must_use]
pub fn set(job: &JobId, item: &MetaData) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "data", "set"]);
    Call::new(Method::POST, path, policy::META_DATA_SET, ignored).json(item)
}

/// `POST jobs/{job}/data/set-batch`: all or nothing.
#[must_use]
pub fn set_batch(job: &JobId, batch: &MetaDataBatch) -> Call<()> {
    let path = Path::of(&["jobs", job.as_str(), "data", "set-batch"]);
    Call::new(Method::POST, path, policy::META_DATA_SET_BATCH, ignored).json(batch)
}

/// `POST …/data/get`; a missing key is a 404.
#[must_use]
pub fn get(scope: &Scope, name: &str) -> Call<MetaData> {
    Call::new(Method::POST, scope.path("get"), policy::META_DATA_READ, required).json(&key(name))
}

/// `POST …/data/exists`.
#[must_use]
pub fn exists(scope: &Scope, name: &str) -> Call<Exists> {
    Call::new(Method::POST, scope.path("exists"), policy::META_DATA_READ, required).json(&key(name))
}

/// `POST …/data/keys`; `None` is `null`.
#[must_use]
pub fn keys(scope: &Scope) -> Call<Option<Vec<String>>> {
    Call::new(Method::POST, scope.path("keys"), policy::META_DATA_READ, required)
}
