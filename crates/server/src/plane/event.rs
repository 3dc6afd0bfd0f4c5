//! What happens in the plane, for those who watch: sent after it is committed, never before.

use redkite_scheduler::{BuildId, BuildState, JobId, JobState, StepId};
use serde::Serialize;

/// One thing that happened. A watcher that falls behind loses events, not facts: it reads the build again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A build was made or is in another state.
    Build {
        /// The build.
        build: BuildId,
        /// Its state now.
        state: BuildState,
    },
    /// A job was made or is in another state.
    Job {
        /// The build.
        build: BuildId,
        /// The step.
        step: StepId,
        /// The job.
        job: JobId,
        /// Its state now.
        state: JobState,
    },
    /// A job uploaded steps.
    StepsAdded {
        /// The build.
        build: BuildId,
        /// The uploading job.
        job: JobId,
    },
    /// A piece of a job's log is stored. Pieces may arrive out of order.
    Log {
        /// The build.
        build: BuildId,
        /// The job.
        job: JobId,
        /// First byte of the piece.
        offset: u64,
        /// How many bytes it has.
        size: u64,
    },
    /// An annotation was made, changed or removed.
    Annotation {
        /// The build.
        build: BuildId,
    },
    /// An artifact's upload ended.
    Artifact {
        /// The build.
        build: BuildId,
        /// The job that uploaded it.
        job: JobId,
    },
    /// An agent connected.
    AgentConnected {
        /// Its name.
        name: String,
    },
    /// An agent went away.
    AgentGone {
        /// Its name.
        name: String,
        /// Whether its heartbeats just ended.
        lost: bool,
    },
}
