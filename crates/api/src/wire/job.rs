//! The life of one job (spec/agent-api.md §11, §12, §13.11, §13.12).

use super::{is_false, is_zero};
use crate::ids::JobId;
use crate::lenient::{null_as_default, text_map};
use crate::token::Token;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A job as accept and acquire answer it. Members that no agent reads are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Job {
    /// The job.
    #[serde(deserialize_with = "null_as_default")]
    pub id: JobId,
    /// Its state, for people.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Its environment.
    #[serde(deserialize_with = "text_map")]
    pub env: BTreeMap<String, String>,
    /// The step it came from, as it was written (§12.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Value>,
    /// The values that a matrix gave it, by dimension.
    #[serde(deserialize_with = "text_map", skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix_permutation: BTreeMap<String, String>,
    /// The largest chunk of its log.
    #[serde(deserialize_with = "null_as_default")]
    pub chunks_max_size_bytes: u64,
    /// Seconds between chunks.
    #[serde(deserialize_with = "null_as_default")]
    pub chunks_interval_seconds: i64,
    /// The size from which its log may be cut.
    #[serde(deserialize_with = "null_as_default")]
    pub log_max_size_bytes: u64,
    /// The job's own token; empty means: the agent's.
    #[serde(deserialize_with = "null_as_default")]
    pub token: Token,
    /// Since when it could have run.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub runnable_at: String,
    /// W3C trace parent.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub traceparent: String,
    /// W3C trace state.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub tracestate: String,
    /// Its priority, a label of metrics.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub priority: i64,
}

/// `PUT jobs/{job}/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When the runner began.
    pub started_at: Timestamp,
}

/// The answer to `GET jobs/{job}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobState {
    /// `running`, `canceling`, `timed_out`, …
    #[serde(deserialize_with = "null_as_default")]
    pub state: String,
}

/// `POST jobs/{job}/header_times`: when each group of the log began, by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeaderTimes {
    /// Time by number, counted from 0 over the whole job.
    pub header_times: BTreeMap<u64, Timestamp>,
}

/// `PUT jobs/{job}/finish`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// Decimal; `-1` when there is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub exit_status: String,
    /// The signal that ended the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// Why there was a signal, or no process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_reason: Option<SignalReason>,
    /// When the process ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Chunks of the log that could not be delivered.
    #[serde(default)]
    pub chunks_failed_count: i64,
    /// Offer this agent nothing more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_agent_in_dispatches: bool,
}

/// Why a job ended other than by itself (§11.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalReason {
    /// A rule of this agent forbids the job.
    AgentRefused,
    /// The job's signature is missing or wrong.
    SignatureRejected,
    /// The process could not be started, or failed before the job's work began.
    ProcessRunError,
    /// The agent was stopped.
    AgentStop,
    /// The job was cancelled.
    Cancel,
    /// Reserved for orchestrators.
    StackError,
}

/// `PUT jobs/{job}`: attribute and value, always text.
pub type JobUpdate = BTreeMap<String, String>;

/// The answer to `PUT jobs/{job}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobUpdated {
    /// The job.
    #[serde(deserialize_with = "null_as_default")]
    pub id: JobId,
}

/// `PUT jobs/{job}/promise_failure`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromisedFailure {
    /// The least the job will end with; above 0.
    pub exit_status: i64,
    /// Why, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
