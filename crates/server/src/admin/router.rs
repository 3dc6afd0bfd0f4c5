//! The admin endpoint: the handle, over HTTP.

use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redkite_scheduler::{BuildId, JobId};
use serde::Deserialize;
use serde_json::json;

use super::messages::{CancelRequest, LogAnswer, NewToken, TokenRequest, UnblockRequest};
use crate::plane::{BuildSummary, BuildView, Handle, NewBuild, PlaneError};
use crate::secret::Secret;
use crate::store::AgentToken;

/// Largest request: a pipeline of thousands of steps.
const MAX_BODY: usize = 16 << 20;

/// What commands call.
pub(crate) fn router(handle: Handle, secret: Secret) -> Router {
    Router::new()
        .route("/tokens", get(tokens).post(issue_token))
        .route("/tokens/{id}/revoke", post(revoke_token))
        .route("/builds", get(builds).post(create_build))
        .route("/builds/{id}", get(build))
        .route("/builds/{id}/cancel", post(cancel))
        .route("/jobs/{id}/unblock", post(unblock))
        .route("/jobs/{id}/log", get(log))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(secret.hash(), authorize))
        .with_state(handle)
}

/// Hashes are compared, so that the time a comparison takes says nothing about the secret.
async fn authorize(
    State(expected): State<crate::secret::TokenHash>,
    request: Request,
    next: Next,
) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given =
        given.and_then(|value| value.strip_prefix("Bearer ")).map(|secret| Secret::new(secret).hash());
    if given == Some(expected) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Json(json!({ "message": "The admin secret is wrong" }))).into_response()
}

impl IntoResponse for PlaneError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Invalid(_) | Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Fault(_) | Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(json!({ "message": self.to_string() }))).into_response()
    }
}

type Answer<T> = Result<Json<T>, PlaneError>;

async fn tokens(State(handle): State<Handle>) -> Answer<Vec<AgentToken>> {
    handle.tokens().await.map(Json)
}

async fn issue_token(State(handle): State<Handle>, Json(request): Json<TokenRequest>) -> Answer<NewToken> {
    let issued = handle.issue_token(&request.description).await?;
    Ok(Json(NewToken { token: issued.token, secret: issued.secret.expose().to_owned() }))
}

async fn revoke_token(State(handle): State<Handle>, Path(id): Path<String>) -> Answer<()> {
    handle.revoke_token(&id).await.map(Json)
}

/// How many builds a list shows.
#[derive(Debug, Deserialize)]
struct Limit {
    limit: u32,
}

async fn builds(
    State(handle): State<Handle>,
    Query(Limit { limit }): Query<Limit>,
) -> Answer<Vec<BuildSummary>> {
    handle.builds(limit).await.map(Json)
}

async fn create_build(State(handle): State<Handle>, Json(new): Json<NewBuild>) -> Answer<BuildView> {
    handle.create_build(new).await.map(Json)
}

/// A build by its id, or by pipeline/number.
async fn build(State(handle): State<Handle>, Path(name): Path<String>) -> Answer<BuildView> {
    let build = match (name.parse(), name.rsplit_once('/')) {
        (Ok(build), _) => build,
        (Err(_), Some((slug, number))) => handle.find_build(slug, number.parse().unwrap_or(0)).await?,
        (Err(_), None) => return Err(PlaneError::NotFound { what: format!("No build `{name}` found") }),
    };
    handle.build(build).await.map(Json)
}

async fn cancel(
    State(handle): State<Handle>,
    Path(id): Path<BuildId>,
    Json(request): Json<CancelRequest>,
) -> Answer<()> {
    handle.cancel_build(id, request.reason).await.map(Json)
}

async fn unblock(
    State(handle): State<Handle>,
    Path(id): Path<JobId>,
    Json(request): Json<UnblockRequest>,
) -> Answer<()> {
    handle.unblock(id, request.fields, None).await.map(Json)
}

/// Where a log is read from, and whether its job has ended.
#[derive(Debug, Deserialize)]
struct From {
    from: u64,
    ended: bool,
}

async fn log(
    State(handle): State<Handle>,
    Path(id): Path<JobId>,
    Query(from): Query<From>,
) -> Answer<LogAnswer> {
    let part =
        if from.ended { handle.ended_log(id, from.from).await? } else { handle.log(id, from.from).await? };
    Ok(Json(LogAnswer { bytes: STANDARD.encode(&part.bytes), next: part.next }))
}
