//! Annotations (agent-api.md §13.2).

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use redkite_api::wire::{Annotation, AnnotationScope};
use serde::Deserialize;

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::{Body, Params};
use super::caller::AnyJob;
use crate::engine::{RemoveAnnotation, SetAnnotation, Wrong};

pub(super) async fn set(
    State(api): State<Api>,
    job: AnyJob,
    Body(annotation): Body<Annotation>,
) -> Answer<(StatusCode, Json<Done>)> {
    api.engine.perform(SetAnnotation { build: job.build, job: job.job, annotation }).await?;
    Ok((StatusCode::CREATED, done()))
}

/// Which of two annotations of one name is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope {
    scope: Option<AnnotationScope>,
}

pub(super) async fn remove(
    State(api): State<Api>,
    job: AnyJob,
    Path(segments): Path<HashMap<String, String>>,
    Params(Scope { scope }): Params<Scope>,
) -> Answer<Json<Done>> {
    let context =
        segments.get("context").cloned().ok_or_else(|| Wrong::NotFound.because("No annotation found"))?;
    let scope = scope.unwrap_or_default();
    api.engine.perform(RemoveAnnotation { build: job.build, job: job.job, scope, context }).await?;
    Ok(done())
}
