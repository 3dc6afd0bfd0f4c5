//! The routes agents and their jobs call (spec/agent-api.md §8).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{any, get, post, put};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::artifacts;
use super::{Ended, Facts, Taken};
use crate::deadline::Watched;

/// What every route can reach.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) facts: Arc<Watched<Facts>>,
    pub(super) address: SocketAddr,
    /// Seconds between the pings that agents are told to make.
    pub(super) ping_interval: u32,
}

pub(super) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v3/register", post(register))
        .route("/v3/connect", post(nothing))
        .route("/v3/disconnect", post(nothing))
        .route("/v3/heartbeat", post(heartbeat))
        .route("/v3/ping", get(ping))
        .route("/v3/jobs/{id}", get(state))
        .route("/v3/jobs/{id}/accept", put(accept))
        .route("/v3/jobs/{id}/start", put(nothing))
        .route("/v3/jobs/{id}/chunks", post(chunk))
        .route("/v3/jobs/{id}/header_times", post(nothing))
        .route("/v3/jobs/{id}/finish", put(finish))
        .route("/v3/jobs/{id}/data/get", post(meta_data))
        .route("/v3/jobs/{id}/data/exists", post(exists))
        .route("/v3/jobs/{id}/data/set", post(nothing))
        .route("/v3/jobs/{id}/artifacts", post(artifacts::declare).put(nothing))
        .route("/upload", post(artifacts::receive))
        .fallback(any(unknown))
        .with_state(shared)
}

async fn nothing(body: Body) -> Json<Value> {
    swallow(body).await;
    Json(json!({}))
}

async fn unknown(body: Body) -> (StatusCode, Json<Value>) {
    swallow(body).await;
    (StatusCode::NOT_FOUND, Json(json!({ "message": "Not found" })))
}

/// Reads a body to its end and tells how long it was.
pub(super) async fn swallow(body: Body) -> u64 {
    let mut stream = body.into_data_stream();
    let mut length = 0;
    while let Some(Ok(bytes)) = stream.next().await {
        length += bytes.len() as u64;
    }
    length
}

async fn register(State(shared): State<Shared>, Json(request): Json<Value>) -> Json<Value> {
    let id = Uuid::now_v7().to_string();
    let token = format!("session-{id}");
    Json(json!({
        "id": id,
        "name": request["name"],
        "access_token": token,
        "endpoint": format!("http://{}/v3", shared.address),
        "ping_interval": shared.ping_interval,
        "job_status_interval": 1,
        "heartbeat_interval": 60,
        "meta_data": request["meta_data"],
    }))
}

async fn heartbeat(Json(beat): Json<Value>) -> Json<Value> {
    Json(json!({ "sent_at": beat["sent_at"], "received_at": jiff::Timestamp::now().to_string() }))
}

async fn ping(State(shared): State<Shared>, headers: HeaderMap) -> Json<Value> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Token ")).unwrap_or_default();
    Json(shared.facts.change(|facts| {
        *facts.pings.entry(token.to_owned()).or_default() += 1;
        let Some(order) = facts.waiting.pop_front() else { return json!({ "action": "idle" }) };
        let answer = json!({ "action": "idle", "job": { "id": order.id, "state": "assigned" } });
        facts.taken.insert(order.id.clone(), Taken { order, accepted: None, log_bytes: 0 });
        answer
    }))
}

async fn state() -> Json<Value> {
    Json(json!({ "state": "running" }))
}

async fn accept(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    shared.facts.change(|facts| {
        let taken = facts.taken.get_mut(&id).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
        taken.accepted.get_or_insert_with(Instant::now);
        Ok(Json(taken.order.answer()))
    })
}

async fn chunk(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<std::collections::HashMap<String, String>>,
    body: Body,
) -> StatusCode {
    swallow(body).await;
    let size: u64 = query.get("size").and_then(|size| size.parse().ok()).unwrap_or(0);
    shared.facts.change(|facts| {
        if let Some(taken) = facts.taken.get_mut(&id) {
            taken.log_bytes += size;
        }
    });
    StatusCode::CREATED
}

async fn finish(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let now = Instant::now();
    shared.facts.change(|facts| {
        if let Some(taken) = facts.taken.remove(&id) {
            facts.ended.push(Ended {
                id,
                exit_status: body["exit_status"].as_str().unwrap_or_default().to_owned(),
                taken: taken.accepted.map_or(std::time::Duration::ZERO, |accepted| now - accepted),
                log_bytes: taken.log_bytes,
            });
        }
    });
    Json(json!({}))
}

async fn meta_data(Json(request): Json<Value>) -> Json<Value> {
    Json(json!({ "key": request["key"], "value": "value" }))
}

async fn exists() -> Json<Value> {
    Json(json!({ "exists": false }))
}
