//! Builds as watchers, commands and pages see them: a snapshot, complete in itself.

use redkite_scheduler::definition::{BlockedState, Field};
use redkite_scheduler::{
    BuildId, BuildState, JobId, JobKind, JobState, SignalReason, Source, StepId, StepOutcome, StepState, Time,
};
use serde::{Deserialize, Serialize};

/// A build in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildSummary {
    /// Its id.
    pub id: BuildId,
    /// Its number within the pipeline.
    pub number: u64,
    /// The pipeline's slug.
    pub pipeline: String,
    /// Its state.
    pub state: BuildState,
    /// Branch.
    pub branch: String,
    /// Commit.
    pub commit: String,
    /// Message.
    pub message: String,
    /// Where it came from.
    pub source: Source,
    /// When it was made.
    pub created_at: Time,
    /// When its first job started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// A build with its steps and jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildView {
    /// The build itself.
    #[serde(flatten)]
    pub summary: BuildSummary,
    /// Its steps, in the order in which they are shown; children of a group follow it.
    pub steps: Vec<StepView>,
}

impl BuildView {
    /// All jobs, step by step.
    pub fn jobs(&self) -> impl Iterator<Item = &JobView> {
        self.steps.iter().flat_map(|step| &step.jobs)
    }

    /// The job of this id.
    #[must_use]
    pub fn job(&self, id: JobId) -> Option<&JobView> {
        self.jobs().find(|job| job.id == id)
    }
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Runs commands.
    Command,
    /// Waits for what is above it.
    Wait,
    /// Waits for a person, and everything below waits too.
    Block,
    /// Asks a person.
    Input,
    /// Starts a build of another pipeline.
    Trigger,
    /// Holds other steps.
    Group,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// Its id.
    pub id: StepId,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// What it is called, emoji codes and all; never empty.
    pub label: String,
    /// What it is.
    pub kind: StepKind,
    /// The group it is in.
    pub group: Option<StepId>,
    /// Its state.
    pub state: StepState,
    /// How it came out.
    pub outcome: StepOutcome,
    /// Keys of the steps it names in `depends_on`.
    pub depends_on: Vec<String>,
    /// What a block or input step asks.
    pub question: Option<Question>,
    /// Its jobs, retries after what they retry.
    pub jobs: Vec<JobView>,
}

/// What a block or input step asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Text shown above the fields.
    pub prompt: Option<String>,
    /// What the button says.
    pub submit: String,
    /// What the build counts as while only this is open.
    #[serde(default)]
    pub blocked_state: BlockedState,
    /// What is asked (control-plane.md §3.5).
    pub fields: Vec<Field>,
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Its step.
    pub step: StepId,
    /// What it is.
    pub kind: JobKind,
    /// Its state.
    pub state: JobState,
    /// Label after matrix expansion.
    pub label: String,
    /// Whether it failed and that counts as passed.
    pub soft_failed: bool,
    /// Whether it ended well, softly or not.
    pub passed: bool,
    /// Exit status, once it ended.
    pub exit_status: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<String>,
    /// Why it was stopped.
    pub signal_reason: Option<SignalReason>,
    /// The agent that has or had it.
    pub agent: Option<String>,
    /// Index and number of jobs of a parallel step.
    pub parallel: Option<(u32, u32)>,
    /// How many jobs it retries, directly and indirectly.
    pub retries: u32,
    /// The job that retries it.
    pub retried_in: Option<JobId>,
    /// When it was made.
    pub created_at: Time,
    /// When it could be given to an agent.
    pub runnable_at: Option<Time>,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Why it did not or will not run, in words.
    pub reason: Option<String>,
}

/// One annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnotationView {
    /// Its name.
    pub context: String,
    /// `build` or `job`.
    pub scope: String,
    /// The job that made it.
    pub job: String,
    /// `success`, `info`, `warning` or `error`.
    pub style: Option<String>,
    /// Markdown.
    pub body: String,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactView {
    /// Its id.
    pub id: String,
    /// The job that uploaded it.
    pub job: String,
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// `new`, `finished` or `error`.
    pub state: String,
    /// The file in the data folder, when it lies there.
    pub file: Option<std::path::PathBuf>,
}
