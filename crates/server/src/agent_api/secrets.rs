//! Secrets and tokens of third parties: this plane has none, and says so (agent-api.md §13.8–§13.10).

use axum::Json;
use redkite_api::wire::{OidcToken, RepositoryToken, Secret};
use serde::Deserialize;

use super::answer::Answer;
use super::body::Params;
use super::caller::OwnJob;
use crate::engine::Wrong;

/// Which secret.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Key {
    key: String,
}

pub(super) async fn secret(_: OwnJob, Params(Key { key }): Params<Key>) -> Answer<Json<Secret>> {
    Err(Wrong::NotFound
        .because(format_args!("There is no secret `{key}`: this control plane keeps no secrets"))
        .into())
}

pub(super) async fn oidc(_: OwnJob) -> Answer<Json<OidcToken>> {
    Err(Wrong::Unprocessable.because("OIDC tokens are not configured on this control plane").into())
}

pub(super) async fn repository(_: OwnJob) -> Answer<Json<RepositoryToken>> {
    Err(Wrong::NotFound.because("Repository access tokens are not configured on this control plane").into())
}
