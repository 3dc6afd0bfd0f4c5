//! The Agent API over HTTP (agent-api.md): requests become changes, refusals become statuses.
//!
//! What is the plane's own fault is always 5xx: agents repeat those, and give up on 4xx (§18, 3).

mod annotations;
mod answer;
mod artifacts;
mod body;
mod builds;
mod caller;
mod chunks;
mod control;
mod jobs;
mod meta_data;
mod origin;
mod pipelines;
mod registration;
mod router;
mod secrets;
mod state;
mod steps;
mod stream;

pub(crate) use router::router;
pub(crate) use state::Api;
