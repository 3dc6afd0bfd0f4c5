//! Jobs of the plane: what is ordered, and how it went.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A job that is to be run.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    variables: Map<String, Value>,
}

/// A job that has been run.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) id: String,
    pub(crate) exit_status: String,
    /// From the accept to the finish, as the plane saw them.
    pub(crate) taken: Duration,
    /// Bytes of log received, by what the agent says of them.
    pub(crate) log_bytes: u64,
}

impl Order {
    /// A job that runs `command` in a checkout of `repository`.
    pub(crate) fn new(command: &str, repository: &Path) -> Self {
        let id = Uuid::now_v7().to_string();
        let mut variables = Map::new();
        for (name, value) in [
            ("CI", "true"),
            ("BUILDKITE", "true"),
            ("BUILDKITE_JOB_ID", &id),
            ("BUILDKITE_BUILD_ID", "0190cccc-0000-7000-8000-000000000002"),
            ("BUILDKITE_BUILD_NUMBER", "1"),
            ("BUILDKITE_BUILD_URL", "http://127.0.0.1/bench"),
            ("BUILDKITE_COMMAND", command),
            ("BUILDKITE_REPO", &repository.display().to_string()),
            ("BUILDKITE_COMMIT", "HEAD"),
            ("BUILDKITE_BRANCH", "main"),
            ("BUILDKITE_AGENT_NAME", "bench"),
            ("BUILDKITE_ORGANIZATION_SLUG", "bench"),
            ("BUILDKITE_PIPELINE_SLUG", "bench"),
            ("BUILDKITE_PIPELINE_PROVIDER", "git"),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
            ("BUILDKITE_PULL_REQUEST", "false"),
            ("BUILDKITE_TIMEOUT", "false"),
        ] {
            variables.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        Self { id, variables }
    }

    /// The same with another variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), Value::String(value.to_owned()));
        self
    }

    /// What an agent gets when it accepts the job.
    pub(super) fn answer(&self) -> Value {
        json!({
            "id": self.id,
            "state": "accepted",
            "env": self.variables,
            "step": { "command": self.variables["BUILDKITE_COMMAND"] },
            "chunks_max_size_bytes": 102_400,
            "chunks_interval_seconds": 1,
            "log_max_size_bytes": 1_073_741_824,
            "token": format!("job-{}", self.id),
        })
    }
}
