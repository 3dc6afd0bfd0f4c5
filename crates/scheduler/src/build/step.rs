//! One step of a build: its row.

use serde::{Deserialize, Serialize};

use crate::definition;
use crate::ids::{JobId, StepId};
use crate::state::{StepOutcome, StepState};
use crate::time::Time;

/// One step of a build (spec/control-plane.md §2.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its place in the build, groups before their steps; uploads move what is behind them.
    pub position: u32,
    /// The group it is in.
    pub group: Option<StepId>,
    /// The step of the job that uploaded it, and that job; none for initial steps.
    pub uploaded_by: Option<(StepId, JobId)>,
    /// When it joined the build.
    pub created_at: Time,
    /// Whether `--replace` took it out again: shown no more, waits for nothing, its key is free.
    pub removed: bool,
    /// Its state.
    pub state: StepState,
    /// How it came out.
    pub outcome: StepOutcome,
    /// The label `step update` gave it, instead of the definition's.
    pub label: Option<String>,
    /// The priority `step update` gave it.
    pub priority: Option<i64>,
    /// What it is. A group's own list of steps is empty here.
    pub definition: definition::Step,
}

impl Step {
    /// Its key.
    pub fn key(&self) -> Option<&str> {
        self.definition.key.as_deref()
    }

    /// What people see.
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref().or(self.definition.label.as_deref())
    }
}
