//! The life of a job (agent-api.md §9.4, §9.5, §11).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use redkite_api::wire::{Job, JobState, JobUpdated, PromisedFailure};
use redkite_scheduler::build::Exit;
use redkite_scheduler::{JobId, Minutes, SignalReason, Time};
use serde::Deserialize;

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::{AgentCaller, OwnJob};
use crate::engine::{
    AcceptJob, AcquireJob, Dispatch, FinishJob, JobStateNow, PromiseFailure, StartJob, UpdateTimeout, Wrong,
};

/// What an agent must send with an acquire, so that no other call is taken for one.
const ACQUIRE: &str = "x-buildkite-lock-acquire-job";

pub(super) async fn accept(
    State(api): State<Api>,
    AgentCaller(agent): AgentCaller,
    Path(job): Path<String>,
) -> Answer<Json<Job>> {
    Ok(Json(api.engine.perform(AcceptJob { agent, job: id(&job)? }).await?))
}

pub(super) async fn acquire(
    State(api): State<Api>,
    AgentCaller(agent): AgentCaller,
    Path(job): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Job>> {
    if headers.get(ACQUIRE).is_none_or(|value| value != "1") {
        return Err(Wrong::Malformed
            .because(format_args!("Acquiring a job needs the header {ACQUIRE}: 1"))
            .into());
    }
    Ok(Json(api.engine.perform(AcquireJob { agent, job: id(&job)? }).await?))
}

fn id(text: &str) -> Answer<JobId> {
    text.parse().map_err(|_| Wrong::NotFound.because("No job found").into())
}

/// Members are read leniently: what an agent says of its clock must not keep a job from running.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StartBody {
    started_at: Option<String>,
}

pub(super) async fn start(
    State(api): State<Api>,
    job: OwnJob,
    Body(body): Body<StartBody>,
) -> Answer<Json<Done>> {
    api.engine.perform(StartJob { job: job.job, at: body.started_at.as_deref().and_then(time) }).await?;
    Ok(done())
}

pub(super) async fn state(State(api): State<Api>, job: OwnJob) -> Answer<Json<JobState>> {
    let state = api.engine.perform(JobStateNow(job.job)).await?;
    Ok(Json(JobState { state: state.as_str().to_owned() }))
}

/// Read leniently, as the end of a job must not get lost.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FinishBody {
    exit_status: Option<String>,
    signal: Option<String>,
    signal_reason: Option<String>,
    finished_at: Option<String>,
    chunks_failed_count: Option<i64>,
    ignore_agent_in_dispatches: Option<bool>,
}

pub(super) async fn finish(
    State(api): State<Api>,
    job: OwnJob,
    Body(body): Body<FinishBody>,
) -> Answer<Json<Done>> {
    if let Some(lost) = body.chunks_failed_count.filter(|lost| *lost > 0) {
        tracing::warn!(job = %job.job, lost, "the agent could not deliver all of the log");
    }
    let ignored = body.ignore_agent_in_dispatches == Some(true);
    let change = FinishJob {
        job: job.job,
        at: body.finished_at.as_deref().and_then(time),
        dispatch: if ignored { Dispatch::Ignored } else { Dispatch::Offered },
        exit: exit(body),
    };
    api.engine.perform(change).await?;
    api.logs.close(&job.job.to_string());
    Ok(done())
}

fn exit(body: FinishBody) -> Exit {
    Exit {
        status: body.exit_status.and_then(|status| status.trim().parse().ok()).unwrap_or(-1),
        signal: body.signal.filter(|signal| !signal.is_empty()),
        reason: body.signal_reason.as_deref().and_then(SignalReason::from_word),
    }
}

pub(super) async fn promise_failure(
    State(api): State<Api>,
    job: OwnJob,
    Body(promise): Body<PromisedFailure>,
) -> Answer<StatusCode> {
    let status = i32::try_from(promise.exit_status)
        .map_err(|_| Wrong::Unprocessable.because("The promised exit status is out of range"))?;
    api.engine.perform(PromiseFailure { job: job.job, status }).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn update(
    State(api): State<Api>,
    job: OwnJob,
    Body(attributes): Body<BTreeMap<String, String>>,
) -> Answer<Json<JobUpdated>> {
    for (attribute, value) in &attributes {
        let timeout = minutes(attribute, value)?;
        api.engine.perform(UpdateTimeout { job: job.job, timeout }).await?;
    }
    Ok(Json(JobUpdated { id: job.job.to_string().into() }))
}

fn minutes(attribute: &str, value: &str) -> Answer<Minutes> {
    if !matches!(attribute, "timeout_in_minutes" | "timeout") {
        return Err(Wrong::Unprocessable
            .because(format_args!("A job has no attribute `{attribute}`"))
            .into());
    }
    let number = value.trim().parse().ok().filter(|minutes| *minutes > 0).map(Minutes);
    number.ok_or_else(|| {
        Wrong::Unprocessable.because(format_args!("`{value}` is not a number of minutes")).into()
    })
}

fn time(text: &str) -> Option<Time> {
    text.parse::<jiff::Timestamp>().ok().map(Time::from)
}
