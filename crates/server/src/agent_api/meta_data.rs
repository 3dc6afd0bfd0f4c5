//! Meta-data (agent-api.md §13.1).

use axum::Json;
use axum::extract::State;
use redkite_api::wire::{Exists, Key, MetaData, MetaDataBatch};
use redkite_scheduler::BuildId;

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::{AnyBuild, AnyJob};
use crate::engine::{MetaDataKeys, MetaDataValue, SetMetaData, Wrong};

pub(super) async fn set(
    State(api): State<Api>,
    job: AnyJob,
    Body(item): Body<MetaData>,
) -> Answer<Json<Done>> {
    api.engine.perform(SetMetaData { build: job.build, items: vec![(item.key, item.value)] }).await?;
    Ok(done())
}

pub(super) async fn set_batch(
    State(api): State<Api>,
    job: AnyJob,
    Body(batch): Body<MetaDataBatch>,
) -> Answer<Json<Done>> {
    let items = batch.items.into_iter().map(|item| (item.key, item.value)).collect();
    api.engine.perform(SetMetaData { build: job.build, items }).await?;
    Ok(done())
}

pub(super) async fn job_get(State(api): State<Api>, job: AnyJob, body: Body<Key>) -> Answer<Json<MetaData>> {
    get(&api, job.build, body).await
}

pub(super) async fn build_get(
    State(api): State<Api>,
    AnyBuild(build): AnyBuild,
    body: Body<Key>,
) -> Answer<Json<MetaData>> {
    get(&api, build, body).await
}

pub(super) async fn job_exists(State(api): State<Api>, job: AnyJob, body: Body<Key>) -> Answer<Json<Exists>> {
    exists(&api, job.build, body).await
}

pub(super) async fn build_exists(
    State(api): State<Api>,
    AnyBuild(build): AnyBuild,
    body: Body<Key>,
) -> Answer<Json<Exists>> {
    exists(&api, build, body).await
}

pub(super) async fn job_keys(State(api): State<Api>, job: AnyJob) -> Answer<Json<Vec<String>>> {
    keys(&api, job.build).await
}

pub(super) async fn build_keys(
    State(api): State<Api>,
    AnyBuild(build): AnyBuild,
) -> Answer<Json<Vec<String>>> {
    keys(&api, build).await
}

async fn get(api: &Api, build: BuildId, Body(Key { key }): Body<Key>) -> Answer<Json<MetaData>> {
    match api.engine.perform(MetaDataValue { build, key: key.clone() }).await? {
        Some(value) => Ok(Json(MetaData { key, value })),
        None => {
            Err(Wrong::NotFound.because(format_args!("No meta-data has been set for the key `{key}`")).into())
        }
    }
}

async fn exists(api: &Api, build: BuildId, Body(Key { key }): Body<Key>) -> Answer<Json<Exists>> {
    let value = api.engine.perform(MetaDataValue { build, key }).await?;
    Ok(Json(Exists { exists: value.is_some() }))
}

async fn keys(api: &Api, build: BuildId) -> Answer<Json<Vec<String>>> {
    Ok(Json(api.engine.perform(MetaDataKeys(build)).await?))
}
