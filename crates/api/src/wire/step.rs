//! Steps, as a job sees and changes them (spec/agent-api.md §13.3–§13.5).

use super::is_false;
use crate::ids::BuildId;
use crate::lenient::null_as_default;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `POST steps/{step}/export`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepExport {
    /// Which attribute; absent means all of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub attribute: String,
    /// The build in which a key is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<BuildId>,
    /// `json`, or plain text when absent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub format: String,
}

/// The answer to `POST steps/{step}/export`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepOutput {
    /// What to print.
    #[serde(deserialize_with = "null_as_default")]
    pub output: String,
}

/// `PUT steps/{step}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepUpdate {
    /// The same over all attempts of one change.
    pub idempotency_uuid: Uuid,
    /// The build in which a key is looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<BuildId>,
    /// `label`, `notify` or `priority`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub attribute: String,
    /// The new value.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Add it to the value that is there.
    #[serde(skip_serializing_if = "is_false")]
    pub append: bool,
}

/// `POST steps/{step}/cancel`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepCancel {
    /// The build.
    pub build_id: BuildId,
    /// Do not wait for the jobs to end by themselves.
    pub force: bool,
    /// Seconds before force is used.
    pub force_grace_period: i64,
}
