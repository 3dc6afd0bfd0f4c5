//! A job declares artifacts and reports how their uploads ended.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use redkite_api::wire::{
    ArtifactBatch, ArtifactBatchCreated, ArtifactStates, UploadAction, UploadInstructions,
};
use redkite_scheduler::Time;

use super::address::{Permission, UPLOAD_FOR};
use super::transfer::{FILE_FIELD, PATH_FIELD};
use crate::agent_api::Api;
use crate::agent_api::answer::{Answer, Done, done};
use crate::agent_api::body::Body;
use crate::agent_api::caller::{AnyJob, OwnJob};
use crate::agent_api::origin::Origin;
use crate::engine::{DeclareArtifacts, ReportArtifacts};

pub(in crate::agent_api) async fn declare(
    State(api): State<Api>,
    job: AnyJob,
    origin: Origin,
    Body(batch): Body<ArtifactBatch>,
) -> Answer<(StatusCode, Json<ArtifactBatchCreated>)> {
    let created = api.engine.perform(DeclareArtifacts { build: job.build, job: job.job, batch }).await?;
    let answer = ArtifactBatchCreated {
        upload_instructions: Some(instructions(&api, origin, &created.id)),
        artifact_ids: created.artifacts.into_iter().map(Into::into).collect(),
        per_artifact_instructions: BTreeMap::new(),
        id: created.id,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// One form for all artifacts of a batch: the agent fills in the path of each.
fn instructions(api: &Api, Origin(url): Origin, batch: &str) -> UploadInstructions {
    let expires = Time::from(jiff::Timestamp::now()) + UPLOAD_FOR;
    UploadInstructions {
        data: BTreeMap::from([(PATH_FIELD.to_owned(), "${artifact:path}".to_owned())]),
        action: Some(UploadAction {
            url,
            method: "POST".to_owned(),
            path: Permission::Upload.path(batch, expires, &api.settings.key),
            file_input: FILE_FIELD.to_owned(),
            part_number: 0,
        }),
        actions: Vec::new(),
    }
}

pub(in crate::agent_api) async fn report(
    State(api): State<Api>,
    job: OwnJob,
    Body(states): Body<ArtifactStates>,
) -> Answer<Json<Done>> {
    let change = ReportArtifacts { build: job.build, job: job.job, artifacts: states.artifacts };
    api.engine.perform(change).await?;
    Ok(done())
}
