//! `kubernetes-bootstrap`: one container's part of a job (docs/spec/local-apis.md §10).

mod settings;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use redkite_kubernetes::{Container, Overlay, RunError};
use redkite_process::Swallowed;

use crate::cli::{Command, Context, FilePath, GoDuration};
use crate::failure::{Failure, OrFail};
use crate::options::DiagnosticOptions;

/// The directory that all containers of a pod share.
pub(crate) const WORKSPACE: &str = "/workspace";

/// How long the agent's container may take to be there.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// Run one container's part of a job (used in Kubernetes pods)
///
/// Connects to the agent of the pod, takes the job's environment from it, waits for its turn, and runs bootstrap.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    diagnostics: DiagnosticOptions,

    /// Which container of the pod this is, from 0
    #[arg(long, env = "BUILDKITE_CONTAINER_ID", default_value_t = 0)]
    kubernetes_container_id: i64,

    /// Folder in which the agent's socket is; /workspace when empty
    #[arg(long, env = "BUILDKITE_JOB_CONTEXT_DIR")]
    job_context_dir: FilePath,

    /// How long to wait for the agent; 0 means 120s
    #[arg(long, env = "BUILDKITE_KUBERNETES_BOOTSTRAP_CONNECTION_TIMEOUT", default_value = "0s")]
    kubernetes_bootstrap_connection_timeout: GoDuration,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let directory = self.job_context_dir.path().map_or_else(|| WORKSPACE.into(), PathBuf::from);
        let timeout = match self.kubernetes_bootstrap_connection_timeout.as_std() {
            Duration::ZERO => CONNECTION_TIMEOUT,
            timeout => timeout,
        };
        let joined = Container::join(&directory, self.kubernetes_container_id, timeout);
        let mut container = joined.or_fail("error connecting to kubernetes runner")?;
        // From here on the agent alone decides when this ends.
        let swallowed = Swallowed::install(|signal| {
            tracing::info!("kubernetes-bootstrap: Received {signal}; awaiting interrupt from agent");
        })?;
        let own = cx.environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Overlay::new(own, std::mem::take(&mut container.environment), &directory);
        let bootstrap = settings::bootstrap(environment)?;
        let mut output = redkite_process::unbuffered_output().or_fail("opening the standard output")?;
        // Whoever collects the container's own output may be gone; the job's log has it all the same.
        let ended = container.run(bootstrap, move |_, bytes| drop(output.write_all(bytes)));
        drop(swallowed);
        match ended {
            Ok(0) => Ok(()),
            // The system keeps 8 bits: −1 is 255.
            Ok(status) => Err(Failure::Silent(status.to_le_bytes()[0])),
            Err(error @ RunError::StillRunning(_)) => {
                tracing::error!("kubernetes-bootstrap: {error}");
                Err(Failure::Silent(1))
            }
            Err(error) => Err(error.into()),
        }
    }
}
