//! What every handler can reach.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::auth::Principals;
use crate::blobs::{ArtifactFiles, LogFiles};
use crate::engine::{Engine, Settings};
use crate::store::Database;

/// What every handler can reach: cheap to clone.
#[derive(Clone)]
pub(crate) struct Api {
    /// Where changes go.
    pub engine: Engine,
    /// Whose token is whose.
    pub principals: Principals,
    /// For reading.
    pub database: Database,
    /// Job logs.
    pub logs: LogFiles,
    /// Artifacts.
    pub artifacts: ArtifactFiles,
    /// What does not change.
    pub settings: Settings,
    /// Ends answers that wait when the plane shuts down.
    pub stopping: CancellationToken,
}

impl Api {
    /// How long a ping may wait for a job: long enough to hand jobs out without delay, short enough
    /// that an agent that is told to stop in the meantime is not kept.
    pub(super) fn ping_patience(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(2);
        Duration::from_secs(u64::from(self.settings.rhythm.ping)).min(LONGEST)
    }
}
