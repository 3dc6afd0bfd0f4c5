//! The ping stream: a gRPC call whose answers the server pushes (spec/agent-api.md §10.4).
//!
//! `frames` cuts a body into messages, `message` reads one: both are fed bytes and own no connection.

mod end;
mod frames;
mod message;

pub use end::{Code, StreamEnd};
pub use message::StreamMessage;

use crate::client::Client;
use crate::ids::AgentId;
use frames::Frames;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

/// The path of the call, below scheme and host of the endpoint.
pub(crate) const PATH: &str = "/agentedge.v1.AgentEdgeService/StreamPings";

/// An open stream.
#[derive(Debug)]
pub struct PingStream {
    body: reqwest::Body,
    frames: Frames,
    /// What the headers said, for servers that answer with headers alone.
    status: Option<StreamEnd>,
}

impl PingStream {
    /// Opens the stream of `agent`. It lasts as long as any request may: a minute.
    ///
    /// # Errors
    /// When there is no stream to be had.
    pub async fn open(client: &Client, agent: &AgentId) -> Result<Self, StreamEnd> {
        let request = frames::plain(&message::request(agent.as_str()));
        let response =
            client.open_stream(PATH, request).await.map_err(|error| StreamEnd::of_transport(&error))?;
        if response.status() != StatusCode::OK {
            return Err(StreamEnd::of_status(response.status()));
        }
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.starts_with("application/grpc")) {
            return Err(StreamEnd::broken("the answer is no gRPC"));
        }
        let status = StreamEnd::of_trailers(response.headers());
        let is_gzip = response.headers().get("grpc-encoding").is_some_and(|value| value == "gzip");
        let body = reqwest::Body::from(response);
        Ok(Self { body, frames: Frames::new(is_gzip), status })
    }

    /// The next message, or how the stream ended. May be dropped and asked again.
    ///
    /// # Errors
    /// At the end of the stream, however it came.
    pub async fn next(&mut self) -> Result<StreamMessage, StreamEnd> {
        loop {
            if let Some(message) = self.frames.next().map_err(StreamEnd::broken)? {
                return message::read(&message).map_err(|reason| {
                    tracing::error!("The ping stream brought what can't be followed: {reason}");
                    StreamEnd::broken(reason)
                });
            }
            let frame = match self.body.frame().await {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Err(StreamEnd::of_transport(&error)),
                None => return Err(self.status.take().unwrap_or_else(|| StreamEnd::broken("no trailers"))),
            };
            match frame.into_data() {
                Ok(data) => self.frames.feed(&data),
                Err(frame) => {
                    let trailers: HeaderMap = frame.into_trailers().unwrap_or_default();
                    let end = StreamEnd::of_trailers(&trailers);
                    return Err(end.unwrap_or_else(|| StreamEnd::broken("the trailers have no status")));
                }
            }
        }
    }
}
