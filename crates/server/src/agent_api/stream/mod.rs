//! Streamed pings: gRPC over HTTP/1.1, its ending in trailers (agent-api.md §10.4, control-plane.md §8.9).

mod message;
mod session;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body_util::StreamBody;

use super::Api;
use super::answer::Answer;
use super::body::raw;
use super::caller::AgentCaller;
use crate::engine::Wrong;
use session::Session;

/// At the origin's root, not below `/v3`.
pub(super) const PATH: &str = "/agentedge.v1.AgentEdgeService/StreamPings";

/// Tells an agent what to do, now and whenever it changes, until it hangs up: it does so every minute.
pub(super) async fn pings(
    State(api): State<Api>,
    AgentCaller(agent): AgentCaller,
    request: Request,
) -> Answer<Response> {
    let request = raw(request, &()).await?;
    let asked = message::agent_id(&request)
        .ok_or_else(|| Wrong::Malformed.because("This is no StreamPingsRequest"))?;
    if asked != agent.to_string() {
        return Err(Wrong::Forbidden.because("The agent of the request is not the token's").into());
    }
    let frames = futures_util::stream::unfold(Session::new(api, agent), Session::next);
    let mut response = Response::new(axum::body::Body::new(StreamBody::new(frames)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc+proto"));
    headers.insert(header::TRAILER, HeaderValue::from_static("grpc-status, grpc-message"));
    Ok(response)
}
