//! Steps as jobs see and change them (agent-api.md §13.3–§13.5).

use axum::Json;
use axum::extract::{Path, State};
use redkite_api::wire::{Canceled, StepCancel, StepExport, StepOutput, StepUpdate};
use redkite_scheduler::build::Force;

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::Caller;
use crate::engine::{CancelStep, ExportStep, StepName, UpdateMode, UpdateStep, Wrong};

pub(super) async fn export(
    State(api): State<Api>,
    _: Caller,
    Path(step): Path<String>,
    Body(body): Body<StepExport>,
) -> Answer<Json<StepOutput>> {
    let step = name(step, body.build_id.as_ref().map(redkite_api::BuildId::as_str))?;
    let change = ExportStep { step, attribute: body.attribute, format: body.format };
    Ok(Json(StepOutput { output: api.engine.perform(change).await? }))
}

pub(super) async fn update(
    State(api): State<Api>,
    _: Caller,
    Path(step): Path<String>,
    Body(body): Body<StepUpdate>,
) -> Answer<Json<Done>> {
    let change = UpdateStep {
        step: name(step, body.build_id.as_ref().map(redkite_api::BuildId::as_str))?,
        uuid: body.idempotency_uuid.to_string(),
        attribute: body.attribute,
        value: body.value,
        mode: if body.append { UpdateMode::Appends } else { UpdateMode::Replaces },
    };
    api.engine.perform(change).await?;
    Ok(done())
}

pub(super) async fn cancel(
    State(api): State<Api>,
    _: Caller,
    Path(step): Path<String>,
    Body(body): Body<StepCancel>,
) -> Answer<Json<Canceled>> {
    let step = name(step, Some(body.build_id.as_str()))?;
    let seconds = u32::try_from(body.force_grace_period.max(0)).unwrap_or(u32::MAX);
    let force = if body.force { Force::After { seconds } } else { Force::WaitsForAgents };
    let canceled = api.engine.perform(CancelStep { step, force }).await?;
    Ok(Json(Canceled { uuid: canceled.to_string() }))
}

fn name(name: String, build: Option<&str>) -> Answer<StepName> {
    let build = build.filter(|build| !build.is_empty());
    let build = build
        .map(|build| build.parse().map_err(|_| Wrong::NotFound.because("No build found")))
        .transpose()?;
    Ok(StepName { name, build })
}
