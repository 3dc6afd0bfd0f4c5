//! Secrets and tokens for jobs (spec/agent-api.md §13.8–§13.10).

use crate::call::{Call, required};
use crate::ids::JobId;
use crate::path::Path;
use crate::policy;
use crate::wire::{OidcRequest, OidcToken, RepositoryToken, RepositoryUrl, Secret};
use http::Method;

/// How many secrets are fetched at once.
pub const PARALLEL: usize = 10;

/// `GET jobs/{job}/secrets`: one request per key.
#[must_use]
pub fn get(job: &JobId, key: &str) -> Call<Secret> {
    let path = Path::of(&["jobs", job.as_str(), "secrets"]).query("key", key);
    Call::new(Method::GET, path, policy::SECRET, required)
}

/// `POST jobs/{job}/oidc/tokens`.
#[must_use]
pub fn oidc_token(job: &JobId, request: &OidcRequest) -> Call<OidcToken> {
    let path = Path::of(&["jobs", job.as_str(), "oidc", "tokens"]);
    Call::new(Method::POST, path, policy::OIDC, required).json(request)
}

/// `POST jobs/{job}/repository_access_token`.
#[must_use]
pub fn repository_token(job: &JobId, repository: &RepositoryUrl) -> Call<RepositoryToken> {
    let path = Path::of(&["jobs", job.as_str(), "repository_access_token"]);
    Call::new(Method::POST, path, policy::REPOSITORY_TOKEN, required).json(repository)
}
