//! An agent's session: register, connect, heartbeat, ping, disconnect (agent-api.md §9, §10.1).

use axum::Json;
use axum::extract::State;
use redkite_api::Token;
use redkite_api::wire::{Heartbeat, HeartbeatAnswer, Ping, RegisterAnswer, RegisterRequest};

use super::Api;
use super::answer::{Answer, Done, done};
use super::body::Body;
use super::caller::{AgentCaller, BearerToken};
use crate::engine::{Beat, Connect, Disconnect, PingAgent, Pinged, Register, effective_tags};

pub(super) async fn register(
    State(api): State<Api>,
    BearerToken(token): BearerToken,
    Body(request): Body<RegisterRequest>,
) -> Answer<Json<RegisterAnswer>> {
    let registered = api.engine.perform(Register { token, request }).await?;
    let rhythm = api.settings.rhythm;
    Ok(Json(RegisterAnswer {
        id: registered.agent.id.to_string().into(),
        name: registered.agent.name.clone(),
        access_token: Token::from(registered.session.expose()),
        ping_interval: rhythm.ping.max(1).into(),
        job_status_interval: rhythm.job_status.max(1).into(),
        heartbeat_interval: rhythm.heartbeat.max(1).into(),
        meta_data: effective_tags(&registered.agent.registered.meta_data),
        ..RegisterAnswer::default()
    }))
}

pub(super) async fn connect(State(api): State<Api>, AgentCaller(agent): AgentCaller) -> Answer<Json<Done>> {
    api.engine.perform(Connect(agent)).await?;
    Ok(done())
}

pub(super) async fn heartbeat(
    State(api): State<Api>,
    AgentCaller(agent): AgentCaller,
    Body(beat): Body<Heartbeat>,
) -> Answer<Json<HeartbeatAnswer>> {
    let received = api.engine.perform(Beat(agent)).await?;
    Ok(Json(HeartbeatAnswer { sent_at: beat.sent_at, received_at: received.to_string() }))
}

/// Answers at once when there is something to say, and otherwise waits a moment for a job: so one is
/// handed out when it becomes ready and not at the next ping.
pub(super) async fn ping(State(api): State<Api>, AgentCaller(agent): AgentCaller) -> Answer<Json<Ping>> {
    let news = match api.engine.perform(PingAgent(agent)).await? {
        Pinged::Now(answer) => return Ok(Json(answer)),
        Pinged::Wait(news) => news,
    };
    let waited = tokio::select! {
        news = news => news.is_ok(),
        () = tokio::time::sleep(api.ping_patience()) => false,
        () = api.stopping.cancelled() => false,
    };
    if !waited {
        return Ok(Json(Ping::default()));
    }
    match api.engine.perform(PingAgent(agent)).await? {
        Pinged::Now(answer) => Ok(Json(answer)),
        Pinged::Wait(_) => Ok(Json(Ping::default())),
    }
}

pub(super) async fn disconnect(
    State(api): State<Api>,
    AgentCaller(agent): AgentCaller,
) -> Answer<Json<Done>> {
    api.engine.perform(Disconnect(agent)).await?;
    Ok(done())
}
