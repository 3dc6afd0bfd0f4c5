//! The build's own row: all that is neither a step nor a job.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::{Facts, Person};
use crate::ids::{BuildId, StepId};
use crate::state::BuildState;
use crate::time::Time;

/// The row of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: BuildId,
    /// Its state.
    pub state: BuildState,
    /// What is known about it besides its steps.
    pub facts: Facts,
    /// Variables of the documents' top levels, in order of application (§4.3).
    pub env: IndexMap<String, String>,
    /// Notifications of the documents' top levels.
    pub notify: Vec<Value>,
    /// It was made.
    pub created_at: Time,
    /// Its first job started, after the latest move out of a terminal state (§2.4.1 B9).
    pub started_at: Option<Time>,
    /// A failure stood for the first time while other jobs could run (B8).
    pub failing_at: Option<Time>,
    /// It ended or blocked (B9).
    pub finished_at: Option<Time>,
    /// That it was cancelled.
    pub cancel: Option<CancelRequest>,
    /// Who submitted a block or input step last.
    pub unblocker: Option<Person>,
    /// Dependencies nobody ever brought; each fails the build (§3.8 D5).
    pub missing: Vec<MissingDependency>,
    /// How many uploads it took.
    pub uploads: u32,
    pub(crate) next_order: u32,
    pub(crate) progress: Progress,
}

/// That a build was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// When.
    pub at: Time,
    /// Why, in words.
    pub reason: Option<String>,
    /// Who.
    pub by: Option<Person>,
}

/// A key in `depends_on` that no step ever had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingDependency {
    /// The step that depends on it.
    pub step: StepId,
    /// The key.
    pub key: String,
}

/// Whether something of the build has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// Nothing yet.
    NotStarted,
    /// Something has.
    Started,
    /// Something had before the build ended; it was reopened and its next start counts as the first.
    Reopened,
}

impl Head {
    pub(super) fn new(id: BuildId, facts: Facts, now: Time) -> Self {
        Self {
            id,
            state: BuildState::Creating,
            facts,
            env: IndexMap::new(),
            notify: Vec::new(),
            created_at: now,
            started_at: None,
            failing_at: None,
            finished_at: None,
            cancel: None,
            unblocker: None,
            missing: Vec::new(),
            uploads: 0,
            next_order: 0,
            progress: Progress::NotStarted,
        }
    }
}
