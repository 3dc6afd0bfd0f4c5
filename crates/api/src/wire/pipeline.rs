//! Upload of a pipeline (spec/agent-api.md §14).

use super::is_false;
use crate::lenient::null_as_default;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// `POST jobs/{job}/pipelines`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PipelineUpload {
    /// The same over all attempts; the server takes each only once.
    pub uuid: Uuid,
    /// The pipeline, parsed, interpolated and signed.
    pub pipeline: Value,
    /// Drop the steps that have not started.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replace: bool,
}

/// The answer to `GET jobs/{job}/pipelines/{uuid}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PipelineState {
    /// `applied`, `pending`, `processing`, `rejected`, `failed`.
    #[serde(deserialize_with = "null_as_default")]
    pub state: String,
    /// Why it was rejected.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}
