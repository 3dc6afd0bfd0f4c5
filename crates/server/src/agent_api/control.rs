//! Control of the calling agent (agent-api.md §13.7).

use axum::Json;
use axum::extract::State;
use redkite_api::wire::{Pause, Stop};

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::Caller;
use crate::engine::{PauseAgent, ResumeAgent, RunningJob, StopAgent};

pub(super) async fn pause(
    State(api): State<Api>,
    Caller(caller): Caller,
    Body(pause): Body<Pause>,
) -> Answer<Json<Done>> {
    let change = PauseAgent { agent: caller.agent(), note: pause.note, minutes: pause.timeout_in_minutes };
    api.engine.perform(change).await?;
    Ok(done())
}

pub(super) async fn resume(State(api): State<Api>, Caller(caller): Caller) -> Answer<Json<Done>> {
    api.engine.perform(ResumeAgent(caller.agent())).await?;
    Ok(done())
}

pub(super) async fn stop(
    State(api): State<Api>,
    Caller(caller): Caller,
    Body(stop): Body<Stop>,
) -> Answer<Json<Done>> {
    let job = if stop.force { RunningJob::Canceled } else { RunningJob::Finishes };
    api.engine.perform(StopAgent { agent: caller.agent(), job }).await?;
    Ok(done())
}
