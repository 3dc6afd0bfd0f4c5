//! Registration, liveness, ping and the control of an agent (spec/agent-api.md §9, §10.1, §13.7).

use super::{is_false, is_zero};
use crate::ids::{AgentId, JobId};
use crate::lenient::null_as_default;
use crate::token::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST register`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisterRequest {
    /// May hold placeholders such as `%hostname` that the server fills in.
    pub name: String,
    /// The machine's name, empty when unknown.
    pub hostname: String,
    /// What the operating system says of itself.
    pub os: String,
    /// The processor, e.g. `amd64`.
    pub arch: String,
    /// False with `no-command-eval`.
    pub script_eval_enabled: bool,
    /// True for an agent that acquires one job and wants no other.
    pub ignore_in_dispatches: bool,
    /// Jobs prefer agents with the highest.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub priority: String,
    /// The agent's version.
    pub version: String,
    /// Its build number.
    pub build: String,
    /// Tags: `key=value` or `key`.
    #[serde(deserialize_with = "null_as_default")]
    pub meta_data: Vec<String>,
    /// The agent's process.
    #[serde(skip_serializing_if = "is_zero")]
    pub pid: i64,
    /// A keyed hash of the machine's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub machine_id: String,
    /// Features that are turned on.
    #[serde(deserialize_with = "null_as_default")]
    pub features: Vec<String>,
}

/// The answer to `POST register`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisterAnswer {
    /// The new agent.
    #[serde(deserialize_with = "null_as_default")]
    pub id: AgentId,
    /// Its final name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: String,
    /// Its session token.
    #[serde(deserialize_with = "null_as_default")]
    pub access_token: Token,
    /// Where to go from now on; empty means: stay.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Headers to send from now on (§4.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_headers: Option<BTreeMap<String, String>>,
    /// Seconds between pings.
    #[serde(deserialize_with = "null_as_default")]
    pub ping_interval: i64,
    /// Seconds between looks at the state of a running job.
    #[serde(deserialize_with = "null_as_default")]
    pub job_status_interval: i64,
    /// Seconds between heartbeats.
    #[serde(deserialize_with = "null_as_default")]
    pub heartbeat_interval: i64,
    /// The final tags.
    #[serde(deserialize_with = "null_as_default")]
    pub meta_data: Vec<String>,
    /// How jobs are traced, when the server decides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<TracingPolicy>,
}

/// The server's word on tracing (§9.1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TracingPolicy {
    /// `opentelemetry`, or something the agent does not follow.
    #[serde(deserialize_with = "null_as_default")]
    pub backend: String,
    /// Whether jobs learn their trace parent.
    #[serde(deserialize_with = "null_as_default")]
    pub propagate_traceparent: bool,
    /// Where spans go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exporter: Option<TracingExporter>,
}

/// Where the spans of jobs are sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TracingExporter {
    /// URL of the collector.
    #[serde(deserialize_with = "null_as_default")]
    pub endpoint: String,
    /// Its protocol.
    #[serde(deserialize_with = "null_as_default")]
    pub protocol: String,
    /// Headers, which may hold credentials.
    #[serde(deserialize_with = "crate::lenient::text_map")]
    pub headers: BTreeMap<String, String>,
}

/// `POST heartbeat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heartbeat {
    /// The agent's clock, with its local offset.
    pub sent_at: String,
}

/// The answer to `POST heartbeat`, of interest to a reader of the debug log only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeartbeatAnswer {
    /// What the agent sent.
    #[serde(deserialize_with = "null_as_default")]
    pub sent_at: String,
    /// The server's clock.
    #[serde(deserialize_with = "null_as_default")]
    pub received_at: String,
}

/// The answer to `GET ping`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ping {
    /// What to do.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "PingAction::is_carry_on")]
    pub action: PingAction,
    /// Something for the agent's log.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// A job for this agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<PingJob>,
    /// Where to go from now on (§10.3).
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// Headers to send from now on (§4.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_headers: Option<BTreeMap<String, String>>,
}

/// The job in a ping: only its id matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PingJob {
    /// The job to accept.
    #[serde(deserialize_with = "null_as_default")]
    pub id: JobId,
}

/// What a ping asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PingAction {
    /// Be idle or run the job: any word but the other two.
    #[default]
    CarryOn,
    /// Stay connected, run nothing.
    Pause,
    /// Leave when the running job is done.
    Disconnect,
}

impl PingAction {
    fn is_carry_on(&self) -> bool {
        *self == Self::CarryOn
    }
}

impl From<String> for PingAction {
    fn from(word: String) -> Self {
        match word.as_str() {
            "pause" => Self::Pause,
            "disconnect" => Self::Disconnect,
            _ => Self::CarryOn,
        }
    }
}

impl From<PingAction> for String {
    fn from(action: PingAction) -> Self {
        match action {
            PingAction::CarryOn => "idle",
            PingAction::Pause => "pause",
            PingAction::Disconnect => "disconnect",
        }
        .to_owned()
    }
}

/// `POST pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pause {
    /// Why, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout_in_minutes: i64,
}

/// `POST stop`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stop {
    /// Cancel the running job, too.
    #[serde(skip_serializing_if = "is_false")]
    pub force: bool,
}
