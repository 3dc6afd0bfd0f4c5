//! Control of a build from within a job (spec/agent-api.md §13.5, §13.6).

use crate::lenient::null_as_default;
use serde::{Deserialize, Serialize};

/// The answer to the cancellation of a step or a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Canceled {
    /// What was cancelled.
    #[serde(deserialize_with = "null_as_default")]
    pub uuid: String,
}
