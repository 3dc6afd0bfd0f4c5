//! Why an event does not apply; the build is then unchanged.

use thiserror::Error;

use crate::definition::DefinitionError;
use crate::ids::{AgentId, JobId, StepId};
use crate::state::{BuildState, JobState};

/// Why an event was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// There is no such job in the build.
    #[error("no job {job} in this build")]
    NoJob {
        /// The job.
        job: JobId,
    },
    /// There is no such step in the build.
    #[error("no step {step} in this build")]
    NoStep {
        /// The step.
        step: StepId,
    },
    /// The job is not in a state in which this can happen.
    #[error("job {job} is {state} and can't be {action}")]
    WrongState {
        /// The job.
        job: JobId,
        /// Its state.
        state: JobState,
        /// What was wanted, as a participle.
        action: &'static str,
    },
    /// The job is another agent's.
    #[error("job {job} is not offered to agent {agent}")]
    NotYours {
        /// The job.
        job: JobId,
        /// Who asked.
        agent: AgentId,
    },
    /// The build is not in a state in which this can happen; the words are those clients look for (§5.5).
    #[error("{}", in_words(*.state, .action))]
    BuildState {
        /// Its state.
        state: BuildState,
        /// What was wanted.
        action: BuildAction,
    },
    /// The document does not fit into the build.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// Something about the job forbids it, in words.
    #[error("{reason}")]
    Forbidden {
        /// The whole sentence.
        reason: String,
    },
    /// Another status is promised already (§3.17).
    #[error("exit status {promised} is already promised by job {job}")]
    PromisedOther {
        /// The job.
        job: JobId,
        /// What it promised first.
        promised: i32,
    },
    /// An answer to a field is missing or not allowed (§3.5).
    #[error("the field \"{key}\" {problem}")]
    Field {
        /// The field's key.
        key: String,
        /// What is wrong, as the rest of a sentence.
        problem: &'static str,
    },
}

/// What somebody wanted from a whole build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildAction {
    /// Cancel it.
    Cancel,
    /// Upload into it.
    Upload,
    /// Retry a job of it.
    Retry,
    /// Skip it.
    Skip,
}

fn in_words(state: BuildState, action: &BuildAction) -> String {
    match (action, state) {
        (BuildAction::Upload, _) => "You can only change the pipeline of a running build".to_owned(),
        (BuildAction::Retry, _) => "Jobs from canceled builds cannot be retried".to_owned(),
        (BuildAction::Skip, _) => format!("Build can't be skipped because it is {state}"),
        (BuildAction::Cancel, BuildState::Canceling) => {
            "Build can't be canceled because it's already being canceled".to_owned()
        }
        (BuildAction::Cancel, BuildState::Canceled) => {
            "Build can't be canceled because it's already been canceled".to_owned()
        }
        (BuildAction::Cancel, _) => "Build can't be canceled because it's already finished".to_owned(),
    }
}
