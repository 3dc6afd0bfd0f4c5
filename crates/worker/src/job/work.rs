//! What does a job's work: a process of this machine, or the containers of a pod.

use super::bootstrap::Bootstrap;
use super::containers::Containers;
use super::finish::Outcome;
use crate::log::JobLog;
use redkite_process::Cancel;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::Span;

/// How far a job's work has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stages {
    /// It has begun.
    pub(crate) running: CancellationToken,
    /// Nothing of it is left, even if nobody waits for it any more.
    pub(crate) gone: CancellationToken,
}

/// Work that is ready to be started.
pub(crate) enum Work {
    /// `bootstrap` in a process.
    Process(Box<Bootstrap>),
    /// `kubernetes-bootstrap` in containers.
    Containers(Box<Containers>),
}

impl Work {
    /// Asks for its end.
    pub(crate) fn cancel(&self) -> Cancel {
        match self {
            Self::Process(bootstrap) => bootstrap.cancel.clone(),
            Self::Containers(containers) => containers.cancel(),
        }
    }

    /// Sees it to its end. Its output goes to `log`, what there is to say about it to the agent's log within `span`.
    pub(crate) async fn run(self, log: Arc<JobLog>, stages: Stages, span: Span) -> Outcome {
        match self {
            Self::Process(bootstrap) => bootstrap.run(log, stages, span).await,
            Self::Containers(containers) => containers.run(log, stages, span).await,
        }
    }
}
