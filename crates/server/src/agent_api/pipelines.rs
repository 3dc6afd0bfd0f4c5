//! `pipeline upload` (agent-api.md §14). Uploads are applied before they are answered.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use redkite_api::wire::{PipelineState, PipelineUpload};
use redkite_scheduler::build::UploadMode;

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::OwnJob;
use crate::engine::{ReadUpload, UploadOutcome, UploadPipeline, Wrong};

pub(super) async fn upload(
    State(api): State<Api>,
    job: OwnJob,
    Body(upload): Body<PipelineUpload>,
) -> Answer<Json<Done>> {
    let change = UploadPipeline {
        job: job.job,
        build: job.build,
        uuid: upload.uuid.to_string(),
        document: upload.pipeline,
        mode: if upload.replace { UploadMode::Replaces } else { UploadMode::Adds },
    };
    match api.engine.perform(change).await? {
        UploadOutcome::Applied => Ok(done()),
        UploadOutcome::Rejected(reason) => Err(Wrong::Unprocessable.because(reason).into()),
    }
}

pub(super) async fn status(
    State(api): State<Api>,
    job: OwnJob,
    Path(segments): Path<HashMap<String, String>>,
) -> Answer<Json<PipelineState>> {
    let uuid = segments.get("uuid").cloned().unwrap_or_default();
    Ok(Json(match api.engine.perform(ReadUpload { job: job.job, uuid }).await? {
        UploadOutcome::Applied => PipelineState { state: "applied".into(), message: String::new() },
        UploadOutcome::Rejected(message) => PipelineState { state: "rejected".into(), message },
    }))
}
