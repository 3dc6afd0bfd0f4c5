//! What `redkite run` exits with, once there is a build. Before, it is 2 for whatever went wrong.

use super::event::BuildState;

/// The end of a run, as a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The build passed.
    Passed,
    /// The build failed, or was stopped by something other than the person who runs it.
    Failed,
    /// Ctrl-C, or a signal that asks to stop.
    Interrupted,
}

impl Exit {
    /// The number.
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Interrupted => 130,
        }
    }

    /// For a build that ended in `state`. A build in which nothing was to be run is as good as passed.
    pub(crate) const fn of(state: BuildState) -> Self {
        match state {
            BuildState::Passed | BuildState::NotRun => Self::Passed,
            _ => Self::Failed,
        }
    }
}
