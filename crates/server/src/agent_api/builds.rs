//! A job cancels a build (agent-api.md §13.6).

use axum::Json;
use axum::extract::State;
use redkite_api::wire::Canceled;

use super::Api;
use super::answer::Answer;
use super::caller::AnyBuild;
use crate::engine::CancelBuild;

pub(super) async fn cancel(State(api): State<Api>, AnyBuild(build): AnyBuild) -> Answer<Json<Canceled>> {
    api.engine.perform(CancelBuild { build, reason: None }).await?;
    Ok(Json(Canceled { uuid: build.to_string() }))
}
